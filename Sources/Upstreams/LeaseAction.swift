/// What the caller of `UpstreamPool.lease` has to do.
public enum LeaseAction: Equatable, Sendable {
    /// Use this open connection. It was idle: the app may have closed it meanwhile.
    case reuse(ConnectionID, server: Int)
    /// Connect to `server` and report the end with `connected` or `connectFailed`. Close the idle connection `closing` first, if
    /// there is one: it made room.
    case connect(ConnectionID, server: Int, closing: ConnectionID?)
    /// Wait: a later `release` names this exchange, or `takeTimedOut` does.
    case queued(WaiterTicket)
    /// Answer with an error. Nothing is held.
    case refuse(LeaseRefusal)
}

/// Why an exchange gets no connection.
public enum LeaseRefusal: Equatable, Sendable {
    /// All connections are in use and as many exchanges wait as may.
    case queueFull
    /// Every server has been tried.
    case noServer
}
