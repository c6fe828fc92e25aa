import Buffers
import FuzzChecks
import HTTP1
import HTTPMessage
import Testing

@Suite struct ResponseHeadTests {
    @Test func readsAResponse() {
        let text = "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 29\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5, max=9\r\n\r\nbody"
        let head = parseResponse(text.octets)
        #expect(head.outcome == .complete && head.status == 200 && head.phrase == "OK" && head.version == .http11)
        #expect(head.framing == .length(29) && head.end == text.utf8.count - 4 && head.keepAliveTimeout == 5)
        #expect(head.fields.map(\.text) == ["Server: nginx", "Content-Length: 29", "Connection: keep-alive", "Keep-Alive: timeout=5, max=9"])
        #expect(ConnectionOptions(rawValue: head.connection) == .keepAlive)
    }

    @Test(arguments: [
        ("HTTP/1.1 404 Not Found", 404, "Not Found"), ("HTTP/1.0 100 ", 100, ""), ("HTTP/1.1 599", 599, ""),
        ("HTTP/1.1 200 \u{e9}\t!", 200, "\u{e9}\t!"), ("HTTP/1.1 200  two spaces ", 200, " two spaces "),
    ])
    func readsStatusLines(line: String, status: Int, phrase: String) {
        let head = parseResponse("\(line)\r\n\r\n".octets)
        #expect(head.outcome == .complete && head.status == UInt16(status) && head.phrase == phrase)
        #expect(head.version == (line.hasPrefix("HTTP/1.0") ? .http10 : .http11))
    }

    struct Framed: Sendable {
        var status: Int
        var lines: String
        var method = Method.get
        var framing: BodyFraming
        var closes = false
    }

    @Test(arguments: [
        Framed(status: 200, lines: "", framing: .untilClose),
        Framed(status: 200, lines: "Content-Length: 0\r\n", framing: .length(0)),
        Framed(status: 200, lines: "Content-Length: 0000000000000000012\r\n", framing: .length(12)),
        Framed(status: 200, lines: "Transfer-Encoding: Chunked\r\n", framing: .chunked),
        Framed(status: 200, lines: "Content-Length: 7\r\n", method: .head, framing: .none),
        Framed(status: 200, lines: "Transfer-Encoding: chunked\r\n", method: .head, framing: .none),
        Framed(status: 200, lines: "", method: .head, framing: .none),
        Framed(status: 304, lines: "Content-Length: 7\r\n", framing: .none),
        Framed(status: 304, lines: "Transfer-Encoding: chunked\r\n", framing: .none),
        Framed(status: 204, lines: "", framing: .none),
        Framed(status: 204, lines: "Content-Length: 0\r\n", framing: .none),
        Framed(status: 204, lines: "Content-Length: 1\r\n", framing: .none, closes: true),
        Framed(status: 204, lines: "Transfer-Encoding: chunked\r\n", framing: .none, closes: true),
        Framed(status: 100, lines: "", framing: .none),
        Framed(status: 103, lines: "Link: </a>\r\n", framing: .none),
        Framed(status: 103, lines: "Content-Length: 3\r\n", framing: .none, closes: true),
        Framed(status: 101, lines: "Connection: upgrade\r\nUpgrade: websocket\r\n", framing: .none),
        Framed(status: 205, lines: "Content-Length: 0\r\n", framing: .length(0)),
    ])
    func framesBodies(framed: Framed) {
        let head = parseResponse("HTTP/1.1 \(framed.status) X\r\n\(framed.lines)\r\n".octets, answering: framed.method)
        #expect(head.outcome == .complete && head.framing == framed.framing)
        #expect(ConnectionOptions(rawValue: head.connection).contains(.close) == framed.closes)
    }

    @Test(arguments: [
        ("timeout=5", 5), ("timeout=0", 0), ("max=3, Timeout=60", 60), ("timeout=99999999999999", 86_400), ("timeout=x", nil), ("max=3", nil),
        ("", nil), ("timeout", nil), ("timeout=", nil), ("timeout=1s", nil),
    ] as [(String, UInt32?)])
    func readsKeepAlive(value: String, seconds: UInt32?) {
        #expect(parseResponse("HTTP/1.1 200 OK\r\nKeep-Alive: \(value)\r\n\r\n".octets).keepAliveTimeout == seconds)
    }

    static let refusals: [Refusal] = [
        "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 20 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK",
        "HTTP/1.1 200\tOK", "HTTP/1.1 099 X", "HTTP/1.1 600 X", "HTTP/1.1 999 X", "HTTP/1.1 -20 X", "HTTP/2.0 200 OK", "HTTP/1.2 200 OK",
        "http/1.1 200 OK", "ICY 200 OK", "HTTP/1.1200 OK", "HTTP/1.1 200 O\u{0}K", "HTTP/1.1 200 O\u{1b}K", " HTTP/1.1 200 OK", "",
        "HTTP/1.1 200 OK\r", "HTTP/1.1 200 OK\rX", "GET / HTTP/1.1", "\u{16}\u{3}",
    ].map { Refusal("\($0)\r\n\r\n", .upstreamResponseMalformed) } + [
        " X: y", "X : y", ": y", "X", "X: y\r\n z", "X: \u{0}", "X: a\u{7f}", "X: a\rb", "X: a\nb", "X\u{e9}: y",
    ].map { Refusal("HTTP/1.1 200 OK\r\nServer: a\r\n\($0)\r\n\r\n", .upstreamResponseMalformed) } + [
        Refusal("HTTP/1.1 200 OK\n\r\n", .upstreamResponseMalformed),
        Refusal("HTTP/1.1 200 OK\n\r\u{b}", .upstreamResponseMalformed),
        Refusal("HTTP/1.1 200 OK\r\nX: y\n\r\n", .upstreamResponseMalformed),
        Refusal("HTTP/1.1 200 OK\r\nX: y\r\n\n", .upstreamResponseMalformed),
        Refusal("\r\nHTTP/1.1 200 OK\r\n\r\n", .upstreamResponseMalformed),
        Refusal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .upstreamResponseLengthMalformed),
        Refusal("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", .upstreamResponseLengthMalformed),
        Refusal("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", .upstreamResponseLengthMalformed),
        Refusal("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", .upstreamResponseLengthMalformed),
        Refusal("HTTP/1.1 200 OK\r\nContent-Length: 00000000000000000001\r\n\r\n", .upstreamResponseLengthMalformed),
        Refusal("HTTP/1.1 304 X\r\nContent-Length: x\r\n\r\n", .upstreamResponseLengthMalformed),
        Refusal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .upstreamResponseFramingAmbiguous),
        Refusal("HTTP/1.1 204 X\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .upstreamResponseFramingAmbiguous),
        Refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .upstreamResponseTransferCodingUnsupported),
        Refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", .upstreamResponseTransferCodingUnsupported),
        Refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", .upstreamResponseTransferCodingUnsupported),
        Refusal("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .upstreamResponseTransferCodingUnsupported),
    ]

    @Test func refusesEveryHeadOfTheTable() {
        for refusal in Self.refusals {
            #expect(parseResponse(refusal.bytes).outcome == .failed(refusal.reason), "\(refusal)")
        }
    }

    @Test func boundsTheHead() {
        let text = "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n"
        let count = text.utf8.count
        #expect(parseResponse((text + "body").octets, limits: HeadLimits(headBytes: count)).outcome == .complete)
        for less in 1...count - 1 {
            let head = parseResponse((text + "body").octets, limits: HeadLimits(headBytes: count - less))
            #expect(head.outcome == .failed(.upstreamResponseHeadTooLarge))
        }
        #expect(parseResponse(text.octets, limits: HeadLimits(fieldCount: 0)).outcome == .failed(.upstreamResponseHeadTooLarge))
    }

    @Test func marksWhatConnectionNames() {
        let head = parseResponse("HTTP/1.1 200 OK\r\nConnection: X-Hop, Set-Cookie\r\nX-Hop: 1\r\nSet-Cookie: a\r\n\r\n".octets)
        #expect(head.fields.map { $0.marks & FieldMarks.connectionOption.rawValue != 0 } == [false, true, false])
    }
}
