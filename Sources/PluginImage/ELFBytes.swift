/// The bytes of a file, with reads that cannot leave it.
struct ELFBytes: Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    /// The little-endian integer at `offset`; nil if the file ends before it does.
    func integer<Integer: FixedWidthInteger & UnsignedInteger>(_ offset: Int, _: Integer.Type) -> Integer? {
        let size = Integer.bitWidth / 8
        guard offset >= 0, size <= bytes.count, offset <= bytes.count - size else { return nil }
        var value: Integer = 0
        for index in 0..<size { value |= Integer(truncatingIfNeeded: bytes[offset + index]) << (8 * index) }
        return value
    }

    /// A 64-bit offset or size that lies within the file.
    func offset(_ offset: Int) -> Int? {
        guard let value = integer(offset, UInt64.self), value <= UInt64(bytes.count) else { return nil }
        return Int(value)
    }

    /// Whether these bytes stand at `offset`.
    func has(_ expected: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, expected.count <= bytes.count, offset <= bytes.count - expected.count else { return false }
        return bytes[offset..<offset + expected.count].elementsEqual(expected)
    }
}
