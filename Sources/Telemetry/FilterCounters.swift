/// What one filter has decided, and how long it took, on one loop. Only the loop writes it.
public struct FilterCounters: Sendable, Equatable {
    /// Requests that it let pass, also after it had waited.
    public var forwards: UInt64 = 0
    /// Requests that it answered.
    public var replies: UInt64 = 0
    /// Times that it let a request wait: for an answer, or for time.
    public var waits: UInt64 = 0
    /// Answers that failed or did not come in time.
    public var failures: UInt64 = 0
    /// Times of the exchanges that were timed: with requests, with responses, and with ends.
    public var requestTimes = TimeHistogram()
    public var responseTimes = TimeHistogram()
    public var endTimes = TimeHistogram()

    public init() {}

    /// Adds what another loop counted.
    public mutating func add(_ other: FilterCounters) {
        forwards &+= other.forwards
        replies &+= other.replies
        waits &+= other.waits
        failures &+= other.failures
        requestTimes.add(other.requestTimes)
        responseTimes.add(other.responseTimes)
        endTimes.add(other.endTimes)
    }
}
