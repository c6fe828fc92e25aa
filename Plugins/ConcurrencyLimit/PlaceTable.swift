// unsafe: shards lie side by side in memory of the table's own, as long as it lives, and are used through their locks only
import FilterAPI
import Synchronization

/// How many exchanges of each key are under way, on all loops, and who waits for a place. Exact: whoever looks at a key holds the lock of its
/// shard. A key without exchanges takes no memory, so there are never more keys than exchanges.
@safe
final class PlaceTable: @unchecked Sendable {
    /// Of the hashes of keys.
    let seed = UInt64.random(in: 0 ... .max)
    private let shards: UnsafeMutablePointer<Shard>
    private static let shardCount = 64

    init() {
        unsafe shards = .allocate(capacity: Self.shardCount)
        for index in 0..<Self.shardCount { unsafe (shards + index).initialize(to: Shard()) }
    }

    deinit {
        unsafe shards.deinitialize(count: Self.shardCount)
        unsafe shards.deallocate()
    }

    /// Takes a place if there are fewer than `most`.
    func take(_ key: UInt64, most: Int) -> Bool {
        withShard(key) { state in
            let taken = state.taken[key] ?? 0
            guard taken < most else { return false }
            state.taken[key] = taken + 1
            return true
        }
    }

    /// Takes a place if there are fewer than `most`.
    ///
    /// - Returns: how many were taken before; nil where it took none.
    func count(_ key: UInt64, below most: Int) -> Int? {
        withShard(key) { state in
            let taken = state.taken[key] ?? 0
            guard taken < most else { return nil }
            state.taken[key] = taken + 1
            return taken
        }
    }

    enum Entry { case taken, waiting, full }

    /// Takes a place, or has `waiter` wait for one behind those who wait, of whom there may be `longest`.
    func take(_ key: UInt64, most: Int, orWait waiter: Waiter, longest: Int) -> Entry {
        withShard(key) { state in
            let taken = state.taken[key] ?? 0
            if taken < most {
                state.taken[key] = taken + 1
                return .taken
            }
            guard state.waiting[key]?.count ?? 0 < longest else { return .full }
            waiter.ticket = state.waiting[key, default: WaitingLine()].append(waiter)
            return .waiting
        }
    }

    /// Gives a place back, to whoever has waited for longest.
    func leave(_ key: UInt64, most: Int) {
        withShard(key) { state in
            let taken = state.taken[key] ?? 0
            // Above `most` after a change of the configuration: then the place is not handed on.
            // By its index: to look for a key that may be missing in order to change what it has would make room for it.
            if taken <= most, let line = state.waiting.index(forKey: key), let next = state.waiting.values[line].removeFirst() {
                if state.waiting.values[line].isEmpty { state.waiting.remove(at: line) }
                next.hasPlace = true
                next.event.happenSoon()
                return
            }
            if taken > 1 { state.taken[key] = taken - 1 } else { state.taken[key] = nil }
        }
    }

    /// Waits no longer.
    ///
    /// - Returns: whether it has a place meanwhile, which it then keeps.
    func stopWaiting(_ key: UInt64, _ waiter: Waiter) -> Bool {
        withShard(key) { state in
            if waiter.hasPlace { return true }
            guard let ticket = waiter.ticket, let line = state.waiting.index(forKey: key) else { return false }
            state.waiting.values[line].remove(ticket)
            if state.waiting.values[line].isEmpty { state.waiting.remove(at: line) }
            return false
        }
    }

    /// How many are under way, and how many wait.
    func counts(_ key: UInt64) -> (taken: Int, waiting: Int) {
        withShard(key) { ($0.taken[key] ?? 0, $0.waiting[key]?.count ?? 0) }
    }

    @inline(__always)
    private func withShard<Result: Sendable>(_ key: UInt64, _ body: (inout State) -> Result) -> Result {
        unsafe shards[Int(truncatingIfNeeded: key >> 32) & (Self.shardCount - 1)].state.withLock { body(&$0) }
    }

    private struct State {
        var taken: [UInt64: Int] = [:]
        var waiting: [UInt64: WaitingLine<Waiter>] = [:]
    }

    private struct Shard: ~Copyable {
        let state = Mutex(State())
        /// No two shards share a cache line.
        let padding = InlineArray<13, UInt64>(repeating: 0)
    }
}

/// A request that waits for a place.
final class Waiter: @unchecked Sendable {
    // @unchecked: `hasPlace` and `ticket` are touched under the lock of the key's shard only.
    let event: LoopEvent
    var hasPlace = false
    var ticket: WaitingLine<Waiter>.Ticket?
    init(_ event: LoopEvent) { self.event = event }
}
