import Buffers
import HTTP1
import HTTPMessage

/// Checks one run of bytes taken as a trailer section: any cut gives the same result, and what is written for it holds the fields that
/// may stand there, and nothing that changes what the message is.
package func checkTrailers(_ bytes: [UInt8]) {
    let limits = HeadLimits(headBytes: 2048, targetBytes: 256, fieldCount: 24)
    let whole = checkedCuts(bytes) { parseTrailers(bytes, limits: limits, cuts: $0) }
    check(whole.outcome != .incomplete || bytes.count < limits.headBytes, "waits behind the limit", bytes)
    let response = parseTrailers(bytes, for: .response, limits: limits)
    check((response.outcome == .complete) == (whole.outcome == .complete) && response.end == whole.end, "both sides are as strict", bytes)
    guard whole.outcome == .complete else { return }
    StrictHead.checkTrailers(bytes[..<whole.end], whole)
    let written = rewriteTrailers(bytes)
    let again = parseTrailers(written)
    check(again.outcome == .complete && again.end == written.count, "what is written can be read", bytes)
    let kept = whole.fields.filter { $0.marks & 6 == 0 }
    check(again.fields.map(\.text) == kept.map(\.text), "same trailers", bytes)
    check(!kept.contains { StrictHead.trailerStops.contains(StrictHead.common($0.name)) }, "no trailer that changes the message", bytes)
    check(again.fields.allSatisfy { $0.marks == 1 }, "every trailer is canonical and kept", bytes)
    check(rewriteTrailers(written) == written, "written twice is the same", bytes)
}

private func rewriteTrailers(_ bytes: [UInt8]) -> [UInt8] {
    var fields = newFieldTable()
    var parser = TrailerParser(limits: HeadLimits())
    var end = 0
    let outcome = parser.parse(bytes.span, from: 0, fields: &fields, end: &end)
    var out = OutputBuffer(Slab(byteCount: 32 * 1024))
    HeadWriter.writeTrailers(fields, in: bytes.span, to: &out)
    HeadWriter.endHead(to: &out)
    check(outcome == .complete && !out.overflowed, "trailers that were read can be written", bytes)
    return out.readable.array(ByteRange(start: 0, count: out.count))
}
