/// FNV-1a over bytes, for tables whose keys the operator chooses. Speed only: whoever finds something compares it. There is no seed, since a
/// client can ask such a table, but not fill it.
public struct ByteHash: Sendable {
    public var value: UInt64 = 0xCBF2_9CE4_8422_2325

    @inlinable public init() {}

    /// Takes the next byte, or a unit that is a little more than a byte.
    @inlinable @inline(__always)
    public mutating func add(_ unit: UInt64) { value = (value ^ unit) &* 0x100_0000_01B3 }
}
