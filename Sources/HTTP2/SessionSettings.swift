import HTTPMessage

/// What one HTTP/2 connection may cost. Times are milliseconds.
public struct SessionSettings: Sendable {
    /// Bounds of a head, unpacked: bytes as HTTP/1 would write it, bytes of `:path`, field lines. A request above them is refused (431,
    /// 414); its connection goes on.
    public var heads = HeadLimits()
    public var trailers = HeadLimits(headBytes: 8192, targetBytes: 0, fieldCount: 64)
    /// Streams that a client may have open at a time.
    public var streams = 100
    /// Bytes of a body that a peer may send before they are consumed, on one stream: what a body can take of memory. It may send 65,535
    /// before it knows better, so less is not possible.
    public var streamWindow = 65_535
    /// The same for all streams of the connection together.
    public var connectionWindow = 1024 * 1024
    /// Bytes of the HPACK table that the peer fills.
    public var headerTableBytes = 4096
    /// Bytes of the HPACK table for what is sent.
    public var deflateTableBytes = 4096
    /// Frames of one head behind its first, and bytes of all of them, packed; above them the connection ends.
    public var continuations = 8
    public var packedHeadBytes = 64 * 1024
    /// Bytes of one head, unpacked, each field counted with 32 more (RFC 9113 §6.5.2), above which the connection ends.
    public var unpackedHeadBytes = 256 * 1024
    /// Frames, but for DATA, that may wait to be sent.
    public var queuedFrames = 1000
    /// While the body of a stream waits for a client's windows, `stallBytes` of it must go out every `stallTime`.
    public var stallTime: Int64 = 30_000
    public var stallBytes = 1024
    /// Extended CONNECT (RFC 8441) is offered.
    public var extendedConnect = true
    public var floods = FloodBudgets()

    public init() {}
}
