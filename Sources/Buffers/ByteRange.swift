/// A run of bytes in a slab: `count` bytes from offset `start`. Eight bytes, so that a message keeps ranges and never copies.
public struct ByteRange: Equatable, Sendable, BitwiseCopyable {
    public var start: UInt32
    public var count: UInt32

    @inlinable
    public init(start: Int, count: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    /// No bytes at offset 0.
    @inlinable public static var empty: ByteRange { ByteRange(start: 0, count: 0) }
    @inlinable public var isEmpty: Bool { count == 0 }
    @inlinable public var lower: Int { Int(start) }
    @inlinable public var upper: Int { Int(start) &+ Int(count) }
    @inlinable public var range: Range<Int> { unsafe Range(uncheckedBounds: (lower, upper)) }
}
