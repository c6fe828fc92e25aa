import FilterAPI

/// The TLVs behind the addresses of a header of version 2 (§2.2.1 to §2.2.8): a type, a length of two bytes, and so many bytes. Those that mean
/// nothing here are passed over.
struct HeaderExtensions: ~Escapable {
    private let header: Span<UInt8>
    /// The client speaks TLS with the proxy.
    private(set) var isSecure = false

    private static let checksumType: UInt8 = 0x03
    private static let tlsType: UInt8 = 0x20
    /// Type and length.
    private static let headBytes = 3
    /// In the value of TLS, before further TLVs: a byte of flags, and whether the client's certificate was verified.
    private static let tlsFlagBytes = 5
    private static let clientSpeaksTLS: UInt8 = 0x01

    /// - Parameter header: the whole header.
    @_lifetime(copy header)
    init(_ header: Span<UInt8>) { self.header = header }

    /// Reads all from `start` to the end of the header. Errors: what does not fill it exactly, what stands twice and may stand once, and a wrong
    /// checksum.
    @_lifetime(self: copy self)
    mutating func read(from start: Int) throws(HeaderFault) {
        var checksum: Int?
        var hasTLS = false
        var position = start
        while position < header.count {
            let type = header[position]
            let value = try self.value(at: position, before: header.count)
            switch type {
            case Self.checksumType:
                guard checksum == nil, value.count == 4 else { throw .malformed }
                checksum = value.lowerBound
            case Self.tlsType:
                guard !hasTLS, value.count >= Self.tlsFlagBytes else { throw .malformed }
                hasTLS = true
                isSecure = header[value.lowerBound] & Self.clientSpeaksTLS != 0
                var inner = value.lowerBound + Self.tlsFlagBytes
                while inner < value.upperBound { inner = try self.value(at: inner, before: value.upperBound).upperBound }
            default: break
            }
            position = value.upperBound
        }
        if let checksum { try check(checksum) }
    }

    /// Where the value of the TLV at a position is.
    private func value(at position: Int, before end: Int) throws(HeaderFault) -> Range<Int> {
        guard end - position >= Self.headBytes else { throw .malformed }
        let start = position + Self.headBytes
        let count = header.number16(at: position + 1)
        guard count <= end - start else { throw .malformed }
        return start..<start + count
    }

    /// Compares the checksum at a position with the one of the whole header, in which its own four bytes count as 0 (§2.2.3).
    private func check(_ position: Int) throws(HeaderFault) {
        var sum = CRC32C()
        for index in header.indices { sum.add(position..<position + 4 ~= index ? 0 : header[index]) }
        let said = UInt32(header.number16(at: position)) << 16 | UInt32(header.number16(at: position + 2))
        guard sum.value == said else { throw .checksum }
    }
}
