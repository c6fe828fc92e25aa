import Seeded
import Testing

/// Requests that two readers could take for different things (design §6): 400, the reason, a close; and the app sees no byte.
@Suite struct RequestStrictnessTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: String
        let status: Int
        let reason: String
        var testDescription: String { name }

        init(_ name: String, _ bytes: String, _ reason: String, _ status: Int = 400) {
            (self.name, self.bytes, self.status, self.reason) = (name, bytes, status, reason)
        }
    }

    /// What an attacker would hide: must never be served.
    static let hidden = "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"

    /// A request with one odd field line.
    static func field(_ line: String, _ method: String = "GET") -> String {
        "\(method) / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n" + hidden
    }

    static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)" + hidden
    }

    static let framing: [Row] = [
        Row("CL.TE", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, "request.length.with-transfer-coding"),
        Row("TE.CL", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden, "request.length.with-transfer-coding"),
        Row("Transfer-Encoding twice", field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "POST"), "request.transfer-coding.unsupported"),
        Row("Transfer-Encoding: identity", field("Transfer-Encoding: identity", "POST"), "request.transfer-coding.unsupported"),
        Row("Transfer-Encoding: gzip, chunked", field("Transfer-Encoding: gzip, chunked", "POST"), "request.transfer-coding.unsupported"),
        Row("Transfer-Encoding: chunked, identity", field("Transfer-Encoding: chunked, identity", "POST"), "request.transfer-coding.unsupported"),
        Row("Transfer-Encoding: xchunked", field("Transfer-Encoding: xchunked", "POST"), "request.transfer-coding.unsupported"),
        Row("Transfer-Encoding: chunked;q=1", field("Transfer-Encoding: chunked;q=1", "POST"), "request.transfer-coding.unsupported"),
        Row("Transfer-Encoding empty", field("Transfer-Encoding:", "POST"), "request.transfer-coding.unsupported"),
        Row("Transfer-Encoding with a vertical tab", field("Transfer-Encoding: \u{b}chunked", "POST"), "request.field.control"),
        Row("Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, "request.transfer-coding.version"),
        Row("Content-Length twice, different", field("Content-Length: 5\r\nContent-Length: 6", "POST"), "request.length.repeated"),
        Row("Content-Length twice, equal", field("Content-Length: 5\r\nContent-Length: 5", "POST"), "request.length.repeated"),
        Row("Content-Length: 5, 5", field("Content-Length: 5, 5", "POST"), "request.length.malformed"),
        Row("Content-Length: +5", field("Content-Length: +5", "POST"), "request.length.malformed"),
        Row("Content-Length: -1", field("Content-Length: -1", "POST"), "request.length.malformed"),
        Row("Content-Length: 0x5", field("Content-Length: 0x5", "POST"), "request.length.malformed"),
        Row("Content-Length: 5 5", field("Content-Length: 5 5", "POST"), "request.length.malformed"),
        Row("Content-Length: 1_0", field("Content-Length: 1_0", "POST"), "request.length.malformed"),
        Row("Content-Length empty", field("Content-Length:", "POST"), "request.length.malformed"),
        Row("Content-Length: 2^63", field("Content-Length: 9223372036854775808", "POST"), "request.length.malformed"),
        Row("Content-Length: 2^64", field("Content-Length: 18446744073709551616", "POST"), "request.length.malformed"),
        Row("Content-Length of 40 digits", field("Content-Length: " + String(repeating: "9", count: 40), "POST"), "request.length.malformed"),
    ]

    static let lines: [Row] = [
        Row("bare LF ends the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n" + hidden, "request.line-ending"),
        Row("bare LF ends a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n" + hidden, "request.line-ending"),
        Row("bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n" + hidden, "request.line-ending"),
        Row("bare CR in a field", field("X: a\rb"), "request.line-ending"),
        Row("bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", "request.line-ending"),
        Row("obs-fold", field("X: a\r\n b"), "request.field.folded"),
        Row("a fold with a tab", field("X: a\r\n\tb"), "request.field.folded"),
        Row("a folded first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "request.field.folded"),
        Row("space before the colon", field("X : a"), "request.field.malformed"),
        Row("space before the colon of Content-Length", field("Content-Length : 5", "POST"), "request.field.malformed"),
        Row("tab before the colon of Transfer-Encoding", field("Transfer-Encoding\t: chunked", "POST"), "request.field.malformed"),
        Row("an empty field name", field(": a"), "request.field.malformed"),
        Row("no colon", field("nonsense"), "request.field.malformed"),
        Row("a name with a space", field("X Y: a"), "request.field.malformed"),
        Row("a name with a byte above 127", field("X\u{e9}: a"), "request.field.malformed"),
        Row("a name in parentheses", field("(x): a"), "request.field.malformed"),
        Row("NUL in a value", field("X: a\0b"), "request.field.control"),
        Row("NUL in a name", field("X\0: a"), "request.field.malformed"),
        Row("an escape byte in a value", field("X: \u{1b}[2J"), "request.field.control"),
        Row("DEL in a value", field("X: a\u{7f}"), "request.field.control"),
        Row("two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("a space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("no version", "GET /\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("a fourth word", "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("a method that is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("http in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "request.line.malformed"),
        Row("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "request.version.unsupported", 505),
        Row("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "request.version.unsupported", 505),
        Row("HTTP/0.9 with a version", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "request.version.unsupported", 505),
        Row("TLS to a plain listener", "\u{16}\u{3}\u{1}\0\u{5}\r\n\r\n", "request.line.malformed"),
    ]

    static let hosts: [Row] = [
        Row("no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", "request.host.missing"),
        Row("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "request.host.malformed"),
        Row("Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "request.host.repeated"),
        Row("Host twice, equal", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "request.host.repeated"),
        Row("a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "request.host.malformed"),
        Row("Host with user information", "GET / HTTP/1.1\r\nHost: good@evil\r\n\r\n", "request.host.malformed"),
        Row("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "request.host.malformed"),
        Row("Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "request.host.malformed"),
        Row("Host with a bad port", "GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", "request.host.malformed"),
        Row("Host with letters for a port", "GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", "request.host.malformed"),
        Row("Host with a broken IPv6 address", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "request.host.malformed"),
        Row("Host differs from an absolute target", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "request.host.malformed"),
    ]

    static let targets: [Row] = [
        Row("a raw byte above 127", "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("a broken percent-encoding", "GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("a cut percent-encoding", "GET /a% HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("no slash", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("* with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("an ftp target", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("an absolute target with user information", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.malformed"),
        Row("dot segments", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.ambiguous"),
        Row("encoded dot segments", "GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.ambiguous"),
        Row("half encoded dot segments", "GET /a/.%2e/b HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.ambiguous"),
        Row("an encoded slash", "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.ambiguous"),
        Row("an encoded backslash", "GET /a%5cb HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.ambiguous"),
        Row("an encoded NUL", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", "request.target.ambiguous"),
        Row("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "request.method.connect", 405),
        Row("CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", "request.method.connect", 405),
    ]

    @Test(arguments: framing + lines + hosts + targets)
    func `an ambiguous head is refused, closed, and never reaches the app`(row: Row) throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send(row.bytes)
            let reply = try client.expectFinalReply(row.status, row.reason)
            if row.status == 405 { #expect(reply.head["Allow"] != nil) }
            let before = app.log.count
            #expect(try s.probe() === app)
            #expect(text(app.log[before...]).hasPrefix("GET /probe HTTP/1.1\r\n"), "the probe is the next thing that the app saw")
        }
    }

    static let chunks: [Row] = [
        Row("0x before the size", chunked("0x5\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("a sign before the size", chunked("+5\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("_ in the size", chunked("1_0\r\n"), "request.chunk.malformed"),
        Row("an empty size", chunked("\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("a space before the size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("a space behind the size", chunked("5 \r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("a size that overflows", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("a size of 64 bits", chunked("FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("endless zeros", chunked(String(repeating: "0", count: 100) + "5\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("bare LF behind the size", chunked("5\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("bare LF behind the data", chunked("5\r\nhello\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("bare CR behind the size", chunked("5\rX\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("no line end behind the data", chunked("5\r\nhelloXX0\r\n\r\n"), "request.chunk.malformed"),
        Row("a bare semicolon", chunked("5;\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("bare LF in an extension (TERM.EXT)", chunked("5;a\nx\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("bare CR in an extension", chunked("5;a\rx\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("a bad extension", chunked("5;=x\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("a quoted extension with a line end", chunked("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("an endless extension", chunked("5;" + String(repeating: "a", count: 100_000)), "request.chunk.malformed"),
        Row("more data than the size (SPILL)", chunked("5\r\nhello, world\r\n0\r\n\r\n"), "request.chunk.malformed"),
        Row("bare LF ends the trailers", chunked("0\r\n\n"), "request.trailer.malformed"),
        Row("a trailer without a name", chunked("0\r\n: x\r\n\r\n"), "request.trailer.malformed"),
        Row("a trailer with a space before the colon", chunked("0\r\nX : y\r\n\r\n"), "request.trailer.malformed"),
        Row("a folded trailer", chunked("0\r\nX: y\r\n z\r\n\r\n"), "request.trailer.malformed"),
        Row("Content-Length in a trailer", chunked("0\r\nContent-Length: 5\r\n\r\n"), "request.trailer.forbidden"),
        Row("Transfer-Encoding in a trailer", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), "request.trailer.forbidden"),
        Row("Host in a trailer", chunked("0\r\nHost: evil\r\n\r\n"), "request.trailer.forbidden"),
        Row("Authorization in a trailer", chunked("0\r\nAuthorization: Basic eA==\r\n\r\n"), "request.trailer.forbidden"),
    ]

    @Test(arguments: chunks)
    func `a malformed chunked body ends both connections; what hides in it is served by nobody`(row: Row) throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try? client.send(row.bytes)
            try client.expectFinalReply(row.status, row.reason)
            // The app may have the head and the good beginning of the body; it never gets an end of the body, and never the rest.
            let other = try s.probe()
            if other === app {
                // The request was refused before the app was told of it.
                #expect(!text(app.log).contains("POST"))
            } else {
                try app.expectBrokenOff()
            }
            #expect(!text(app.log).contains("smuggled") && !text(app.log).contains("0\r\n\r\n"))
            #expect(!text(other.log).contains("smuggled"))
        }
    }

    @Test func `an empty Host is for requests that name no host: OPTIONS asterisk`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n")
            let app = try s.app.accept()
            #expect(try app.serve("OPTIONS * HTTP/1.1", answering: "x").head.all("Host") == [""])
            try client.expectAnswer("x")
        }
    }

    @Test func `Transfer-Encoding in other letter case is the same coding`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: ChUnKeD\r\n\r\n1\r\nx\r\n0\r\n\r\n")
            let app = try s.app.accept()
            let request = try app.serve("POST / HTTP/1.1", answering: "ok")
            #expect(request.head.all("Transfer-Encoding") == ["chunked"])
            try client.expectAnswer("ok")
        }
    }

    @Test func `random bytes never get more than a refusal`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            var generator = SeededGenerator(seed: 42)
            for _ in 0..<50 {
                let client = try s.connect()
                let bytes = (0..<Int.random(in: 1...300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                try client.send(bytes + "\r\n\r\n".bytes)
                let reply = try client.receiveResponse()
                #expect((400...505).contains(reply.status) && reply.reason != nil)
                client.close()
            }
            #expect(try s.probe() === app)
        }
    }
}
