// Percent escapes (RFC 3986 §2.1).

extension Span where Element == UInt8 {
    /// The byte that the escape `%XX` at `offset` stands for; nil if none is there whole below `end`. Traps if either is outside.
    @inlinable
    public func escapedByte(at offset: Int, to end: Int) -> UInt8? {
        guard self[offset] == UInt8(ascii: "%"), offset &+ 2 < end, let high = self[offset &+ 1].hexadecimalValue,
            let low = self[offset &+ 2].hexadecimalValue
        else { return nil }
        return high << 4 | low
    }
}

extension Array where Element == UInt8 {
    /// Appends bytes, and `%XX` for those that may not stand there.
    @inlinable
    public mutating func append(_ bytes: Span<UInt8>, escapingAllBut isAllowed: (UInt8) -> Bool) {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x37 &+ value }
        for index in bytes.indices {
            let byte = bytes[index]
            if isAllowed(byte) {
                append(byte)
            } else {
                append(UInt8(ascii: "%"))
                append(digit(byte >> 4))
                append(digit(byte & 15))
            }
        }
    }
}
