import Buffers
import HTTP1
import HTTPMessage

/// What a parser made of some bytes, as plain values that tests compare.
struct ParsedRequest: Equatable {
    var outcome: ParseOutcome
    var method = ""
    var version = HTTPVersion.http11
    var form = TargetForm.origin
    var isHTTPS = false
    var path = ""
    var query = ""
    var authority = ""
    var framing = BodyFraming.none
    var connection: UInt8 = 0
    var expectsContinue = false
    var acceptsTrailers = false
    var end = 0
    var fields: [ParsedField] = []
}

struct ParsedResponse: Equatable {
    var outcome: ParseOutcome
    var status: UInt16 = 0
    var phrase = ""
    var version = HTTPVersion.http11
    var framing = BodyFraming.none
    var connection: UInt8 = 0
    var keepAliveTimeout: UInt32? = nil
    var end = 0
    var fields: [ParsedField] = []
}

struct ParsedTrailers: Equatable {
    var outcome: ParseOutcome
    var end = 0
    var fields: [ParsedField] = []
}

struct ParsedField: Equatable {
    var name: String
    var value: [UInt8]
    var token: FieldToken
    var marks: UInt8

    var text: String { "\(name): \(String(decoding: value, as: UTF8.self))" }
}

extension Span where Element == UInt8 {
    func array(_ range: ByteRange) -> [UInt8] { range.range.map { self[$0] } }
    func text(_ range: ByteRange) -> String { String(decoding: array(range), as: UTF8.self) }
}

func list(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> [ParsedField] {
    (0..<fields.count).map { index in
        let field = fields[index]
        return ParsedField(
            name: bytes.text(field.name), value: bytes.array(field.value), token: field.token, marks: field.marks.rawValue)
    }
}

/// Where a run of bytes is cut on its way into a parser: the counts of received bytes at which it is called.
enum Cuts {
    case none
    case at(Int)
    case everyByte

    func counts(_ total: Int) -> [Int] {
        switch self {
        case .none: [total]
        case .at(let cut): [cut, total]
        case .everyByte: Array(0...total)
        }
    }
}

func fieldSlabs() -> SlabPool { SlabPool(slabSize: 128 * 16) }

func parseRequest(
    _ bytes: [UInt8], from start: Int = 0, limits: HeadLimits = HeadLimits(), cuts: Cuts = .none
) -> ParsedRequest {
    let pool = fieldSlabs()
    var fields = FieldTable(pool.take())
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

func parseResponse(
    _ bytes: [UInt8], answering method: Method = .get, limits: HeadLimits = HeadLimits(), cuts: Cuts = .none
) -> ParsedResponse {
    let pool = fieldSlabs()
    var fields = FieldTable(pool.take())
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

func parseTrailers(
    _ bytes: [UInt8], for side: TrailerParser.Side = .request, limits: HeadLimits = HeadLimits(), cuts: Cuts = .none
) -> ParsedTrailers {
    let pool = fieldSlabs()
    var fields = FieldTable(pool.take())
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
    var octets: [UInt8] { Array(utf8) }
}
