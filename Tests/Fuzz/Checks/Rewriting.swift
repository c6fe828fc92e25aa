import Buffers
import HTTP1
import HTTPMessage

/// Parses a request and writes it again: request line, fields, framing, end.
package func rewriteRequest(_ bytes: [UInt8], dropping: TokenSet = TokenSet(), host: Bool = true) -> [UInt8]? {
    var fields = newFieldTable()
    var head = RequestHead()
    var parser = RequestParser(limits: HeadLimits())
    let span = bytes.span
    guard parser.parse(span, from: 0, into: &head, fields: &fields) == .complete else { return nil }
    var out = OutputBuffer(Slab(byteCount: 32 * 1024))
    HeadWriter.writeRequestLine(head, in: span, to: &out)
    if host {
        out.append("Host: ")
        out.append(span, head.authority)
        out.appendCRLF()
    }
    HeadWriter.writeRequestFields(fields, in: span, dropping: dropping, to: &out)
    HeadWriter.writeRequestFraming(head.framing, method: head.method, to: &out)
    HeadWriter.endHead(to: &out)
    return out.overflowed ? nil : out.readable.array(ByteRange(start: 0, count: out.count))
}

package func rewriteResponse(_ bytes: [UInt8], answering method: Method = .get, dropping: TokenSet = TokenSet()) -> [UInt8]? {
    var fields = newFieldTable()
    var head = ResponseHead()
    var parser = ResponseParser(limits: HeadLimits())
    let span = bytes.span
    guard parser.parse(span, from: 0, answering: method, into: &head, fields: &fields) == .complete else { return nil }
    var out = OutputBuffer(Slab(byteCount: 32 * 1024))
    HeadWriter.writeStatusLine(head, in: span, to: &out)
    HeadWriter.writeResponseFields(fields, of: head, answering: method, in: span, dropping: dropping, to: &out)
    HeadWriter.writeResponseFraming(head.framing, to: &out)
    HeadWriter.endHead(to: &out)
    return out.overflowed ? nil : out.readable.array(ByteRange(start: 0, count: out.count))
}
