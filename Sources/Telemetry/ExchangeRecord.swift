import HTTPMessage

/// The numbers of one exchange, for its access-log line and the counters. The proxy fills it while the exchange lives; its texts
/// stay where they lie and are lent at the end (`ExchangeTexts`).
public struct ExchangeRecord: Sendable {
    /// The version of the request line. Means nothing when `ExchangeTexts.method` is empty: no request line was read then.
    public var version = HTTPVersion.http11
    /// Of TLS on the client's connection, here and not with whoever is in front; nil where there is none.
    public var tlsVersion: StaticString? = nil
    /// The status sent to the client, or 499 and the like where nothing could be sent; 0 when it was never decided.
    public var status: UInt16 = 0
    /// Why the gateway answered by itself or ended the exchange; nil for a response of the app that was passed on whole.
    public var reason: Reason? = nil
    /// Why a filter answered by itself; nil where none did.
    public var replyReason: StaticString? = nil
    /// What kept a filter from getting the answer that it had asked for, whatever became of the request then.
    public var cause: Reason? = nil
    public var end = EndState()
    /// Bytes of this request that were read from the client: head, framing and body.
    public var clientBytesIn: UInt64 = 0
    /// Bytes of the response that were sent to the client: head, framing and body.
    public var clientBytesOut: UInt64 = 0
    /// Bytes of the response body alone that were sent to the client.
    public var bodyBytesOut: UInt64 = 0
    /// Bytes sent to the app, over all tries.
    public var appBytesOut: UInt64 = 0
    /// Bytes read from the app, over all tries.
    public var appBytesIn: UInt64 = 0
    /// App connections that the exchange was tried on; 0 when the gateway answered by itself.
    public var tries: UInt8 = 0
    /// How many exchanges this client connection had carried before this one.
    public var exchangesBefore: UInt32 = 0
    public var marks: ExchangeMarks

    /// The code of whichever there is.
    @inlinable public var reasonCode: StaticString? { reason?.code ?? replyReason }

    @inlinable
    public init(began: Int64) { marks = ExchangeMarks(began: began) }
}
