/// The checksum with Castagnoli's polynomial (RFC 3720 appendix B.4, RFC 3385).
struct CRC32C {
    /// What a byte does to it; the polynomial is 0x1EDC6F41, its bits in reverse.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    }

    private var state: UInt32 = .max

    mutating func add(_ byte: UInt8) { state = state >> 8 ^ Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] }

    var value: UInt32 { ~state }
}
