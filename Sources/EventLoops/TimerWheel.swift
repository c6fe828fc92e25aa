/// A hierarchical timer wheel over small integer keys: at most one timer a key. Arming, disarming and firing are O(1) and allocate
/// nothing once the table has grown to the highest key. Times are ticks; the loop decides how long one is.
///
/// Four levels of 64 slots: a timer up to 64 ticks away fires on its tick; one that is further away is moved down a level at most
/// three times. Anything beyond 16.7 million ticks is put at the far end and moved again from there.
@safe
public struct TimerWheel: ~Copyable {
    private static let levels = 4
    private static let none: Int32 = -1

    private struct Node {
        var previous: Int32 = TimerWheel.none
        var next: Int32 = TimerWheel.none
        /// Index of the slot it hangs in; none when it is not armed.
        var slot: Int32 = TimerWheel.none
        var tick: Int64 = 0
    }

    private var nodes: UnsafeMutableBufferPointer<Node>
    /// First key of each slot; level n starts at n * 64.
    private let heads: UnsafeMutablePointer<Int32>
    /// One bit a slot that is not empty, a word a level.
    private var occupied: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    /// The last tick that was processed.
    public private(set) var current: Int64
    /// Armed timers.
    public private(set) var count = 0

    public init(now: Int64, capacity: Int = 1024) {
        current = now
        unsafe nodes = .allocate(capacity: capacity)
        unsafe nodes.initialize(repeating: Node())
        unsafe heads = .allocate(capacity: Self.levels * 64)
        unsafe heads.initialize(repeating: Self.none, count: Self.levels * 64)
    }

    deinit {
        unsafe nodes.deallocate()
        unsafe heads.deallocate()
    }

    /// The tick at which `key` fires, or nil.
    public func armed(_ key: Int) -> Int64? {
        guard unsafe key < nodes.count, unsafe nodes[key].slot != Self.none else { return nil }
        return unsafe nodes[key].tick
    }

    /// Arms `key` for `tick`, in place of what it was armed for. A tick that has passed fires on the next one.
    public mutating func arm(_ key: Int, at tick: Int64) {
        if unsafe key >= nodes.count { grow(past: key) }
        if unsafe nodes[key].slot != Self.none { unlink(key) }
        unsafe nodes[key].tick = tick
        link(key, at: max(tick, current + 1))
        count += 1
    }

    public mutating func disarm(_ key: Int) {
        guard unsafe key < nodes.count, unsafe nodes[key].slot != Self.none else { return }
        unlink(key)
    }

    /// The earliest tick at which something may have to be done, or nil when nothing is armed. Never later than the first timer;
    /// may be earlier, when timers only move down a level.
    public var next: Int64? {
        guard count > 0 else { return nil }
        var best: Int64? = nil
        for level in 0..<Self.levels {
            let word = occupancy(level)
            guard word != 0 else { continue }
            let shift = Int64(level * 6)
            let position = (current >> shift) & 63
            // Slots after the present one come first, then round to it again.
            let distance = Int64(rotate(word, by: Int(position) + 1).trailingZeroBitCount) + 1
            let tick = ((current >> shift) + distance) << shift
            best = min(best ?? tick, tick)
        }
        return best
    }

    /// Moves on towards `now`, to the next key that is due, and disarms it; `current` is the tick it was due on. Nil when there is none:
    /// then `current` is `now`. Between two calls any key may be armed and disarmed.
    public mutating func takeDue(by now: Int64) -> Int? {
        while true {
            // What is armed from here on is at most 63 ticks away on this level: it never hangs in the present tick's slot.
            let key = unsafe heads[Int(current & 63)]
            if key != Self.none {
                unlink(Int(key))
                return Int(key)
            }
            guard current < now else { return nil }
            guard let tick = next, tick <= now else {
                current = now
                return nil
            }
            current = tick
            // Upper levels first: what they hold may be due on this very tick.
            for level in stride(from: Self.levels - 1, through: 1, by: -1) {
                let shift = Int64(level * 6)
                if tick & ((1 << shift) - 1) == 0 { cascade(slot: level * 64 + Int((tick >> shift) & 63)) }
            }
        }
    }

    private mutating func cascade(slot: Int) {
        var key = unsafe heads[slot]
        unsafe heads[slot] = Self.none
        setOccupied(slot, false)
        while key != Self.none {
            let following = unsafe nodes[Int(key)].next
            unsafe nodes[Int(key)].slot = Self.none
            link(Int(key), at: max(unsafe nodes[Int(key)].tick, current))
            key = following
        }
    }

    private mutating func link(_ key: Int, at tick: Int64) {
        let distance = tick - current
        let level = distance < 64 ? 0 : distance < 4096 ? 1 : distance < 262_144 ? 2 : 3
        let shift = Int64(level * 6)
        let reachable = min(tick >> shift, (current >> shift) + 63)
        let slot = level * 64 + Int(reachable & 63)
        let head = unsafe heads[slot]
        unsafe nodes[key].slot = Int32(slot)
        unsafe nodes[key].previous = Self.none
        unsafe nodes[key].next = head
        if head != Self.none { unsafe nodes[Int(head)].previous = Int32(key) }
        unsafe heads[slot] = Int32(key)
        setOccupied(slot, true)
    }

    private mutating func unlink(_ key: Int) {
        let node = unsafe nodes[key]
        if node.next != Self.none { unsafe nodes[Int(node.next)].previous = node.previous }
        if node.previous != Self.none {
            unsafe nodes[Int(node.previous)].next = node.next
        } else {
            unsafe heads[Int(node.slot)] = node.next
            if node.next == Self.none { setOccupied(Int(node.slot), false) }
        }
        unsafe nodes[key].slot = Self.none
        count -= 1
    }

    private mutating func grow(past key: Int) {
        let larger = UnsafeMutableBufferPointer<Node>.allocate(capacity: max(key + 1, unsafe nodes.count * 2))
        unsafe larger.initialize(repeating: Node())
        for index in unsafe nodes.indices { unsafe larger[index] = nodes[index] }
        unsafe nodes.deallocate()
        unsafe nodes = unsafe larger
    }

    private func occupancy(_ level: Int) -> UInt64 {
        switch level {
        case 0: occupied.0
        case 1: occupied.1
        case 2: occupied.2
        default: occupied.3
        }
    }

    private mutating func setOccupied(_ slot: Int, _ value: Bool) {
        let bit = UInt64(1) << UInt64(slot & 63)
        switch slot >> 6 {
        case 0: if value { occupied.0 |= bit } else { occupied.0 &= ~bit }
        case 1: if value { occupied.1 |= bit } else { occupied.1 &= ~bit }
        case 2: if value { occupied.2 |= bit } else { occupied.2 &= ~bit }
        default: if value { occupied.3 |= bit } else { occupied.3 &= ~bit }
        }
    }

    private func rotate(_ word: UInt64, by count: Int) -> UInt64 {
        let count = UInt64(count & 63)
        return count == 0 ? word : (word >> count) | (word << (64 - count))
    }
}
