import FilterAPI

/// How an id looks.
enum IDForm {
    /// Any text of up to 128 letters, digits and `-._~+/=:;@`.
    case any
    /// A UUID (RFC 9562 §4).
    case uuid
    /// A UUID in lower case behind `req-`, as OpenStack's services make them.
    case openstack

    init(_ word: String?) {
        self =
            switch word {
            case "uuid": .uuid
            case "req-uuid": .openstack
            default: .any
            }
    }

    /// Whether bytes `range` are such an id. O(1): no id is longer than 128 bytes.
    func matches(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        switch self {
        case .any:
            guard range.count >= 1, range.count <= 128 else { return false }
            for index in range.range where !Self.isPlain(bytes[index]) { return false }
            return true
        case .uuid: return Self.isUUID(bytes, range, capitals: true)
        case .openstack:
            guard range.count == 40, bytes[range.lower] == UInt8(ascii: "r"), bytes[range.lower &+ 1] == UInt8(ascii: "e"),
                bytes[range.lower &+ 2] == UInt8(ascii: "q"), bytes[range.lower &+ 3] == UInt8(ascii: "-")
            else { return false }
            return Self.isUUID(bytes, ByteRange(start: range.lower &+ 4, count: Int(range.count) &- 4), capitals: false)
        }
    }

    private static func isUUID(_ bytes: Span<UInt8>, _ range: ByteRange, capitals: Bool) -> Bool {
        guard range.count == 36 else { return false }
        for place in 0..<36 {
            let byte = bytes[range.lower &+ place]
            if isDash(place) {
                if byte != UInt8(ascii: "-") { return false }
            } else if byte.hexadecimalValue == nil || (!capitals && byte != byte.asciiLowercased) {
                return false
            }
        }
        return true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        if byte.isAlphanumeric { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="),
            UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "@"):
            return true
        default: return false
        }
    }

    /// Where a UUID's text has its dashes.
    static func isDash(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }
}

/// The text of a fresh id, in place: 36 bytes of a UUID (version 4), or 40 with `req-` before it.
struct IDText {
    private var text = InlineArray<40, UInt8>(repeating: 0)
    private let start: Int

    init(_ random: SIMD4<UInt32>, isPrefixed: Bool) {
        start = isPrefixed ? 0 : 4
        // Version 4, and the variant of RFC 9562 in the two highest bits of its place.
        let groups = (
            Self.digits(random[0]), Self.digits(random[1] & ~0xF_0000 | 0x4_0000), Self.digits(random[2] & ~0xC | 0x8), Self.digits(random[3])
        )
        let dash = UInt64(UInt8(ascii: "-"))
        // Eight bytes at a time, the first one lowest; `req-` begins.
        var bytes = text.mutableSpan
        bytes.store(0x2D71_6572 | groups.0 &<< 32, at: 0)
        bytes.store(groups.0 &>> 32 | dash &<< 32 | groups.1 &<< 40, at: 8)
        let middle = groups.1 &>> 24 & 0xFF | groups.1 &>> 16 & 0xFFFF_FFFF_0000 | groups.2 &<< 56
        bytes.store(middle | dash &<< 8 | dash &<< 48, at: 16)
        bytes.store(groups.2 &>> 8 & 0xFF_FFFF | groups.2 & 0xFFFF_FFFF_0000_0000 | dash &<< 24, at: 24)
        bytes.store(groups.3, at: 32)
    }

    /// Eight hexadecimal digits, the lowest first, a byte each.
    private static func digits(_ word: UInt32) -> UInt64 {
        var nibbles = UInt64(word)
        nibbles = (nibbles | nibbles &<< 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles &<< 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
        // 1 where a nibble is above 9: a letter.
        let letters = (nibbles &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { text.span.extracting(start..<40) }
    }
}
