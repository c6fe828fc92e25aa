/// How fast a client sends or takes one body, and for how long it has done nothing: only the time counts in which the gateway waited for
/// it. An app's pauses are not the client's.
struct ClientPace {
    private var total: Int64 = 0
    private var waited: Int64 = 0
    private var waitingSince = Int64.max
    private var seen: Int64 = -1
    private var idleSince: Int64 = 0

    enum Verdict {
        /// Nothing is wrong; look again at this time.
        case fair(until: Int64)
        case idle, slow
    }

    mutating func add(_ count: Int) { total &+= Int64(count) }

    /// From now on the client is waited for.
    mutating func beginWait(_ now: Int64) {
        guard waitingSince == .max else { return }
        // A wait ends with progress: a new one starts without any idle time.
        waitingSince = now
        seen = total
        idleSince = now
    }

    /// It did something.
    @inline(__always)
    mutating func endWait(_ now: Int64) {
        if waitingSince != .max {
            waited &+= now &- waitingSince
            waitingSince = .max
        }
    }

    /// - Parameters:
    ///   - idle: milliseconds without one byte.
    ///   - rate: bytes a second, on average over the time waited; 0 for no minimum.
    ///   - grace: milliseconds of waiting before the rate counts.
    mutating func verdict(_ now: Int64, idle: Int64, rate: Int64, grace: Int64) -> Verdict {
        if total != seen {
            seen = total
            idleSince = now
        }
        if now &- idleSince >= idle { return .idle }
        let time = waitingSince == .max ? waited : waited &+ (now &- waitingSince)
        if rate > 0 && time >= max(1, grace) && total.multipliedFullWidth(by: 1000).low / UInt64(time) < UInt64(rate) { return .slow }
        return .fair(until: min(idleSince &+ idle, now &+ max(1, grace)))
    }
}
