import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Pipeline
import Testing

/// Looks at every request and lets it pass.
final class Passing: FilterPlugin, RequestFilter {
    static let name = "passing"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision { request.isAsterisk ? .respond(Reply(empty: 204, Guard.refused)) : .forward }
}

/// Takes part in no phase.
final class Idle: Filter {}

/// `Benchmarks/micro` has the times.
@Suite struct PassingCostTests {
    @Test func tenFiltersThatARequestPassesAllocateNothing() throws {
        let harness = try FilterHarness(Array(repeating: (Passing.self, ""), count: 10))
        let exchange = harness.send("GET / HTTP/1.1\nHost: h\n")
        #expect(exchange.allocations() <= 0)
    }

    @Test func aFilterIsInNoPhaseThatItDoesNotJoin() throws {
        let pipeline = CompiledPipeline((0..<10).map { _ in Idle() })
        #expect(pipeline.count == 10)
        #expect(pipeline.stepCount == 0)
    }
}
