// unsafe: shards lie side by side in memory of the table's own, as long as it lives, and are used through their locks only
import Synchronization

/// The keys of one limit, for all loops. Exact over them: whoever looks at a key holds the lock of its shard. Bounded: when a shard is full,
/// the key goes that was not asked for longest, in O(1).
///
/// A key takes 32 bytes, and 4 to 8 in the index. Memory grows with the keys that were seen, up to `capacity`, and is not given back.
@safe
final class LimitTable: @unchecked Sendable {
    /// Of the hashes of keys.
    let seed = UInt64.random(in: 0 ... .max)
    /// Keys that fit.
    let capacity: Int
    /// No objects: their reference counts would be written to by all loops.
    private let shards: UnsafeMutablePointer<Shard>
    private let shardMask: Int

    /// - Parameter keys: so many fit at least.
    init(keys: Int) {
        // Small tables are exact in what they evict; larger ones are split, with room for a shard to have more than its share.
        var count = 1
        while count < 64, keys / count > 512 { count *= 2 }
        var share = (keys + count - 1) / count
        if count > 1 { share += 5 * Int(Double(share).squareRoot()) }
        unsafe shards = .allocate(capacity: count)
        for index in 0..<count { unsafe (shards + index).initialize(to: Shard(capacity: share)) }
        shardMask = count - 1
        capacity = share * count
    }

    deinit {
        unsafe shards.deinitialize(count: shardMask + 1)
        unsafe shards.deallocate()
    }

    /// Calls `body` with the point of a key, 0 if there is none, and keeps what it returns, if anything. The key counts as asked for now. A
    /// body may update a key of another table, if all do so in the same order.
    @inline(__always)
    func update(_ key: UInt64, now: Int64, _ body: (Int64) -> Int64?) {
        unsafe shards[Int(truncatingIfNeeded: key >> 32) & shardMask].update(key, now: now, body)
    }

    /// The point of a key, 0 if there is none; nothing changes.
    func point(_ key: UInt64) -> Int64 { unsafe shards[Int(truncatingIfNeeded: key >> 32) & shardMask].point(key) }

    /// Keys that had to go while they still mattered: `max-keys` is too small, or somebody makes up keys.
    var evictedLive: Int { (0...shardMask).reduce(0) { unsafe $0 + shards[$1].evictedLive } }
}

private struct Shard: ~Copyable {
    /// A key and its neighbours in the order of use, and in its chain of the index; -1 for none.
    struct Entry {
        var key: UInt64
        var point: Int64
        var newer: Int32
        var older: Int32
        var next: Int32
    }

    struct State {
        var entries: [Entry] = []
        /// First entry of each chain; a power of two of them.
        var chains: [Int32] = Array(repeating: -1, count: 16)
        var newest: Int32 = -1
        var oldest: Int32 = -1
        var evictedLive = 0
    }

    private let capacity: Int
    private let state = Mutex(State())
    /// No two shards share a cache line.
    private let padding = InlineArray<9, UInt64>(repeating: 0)

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var evictedLive: Int { state.withLock { $0.evictedLive } }

    func point(_ key: UInt64) -> Int64 {
        state.withLock { state in
            let index = state.find(key)
            return index < 0 ? 0 : state.entries[Int(index)].point
        }
    }

    @inline(__always)
    func update(_ key: UInt64, now: Int64, _ body: (Int64) -> Int64?) {
        state.withLock { state in
            let index = state.find(key)
            if index >= 0 {
                state.use(index)
                if let point = body(state.entries[Int(index)].point) { state.entries[Int(index)].point = point }
            } else if let point = body(0) {
                state.insert(key, point, now, capacity)
            }
        }
    }
}

extension Shard.State {
    func find(_ key: UInt64) -> Int32 {
        var index = chains[Int(truncatingIfNeeded: key) & (chains.count &- 1)]
        while index >= 0, entries[Int(index)].key != key { index = entries[Int(index)].next }
        return index
    }

    /// Makes it the newest.
    mutating func use(_ index: Int32) {
        guard index != newest else { return }
        let entry = entries[Int(index)]
        entries[Int(entry.newer)].older = entry.older
        if entry.older >= 0 { entries[Int(entry.older)].newer = entry.newer } else { oldest = entry.newer }
        pushNewest(index)
    }

    private mutating func pushNewest(_ index: Int32) {
        entries[Int(index)].newer = -1
        entries[Int(index)].older = newest
        if newest >= 0 { entries[Int(newest)].newer = index } else { oldest = index }
        newest = index
    }

    mutating func insert(_ key: UInt64, _ point: Int64, _ now: Int64, _ capacity: Int) {
        let index: Int32
        if entries.count < capacity {
            if entries.count == entries.capacity { entries.reserveCapacity(min(capacity, max(16, 2 * entries.count))) }
            if entries.count == chains.count { growChains() }
            index = Int32(entries.count)
            entries.append(Shard.Entry(key: key, point: point, newer: -1, older: -1, next: -1))
        } else {
            index = oldest
            evict(index, now)
            entries[Int(index)].key = key
            entries[Int(index)].point = point
        }
        link(index)
        pushNewest(index)
    }

    private mutating func evict(_ index: Int32, _ now: Int64) {
        let entry = entries[Int(index)]
        if entry.point > now { evictedLive &+= 1 }
        oldest = entry.newer
        if entry.newer >= 0 { entries[Int(entry.newer)].older = -1 } else { newest = -1 }
        let chain = Int(truncatingIfNeeded: entry.key) & (chains.count &- 1)
        guard chains[chain] != index else {
            chains[chain] = entry.next
            return
        }
        var before = chains[chain]
        while entries[Int(before)].next != index { before = entries[Int(before)].next }
        entries[Int(before)].next = entry.next
    }

    private mutating func link(_ index: Int32) {
        let chain = Int(truncatingIfNeeded: entries[Int(index)].key) & (chains.count &- 1)
        entries[Int(index)].next = chains[chain]
        chains[chain] = index
    }

    private mutating func growChains() {
        chains = Array(repeating: -1, count: 2 * chains.count)
        for index in entries.indices { link(Int32(index)) }
    }
}
