/// What one `UpstreamPool` may hold. All times are milliseconds.
public struct PoolLimits: Sendable {
    /// Connections open at once, connecting ones included: this loop's share of the app's maximum. 0 = unlimited.
    public var maxConnections: Int
    /// Idle connections kept, over all servers together; those above it are kept for a second. 0 = every connection is closed after its
    /// exchange.
    public var maxIdle: Int
    /// How long a connection may stay idle before it is closed.
    public var idleTimeout: Int64
    /// Exchanges that may wait for a connection at once. 0 = none waits.
    public var queueLength: Int
    /// How long an exchange may wait.
    public var queueTimeout: Int64

    public init(
        maxConnections: Int = 0, maxIdle: Int = 64, idleTimeout: Int64 = 60_000, queueLength: Int = 256, queueTimeout: Int64 = 5_000
    ) {
        precondition(maxConnections >= 0 && maxIdle >= 0 && queueLength >= 0, "a pool's counts are not negative")
        precondition(idleTimeout >= 0 && queueTimeout >= 0, "a pool's times are not negative")
        self.maxConnections = maxConnections
        self.maxIdle = maxIdle
        self.idleTimeout = idleTimeout
        self.queueLength = queueLength
        self.queueTimeout = queueTimeout
    }

    /// One loop's part of limits for all loops: equal shares of the connections, the first loops taking what does not divide, and at least
    /// 1, so that with more loops than connections the limit is the number of loops. The rest is each loop's own.
    ///
    /// - Parameter loop: counted from 0.
    public func share(ofLoop loop: Int, among loops: Int) -> PoolLimits {
        guard maxConnections > 0 else { return self }
        var share = self
        share.maxConnections = max(1, maxConnections / loops + (loop < maxConnections % loops ? 1 : 0))
        return share
    }
}

extension Int64 {
    /// A time later by `duration`, or the end of time: "no limit" may be passed as the largest number.
    func later(by duration: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(duration)
        return overflow ? .max : sum
    }
}
