import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage
import Testing

/// Requests that are refused: what they would be as HTTP/1 is another request, or two.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomStringConvertible {
        var name: String
        var fields: [(String, String)]
        var reason: Reason
        var ends = true

        init(_ name: String, _ fields: [(String, String)], _ reason: Reason, ends: Bool = true) {
            self.name = name
            self.fields = fields
            self.reason = reason
            self.ends = ends
        }

        var description: String { name }
    }

    static func with(_ name: String, _ value: String) -> [(String, String)] { Wire.get.map { $0.0 == name ? (name, value) : $0 } }
    static func without(_ name: String) -> [(String, String)] { Wire.get.filter { $0.0 != name } }

    static let malformed: [Case] = [
        // H2.TE and H2.CL (Kettle 2021).
        Case("Transfer-Encoding", Wire.post + [("transfer-encoding", "chunked")], .requestFieldConnectionSpecific, ends: false),
        Case("Content-Length with no body", Wire.post + [("content-length", "44")], .requestLengthMismatch),
        Case("two lengths", Wire.post + [("content-length", "4"), ("content-length", "4")], .requestLengthRepeated, ends: false),
        Case("a list of lengths", Wire.post + [("content-length", "4,4")], .requestLengthMalformed, ends: false),
        Case("a signed length", Wire.post + [("content-length", "+4")], .requestLengthMalformed, ends: false),
        Case("an octal length", Wire.post + [("content-length", "010")], .requestLengthMalformed, ends: false),
        Case("an empty length", Wire.post + [("content-length", "")], .requestLengthMalformed, ends: false),
        Case("a length of 2^63", Wire.post + [("content-length", "9223372036854775808")], .requestLengthMalformed, ends: false),
        // CR, LF, NUL and more in values.
        Case("CRLF in a value", Wire.get + [("x", "a\r\nTransfer-Encoding: chunked")], .requestFieldControl),
        Case("LF in a value", Wire.get + [("x", "a\nb: c")], .requestFieldControl),
        Case("CR in a value", Wire.get + [("x", "a\rb")], .requestFieldControl),
        Case("NUL in a value", Wire.get + [("x", "a\u{0}b")], .requestFieldControl),
        Case("DEL in a value", Wire.get + [("x", "a\u{7f}")], .requestFieldControl),
        Case("space in front", Wire.get + [("x", " a")], .requestFieldControl),
        Case("tab behind", Wire.get + [("x", "a\t")], .requestFieldControl),
        // Names.
        Case("an upper-case name", Wire.get + [("X-A", "b")], .requestFieldMalformed),
        Case("an empty name", Wire.get + [("", "b")], .requestFieldMalformed),
        Case("CRLF in a name", Wire.get + [("x\r\nhost", "b")], .requestFieldMalformed),
        Case("a colon in a name", Wire.get + [("x: y\r\nz", "b")], .requestFieldMalformed),
        Case("a space in a name", Wire.get + [("transfer-encoding ", "chunked")], .requestFieldMalformed),
        Case("a colon behind a name", Wire.get + [("host:", "b")], .requestFieldMalformed),
        Case("a byte above 0x7F in a name", Wire.get + [("x\u{e9}", "b")], .requestFieldMalformed),
        // Fields of a connection.
        Case("Connection", Wire.get + [("connection", "x-forwarded-for")], .requestFieldConnectionSpecific),
        Case("Keep-Alive", Wire.get + [("keep-alive", "5")], .requestFieldConnectionSpecific),
        Case("Proxy-Connection", Wire.get + [("proxy-connection", "close")], .requestFieldConnectionSpecific),
        Case("Upgrade", Wire.get + [("upgrade", "h2c")], .requestFieldConnectionSpecific),
        Case("TE", Wire.get + [("te", "gzip")], .requestFieldConnectionSpecific),
        Case("TE with more", Wire.get + [("te", "trailers, gzip")], .requestFieldConnectionSpecific),
        // :method.
        Case("a request in :method", with(":method", "GET / HTTP/1.1\r\nHost: evil\r\n\r\nGET"), .requestPseudoFieldMalformed),
        Case("a space in :method", with(":method", "GET /admin"), .requestPseudoFieldMalformed),
        Case("an empty :method", with(":method", ""), .requestPseudoFieldMalformed),
        Case("a long :method", with(":method", String(repeating: "A", count: 33)), .requestPseudoFieldMalformed),
        Case("no :method", without(":method"), .requestPseudoFieldMalformed),
        // :path.
        Case("CRLF in :path", with(":path", "/ HTTP/1.1\r\nHost: evil\r\n\r\n"), .requestTargetMalformed),
        Case("a space in :path", with(":path", "/a b"), .requestTargetMalformed),
        Case("a fragment in :path", with(":path", "/a#b"), .requestTargetMalformed),
        Case("a NUL in :path", with(":path", "/a\u{0}"), .requestTargetMalformed),
        Case("a raw octet in :path", with(":path", "/\u{e9}"), .requestTargetMalformed),
        Case("a bad escape in :path", with(":path", "/%zz"), .requestTargetMalformed),
        Case("a cut escape in :path", with(":path", "/a%4"), .requestTargetMalformed),
        Case("a cut escape in the query", with(":path", "/a?%"), .requestTargetMalformed),
        Case("an absolute :path", with(":path", "http://evil/"), .requestTargetMalformed),
        Case("a relative :path", with(":path", "admin"), .requestTargetMalformed),
        Case("* without OPTIONS", with(":path", "*"), .requestTargetMalformed),
        Case("an empty :path", with(":path", ""), .requestPseudoFieldMalformed),
        Case("no :path", without(":path"), .requestPseudoFieldMalformed),
        // :scheme.
        Case("a URL in :scheme", with(":scheme", "http://evil/x?"), .requestPseudoFieldMalformed),
        Case("CRLF in :scheme", with(":scheme", "http\r\nx: y"), .requestPseudoFieldMalformed),
        Case("another :scheme", with(":scheme", "ftp"), .requestPseudoFieldMalformed),
        Case("an upper-case :scheme", with(":scheme", "HTTP"), .requestPseudoFieldMalformed),
        Case("no :scheme", without(":scheme"), .requestPseudoFieldMalformed),
        // :authority and Host.
        Case("CRLF in :authority", with(":authority", "a\r\nx: y"), .requestPseudoFieldMalformed),
        Case("a user in :authority", with(":authority", "good@evil"), .requestHostMalformed),
        Case("a space in :authority", with(":authority", "a b"), .requestHostMalformed),
        Case("a list in :authority", with(":authority", "a,b"), .requestHostMalformed),
        Case("a bad port in :authority", with(":authority", "a:b"), .requestHostMalformed),
        Case("a path in :authority", with(":authority", "a/b"), .requestHostMalformed),
        Case("an empty :authority", with(":authority", ""), .requestHostMalformed),
        Case("no host", without(":authority"), .requestHostMissing),
        Case("another Host", Wire.get + [("host", "evil.example")], .requestHostMalformed),
        Case("two Hosts", Wire.get + [("host", "a.example"), ("host", "a.example")], .requestHostRepeated),
        // Order and number.
        Case(":path twice", Wire.get + [(":path", "/admin")], .requestPseudoFieldMalformed),
        Case(":method twice", Wire.get + [(":method", "POST")], .requestPseudoFieldMalformed),
        Case(":authority twice", Wire.get + [(":authority", "b")], .requestPseudoFieldMalformed),
        Case("a pseudo-field behind a field", [("x", "y")] + Wire.get, .requestPseudoFieldMalformed),
        Case("an unknown pseudo-field", Wire.get + [(":admin", "1")], .requestPseudoFieldMalformed),
        Case("a pseudo-field in upper case", Wire.get + [(":PATH", "/x")], .requestPseudoFieldMalformed),
        Case("a response's pseudo-field", Wire.get + [(":status", "200")], .requestPseudoFieldMalformed),
        Case(":protocol without CONNECT", Wire.get + [(":protocol", "websocket")], .requestPseudoFieldMalformed),
        Case("a body of TRACE", with(":method", "TRACE"), .requestBodyUnexpected, ends: false),
    ]

    @Test(arguments: malformed) func resetsAMalformedRequest(_ refused: Case) {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, refused.fields, ends: refused.ends))
        #expect(session.events == ["refused 1 \(refused.reason.code)"])
        #expect(session.heads.isEmpty)
        #expect(session.frames().map(\.description) == ["RST_STREAM 1 1"])
        // The connection goes on.
        session.take(Wire.get(3))
        #expect(session.events.count == 3 && session.failure == nil)
    }

    static let answered: [Case] = [
        Case("a long target", with(":path", "/" + String(repeating: "a", count: 8 * 1024)), .requestTargetTooLong),
        Case("a large head", Wire.get + (0..<20).map { ("x\($0)", String(repeating: "a", count: 1000)) }, .requestHeadTooLarge),
        Case("many fields", Wire.get + (0..<101).map { ("x\($0)", "") }, .requestHeadTooManyFields),
        Case("CONNECT", [(":method", "CONNECT"), (":authority", "a:443")], .requestMethodConnect),
        Case("an expectation", Wire.post + [("expect", "more")], .requestExpectationUnsupported, ends: false),
    ]

    @Test(arguments: answered) func answersAWellFormedRequestThatItCannotTake(_ refused: Case) {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, refused.fields, ends: refused.ends))
        if !refused.ends { session.take(Wire.data(1, "body")) }
        #expect(session.events == ["must refuse 1 \(refused.reason.code)"])
        #expect(session.frames().map(\.description) == ["HEADERS 1 end"] + (refused.ends ? [] : ["RST_STREAM 1 0"]))
        #expect(session.events.last == "closed 1 complete" && session.bodies.isEmpty)
        session.take(Wire.get(3))
        #expect(session.heads.count == 1 && session.failure == nil)
    }

    /// What was under way when the gateway reset a stream is no fault of the client's.
    @Test func whatStillComesOfAResetStreamIsIgnored() {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, Wire.post + [("connection", "close")], ends: false))
        _ = session.sent()
        session.take(Wire.data(1, "abc") + Wire.headers(1, [("x", "y")]) + Wire.windowUpdate(1, 5) + Wire.get(3))
        #expect(session.events.count == 3 && session.heads.count == 1 && session.failure == nil)
        #expect(session.frames().isEmpty)
    }

    /// What comes behind the client's own end is one, even of a stream that is long over.
    @Test(arguments: [Wire.reset(1), Wire.data(1, "", ends: true)]) func whatComesBehindTheEndEndsTheConnection(end: [UInt8]) {
        for more in [Wire.data(1, "a"), Wire.headers(1, [("x", "y")])] {
            let session = RecordedStreams.opened()
            session.whenEnded = { $0.answer($1, []) }
            session.take(Wire.headers(1, Wire.post, ends: false) + end)
            _ = session.sent()
            for number in 2..<900 { session.take(Wire.get(UInt32(2 * number + 1))); _ = session.sent() }
            #expect(session.failure == nil && session.openStreams == 0)
            session.take(more)
            #expect(session.failure == .clientProtocolBroken)
            #expect(session.frames().last?.number(4) == 5)
        }
    }

    struct Body: Sendable { var name: String, length: String, parts: [String], ends: Bool }

    @Test(arguments: [
        Body(name: "more than it says", length: "3", parts: ["abcd"], ends: false),
        Body(name: "more in two frames", length: "3", parts: ["ab", "cd"], ends: false),
        Body(name: "less than it says", length: "5", parts: ["abcd"], ends: true),
        Body(name: "none", length: "5", parts: [""], ends: true),
        Body(name: "one where there must be none", length: "0", parts: ["GET / HTTP/1.1\r\n\r\n"], ends: true),
    ])
    func resetsABodyThatIsNotAsLongAsItSays(_ body: Body) {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, Wire.post + [("content-length", body.length)], ends: false))
        for part in body.parts { session.take(Wire.data(1, part, ends: body.ends)) }
        #expect(session.bodies[1, default: []].count <= Int(body.length) ?? 0)
        #expect(session.events.last == "closed 1 request.length.mismatch")
        #expect(session.frames().map(\.description) == ["RST_STREAM 1 1"])
        #expect(!session.events.contains { $0.hasPrefix("ended") })
    }

    @Test(arguments: [
        ([("x", "y")], false, "request.trailer.malformed"), ([(":path", "/x")], true, "request.trailer.malformed"),
        ([("X", "y")], true, "request.trailer.malformed"), ([("x", "a\r\nb")], true, "request.trailer.malformed"),
        ([("transfer-encoding", "chunked")], true, "request.trailer.malformed"), ([("content-length", "5")], true, "request.trailer.forbidden"),
        ([("host", "evil")], true, "request.trailer.forbidden"), ([("authorization", "x")], true, "request.trailer.forbidden"),
        ([("x-forwarded-for", "1.1.1.1")], true, "request.trailer.forbidden"),
    ] as [([(String, String)], Bool, String)])
    func resetsForTrailersThatHaveNoPlace(fields: [(String, String)], ends: Bool, code: String) {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, Wire.post, ends: false) + Wire.data(1, "x") + Wire.headers(1, fields, ends: ends))
        #expect(session.events.last == "closed 1 \(code)")
        #expect(session.frames().last?.description == "RST_STREAM 1 1")
    }
}
