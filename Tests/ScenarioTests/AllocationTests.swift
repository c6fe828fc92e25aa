import Glibc
import Testing

/// A keep-alive request makes no heap allocation (design §7). Counted by `Benchmarks/allocations` under valgrind.
@Suite struct AllocationTests {
    static var repository: String {
        // …/Tests/ScenarioTests/AllocationTests.swift
        String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })
    }

    /// Only an optimised build says something: a debug build allocates where the optimiser would not.
    static var releaseBinary: String {
        unsafe getenv("SLUICE_RELEASE_BINARY").map { unsafe String(cString: $0) } ?? "\(repository)/.build/release/sluice"
    }

    @Test(
        .enabled(if: Folder.isProgram(AllocationTests.releaseBinary), "there is no release build: swift build -c release"),
        .enabled(if: Programs.isHereOrMustBe("valgrind") && Programs.isHereOrMustBe("python3"), "valgrind or python3 is not installed"))
    func `a keep-alive request allocates nothing`() throws {
        let result = try Child.run(
            [try Programs.require("python3"), "\(AllocationTests.repository)/Benchmarks/allocations", "--binary", AllocationTests.releaseBinary, "--max", "0"],
            upTo: .seconds(240))
        #expect(result.ending == .exit(0), "\(result.stdout)\n\(result.stderr)")
    }
}
