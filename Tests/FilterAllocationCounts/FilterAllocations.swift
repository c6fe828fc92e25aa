// unsafe: counts of one measurement at a time, behind a lock
import CAllocations
import FilterAPI
import FilterTesting
import Synchronization

/// The heap allocations that a filter makes for one exchange that passes it. Counted between two filters that stand before and behind it.
public struct FilterAllocations: Equatable, Sendable {
    public var request = 0
    public var response = 0

    /// Counts them for the last of several equal exchanges: what is made once has been made by then.
    ///
    /// - Parameters:
    ///   - options: the lines of the filter's section.
    ///   - head: a request that the filter lets pass.
    ///   - response: the head of what the app answers.
    public static func count(
        _ plugin: any FilterPlugin.Type, _ options: String = "", _ head: String, answer response: String = "HTTP/1.1 200 OK\nContent-Length: 0\n",
        from client: String = "192.0.2.1"
    ) throws -> FilterAllocations {
        try measuring.withLock { _ in
            let harness = try FilterHarness([(MarkBefore.self, ""), (plugin, options), (MarkBehind.self, "")])
            for _ in 0..<10 {
                let exchange = harness.send(head, from: client)
                precondition(exchange.isForwarded, "the request does not pass")
                _ = exchange.respond(response)
            }
            return unsafe counted
        }
    }

    private static let measuring = Mutex(())
    nonisolated(unsafe) fileprivate static var counted = FilterAllocations()
}

extension TestExchange {
    /// The heap allocations of a request that passes its filters again, `times` times: what is made once has been made before. At most 0 for
    /// none. Traps if it does not pass.
    public func allocations(passing times: Int = 100) -> Int {
        precondition(passAgain(times: 10) == 10, "the request does not pass")
        allocations_start()
        let passed = passAgain(times: times)
        let allocations = allocations_stop()
        precondition(passed == times, "the request does not pass")
        return Int(allocations)
    }
}

private final class MarkBefore: FilterPlugin, RequestFilter, ResponseFilter {
    static let name = "mark-before"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision {
        allocations_start()
        return .forward
    }
    func processResponse(_ response: inout Response, for request: borrowing Request) {
        unsafe FilterAllocations.counted.response = allocations_stop()
    }
}

private final class MarkBehind: FilterPlugin, RequestFilter, ResponseFilter {
    static let name = "mark-behind"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision {
        unsafe FilterAllocations.counted.request = allocations_stop()
        return .forward
    }
    func processResponse(_ response: inout Response, for request: borrowing Request) { allocations_start() }
}
