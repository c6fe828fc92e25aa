import FilterAPI

/// Walks a path decoded, without a copy: a unit is a byte, and an escaped slash is not one that separates names.
struct PathUnits {
    static let slash = UInt16(UInt8(ascii: "/"))
    static let escapedSlash: UInt16 = 0x12F

    /// Offset of the next unit.
    private(set) var at: Int
    private let end: Int
    /// A path without any byte stands for `/`.
    private var isBare: Bool

    init(_ path: ByteRange) {
        at = path.lower
        end = path.upper
        isBare = path.isEmpty
    }

    mutating func next(in bytes: Span<UInt8>) -> UInt16? {
        guard at < end else {
            if isBare {
                isBare = false
                return Self.slash
            }
            return nil
        }
        let byte = bytes[at]
        at &+= 1
        if byte == UInt8(ascii: "%"), at &+ 1 < end, let high = bytes[at].hexadecimalValue, let low = bytes[at &+ 1].hexadecimalValue {
            at &+= 2
            let value = UInt16(high) << 4 | UInt16(low)
            return value == Self.slash ? Self.escapedSlash : value
        }
        return UInt16(byte)
    }

    /// Goes to the next slash that separates names, or to the end.
    mutating func skipName(in bytes: Span<UInt8>) {
        while at < end && bytes[at] != UInt8(ascii: "/") { at &+= 1 }
    }

    /// The units of a text of the configuration.
    static func all(of text: some StringProtocol) -> [UInt16] {
        let bytes = Array(text.utf8)
        var walk = PathUnits(ByteRange(start: 0, count: bytes.count))
        var units: [UInt16] = []
        guard !bytes.isEmpty else { return [] }
        while let unit = walk.next(in: bytes.span) { units.append(unit) }
        return units
    }

    /// One number for a path, the same for all its spellings.
    static func hash(of path: ByteRange, in bytes: Span<UInt8>) -> UInt64 {
        var walk = PathUnits(path)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        while let unit = walk.next(in: bytes) { hash = (hash ^ UInt64(unit)) &* 0x100_0000_01B3 }
        return hash
    }
}

/// What may stand in a URL, and what is escaped instead (RFC 3986 §2).
enum URLText {
    /// In a path: `pchar`, `/`, and escapes that are there already.
    static func isPathByte(_ byte: UInt8) -> Bool { isUnreserved(byte) || "/:@!$&'()*+,;=%".utf8.contains(byte) }
    /// In a query.
    static func isQueryByte(_ byte: UInt8) -> Bool { isPathByte(byte) || byte == UInt8(ascii: "?") }
    /// In the value of a parameter of a query: nothing that ends it.
    static func isParameterByte(_ byte: UInt8) -> Bool { isUnreserved(byte) || byte == UInt8(ascii: "%") }

    private static func isUnreserved(_ byte: UInt8) -> Bool { byte.isAlphanumeric || "-._~".utf8.contains(byte) }

    /// Adds bytes `range`, escaping what may not stand there.
    static func append(_ bytes: Span<UInt8>, _ range: ByteRange, to text: inout [UInt8], where isAllowed: (UInt8) -> Bool) {
        for index in range.range { append(bytes[index], to: &text, where: isAllowed) }
    }

    private static func append(_ byte: UInt8, to text: inout [UInt8], where isAllowed: (UInt8) -> Bool) {
        if isAllowed(byte) { return text.append(byte) }
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
        text += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
    }
}
