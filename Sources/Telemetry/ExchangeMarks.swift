/// When an exchange reached which point: microseconds on the loop's monotonic clock, or `notReached`. The last try counts where an
/// exchange was tried more than once.
public struct ExchangeMarks: Sendable {
    /// The value of a mark whose point was not reached.
    @inlinable public static var notReached: Int64 { -1 }

    /// The connection was accepted; on a kept connection, the first byte of this request arrived.
    public var began: Int64
    /// The request head was complete.
    public var headRead = ExchangeMarks.notReached
    /// A connection to the app was granted: an idle one, or leave to open one.
    public var granted = ExchangeMarks.notReached
    /// The connection to the app stood. The same as `granted` for an idle one.
    public var connected = ExchangeMarks.notReached
    /// The first byte of the app's final response head arrived.
    public var firstByte = ExchangeMarks.notReached
    /// The exchange ended.
    public var ended = ExchangeMarks.notReached

    @inlinable
    public init(began: Int64) { self.began = began }

    /// Microseconds from `began` to the end of the head. Like all the durations here: nil where an end was not reached.
    @inlinable public var head: UInt64? { Self.duration(from: began, to: headRead) }
    /// Microseconds in the queue for a connection to the app.
    @inlinable public var queue: UInt64? { Self.duration(from: headRead, to: granted) }
    /// Microseconds to connect; 0 on a pooled connection.
    @inlinable public var connect: UInt64? { Self.duration(from: granted, to: connected) }
    /// Microseconds from the connection to the app to the first byte of its response.
    @inlinable public var first: UInt64? { Self.duration(from: connected, to: firstByte) }
    /// Microseconds from `began` to the end of the exchange.
    @inlinable public var total: UInt64? { Self.duration(from: began, to: ended) }

    /// A clock that stepped back counts as no time.
    @inlinable
    static func duration(from start: Int64, to end: Int64) -> UInt64? {
        guard start != notReached, end != notReached else { return nil }
        return end > start ? UInt64(end &- start) : 0
    }
}
