import Synchronization
import Telemetry

/// What loops have counted, and what the first says of its filters, as they hand it in from their threads.
final class TallyCollection: Sendable {
    typealias FilterStatus = [(name: String, lines: [String])]

    private let state = Mutex((sum: Tally(), count: 0, filters: FilterStatus()))

    func add(_ tally: Tally, _ filters: FilterStatus = []) {
        state.withLock {
            $0.sum.add(tally)
            $0.count += 1
            $0.filters += filters
        }
    }

    /// Waits until so many loops have answered, at most about so long.
    func wait(for wanted: Int, milliseconds: Int) {
        for _ in 0..<milliseconds where count < wanted { pause() }
    }

    /// Loops that have answered.
    var count: Int { state.withLock { $0.count } }
    var sum: Tally { state.withLock { $0.sum } }
    var filters: FilterStatus { state.withLock { $0.filters } }
}
