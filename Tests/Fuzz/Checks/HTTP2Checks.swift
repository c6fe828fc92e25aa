import Buffers
import HTTP1
import HTTP2
import HTTPMessage

/// What a client sends first (RFC 9113 §3.4): the preface and an empty SETTINGS frame.
package let clientPreface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

/// What came of a connection.
package struct StreamsOutcome: Equatable {
    package var events: [String]
    package var bodies: [Int32: [UInt8]]
    package var sent: [UInt8]
    package var failure: Reason?
}

/// Gives a session the bytes, cut at `cuts`, then takes all that it sends. Every request is answered at its end, one in two with a body.
package func runStreams(
    _ bytes: [UInt8], settings: SessionSettings = SessionSettings(), cuts: [Int] = [], heads: ((RecordedHead) -> Void)? = nil
) -> StreamsOutcome {
    let session = RecordedStreams(settings)
    session.whenEnded = { session, stream in
        session.answer(stream, stream.number % 4 == 1 ? [] : Array("hello".utf8))
    }
    var at = 0
    for cut in cuts + [bytes.count] where cut >= at && cut <= bytes.count {
        session.receive(bytes.span.extracting(at..<cut), now: 0)
        at = cut
    }
    for stream in session.live.values { session.consume(stream, stream.unconsumed) }
    let sent = session.sent()
    if let heads { session.heads.forEach(heads) }
    return StreamsOutcome(events: session.events, bodies: session.bodies, sent: sent, failure: session.failure)
}

/// HTTP/2: any cut of a client's bytes gives the same result; every stream that the owner hears of ends at most once and is not heard of
/// afterwards; a head that is accepted reads the same as HTTP/1, with one framing, and holds no second request.
///
/// The input is what a client sends behind its preface and its SETTINGS.
package func checkStreams(_ input: [UInt8]) {
    let bytes = clientPreface + input
    let whole = runStreams(bytes) { checkRewritten($0, input) }
    checkEvents(whole.events, input)
    let everyByte = runStreams(bytes, cuts: Array(0...bytes.count))
    check(everyByte == whole, "cut at every byte: \(everyByte.events) against \(whole.events)", input)
    let cut = input.reduce(17) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % (bytes.count + 1)
    let once = runStreams(bytes, cuts: [cut])
    check(once == whole, "cut at \(cut): \(once.events) against \(whole.events)", input)
}

private func checkEvents(_ events: [String], _ input: [UInt8]) {
    var gone: Set<Substring> = []
    var known: Set<Substring> = []
    for event in events {
        let words = event.replacing("must refuse", with: "mustrefuse").split(separator: " ")
        guard words[0] != "peer", words.count > 1 else { continue }
        check(!gone.contains(words[1]), "\(event) behind the end of the stream: \(events)", input)
        switch words[0] {
        case "head", "mustrefuse": check(known.insert(words[1]).inserted, "\(event): the second head", input)
        case "closed", "refused": gone.insert(words[1])
        default: check(known.contains(words[1]), "\(event) of a stream without a head", input)
        }
    }
}

/// The head as HTTP/1: one request, the same one.
private func checkRewritten(_ head: RecordedHead, _ input: [UInt8]) {
    guard head.protocolName == nil else { return }
    let limits = HeadLimits(headBytes: 64 * 1024, targetBytes: 32 * 1024, fieldCount: 256)
    let read = parseRequest(head.rewritten, limits: limits, tableFor: 256)
    check(read.outcome == .complete && read.end == head.rewritten.count, "not one HTTP/1 head: \(head)", input)
    check(read.method == head.method && read.path == head.path && read.query == head.query && read.authority == head.authority, "another request: \(head)", input)
    check(read.form == head.form, "another form: \(head)", input)
    let framing = head.framing == .none && [.post, .put, .patch].contains(head.known) ? .length(0) : head.framing
    check(read.framing == framing, "another framing: \(read.framing)", input)
    let kept = head.fields.filter { $0.marks & 6 == 0 && !TokenSet.requestDrops.contains($0.token) }
    let found = read.fields.filter { !TokenSet.requestDrops.contains($0.token) }
    check(kept.map(\.text) == found.map(\.text), "other fields: \(found) against \(kept)", input)
    check(read.connection == 0, "a connection option", input)
}
