/// What the operator allows for requests that fail on the way to the app.
public struct RetryAllowance: Sendable {
    /// When an idempotent request (RFC 9110 §9.2.2) that may have reached the app is sent again. Others never are.
    public enum Resending: CaseIterable, Sendable {
        case never
        /// Only if it failed on a reused connection, which the app most likely had closed before the request came.
        case onReusedConnection
        /// Also if a fresh connection fails or the app is silent. A request that breaks the app then breaks several servers.
        case always
    }

    /// Attempts an exchange may make in all, the first one included.
    public var tries: Int
    public var resending: Resending

    public init(tries: Int = 3, resending: Resending = .onReusedConnection) {
        precondition(tries >= 1, "an exchange has at least one try")
        self.tries = tries
        self.resending = resending
    }
}
