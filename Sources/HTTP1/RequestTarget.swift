import Buffers
import HTTPMessage

/// Reads a request target (RFC 9112 §3.2): origin-form, absolute-form with http or https, asterisk-form with OPTIONS.
///
/// Refused: control bytes, spaces, bytes above 0x7E, `#`, malformed percent-encoding, user information. Bytes that RFC 3986 does
/// not list but browsers send (`"<>\^{|}` and `` ` ``) pass. Whether a path is ambiguous is for the router to say.
enum RequestTarget {
    /// Reads up to the space behind the target; `at` moves there. Sets form, path, query, and for absolute-form the authority.
    @inline(__always)
    static func read(_ bytes: Span<UInt8>, from at: inout Int, into head: inout RequestHead) -> StartLineStep {
        guard at < bytes.count else { return .incomplete }
        guard bytes[at] == UInt8(ascii: "/") else {
            head.form = .absolute
            return readOtherForm(bytes, from: &at, into: &head)
        }
        head.form = .origin
        return readPath(bytes, from: &at, into: &head)
    }

    /// The path from `at` on, and the query.
    private static func readPath(_ bytes: Span<UInt8>, from at: inout Int, into head: inout RequestHead) -> StartLineStep {
        guard PathAndQuery.scan(bytes, from: &at, path: &head.path, query: &head.query) else {
            return at < bytes.count ? .failed(.requestTargetMalformed) : .incomplete
        }
        guard at < bytes.count else { return .incomplete }
        switch bytes[at] {
        case 0x20: return .complete
        case 0x0D, 0x0A: return at &+ 1 >= bytes.count && bytes[at] == 0x0D ? .incomplete : RequestLine.lineFault(bytes, at: at)
        default: return .failed(.requestTargetMalformed)
        }
    }

    @inline(never)
    private static func readOtherForm(_ bytes: Span<UInt8>, from at: inout Int, into head: inout RequestHead) -> StartLineStep {
        let start = at
        switch bytes[at] {
        case 0x20: return .failed(.requestLineMalformed)
        case 0x0D, 0x0A: return at &+ 1 >= bytes.count && bytes[at] == 0x0D ? .incomplete : RequestLine.lineFault(bytes, at: at)
        case UInt8(ascii: "*"):
            guard at &+ 1 < bytes.count else { return .incomplete }
            guard head.method == .options, bytes[at &+ 1] == 0x20 else { return .failed(.requestTargetMalformed) }
            head.form = .asterisk
            head.path = ByteRange(start: at, count: 1)
            head.query = ByteRange(start: at &+ 1, count: 0)
            at &+= 1
            return .complete
        default: break
        }
        guard start &+ 8 < bytes.count else { return incompleteOrMalformed(bytes, from: start) }
        let isHTTP = bytes.matches(ByteRange(start: start, count: 7), ignoringCase: "http://")
        let isHTTPS = bytes.matches(ByteRange(start: start, count: 8), ignoringCase: "https://")
        guard isHTTP || isHTTPS else { return .failed(.requestTargetMalformed) }
        head.schemeIsHTTPS = isHTTPS
        at = start &+ (isHTTPS ? 8 : 7)
        let host = at
        while at < bytes.count && bytes[at] != UInt8(ascii: "/") && bytes[at] != UInt8(ascii: "?") && bytes[at] > 0x20 { at &+= 1 }
        guard at < bytes.count else { return .incomplete }
        let authority = ByteRange(start: host, count: at &- host)
        guard Authority.isValid(bytes, authority) else { return .failed(.requestTargetMalformed) }
        head.authority = authority
        return readPath(bytes, from: &at, into: &head)
    }

    /// A target of which fewer bytes are there than a scheme has: no verdict before the line ends.
    private static func incompleteOrMalformed(_ bytes: Span<UInt8>, from start: Int) -> StartLineStep {
        bytes.firstLineFeed(from: start, to: bytes.count) == nil ? .incomplete : .failed(.requestTargetMalformed)
    }
}
