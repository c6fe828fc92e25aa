import Buffers

/// Percent escapes (RFC 3986 §2.1).
enum PathEscape {
    /// What remains of the well-formed escape at `index` if it is decoded again and again (`%252e` is `.`), and how long it is.
    static func innermost(in text: Span<UInt8>, at index: Int) -> (value: UInt8, length: Int) {
        var value = UInt8(ascii: "%")
        var end = index + 1
        while value == UInt8(ascii: "%"), end + 1 < text.count, let high = text[end].hexadecimalValue,
            let low = text[end + 1].hexadecimalValue
        {
            value = high << 4 | low
            end += 2
        }
        return (value, end - index)
    }
}
