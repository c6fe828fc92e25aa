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
    private var text: InlineArray<40, UInt8>
    private let start: Int

    init(_ random: SIMD4<UInt32>, isPrefixed: Bool) {
        text = InlineArray(repeating: UInt8(ascii: "-"))
        start = isPrefixed ? 0 : 4
        text[0] = UInt8(ascii: "r")
        text[1] = UInt8(ascii: "e")
        text[2] = UInt8(ascii: "q")
        var at = 4
        for word in 0..<4 {
            for nibble in 0..<8 {
                if IDForm.isDash(at &- 4) { at &+= 1 }
                var value = UInt8(truncatingIfNeeded: random[word] &>> UInt32(4 &* nibble)) & 15
                if at == 4 + 14 { value = 4 }
                if at == 4 + 19 { value = value & 3 | 8 }
                text[at] = value < 10 ? 0x30 &+ value : 0x57 &+ value
                at &+= 1
            }
        }
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { text.span.extracting(start..<40) }
    }
}
