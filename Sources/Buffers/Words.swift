extension Span where Element == UInt8 {
    /// The eight bytes from `offset`, first byte lowest: bounds are checked once a word instead of once a byte.
    /// Traps if they are not all inside.
    @inlinable
    public func word(at offset: Int) -> UInt64 {
        // The load itself checks the bounds; any bit pattern is a UInt64.
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
