import Buffers

/// Bytes received and not yet passed on: a slab of the loop's pool, held only while there are any.
///
/// From `start` on stand, in this order: payload that is decoded and waits to be passed on (`start ..< payloadEnd`), and bytes that
/// are not decoded yet (`rawStart ..< end`). Where nothing is being decoded, both borders are at `start`.
public struct ReceiveBuffer: ~Copyable {
    public var slab = Slab()
    public var start = 0
    public var payloadEnd = 0
    public var rawStart = 0
    public var end = 0

    public init() {}

    /// Bytes not decoded yet.
    @inlinable public var rawCount: Int { end &- rawStart }
    /// Decoded bytes that wait.
    @inlinable public var payloadCount: Int { payloadEnd &- start }
    @inlinable public var isEmpty: Bool { end == rawStart && payloadEnd == start }

    /// Forgets all bytes and keeps the slab.
    @inlinable
    public mutating func rewind() {
        start = 0
        payloadEnd = 0
        rawStart = 0
        end = 0
    }

    /// Lets go of the slab and of all bytes.
    @inlinable
    public mutating func clear() {
        slab = Slab()
        start = 0
        payloadEnd = 0
        rawStart = 0
        end = 0
    }

    /// Marks `count` bytes of payload as passed on. With the last one, decoding goes on behind it.
    @inlinable
    public mutating func consumePayload(_ count: Int) {
        start &+= count
        if start == payloadEnd {
            start = rawStart
            payloadEnd = rawStart
        }
    }

    /// Marks `count` undecoded bytes as used up, where nothing decoded waits: a head, a trailer section.
    @inlinable
    public mutating func consumeRaw(_ count: Int) {
        rawStart &+= count
        start = rawStart
        payloadEnd = rawStart
    }

    /// Moves the bytes that are there to the front of the slab, so that there is room behind them. O(bytes there).
    public mutating func compact() {
        guard start > 0, payloadEnd == start, slab.exists else { return }
        let count = end - rawStart
        if count > 0 {
            unsafe slab.baseAddress.copyMemory(from: slab.baseAddress + rawStart, byteCount: count)
        }
        start = 0
        payloadEnd = 0
        rawStart = 0
        end = count
    }

    /// Calls `body` with `received`.
    @inlinable @inline(__always)
    public borrowing func withReceived<R>(_ body: (Span<UInt8>) -> R) -> R { body(received) }

    /// All bytes received so far, from offset 0: what parsers take.
    @inlinable
    public var received: Span<UInt8> {
        @_lifetime(borrow self)
        get { slab.bytes.extracting(0..<end) }
    }
}
