import FilterAPI

/// The arithmetic of the generic cell rate algorithm: all that is kept of a key is one point in time, at which a client that sends at the
/// rate would be done with what it has sent. How far that is ahead of now says how much of the burst is used up.
///
/// All times are nanoseconds. No sum overflows: a point is never further ahead than `longest`, and the loop's clock begins near 0.
struct CellRate: Sendable, Hashable {
    /// Between two requests at the rate; rounded up, so that no more pass than the rate says.
    let interval: Int64
    /// Requests at once; at least 1.
    let burst: Int64
    /// Further requests that wait for their turn.
    let delay: Int64

    /// Shortest interval: with it rounding costs a thousandth of the rate at most.
    static let shortestInterval: Int64 = 1000
    /// Furthest that a point may be ahead: nine years.
    static let longest: Int64 = 1 << 58

    /// Nil if the rate is above a million a second, or a burst takes years to come back.
    init?(_ rate: Rate, burst: Int64, delay: Int64) {
        let period = rate.period.components.seconds * 1_000_000_000
        guard let count = Int64(exactly: rate.count), count > 0, count <= period / Self.shortestInterval, burst >= 1, delay >= 0 else { return nil }
        interval = (period + count - 1) / count
        let (sum, sumOverflows) = burst.addingReportingOverflow(delay)
        let (ahead, overflows) = interval.multipliedReportingOverflow(by: sum)
        guard !sumOverflows, !overflows, ahead <= Self.longest else { return nil }
        self.burst = burst
        self.delay = delay
    }

    /// What a request at `now` does to a key.
    struct Verdict {
        /// The key's point if the request is let through.
        let point: Int64
        /// How long it waits before it is let through.
        let wait: Int64
        /// How long the client waits before it can be let through; above 0 if it is refused.
        let retry: Int64
    }

    /// - Parameters:
    ///   - point: of the key; 0 for one that was not seen.
    ///   - cost: so many requests it counts as, at most `burst`.
    @inline(__always)
    func check(_ point: Int64, now: Int64, cost: Int64) -> Verdict {
        let next = max(point, now) &+ interval &* cost
        let wait = next &- now &- interval &* burst
        return Verdict(point: next, wait: max(0, wait), retry: max(0, wait &- interval &* delay))
    }

    /// The point of a key of which nothing is left.
    func exhausted(_ now: Int64) -> Int64 { now &+ interval &* (burst &+ delay) }

    /// How many requests a key may send at once.
    @inline(__always)
    func left(_ point: Int64, now: Int64) -> Int64 { max(0, burst &- (max(0, point &- now) &+ interval &- 1) / interval) }
}
