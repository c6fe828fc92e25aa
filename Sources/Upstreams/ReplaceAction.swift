/// What the caller of `UpstreamPool.replace` has to do.
public enum ReplaceAction: Equatable, Sendable {
    /// Close the old connection, connect to `server` as this one, and report the end with `connected` or `connectFailed`.
    case connect(ConnectionID, server: Int)
    /// Every server has been tried. The old connection is still held: release it.
    case noServer
}
