import Testing

/// The programs of `Benchmarks/` have tests of their own, in Python: what they measure is worth as much as they are right.
@Suite struct BenchmarkProgramTests {
    @Test(.enabled(if: Programs.isHereOrMustBe("python3"), "python3 is not installed"))
    func `the tests of the benchmark programs pass`() throws {
        let folder = "\(AllocationTests.repository)/Benchmarks"
        // -B: leaves no compiled files in the repository.
        let result = try Child.run([try Programs.require("python3"), "-B", "-m", "unittest", "discover", "-t", folder, "-s", "\(folder)/tests"], upTo: .seconds(120))
        #expect(result.ending == .exit(0), "\(result.stderr)")
        // "Ran 0 tests" is a success to unittest.
        #expect(result.stderr.contains("\nRan ") && !result.stderr.contains("\nRan 0 tests"), "\(result.stderr)")
    }
}
