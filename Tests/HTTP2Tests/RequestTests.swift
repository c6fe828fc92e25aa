import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage
import Testing

/// Requests that are read, and what is read from them.
@Suite struct RequestTests {
    private func head(_ fields: [(String, String)], ends: Bool = true, _ settings: SessionSettings = SessionSettings()) throws -> RecordedHead {
        let session = RecordedStreams.opened(settings)
        session.take(Wire.headers(1, fields, ends: ends))
        return try #require(session.heads.first, "\(session.events)")
    }

    @Test func beginsWithItsSettings() {
        let session = RecordedStreams()
        let frames = session.frames()
        #expect(frames.map(\.description) == ["SETTINGS", "WINDOW_UPDATE 0 983041"])
        let entries = stride(from: 0, to: frames[0].payload.count, by: 6).map { at in
            frames[0].payload[at..<at + 6].reduce(0) { $0 << 8 | Int($1) }
        }
        // Windows, the bound of heads, streams, no priorities of RFC 7540, extended CONNECT.
        #expect(entries.contains(4 << 32 | 65_535) && entries.contains(3 << 32 | 100) && entries.contains(9 << 32 | 1) && entries.contains(8 << 32 | 1))
        #expect(entries.contains { $0 >> 32 == 6 })
    }

    @Test func aGetIsReadAsHTTP1WouldReadIt() throws {
        let head = try head(Wire.get + [("user-agent", "curl"), ("x-empty", ""), ("te", "trailers")])
        #expect(head.method == "GET" && head.known == .get && head.path == "/" && head.query == "" && head.authority == "a.example")
        #expect(head.framing == .none && !head.isHTTPS && head.acceptsTrailers && head.form == .origin)
        #expect(head.fields.map(\.text) == ["host: a.example", "user-agent: curl", "x-empty: ", "te: trailers"])
        #expect(head.fields.map(\.token) == [.host, .userAgent, .unknown, .te])
        #expect(String(decoding: head.rewritten, as: UTF8.self) == "GET / HTTP/1.1\r\nHost: a.example\r\nuser-agent: curl\r\nx-empty: \r\n\r\n")
    }

    @Test func hostStandsForAnAuthority() throws {
        let plain = Wire.get.filter { $0.0 != ":authority" }
        #expect(try head(plain + [("host", "b.example:81")]).authority == "b.example:81")
        // The same twice is one line.
        let both = try head(Wire.get + [("host", "A.example")])
        #expect(both.authority == "a.example" && both.fields.map { "\($0.text) \($0.marks & 4)" } == ["host: a.example 0", "host: A.example 4"])
    }

    @Test func crumbsOfCookieAreJoined() throws {
        let near = try head(Wire.get + [("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3"), ("x", "y")])
        #expect(near.fields.map(\.text) == ["host: a.example", "cookie: a=1; b=2; c=3", "x: y"])
        let apart = try head(Wire.get + [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3"), ("z", ""), ("cookie", "d=4")])
        #expect(apart.fields.filter { $0.marks & 4 == 0 }.map(\.text) == ["host: a.example", "x: y", "z: ", "cookie: a=1; b=2; c=3; d=4"])
        #expect(String(decoding: apart.rewritten, as: UTF8.self).contains("z: \r\ncookie: a=1; b=2; c=3; d=4\r\n\r\n"))
        let empty = try head(Wire.get + [("cookie", ""), ("cookie", "a=1"), ("cookie", ""), ("x", "y"), ("cookie", "b=2"), ("cookie", "")])
        #expect(empty.fields.filter { $0.marks & 4 == 0 }.map(\.text) == ["host: a.example", "x: y", "cookie: a=1; b=2"])
    }

    @Test func bodiesAreFramedByLengthOrByTheirEnd() throws {
        #expect(try head(Wire.post, ends: false).framing == .chunked)
        #expect(try head(Wire.post + [("content-length", "5")], ends: false).framing == .length(5))
        #expect(try head(Wire.post + [("content-length", "0")]).framing == .length(0))
        #expect(try head(Wire.post).framing == .none)
        #expect(try head(Wire.post + [("expect", "100-continue")], ends: false).expectsContinue)
        #expect(try !head(Wire.post + [("expect", "100-continue")]).expectsContinue)
    }

    @Test func optionsOfTheWholeServer() throws {
        let head = try head([(":method", "OPTIONS"), (":scheme", "https"), (":path", "*"), (":authority", "a")])
        #expect(head.form == .asterisk && head.path == "*" && head.isHTTPS)
    }

    @Test func extendedConnectOpensATunnel() throws {
        let fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"), (":authority", "a")]
        let head = try head(fields + [("sec-websocket-version", "13")], ends: false)
        #expect(head.known == .connect && head.protocolName == "websocket" && head.path == "/chat")
        var settings = SessionSettings()
        settings.extendedConnect = false
        let session = RecordedStreams.opened(settings)
        session.take(Wire.headers(1, fields, ends: false))
        #expect(session.events == ["refused 1 request.pseudo-field.malformed"])
    }

    @Test func aTunnelCarriesBytesBothWays() throws {
        let session = RecordedStreams.opened()
        session.whenReceived = { $0.answer($1, [], ends: false) }
        session.take(Wire.headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/"), (":authority", "a")], ends: false))
        #expect(session.frames().map(\.description).last == "HEADERS 1")
        session.take(Wire.data(1, "ping"))
        #expect(session.bodies[1] == "ping".octets)
        let stream = try #require(session.live[1])
        session.outgoing[1] = "pong".octets
        session.resume(stream, now: 0)
        #expect(session.frames().map(\.description) == ["DATA 1 4"])
        session.outgoingEnds.insert(1)
        session.resume(stream, now: 0)
        session.take(Wire.data(1, "", ends: true))
        #expect(session.frames().map(\.description) == ["DATA 1 0 end"])
        #expect(session.events.last == "closed 1 complete")
    }

    /// A connected stream has DATA alone (RFC 9113 §8.5).
    @Test func aTunnelHasNoTrailers() {
        let session = RecordedStreams.opened()
        session.whenReceived = { session, stream in _ = session.respond(stream, status: 200, isTunnel: true) { _ in true } }
        session.take(Wire.headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/"), (":authority", "a")], ends: false))
        _ = session.frames()
        session.take(Wire.headers(1, [("x-sum", "1")]))
        #expect(session.events.dropFirst() == ["closed 1 client.protocol.broken"])
        #expect(session.frames().map(\.description) == ["RST_STREAM 1 1"])
    }

    @Test func bodyAndTrailersCome() throws {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, Wire.post + [("content-length", "6")], ends: false) + Wire.data(1, "abc") + Wire.data(1, "def"))
        session.take(Wire.headers(1, [("grpc-status", "0"), ("date", "now")]))
        #expect(session.bodies[1] == "abcdef".octets)
        #expect(session.events.dropFirst() == ["body 1", "trailers 1 grpc-status: 0, date: now (removed)", "ended 1 after 6"])
    }

    @Test func aNameThatSomeAppTakesForAKnownOneIsNotPassedOn() throws {
        let head = try head(Wire.get + [("x_forwarded_for", "1.2.3.4")])
        #expect(head.fields[1].marks & 4 != 0 && !String(decoding: head.rewritten, as: UTF8.self).contains("forwarded"))
    }

    /// Heads in several frames, padded, with a priority in front.
    @Test func headsMayBeSpreadOverFrames() throws {
        let block = Wire.block(Wire.get + [("a", String(repeating: "b", count: 300))])
        let priority: [UInt8] = [0, 0, 0, 0, 15]
        let bytes =
            Wire.frame(1, flags: 1 | 8 | 32, stream: 1, [3] + priority + block.prefix(20) + [0, 0, 0]) + Wire.frame(9, stream: 1, Array(block[20..<90]))
            + Wire.frame(9, stream: 1) + Wire.frame(9, flags: 4, stream: 1, Array(block[90...]))
        let session = RecordedStreams.opened()
        session.take(bytes)
        #expect(session.heads.first?.fields.last?.value.count == 300)
    }
}
