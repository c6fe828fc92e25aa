import FilterAPI

/// The header of version 2 (§2.2): a signature, what is done for whom over what, a length, and so many bytes with addresses and TLVs.
enum HeaderVersion2 {
    /// Of a whole header. The specification allows 64 KiB; what proxies send has some hundred.
    static let mostBytes = 4096
    static let signature: InlineArray<12, UInt8> = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let fixedBytes = 16

    private enum Family: UInt8 {
        case unspecified, ipv4, ipv6, unix

        /// Bytes of its two addresses, with their ports.
        var byteCount: Int {
            switch self {
            case .unspecified: 0
            case .ipv4: 12
            case .ipv6: 36
            case .unix: 216
            }
        }
    }

    /// Reads a header at the beginning of bytes; nil if it goes on behind them. O(bytes of the header) when it is whole, else O(1).
    static func read(_ bytes: Span<UInt8>) throws(HeaderFault) -> Prologue? {
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] { throw .missing }
        guard bytes.count > 12 else { return nil }
        // Version 2; 0 is LOCAL: the proxy connects for itself, to see whether we live.
        guard bytes[12] == 0x20 || bytes[12] == 0x21 else { throw .malformed }
        let isLocal = bytes[12] == 0x20
        guard bytes.count > 13 else { return nil }
        var family = Family.unspecified
        if !isLocal {
            // In the lower half: unspecified, a stream, or datagrams.
            guard let found = Family(rawValue: bytes[13] >> 4), bytes[13] & 0x0F <= 2 else { throw .malformed }
            family = found
        }
        guard bytes.count >= fixedBytes else { return nil }
        let end = fixedBytes + bytes.number16(at: 14)
        guard end <= mostBytes else { throw .tooLong }
        guard end - fixedBytes >= family.byteCount else { throw .malformed }
        guard bytes.count >= end else { return nil }
        var prologue = Prologue(byteCount: end)
        switch family {
        // What stands behind is of no known form.
        case .unspecified: return prologue
        case .ipv4: name(bytes, addressBytes: 4, &prologue)
        case .ipv6: name(bytes, addressBytes: 16, &prologue)
        case .unix: (prologue.client, prologue.destination) = (.unix, .unix)
        }
        var extensions = HeaderExtensions(bytes.extracting(0..<end))
        try extensions.read(from: fixedBytes + family.byteCount)
        prologue.isSecure = extensions.isSecure
        return prologue
    }

    /// Both addresses, then both ports.
    private static func name(_ bytes: Span<UInt8>, addressBytes: Int, _ prologue: inout Prologue) {
        func end(_ index: Int) -> ConnectionEnd? {
            let start = fixedBytes + index * addressBytes
            let port = bytes.number16(at: fixedBytes + 2 * addressBytes + 2 * index)
            return IPAddress(bytes: bytes.extracting(start..<start + addressBytes)).map { .ip($0.unmapped, port: UInt16(port)) }
        }
        (prologue.client, prologue.destination) = (end(0), end(1))
    }
}

extension Span<UInt8> {
    /// Two bytes in network order.
    func number16(at index: Int) -> Int { Int(self[index]) << 8 | Int(self[index + 1]) }
}
