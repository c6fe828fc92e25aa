import Buffers

/// Host and port of an authority (RFC 3986 §3.2), such as that of a request, which was checked before. Nothing is judged here.
public struct AuthorityParts: Sendable {
    /// A name or an IPv4 address without the dot at its end, or an IPv6 address in brackets. In the letter case that was sent.
    public let host: ByteRange
    /// The digits; empty without a port.
    public let port: ByteRange

    /// The parts of bytes `authority`. O(1), but for the digits of the port. Traps if the range is not inside.
    public init(_ bytes: Span<UInt8>, _ authority: ByteRange) {
        var end = authority.upper
        var digits = authority.upper
        while digits > authority.lower, bytes[digits &- 1].isDigit { digits &-= 1 }
        // Of the colons in brackets none has only digits behind it: the closing bracket is at the very end.
        if digits > authority.lower, bytes[digits &- 1] == UInt8(ascii: ":") { end = digits &- 1 }
        port = end < authority.upper ? ByteRange(start: digits, count: authority.upper &- digits) : .empty
        if end > authority.lower, bytes[end &- 1] == UInt8(ascii: ".") { end &-= 1 }
        host = ByteRange(start: authority.lower, count: end &- authority.lower)
    }
}
