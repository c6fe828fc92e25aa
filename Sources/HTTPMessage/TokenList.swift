import Buffers

/// Walks the elements of a comma-separated field value (RFC 9110 §5.6.1). Empty elements are skipped, white space around an
/// element is left out, and a comma inside a quoted string does not separate.
///
///     var list = TokenList(field.value)
///     while let element = list.next(in: bytes) { … }
public struct TokenList: Sendable {
    @usableFromInline var at: Int
    @usableFromInline let end: Int

    /// The list in the bytes `value`.
    @inlinable
    public init(_ value: ByteRange) {
        at = value.lower
        end = value.upper
    }

    /// The next element, or nil behind the last one. Traps if the value is not inside `bytes`.
    public mutating func next(in bytes: Span<UInt8>) -> ByteRange? {
        while at < end && (bytes[at].isFieldSpace || bytes[at] == UInt8(ascii: ",")) { at &+= 1 }
        guard at < end else { return nil }
        let start = at
        var last = at
        var quoted = false
        while at < end {
            let byte = bytes[at]
            if quoted {
                if byte == UInt8(ascii: "\\") && at &+ 1 < end { at &+= 1 } else if byte == UInt8(ascii: "\"") { quoted = false }
            } else if byte == UInt8(ascii: ",") {
                break
            } else if byte == UInt8(ascii: "\"") {
                quoted = true
            }
            if !bytes[at].isFieldSpace { last = at }
            at &+= 1
        }
        return ByteRange(start: start, count: last &+ 1 &- start)
    }

    /// The part of an element in front of its first `;` (RFC 9110 §5.6.6), without white space behind it.
    public static func name(of element: ByteRange, in bytes: Span<UInt8>) -> ByteRange {
        var end = element.lower
        while end < element.upper && bytes[end] != UInt8(ascii: ";") { end &+= 1 }
        while end > element.lower && bytes[end &- 1].isFieldSpace { end &-= 1 }
        return ByteRange(start: element.lower, count: end &- element.lower)
    }
}

extension UInt8 {
    /// SP or HTAB: `OWS` and `BWS` (RFC 9110 §5.6.3).
    @inlinable public var isFieldSpace: Bool { self == 0x20 || self == 0x09 }
}
