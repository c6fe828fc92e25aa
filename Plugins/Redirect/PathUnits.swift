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
        let escaped = bytes.escapedByte(at: at, to: end)
        defer { at &+= escaped == nil ? 1 : 3 }
        return escaped == UInt8(ascii: "/") ? Self.escapedSlash : UInt16(escaped ?? bytes[at])
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
        var hash = ByteHash()
        while let unit = walk.next(in: bytes) { hash.add(UInt64(unit)) }
        return hash.value
    }
}
