import Glibc
import Testing

/// A keep-alive request makes no heap allocation (design §7). Counted by `Benchmarks/allocations` under valgrind.
@Suite struct AllocationTests {
    static var repository: String {
        // …/Tests/ScenarioTests/AllocationTests.swift
        String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })
    }

    /// Where `make test`, which builds it, says that it is. Then nothing may be missing; elsewhere the test is skipped.
    static var givenBinary: String? { unsafe getenv("SLUICE_RELEASE_BINARY").map { unsafe String(cString: $0) } }

    /// Only an optimised build says something: a debug build allocates where the optimiser would not.
    static var releaseBinary: String { givenBinary ?? "\(repository)/.build/release/sluice" }

    static func isHereOrMustBe(_ program: String) -> Bool { givenBinary != nil || Programs.isHereOrMustBe(program) }

    @Test(
        .enabled(if: givenBinary != nil || Folder.isProgram(releaseBinary), "there is no release build: make build"),
        .enabled(if: isHereOrMustBe("valgrind") && isHereOrMustBe("python3"), "valgrind or python3 is not installed"))
    func `a keep-alive request allocates nothing`() throws {
        _ = try Programs.require("valgrind")
        let result = try Child.run(
            [try Programs.require("python3"), "\(AllocationTests.repository)/Benchmarks/allocations", "--binary", AllocationTests.releaseBinary, "--max", "0"],
            upTo: .seconds(240))
        #expect(result.ending == .exit(0), "\(result.stdout)\n\(result.stderr)")
    }
}
