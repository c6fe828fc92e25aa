import Buffers

/// The access-log lines of one loop that are not yet handed to the writer. Owns one slab.
///
/// The loop calls `append`; when that says false, and once a second, it hands `lines` over (a copy) and calls `removeAll`.
public struct AccessLogBuffer: ~Copyable {
    private var encoder: AccessLogEncoder
    private var buffer: OutputBuffer
    /// Lines held.
    public private(set) var count = 0

    /// The slab must have at least `AccessLogEncoder.maximumLineBytes`, so that any line fits into an empty buffer.
    public init(_ format: AccessLogEncoder.Format, slab: consuming Slab) {
        precondition(slab.capacity >= AccessLogEncoder.maximumLineBytes)
        encoder = AccessLogEncoder(format)
        buffer = OutputBuffer(slab)
    }

    public var isEmpty: Bool { count == 0 }

    /// The lines held, whole, each with its line feed.
    public var lines: Span<UInt8> {
        @_lifetime(borrow self)
        get { buffer.readable }
    }

    /// Adds the line of one exchange; `now` in milliseconds since 1970. False when it does not fit: hand `lines` over,
    /// `removeAll`, and call again, which then succeeds.
    public mutating func append(_ record: borrowing ExchangeRecord, _ texts: borrowing ExchangeTexts, now: Int64) -> Bool {
        guard encoder.encode(record, texts, now: now, into: &buffer) else { return false }
        count &+= 1
        return true
    }

    public mutating func removeAll() {
        buffer.removeAll()
        count = 0
    }
}
