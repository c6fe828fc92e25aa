/// How an exchange ended.
public struct ExchangeSummary: Sendable {
    /// The status that the client was sent; 499 if it went away before one was decided.
    public let status: UInt16
    /// Why the gateway or a filter answered, or broke off; nil for a response of the app that was passed on whole.
    public let reason: StaticString?
    /// The whole response is with the client's kernel, or the tunnel was closed in an orderly way.
    public let isComplete: Bool
    /// Microseconds from the first byte of the request to the end.
    public let microseconds: Int64
    /// Bytes of the request that were read, and of the response that were sent: head, framing and body.
    public let bytesIn: UInt64
    public let bytesOut: UInt64

    package init(status: UInt16, reason: StaticString?, isComplete: Bool, microseconds: Int64, bytesIn: UInt64, bytesOut: UInt64) {
        self.status = status
        self.reason = reason
        self.isComplete = isComplete
        self.microseconds = microseconds
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
    }
}
