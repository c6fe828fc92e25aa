import Buffers
import FuzzChecks
import HTTP1
import HTTPMessage
import Testing

/// Heads that are read, and what is read from them.
@Suite struct RequestHeadTests {
    @Test func readsAPlainGet() {
        let text = "GET /a/b?x=1 HTTP/1.1\r\nHost: example.org:8080\r\nUser-Agent: wrk\r\nAccept:*/*\r\n\r\nrest"
        let head = parseRequest(text.octets)
        #expect(head.outcome == .complete)
        #expect(head.method == "GET" && head.path == "/a/b" && head.query == "?x=1" && head.authority == "example.org:8080")
        #expect(head.framing == .none && head.end == text.utf8.count - 4)
        #expect(head.fields.map(\.text) == ["Host: example.org:8080", "User-Agent: wrk", "Accept: */*"])
        #expect(head.fields.map(\.token) == [.host, .userAgent, .accept])
        #expect(head.fields.map(\.marks) == [1, 1, 0])
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "M-SEARCH", "PROPFIND", "X", "GETX", "!#$%&'*+-.^_`|~"])
    func readsAnyMethod(name: String) {
        let head = parseRequest("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n".octets)
        #expect(head.outcome == .complete && head.method == name)
    }

    @Test func namesKnownMethodsOnly() {
        for method in Method.allCases where method != .other && method != .connect {
            #expect(knownMethod("\(method.name)") == method)
            #expect(knownMethod("\(method.name)".lowercased()) == .other)
            #expect(knownMethod("\(method.name)X") == .other)
        }
    }

    private func knownMethod(_ name: String) -> Method {
        var fields = newFieldTable()
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits())
        let bytes = "\(name) / HTTP/1.1\r\nHost: a\r\n\r\n".octets
        #expect(parser.parse(bytes.span, from: 0, into: &head, fields: &fields) == .complete)
        return head.method
    }

    struct Target: Sendable {
        var line: String, form: TargetForm, path: String, query: String, authority: String
    }

    @Test(arguments: [
        Target(line: "GET /", form: .origin, path: "/", query: "", authority: "h.example"),
        Target(line: "GET //x//y", form: .origin, path: "//x//y", query: "", authority: "h.example"),
        Target(line: "GET /?", form: .origin, path: "/", query: "?", authority: "h.example"),
        Target(line: "GET /a?b?c=%20&d", form: .origin, path: "/a", query: "?b?c=%20&d", authority: "h.example"),
        Target(line: "GET /%41%2f%C3%a9", form: .origin, path: "/%41%2f%C3%a9", query: "", authority: "h.example"),
        Target(line: "GET /!$&'()*+,;=:@-._~\"<>[]^`{|}\\", form: .origin, path: "/!$&'()*+,;=:@-._~\"<>[]^`{|}\\", query: "", authority: "h.example"),
        Target(line: "OPTIONS *", form: .asterisk, path: "*", query: "", authority: "h.example"),
        Target(line: "GET http://h.example", form: .absolute, path: "", query: "", authority: "h.example"),
        Target(line: "GET HTTP://H.example/p?q", form: .absolute, path: "/p", query: "?q", authority: "H.example"),
        Target(line: "GET https://h.example?q", form: .absolute, path: "", query: "?q", authority: "h.example"),
        Target(line: "OPTIONS http://h.example", form: .absolute, path: "", query: "", authority: "h.example"),
    ])
    func readsEveryForm(target: Target) {
        let head = parseRequest("\(target.line) HTTP/1.1\r\nHost: h.example\r\n\r\n".octets)
        #expect(head.outcome == .complete)
        #expect(head.form == target.form && head.path == target.path && head.query == target.query)
        #expect(head.authority == target.authority)
        #expect(head.isHTTPS == target.line.contains("https://"))
    }

    @Test(arguments: [
        "example.org", "EXAMPLE.org", "example.org.", "a", "a-b_c~d.e", "127.0.0.1", "127.0.0.1:0", "h:65535", "h:1", "h:00080",
        "[::]", "[::1]", "[::1]:443", "[1::]", "[fe80::1:2]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]",
        "[::ffff:192.0.2.1]", "[1:2:3:4:5:6:192.0.2.255]:80", "[ABCD:ef01::]",
    ])
    func takesHost(host: String) {
        let head = parseRequest("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n".octets)
        #expect(head.outcome == .complete && head.authority == host)
        let absolute = parseRequest("GET http://\(host)/ HTTP/1.1\r\nHost: \(host)\r\n\r\n".octets)
        #expect(absolute.outcome == .complete && absolute.authority == host)
    }

    @Test(arguments: [
        "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost:\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
        "GET http://a/ HTTP/1.0\r\n\r\n",
    ])
    func takesNoHostWhereThereIsNone(text: String) {
        #expect(parseRequest(text.octets).outcome == .complete)
    }

    struct Framed: Sendable {
        var lines: String, framing: BodyFraming
    }

    @Test(arguments: [
        Framed(lines: "", framing: .none),
        Framed(lines: "Content-Length: 0\r\n", framing: .length(0)),
        Framed(lines: "Content-Length:\t17 \r\n", framing: .length(17)),
        Framed(lines: "content-length: 9223372036854775807\r\n", framing: .length(9_223_372_036_854_775_807)),
        Framed(lines: "Transfer-Encoding: chunked\r\n", framing: .chunked),
        Framed(lines: "TRANSFER-ENCODING: CHUNKED\r\n", framing: .chunked),
    ])
    func framesBodies(framed: Framed) {
        #expect(parseRequest("POST / HTTP/1.1\r\nHost: a\r\n\(framed.lines)\r\n".octets).framing == framed.framing)
    }

    @Test func keepsWhiteSpaceInsideValuesOnly() {
        let head = parseRequest("GET / HTTP/1.1\r\nHost: a\r\nA:  x\t y \t\r\nB: \r\nC:\r\nD:\t\r\nE: z\r\n\r\n".octets)
        #expect(head.fields.map(\.text) == ["Host: a", "A: x\t y", "B: ", "C: ", "D: ", "E: z"])
        #expect(head.fields.map(\.marks) == [1, 0, 1, 0, 0, 1])
    }

    @Test func keepsBytesAbove7F() {
        let head = parseRequest("GET / HTTP/1.1\r\nHost: a\r\nX: é".octets + [0x80, 0xFF] + "\r\n\r\n".octets)
        #expect(head.outcome == .complete)
        #expect(head.fields[1].value == "é".octets + [0x80, 0xFF])
    }

    @Test func skipsSomeEmptyLines() {
        for count in 0...RequestParser.mostEmptyLines {
            let text = String(repeating: "\r\n", count: count) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            #expect(parseRequest(text.octets).end == text.utf8.count)
        }
        let tooMany = String(repeating: "\r\n", count: RequestParser.mostEmptyLines + 1) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(parseRequest(tooMany.octets).outcome == .failed(.requestLineMalformed))
    }

    @Test func readsPipelinedHeadsFromTheirOffset() {
        let first = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
        let bytes = (first + "POST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi").octets
        let second = parseRequest(bytes, from: first.utf8.count)
        #expect(second.outcome == .complete && second.path == "/2" && second.authority == "b")
        #expect(second.end == bytes.count - 2 && second.framing == .length(2))
    }

    @Test func readsConnectionOptions() {
        let head = parseRequest("""
            GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, X-One ,,\todd/X-Three\r\nx-one: 1\r\nX-Two: 2\r\nX-Three: 3\r
            Connection: close\r\nConnection: cookie, te, HOST, X-Forwarded-For, content-length\r\nCookie: c\r\nX-Forwarded-For: 1\r
            TE: trailers;q=0.5, Trailers\r\n\r\n
            """.octets)
        #expect(head.outcome == .complete)
        let options = ConnectionOptions(rawValue: head.connection)
        #expect(options == [.close, .upgrade, .te, .names])
        #expect(head.acceptsTrailers)
        // Named and not protected: only X-One.
        #expect(head.fields.filter { $0.marks & FieldMarks.connectionOption.rawValue != 0 }.map(\.name) == ["x-one"])
    }

    @Test(arguments: [("close", false), ("keep-alive", true), ("Keep-Alive", true), ("CLOSE", false), ("x", true), ("keep-alive, close", false)])
    func keepsAlive(option: String, kept: Bool) {
        let head = parseRequest("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(option)\r\n\r\n".octets)
        var parsed = RequestHead()
        parsed.connection = ConnectionOptions(rawValue: head.connection)
        #expect(parsed.keepsAlive == kept)
        parsed.version = .http10
        #expect(parsed.keepsAlive == (kept && option != "x"))
    }

    @Test func ignoresUpgradeAndExpectationsInHTTP10() {
        let head = parseRequest("POST / HTTP/1.0\r\nConnection: upgrade\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n".octets)
        #expect(head.outcome == .complete && head.connection == 0 && !head.expectsContinue)
    }

    @Test(arguments: [
        ("Content-Length: 1\r\n", true), ("Transfer-Encoding: chunked\r\n", true), ("Content-Length: 0\r\n", false), ("", false),
    ])
    func expectsContinueOnlyWithABody(lines: String, expects: Bool) {
        let head = parseRequest("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\(lines)\r\n".octets)
        #expect(head.outcome == .complete && head.expectsContinue == expects)
    }

    @Test(arguments: [
        "X_Forwarded_For", "x-forwarded_for", "X_FORWARDED-HOST", "X_Real_IP", "Transfer_Encoding", "Content_Length", "Content.Length",
        "X.Forwarded.Proto", "CLIENT_CERT", "x_request_id", "If_Unmodified_Since", "Proxy_Authentication_Info",
    ])
    func removesAliases(name: String) {
        let head = parseRequest("GET / HTTP/1.1\r\nHost: a\r\n\(name): 1\r\n\r\n".octets)
        #expect(head.outcome == .complete && head.framing == .none)
        #expect(head.fields[1].token == .unknown)
        #expect(head.fields[1].marks & FieldMarks.removed.rawValue != 0)
    }

    @Test(arguments: ["my_field", "x_forwarded_fo", "_", "X-Forwarded-For_", "a.b", "x!y", "X-B3-TraceId", "Sec-WebSocket-Extensions-More-Than-Any"])
    func keepsOtherNames(name: String) {
        let head = parseRequest("GET / HTTP/1.1\r\nHost: a\r\n\(name): 1\r\n\r\n".octets)
        #expect(head.fields.last?.name == name && head.fields.last?.token == .unknown && head.fields.last?.marks == 1)
    }

    @Test func readsAnewWhenTheTableChanged() {
        var fields = newFieldTable()
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits())
        let bytes = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: y\r\n\r\n".octets
        let span = bytes.span
        #expect(parser.parse(span.extracting(first: 50), from: 0, into: &head, fields: &fields) == .incomplete)
        fields.removeAll()
        #expect(parser.parse(span, from: 0, into: &head, fields: &fields) == .complete)
        #expect(fields.count == 3 && head.framing == .length(5))
    }

    @Test func isReadyAgainAfterAFaultAndAfterReset() {
        var fields = newFieldTable()
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits())
        let bad = "GET / HTTP/1.1\r\nHost : a\r\n\r\n".octets
        let good = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n".octets
        #expect(parser.parse(bad.span, from: 0, into: &head, fields: &fields) == .failed(.requestFieldMalformed))
        #expect(parser.parse(good.span, from: 0, into: &head, fields: &fields) == .complete)
        #expect(parser.parse(bad.span.extracting(first: 20), from: 0, into: &head, fields: &fields) == .incomplete)
        parser.reset()
        #expect(parser.parse(good.span, from: 0, into: &head, fields: &fields) == .complete)
        #expect(head.path == ByteRange(start: 4, count: 2) && fields.count == 1)
    }
}
