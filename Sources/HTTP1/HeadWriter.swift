import Buffers
import HTTPMessage

/// Writes heads in canonical form: nothing is passed through unparsed, and every message gets exactly one framing.
///
/// A head is written in this order: start line, fields, framing, whatever the caller adds, `endHead`. What does not fit the buffer
/// sets its `overflowed`; the caller looks once, at the end.
public enum HeadWriter {
    /// Writes the fields of a request, but for `TokenSet.requestDrops`, those in `dropping`, and those marked `.connectionOption` or
    /// `.removed`. Give the fields that the caller writes itself in `dropping` (`TokenSet.forwarding`).
    public static func writeRequestFields(
        _ fields: borrowing FieldTable, in bytes: Span<UInt8>, dropping: TokenSet, to out: inout OutputBuffer
    ) {
        writeFields(fields, in: bytes, dropping: TokenSet.requestDrops.union(dropping), always: TokenSet.requestDrops, to: &out)
    }

    /// Writes the fields of a response, but for `TokenSet.responseDrops`, those in `dropping`, and those marked. The app's own
    /// Content-Length is passed on where it frames nothing: in answer to HEAD and with 304 (RFC 9110 §8.6).
    public static func writeResponseFields(
        _ fields: borrowing FieldTable, of head: ResponseHead, answering method: Method, in bytes: Span<UInt8>,
        dropping: TokenSet, to out: inout OutputBuffer
    ) {
        writeFields(fields, in: bytes, dropping: TokenSet.responseDrops.union(dropping), always: TokenSet.responseDrops, to: &out)
        guard head.framing == .none, head.status == 304 || (method == .head && head.status >= 200 && head.status != 204),
            !dropping.contains(.contentLength), let index = fields.firstIndex(of: .contentLength),
            let length = ContentLength.read(bytes, fields[index].value, leadingZeros: true)
        else { return }
        writeLength(length, to: &out)
    }

    /// Writes the fields of a trailer section, but for those marked.
    public static func writeTrailers(_ fields: borrowing FieldTable, in bytes: Span<UInt8>, to out: inout OutputBuffer) {
        let drops = TokenSet.forbiddenInTrailers.union(.pointlessInTrailers)
        writeFields(fields, in: bytes, dropping: drops, always: drops, to: &out)
    }

    /// Writes the fields that are neither marked nor in `dropping`; those that a filter added are only left out if they are in `always`.
    /// Neighbours that stand in the slab as they would be written are copied as one block.
    public static func writeFields(
        _ fields: borrowing FieldTable, in bytes: Span<UInt8>, dropping: TokenSet, always: TokenSet, to out: inout OutputBuffer
    ) {
        let left = FieldMarks.connectionOption.union(.removed)
        var runStart = 0
        var runEnd = 0
        for index in 0..<fields.count {
            let field = fields[index]
            if dropping.contains(field.token) && (!field.marks.contains(.added) || always.contains(field.token)) { continue }
            if !field.marks.isDisjoint(with: left) { continue }
            if field.marks.contains(.canonical) {
                if Int(field.nameStart) != runEnd {
                    writeRun(runStart, runEnd, bytes, to: &out)
                    runStart = Int(field.nameStart)
                }
                runEnd = field.value.upper &+ 2
            } else {
                writeRun(runStart, runEnd, bytes, to: &out)
                runStart = 0
                runEnd = 0
                writeField(field, in: bytes, to: &out)
            }
        }
        writeRun(runStart, runEnd, bytes, to: &out)
    }

    @inline(__always)
    private static func writeRun(_ start: Int, _ end: Int, _ bytes: Span<UInt8>, to out: inout OutputBuffer) {
        if end != start { out.append(bytes, ByteRange(start: start, count: end &- start)) }
    }

    @inline(never)
    private static func writeField(_ field: Field, in bytes: Span<UInt8>, to out: inout OutputBuffer) {
        out.append(bytes, field.name)
        out.append(": ")
        out.append(bytes, field.value)
        out.appendCRLF()
    }

    /// The framing of a request: Content-Length, `Transfer-Encoding: chunked`, or nothing. A POST, PUT or PATCH without a body says
    /// so with `Content-Length: 0` (RFC 9110 §8.6).
    public static func writeRequestFraming(_ framing: BodyFraming, method: Method, to out: inout OutputBuffer) {
        if framing == .none {
            if method == .post || method == .put || method == .patch { out.append("Content-Length: 0\r\n") }
            return
        }
        writeFraming(framing, to: &out)
    }

    /// The framing of a response: Content-Length, `Transfer-Encoding: chunked`, or nothing for `.none` and `.untilClose`.
    public static func writeResponseFraming(_ framing: BodyFraming, to out: inout OutputBuffer) {
        writeFraming(framing, to: &out)
    }

    private static func writeFraming(_ framing: BodyFraming, to out: inout OutputBuffer) {
        switch framing {
        case .none, .untilClose: break
        case .length(let length): writeLength(length, to: &out)
        case .chunked: out.append("Transfer-Encoding: chunked\r\n")
        }
    }

    private static func writeLength(_ length: UInt64, to out: inout OutputBuffer) {
        out.append("Content-Length: ")
        out.append(decimal: length)
        out.appendCRLF()
    }

    /// `Connection: Upgrade` and the `Upgrade` fields of the message, for a request or a 101 that switches protocols
    /// (RFC 9110 §7.8).
    public static func writeUpgrade(_ fields: borrowing FieldTable, in bytes: Span<UInt8>, to out: inout OutputBuffer) {
        out.append("Connection: Upgrade\r\n")
        var index = fields.firstIndex(of: .upgrade)
        while let current = index {
            out.append("Upgrade: ")
            out.append(bytes, fields[current].value)
            out.appendCRLF()
            index = fields.firstIndex(of: .upgrade, from: current &+ 1)
        }
    }

    /// The empty line behind the last field.
    @inlinable
    public static func endHead(to out: inout OutputBuffer) { out.appendCRLF() }
}
