import Buffers
import HTTPMessage

extension HeadWriter {
    /// Writes the request line with the target in origin-form, as sent; `*` stays `*`. An absolute target without a path becomes
    /// `/`, or `*` with OPTIONS and without a query (RFC 9112 §3.2.4).
    public static func writeRequestLine(_ head: RequestHead, in bytes: Span<UInt8>, to out: inout OutputBuffer) {
        writeMethod(head, in: bytes, to: &out)
        if head.path.isEmpty {
            let isAsterisk = head.form == .absolute && head.method == .options && head.query.isEmpty
            out.append(byte: isAsterisk ? UInt8(ascii: "*") : UInt8(ascii: "/"))
        }
        if head.query.lower == head.path.upper {
            out.append(bytes, ByteRange(start: head.path.lower, count: head.query.upper &- head.path.lower))
        } else {
            // One of them was rewritten.
            out.append(bytes, head.path)
            out.append(bytes, head.query)
        }
        out.append(" HTTP/1.1\r\n")
    }

    /// Writes the request line with the first `stripped` bytes of the path replaced by `prefix`. A path that begins with no `/` then
    /// gets one. `stripped` is at most the length of the path. Not for asterisk-form.
    public static func writeRequestLine(
        _ head: RequestHead, in bytes: Span<UInt8>, replacing stripped: Int, with prefix: Span<UInt8>,
        to out: inout OutputBuffer
    ) {
        precondition(stripped >= 0 && stripped <= Int(head.path.count))
        writeMethod(head, in: bytes, to: &out)
        let restStart = head.path.lower &+ stripped
        let rest = ByteRange(start: restStart, count: head.query.upper &- restStart)
        let isSlashed = prefix.isEmpty
            ? stripped < Int(head.path.count) && bytes[restStart] == UInt8(ascii: "/") : prefix[0] == UInt8(ascii: "/")
        if !isSlashed { out.append(byte: UInt8(ascii: "/")) }
        out.append(prefix)
        out.append(bytes, rest)
        out.append(" HTTP/1.1\r\n")
    }

    /// The method, as the head's `method` says; an unlisted one as it was sent.
    @inline(__always)
    private static func writeMethod(_ head: RequestHead, in bytes: Span<UInt8>, to out: inout OutputBuffer) {
        switch head.method {
        case .get: out.append("GET ")
        case .post: out.append("POST ")
        case .other:
            out.append(bytes, head.methodName)
            out.append(byte: 0x20)
        default:
            out.append(head.method.name)
            out.append(byte: 0x20)
        }
    }
}
