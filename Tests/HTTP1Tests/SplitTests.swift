import FuzzChecks
import HTTP1
import HTTPMessage
import Testing

/// Any cut of the input gives the same result as no cut.
@Suite struct SplitTests {
    /// What `parse` makes of the bytes, whole as well as cut anywhere, or at every so many bytes.
    private func expectSame<Parsed: Equatable>(_ bytes: [UInt8], every step: Int = 1, _ parse: (Cuts) -> Parsed) -> Parsed {
        let text = String(decoding: bytes, as: UTF8.self).debugDescription
        let whole = parse(.none)
        for cut in stride(from: 0, through: bytes.count, by: step) { #expect(parse(.at(cut)) == whole, "\(text) cut at \(cut)") }
        #expect(parse(.everyByte) == whole, "\(text)")
        return whole
    }

    static let requests: [[UInt8]] = RequestRefusals.all.map(\.bytes) + [
        "GET /a%20b?c=d%7E HTTP/1.1\r\nHost: [::1]:80\r\nUser-Agent: x\r\nX-Odd!Name: 1\r\nEmpty:\r\n\r\nGET / HTTP/1.1\r\n",
        "\r\n\r\nOPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
        "POST http://example.org/x HTTP/1.1\r\nhost: example.org\r\ncontent-length:  12 \r\nConnection: X-A, close\r\nX-A: b\r\n\r\nhello",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nTE: trailers\r\nX_Real_IP: 1\r\n\r\n0\r\n\r\n",
        "M-SEARCH / HTTP/1.0\r\nSec-WebSocket-Extensions: a\r\nProxy-Authentication-Info: b\r\nA-Name-Of-More-Than-Thirty-Two-Bytes-: c\r\n\r\n",
    ].map(\.octets)

    @Test func requestHeads() {
        for bytes in Self.requests { #expect(expectSame(bytes) { parseRequest(bytes, cuts: $0) }.outcome != .incomplete) }
    }

    /// The same with the limits anywhere in the head.
    @Test func requestHeadsAtTheirLimits() {
        let texts = [
            "\r\nGET /path/that/is/long HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET /x\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y\u{1}z\r\n\r\n", "GET / HTTP/1.1\nHost: a\r\n\r\n",
        ]
        for bytes in texts.map(\.octets) {
            for headBytes in 1...bytes.count {
                let limits = HeadLimits(headBytes: headBytes, targetBytes: 8)
                #expect(expectSame(bytes, every: 3) { parseRequest(bytes, limits: limits, cuts: $0) }.outcome != .incomplete)
            }
        }
    }

    static let responses: [[UInt8]] = ResponseHeadTests.refusals.map(\.bytes) + [
        "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 29\r\nKeep-Alive: timeout=5\r\nX:\r\n\r\nbody",
        "HTTP/1.0 404\r\nConnection: X-A\r\nX-A: \t b \r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\u{1}\u{2}",
    ].map(\.octets)

    @Test func responseHeads() {
        for bytes in Self.responses { #expect(expectSame(bytes) { parseResponse(bytes, cuts: $0) }.outcome != .incomplete) }
    }

    static let trailers: [[UInt8]] = TrailerTests.refusals.map(\.bytes) + [
        "\r\nnext", "X-Checksum: abc\r\n\r\nnext", "ETag: \"a\"\r\nDate: now\r\nContent-Type: x\r\n\r\n",
    ].map(\.octets)

    @Test func trailerSections() {
        for bytes in Self.trailers { #expect(expectSame(bytes) { parseTrailers(bytes, cuts: $0) }.outcome != .incomplete) }
    }

    @Test func chunkedBodies() {
        for text in ChunkedDecoderTests.bodies + ChunkedDecoderTests.refusals {
            let bytes = text.octets
            _ = expectSame(bytes) { decodeChunked(bytes, cuts: $0) }
        }
    }
}
