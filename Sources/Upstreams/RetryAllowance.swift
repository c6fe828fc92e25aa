/// What the operator allows for requests that fail on the way to the app.
public struct RetryAllowance: Sendable {
    /// Attempts an exchange may make in all, the first one included.
    public var tries: Int
    /// Whether an idempotent request (RFC 9110 §9.2.2) that may have reached the app is sent again when it failed on a reused
    /// connection, which the app most likely had closed before the request came. Others never are.
    public var resendsIdempotent: Bool

    public init(tries: Int = 3, resendsIdempotent: Bool = true) {
        precondition(tries >= 1, "an exchange has at least one try")
        self.tries = tries
        self.resendsIdempotent = resendsIdempotent
    }
}
