/// How often something took how long. Four steps an octave: a quantile is at most a fifth too high.
public struct TimeHistogram: Sendable, Equatable {
    /// Times up to 4 ns, then four steps an octave up to 17 minutes; longer ones count as that.
    private static let stepCount = 4 * 39
    private var steps = [UInt64](repeating: 0, count: TimeHistogram.stepCount)
    public private(set) var count: UInt64 = 0
    /// All times together, in nanoseconds.
    public private(set) var sum: UInt64 = 0
    /// The longest, in nanoseconds.
    public private(set) var longest: UInt64 = 0

    public init() {}

    /// Adds one time in nanoseconds; a clock that stepped back counts as no time. O(1), allocates nothing.
    public mutating func add(_ nanoseconds: Int64) {
        let time = UInt64(max(0, nanoseconds))
        steps[Self.step(of: time)] &+= 1
        count &+= 1
        sum &+= time
        longest = max(longest, time)
    }

    public mutating func add(_ other: TimeHistogram) {
        for index in steps.indices { steps[index] &+= other.steps[index] }
        count &+= other.count
        sum &+= other.sum
        longest = max(longest, other.longest)
    }

    /// The nanoseconds within which this part of all times is; nil if there are none.
    ///
    /// - Parameter part: above 0, at most 1.
    public func quantile(_ part: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let wanted = max(1, UInt64((Double(count) * part).rounded(.up)))
        var seen: UInt64 = 0
        for index in steps.indices {
            seen &+= steps[index]
            if seen >= wanted { return min(longest, Self.upperEnd(of: index)) }
        }
        return longest
    }

    /// 0 to 3 ns are steps of their own; above, the two bits behind the highest one choose among four.
    static func step(of time: UInt64) -> Int {
        guard time >= 4 else { return Int(time) }
        let octave = 63 - time.leadingZeroBitCount
        return min(stepCount - 1, 4 * (octave - 1) + Int(time >> UInt64(octave - 2) & 3))
    }

    /// The longest time of a step.
    static func upperEnd(of step: Int) -> UInt64 {
        guard step >= 4 else { return UInt64(step) }
        let shift = UInt64(step / 4 - 1)
        return (UInt64(4 + step % 4 + 1) << shift) - 1
    }
}
