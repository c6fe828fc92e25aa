/// Percent escapes (RFC 3986 §2.1).
enum PathEscape {
    /// The byte that the escape at `index` stands for; nil if two hexadecimal digits do not follow the percent sign.
    static func value(in text: Span<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 < text.count, let high = digit(text[index + 1]), let low = digit(text[index + 2]) else { return nil }
        return high << 4 | low
    }

    /// What remains of the well-formed escape at `index` if it is decoded again and again (`%252e` is `.`), and how long it is.
    static func innermost(in text: Span<UInt8>, at index: Int) -> (value: UInt8, length: Int) {
        var value = UInt8(ascii: "%")
        var end = index + 1
        while value == UInt8(ascii: "%"), end + 1 < text.count, let high = digit(text[end]), let low = digit(text[end + 1]) {
            value = high << 4 | low
            end += 2
        }
        return (value, end - index)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
