import Buffers

/// Scans `path [ "?" query ]`, as in the target of a request (RFC 9112 §3.2) and in `:path` (RFC 9113 §8.3.1).
///
/// Control bytes, spaces, bytes above 0x7E and `#` end it; what follows a `%` must be two hexadecimal digits. Bytes that RFC 3986 does not
/// list but browsers send (`"<>\\^{|}` and `` ` ``) pass. Whether a path is ambiguous is for the router to say.
public enum PathAndQuery {
    /// Scans from `at` on, which moves to the first byte that is not of it, or behind the last. Sets both ranges; the query has its `?`.
    ///
    /// False if a percent-encoding is malformed, with `at` at the `%`; or if it is cut off by the end, with `at` at the end.
    @inlinable @inline(__always)
    public static func scan(_ bytes: Span<UInt8>, from at: inout Int, path: inout ByteRange, query: inout ByteRange) -> Bool {
        let start = at
        var queryStart = -1
        scan: while true {
            at = bytes.endOfTargetRun(from: at, stop: queryStart < 0 ? UInt8(ascii: "?") : 0)
            guard at < bytes.count else { break scan }
            switch bytes[at] {
            case UInt8(ascii: "?"): queryStart = at
            case UInt8(ascii: "%"):
                guard at &+ 2 < bytes.count else { return isCut(bytes, percent: &at) }
                guard bytes[at &+ 1].hexadecimalValue != nil, bytes[at &+ 2].hexadecimalValue != nil else { return false }
                at &+= 2
            case UInt8(ascii: "!"), UInt8(ascii: "\""), UInt8(ascii: "$"): break
            default: break scan
            }
            at &+= 1
        }
        let pathEnd = queryStart < 0 ? at : queryStart
        path = ByteRange(start: start, count: pathEnd &- start)
        query = ByteRange(start: pathEnd, count: at &- pathEnd)
        return true
    }

    /// A `%` among the last two bytes: malformed already if what follows it is wrong, else cut off. False.
    @usableFromInline @inline(never)
    static func isCut(_ bytes: Span<UInt8>, percent at: inout Int) -> Bool {
        let next = at &+ 1
        if next == bytes.count || bytes[next].hexadecimalValue != nil { at = bytes.count }
        return false
    }
}
