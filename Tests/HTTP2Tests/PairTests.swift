import Buffers
import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage
import Testing

/// The gateway's two ends of HTTP/2, one against the other, in memory.
@Suite struct PairTests {
    @Test func aRequestIsAnsweredWithBodiesAndTrailers() throws {
        let pair = Pair()
        pair.server.whenEnded = { server, stream in
            _ = server.inform(stream, status: 103) { $0.add("link", "</a>; rel=preload") }
            server.trailers[stream.number] = [("grpc-status", "0")]
            server.answer(stream, (server.bodies[stream.number] ?? []) + "!".octets)
        }
        _ = try #require(pair.client.post("/in?x=1", body: "hello".octets, length: 5, trailers: [("x-sum", "1")]))
        pair.run()
        #expect(pair.server.heads.map(\.text) == ["POST https://app.example /in?x=1 length(5) [host: app.example, x-a: b, content-length: 5]"])
        #expect(pair.server.events.contains("trailers 1 x-sum: 1") && pair.server.events.last == "closed 1 complete")
        #expect(pair.client.events == [
            "informed 1 103 [link: </a>; rel=preload]", "head 1 200 chunked [server: test]", "body 1 hello!", "trailers 1 grpc-status: 0", "ended 1", "closed 1 complete",
        ])
        #expect(pair.client.openStreams == 0 && pair.server.openStreams == 0)
    }

    @Test func largeBodiesPassInBothDirectionsWithinTheWindows() throws {
        let pair = Pair()
        let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        pair.server.whenBodyCame = { $0.consume($1, $2) }
        pair.server.whenEnded = { server, stream in server.answer(stream, server.bodies[stream.number] ?? []) }
        for _ in 0..<3 { _ = try #require(pair.client.post("/", body: body, length: nil)) }
        pair.run()
        for number in [1, 3, 5] as [Int32] { #expect(pair.client.bodies[number] == body) }
        #expect(pair.client.openStreams == 0 && pair.server.openStreams == 0)
    }

    @Test func responsesWithoutABody() throws {
        let pair = Pair()
        pair.server.whenEnded = { server, stream in
            let status: UInt16 = stream.number == 1 ? 200 : stream.number == 3 ? 204 : 304
            _ = server.respond(stream, status: status) {
                if status != 204 { $0.add("content-length", decimal: 44) }
                return false
            }
        }
        #expect(pair.client.asks([.head, .get, .get]) == 3)
        pair.run()
        #expect(pair.client.events.filter { $0.hasPrefix("head") } == [
            "head 1 200 none [content-length: 44]", "head 3 204 none []", "head 5 304 none [content-length: 44]",
        ])
        #expect(pair.client.events.count { $0.hasPrefix("closed") && $0.hasSuffix("complete") } == 3)
    }

    @Test func aWebSocketPassesOverExtendedConnect() throws {
        let pair = Pair()
        pair.server.whenReceived = { server, stream in server.answer(stream, "up".octets, ends: false) }
        #expect(!pair.client.takesExtendedConnect)
        pair.run()
        #expect(pair.client.takesExtendedConnect)
        let stream = try #require(pair.client.connect("websocket", body: "down".octets))
        pair.run()
        #expect(pair.server.heads.first?.protocolName == "websocket" && pair.server.bodies[1] == "down".octets)
        #expect(pair.client.bodies[1] == "up".octets)
        pair.client.reset(stream, .cancel)
        pair.run()
        #expect(pair.server.events.last == "closed 1 client.reset")
    }

    @Test func aDrainLetsEarlierRequestsEnd() throws {
        let pair = Pair()
        #expect(pair.client.asks([.get]) == 1)
        pair.run()
        pair.server.drain()
        let first = SentFrame.list(pair.server.sent())
        #expect(first.map(\.description) == ["PING", "GOAWAY 2147483647 0"])
        // A request that was under way meets the notice, and is served.
        #expect(pair.client.asks([.get]) == 1)
        let underWay = pair.client.sent()
        pair.client.take(first.flatMap { Wire.frame($0.type, flags: $0.flags, stream: $0.stream, $0.payload) })
        #expect(pair.client.room == 0 && pair.client.asks([.get]) == 0)
        pair.server.take(underWay)
        pair.moveToServer()
        #expect(pair.server.heads.count == 2)
        #expect(SentFrame.list(pair.server.sent(most: 1)).map(\.description) == ["GOAWAY 3 0"])
        #expect(!pair.server.isOver)
        for stream in pair.server.live.values { pair.server.answer(stream, "bye".octets) }
        pair.run()
        #expect(pair.server.isOver && pair.server.failure == nil)
        #expect(pair.client.events.count { $0.hasSuffix("complete") } == 2)
    }

    @Test func aStreamThatTheAppDoesNotServeMayBeSentAgain() throws {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings())
        #expect(client.asks([.get, .get, .get]) == 3)
        _ = client.sent()
        client.take(Wire.reset(1, 7) + Wire.frame(7, Wire.number(3, 4) + Wire.number(0, 4)))
        #expect(client.events == ["closed 1 upstream.stream.refused", "leaves 0", "closed 5 upstream.stream.refused"])
        #expect(client.room == 0)
    }

    @Test func noMoreRequestsThanTheAppAllows() {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings([(3, 2)]))
        #expect(client.room == 2)
        #expect(client.asks([.get, .get, .get]) == 2)
        _ = client.sent()
        client.take(Wire.headers(1, [(":status", "200")]))
        #expect(client.room == 1)
    }

    /// No HEADERS of it went out: another connection may take it, at once.
    @Test(arguments: [(0, 0), (1, 1)]) func aRequestForWhichTheAppHasNoPlaceAnyMoreIsNotSent(limit: Int, sent: Int) {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings())
        #expect(client.asks([.get, .get, .get]) == 3)
        client.take(Wire.settings([(3, limit)]))
        let refused = [1, 3, 5].dropFirst(limit).map { "closed \($0) upstream.stream.refused" }
        #expect(client.events.sorted() == refused && client.room == 0)
        #expect(client.frames().count { $0.type == 1 } == sent)
        // Nothing of them is left when there is a place again.
        client.take(Wire.settings([(3, 100)]))
        _ = client.frames()
        #expect(client.openStreams == sent && client.events.count == refused.count)
    }

    /// Those that were sent wait for their answers, whatever the app allows now.
    @Test func aRequestThatWasSentIsNotGivenUpForALowerLimit() {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings())
        #expect(client.asks([.get, .get]) == 2)
        _ = client.sent()
        #expect(client.asks([.get]) == 1)
        client.take(Wire.settings([(3, 0)]))
        #expect(client.events == ["closed 5 upstream.stream.refused"])
        client.take(Wire.headers(1, [(":status", "200")]) + Wire.headers(3, [(":status", "200")]))
        #expect(client.events.count { $0.hasSuffix("complete") } == 2)
    }

    @Test(arguments: [false, true]) func aRequestThatWasNotSentBeforeGoawayIsSentElsewhere(isShut: Bool) {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings())
        #expect(client.asks([.get]) == 1)
        _ = client.sent()
        #expect(client.asks([.get]) == 1)
        // As an app that says no more than that it will leave.
        client.take((isShut ? Wire.settings([(3, 1)]) : []) + Wire.goAway(0x7FFF_FFFF))
        #expect(client.events.contains("closed 3 upstream.stream.refused") && !client.events.contains { $0.hasPrefix("closed 1") })
        #expect(client.frames().allSatisfy { $0.type != 1 && $0.type != 3 })
        client.take(Wire.headers(1, [(":status", "200")]))
        #expect(client.events.last == "closed 1 complete" && client.frames().isEmpty && client.isOver)
    }

    /// An app that answers before it has read the request.
    @Test func anEarlyAnswerIsComplete() throws {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings())
        let stream = try #require(client.post("/", body: [], length: nil, ends: false))
        _ = client.sent()
        client.take(Wire.headers(1, [(":status", "413")]) + Wire.reset(1, 0))
        #expect(client.events == ["head 1 413 length(0) []", "ended 1", "closed 1 complete"])
        client.resume(stream, now: 0)
        #expect(client.frames().filter { $0.type == 0 }.isEmpty)
    }

    /// A connected stream has DATA alone (RFC 9113 §8.5); one that the app refused is like others.
    @Test(arguments: ["200", "403"])
    func aTunnelHasNoTrailers(status: String) throws {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings([(8, 1)]))
        _ = try #require(client.connect("websocket", body: []))
        _ = client.sent()
        client.take(Wire.headers(1, [(":status", status)], ends: false) + Wire.headers(1, [("x-sum", "1")]))
        if status == "200" {
            #expect(client.events == ["head 1 200 none []", "closed 1 upstream.protocol.broken"])
        } else {
            #expect(client.events == ["head 1 403 chunked []", "trailers 1 x-sum: 1", "ended 1"])
        }
    }

    struct Response: Sendable, CustomStringConvertible {
        var name: String, bytes: [UInt8], reason: Reason
        var method = Method.get
        var description: String { name }
    }

    private static func ok(_ fields: [(String, String)] = [], ends: Bool = true) -> [UInt8] { Wire.headers(1, [(":status", "200")] + fields, ends: ends) }

    @Test(arguments: [
        Response(name: "no status", bytes: Wire.headers(1, [("a", "b")]), reason: .upstreamResponseMalformed),
        Response(name: "a status of two digits", bytes: Wire.headers(1, [(":status", "20")]), reason: .upstreamResponseMalformed),
        Response(name: "a status with a sign", bytes: Wire.headers(1, [(":status", "+20")]), reason: .upstreamResponseMalformed),
        Response(name: "status 600", bytes: Wire.headers(1, [(":status", "600")]), reason: .upstreamResponseMalformed),
        Response(name: "two statuses", bytes: Wire.headers(1, [(":status", "200"), (":status", "200")]), reason: .upstreamResponseMalformed),
        Response(name: "status 101", bytes: Wire.headers(1, [(":status", "101")], ends: false), reason: .upstreamResponseMalformed),
        Response(name: "a 1xx that ends", bytes: Wire.headers(1, [(":status", "103")]), reason: .upstreamResponseMalformed),
        Response(name: "a request's pseudo-field", bytes: ok([(":path", "/")]), reason: .upstreamResponseMalformed),
        Response(name: "CRLF in a value", bytes: ok([("x", "a\r\nset-cookie: b")]), reason: .upstreamResponseMalformed),
        Response(name: "an upper-case name", bytes: ok([("X", "a")]), reason: .upstreamResponseMalformed),
        Response(name: "Transfer-Encoding", bytes: ok([("transfer-encoding", "chunked")], ends: false), reason: .upstreamResponseMalformed),
        Response(name: "two lengths", bytes: ok([("content-length", "1"), ("content-length", "1")], ends: false), reason: .upstreamResponseLengthMalformed),
        Response(name: "a length and no body", bytes: ok([("content-length", "1")]), reason: .upstreamResponseLengthMismatch),
        Response(name: "a body that is too long", bytes: ok([("content-length", "1")], ends: false) + Wire.data(1, "ab"), reason: .upstreamResponseLengthMismatch),
        Response(name: "a body that is too short", bytes: ok([("content-length", "3")], ends: false) + Wire.data(1, "ab", ends: true), reason: .upstreamResponseLengthMismatch),
        Response(name: "a body of HEAD", bytes: ok([("content-length", "2")], ends: false) + Wire.data(1, "ab"), reason: .upstreamResponseLengthMismatch, method: .head),
        Response(name: "a body of 204", bytes: Wire.headers(1, [(":status", "204")], ends: false) + Wire.data(1, "ab"), reason: .upstreamResponseLengthMismatch),
        Response(name: "a body of 304", bytes: Wire.headers(1, [(":status", "304")], ends: false) + Wire.data(1, "ab"), reason: .upstreamResponseLengthMismatch),
        Response(name: "a bad trailer", bytes: ok(ends: false) + Wire.headers(1, [("content-length", "2")]), reason: .upstreamResponseTrailerMalformed),
        Response(name: "trailers that do not end", bytes: ok(ends: false) + Wire.headers(1, [("x", "2")], ends: false), reason: .upstreamResponseTrailerMalformed),
        Response(name: "a large head", bytes: ok((0..<20).map { ("x\($0)", String(repeating: "a", count: 1000)) }), reason: .upstreamResponseHeadTooLarge),
        Response(name: "only 1xx, and the end", bytes: Wire.headers(1, [(":status", "103")], ends: false) + Wire.data(1, "", ends: true), reason: .upstreamProtocolBroken),
    ])
    func aResponseThatReadersMayTakeDifferentlyIsRefused(_ response: Response) {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings())
        #expect(client.asks([response.method]) == 1)
        _ = client.sent()
        client.take(response.bytes)
        #expect(client.events.last == "closed 1 \(response.reason.code)", "\(client.events)")
        #expect(client.frames().last?.description == "RST_STREAM 1 1")
    }

    @Test func floodsOfAnAppAreCut() {
        let client = RecordedApp()
        _ = client.sent()
        client.take(Wire.settings())
        #expect(client.asks([.get]) == 1)
        for _ in 0..<1000 { client.take(Wire.frame(6, Array(repeating: 0, count: 8))) }
        #expect(client.failure == .upstreamProtocolFlood && client.events == ["closed 1 upstream.protocol.flood"])
        #expect(client.asks([.get]) == 0)
    }
}
