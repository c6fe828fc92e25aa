import Buffers
import HTTP1
import HTTPMessage

/// What a parser made of some bytes, as plain values that tests compare.
package struct ParsedRequest: Equatable {
    package var outcome: ParseOutcome
    package var method = ""
    package var version = HTTPVersion.http11
    package var form = TargetForm.origin
    package var isHTTPS = false
    package var path = ""
    package var query = ""
    package var authority = ""
    package var framing = BodyFraming.none
    package var connection: UInt8 = 0
    package var expectsContinue = false
    package var acceptsTrailers = false
    package var end = 0
    package var fields: [ParsedField] = []
}

package struct ParsedResponse: Equatable {
    package var outcome: ParseOutcome
    package var status: UInt16 = 0
    package var phrase = ""
    package var version = HTTPVersion.http11
    package var framing = BodyFraming.none
    package var connection: UInt8 = 0
    package var keepAliveTimeout: UInt32? = nil
    package var end = 0
    package var fields: [ParsedField] = []
}

package struct ParsedTrailers: Equatable {
    package var outcome: ParseOutcome
    package var end = 0
    package var fields: [ParsedField] = []
}

package struct ParsedField: Equatable {
    package var name: String
    package var value: [UInt8]
    package var token: FieldToken
    package var marks: UInt8

    package var text: String { "\(name): \(String(decoding: value, as: UTF8.self))" }
}

extension Span where Element == UInt8 {
    package func array(_ range: ByteRange) -> [UInt8] { range.range.map { self[$0] } }
    package func text(_ range: ByteRange) -> String { String(decoding: array(range), as: UTF8.self) }
}

package func list(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> [ParsedField] {
    (0..<fields.count).map { index in
        let field = fields[index]
        return ParsedField(
            name: bytes.text(field.name), value: bytes.array(field.value), token: field.token, marks: field.marks.rawValue)
    }
}

/// A table for 128 fields, or more.
package func newFieldTable(_ count: Int = 128) -> FieldTable { FieldTable(Slab(byteCount: max(128, count) * 16)) }

package func parseRequest(
    _ bytes: [UInt8], from start: Int = 0, limits: HeadLimits = HeadLimits(), cuts: Cuts = .none, tableFor count: Int = 128
) -> ParsedRequest {
    var fields = newFieldTable(count)
    var head = RequestHead()
    var parser = RequestParser(limits: limits)
    let span = bytes.span
    var outcome = ParseOutcome.incomplete
    for count in cuts.counts(bytes.count) where count >= start {
        outcome = parser.parse(span.extracting(first: count), from: start, into: &head, fields: &fields)
        if outcome != .incomplete { break }
    }
    guard outcome == .complete else { return ParsedRequest(outcome: outcome) }
    return ParsedRequest(
        outcome: outcome, method: span.text(head.methodName), version: head.version, form: head.form, isHTTPS: head.schemeIsHTTPS,
        path: span.text(head.path), query: span.text(head.query), authority: span.text(head.authority), framing: head.framing,
        connection: head.connection.rawValue, expectsContinue: head.expectsContinue, acceptsTrailers: head.acceptsTrailers,
        end: head.end, fields: list(fields, span))
}

package func parseResponse(
    _ bytes: [UInt8], answering method: Method = .get, limits: HeadLimits = HeadLimits(), cuts: Cuts = .none, tableFor count: Int = 128
) -> ParsedResponse {
    var fields = newFieldTable(count)
    var head = ResponseHead()
    var parser = ResponseParser(limits: limits)
    let span = bytes.span
    var outcome = ParseOutcome.incomplete
    for count in cuts.counts(bytes.count) {
        outcome = parser.parse(span.extracting(first: count), from: 0, answering: method, into: &head, fields: &fields)
        if outcome != .incomplete { break }
    }
    guard outcome == .complete else { return ParsedResponse(outcome: outcome) }
    return ParsedResponse(
        outcome: outcome, status: head.status, phrase: span.text(head.reasonPhrase), version: head.version, framing: head.framing,
        connection: head.connection.rawValue, keepAliveTimeout: head.keepAliveTimeout, end: head.end, fields: list(fields, span))
}

package func parseTrailers(
    _ bytes: [UInt8], for side: TrailerParser.Side = .request, limits: HeadLimits = HeadLimits(), cuts: Cuts = .none
) -> ParsedTrailers {
    var fields = newFieldTable()
    var parser = TrailerParser(limits: limits, for: side)
    let span = bytes.span
    var outcome = ParseOutcome.incomplete
    var end = 0
    for count in cuts.counts(bytes.count) {
        outcome = parser.parse(span.extracting(first: count), from: 0, fields: &fields, end: &end)
        if outcome != .incomplete { break }
    }
    guard outcome == .complete else { return ParsedTrailers(outcome: outcome) }
    return ParsedTrailers(outcome: outcome, end: end, fields: list(fields, span))
}

extension String {
    package var octets: [UInt8] { Array(utf8) }
}
