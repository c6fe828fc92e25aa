/// What the caller of `UpstreamPool.release` has to do.
public enum ReleaseAction: Equatable, Sendable {
    /// Keep the connection open and watch it; it is idle.
    case keep
    /// Close the connection.
    case close
    /// Give the connection to this waiting exchange. It stays leased.
    case handTo(waiter: UInt64)
    /// Close the connection; its place goes to this waiting exchange: connect to `server` for it.
    case closeAndConnect(ConnectionID, server: Int, waiter: UInt64)
}
