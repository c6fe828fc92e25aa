import Buffers
import FuzzChecks
import HTTP1
import HTTPMessage
import Testing

@Suite struct HeadWriterTests {
    private func request(_ text: String, dropping: TokenSet = TokenSet(), host: Bool = true) -> String? {
        rewriteRequest(text.octets, dropping: dropping, host: host).map { String(decoding: $0, as: UTF8.self) }
    }

    private func response(_ text: String, answering method: Method = .get, dropping: TokenSet = TokenSet()) -> String? {
        rewriteResponse(text.octets, answering: method, dropping: dropping).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func writesACanonicalRequest() {
        let text = request("GET /a?b HTTP/1.0\r\nA:1\r\nB: 2\r\nhost: h\r\nC: 3\r\nD:\t4 \r\nE:\r\nF: 6\r\n\r\n")
        #expect(text == "GET /a?b HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: \r\nF: 6\r\n\r\n")
    }

    @Test func leavesOutWhatEndsHere() {
        let text = request("""
            POST /x HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: 1\r\nProxy-Connection: a\r
            TE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nProxy-Authorization: b\r\nX-Hop: c\r
            X_Forwarded_For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nCookie: d\r\nContent-Length: 3\r\n\r\n
            """, dropping: .forwarding)
        #expect(text == "POST /x HTTP/1.1\r\nHost: h\r\nCookie: d\r\nContent-Length: 3\r\n\r\n")
    }

    @Test func writesExactlyOneFraming() {
        #expect(request("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n")
            == "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(request("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\n")
            == "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\n")
        for method in ["POST", "PUT", "PATCH"] {
            #expect(request("\(method) / HTTP/1.1\r\nHost: h\r\n\r\n") == "\(method) / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        }
        for method in ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            #expect(request("\(method) / HTTP/1.1\r\nHost: h\r\n\r\n") == "\(method) / HTTP/1.1\r\nHost: h\r\n\r\n")
        }
    }

    @Test func writesTargetsInOriginForm() {
        #expect(request("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n") == "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request("GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n") == "GET /?q HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request("GET https://h/a?q HTTP/1.1\r\nHost: h\r\n\r\n") == "GET /a?q HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request("OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n") == "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request("OPTIONS http://h?q HTTP/1.1\r\nHost: h\r\n\r\n") == "OPTIONS /?q HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n") == "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
    }

    @Test func replacesPrefixes() {
        func line(_ target: String, _ stripped: Int, _ prefix: String) -> String {
            var fields = newFieldTable()
            var head = RequestHead()
            var parser = RequestParser(limits: HeadLimits())
            let bytes = "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n".octets
            var out = OutputBuffer(Slab(byteCount: 4096))
            guard parser.parse(bytes.span, from: 0, into: &head, fields: &fields) == .complete else { return "" }
            let prefixBytes = prefix.octets
            HeadWriter.writeRequestLine(head, in: bytes.span, replacing: stripped, with: prefixBytes.span, to: &out)
            return String(out.readable.text(ByteRange(start: 0, count: out.count)).dropFirst(4).dropLast(10))
        }
        #expect(line("/images/a?b", 7, "") == "/a?b")
        #expect(line("/images", 7, "") == "/")
        #expect(line("/images?x", 7, "") == "/?x")
        #expect(line("/images/a", 8, "") == "/a")
        #expect(line("/images/a", 7, "/v2") == "/v2/a")
        #expect(line("/images", 7, "/v2?") == "/v2?")
        #expect(line("/a", 0, "/v2") == "/v2/a")
        #expect(line("/a", 0, "v2") == "/v2/a")
        #expect(line("http://h?x", 0, "") == "/?x")
        #expect(line("http://h?x", 0, "/p") == "/p?x")
    }

    @Test func writesResponses() {
        #expect(response("HTTP/1.0 200 Fine\r\nServer:a\r\nConnection: close\r\nKeep-Alive: x\r\nTrailer: X\r\nContent-Length: 07\r\nVia: b\r\nVary: c\r\n\r\n", dropping: .forwarding)
            == "HTTP/1.1 200 Fine\r\nServer: a\r\nVary: c\r\nContent-Length: 7\r\n\r\n")
        #expect(response("HTTP/1.1 404\r\n\r\n") == "HTTP/1.1 404 Not Found\r\n\r\n")
        #expect(response("HTTP/1.1 299 \r\n\r\n") == "HTTP/1.1 299 \r\n\r\n")
        #expect(response("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n") == "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(response("HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n", answering: .head) == "HTTP/1.1 103 Early Hints\r\n\r\n")
        #expect(response("HTTP/1.1 200 OK\r\nContent-Length: 010\r\n\r\n", answering: .head) == "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        #expect(response("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", answering: .head, dropping: [.contentLength]) == "HTTP/1.1 200 OK\r\n\r\n")
        #expect(response("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n") == "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n")
        #expect(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", answering: .head) == "HTTP/1.1 200 OK\r\n\r\n")
        #expect(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    @Test func writesEveryUsualStatusLine() {
        for status in UInt16(100)...599 {
            var out = OutputBuffer(Slab(byteCount: 4096))
            HeadWriter.writeStatusLine(status, to: &out)
            #expect(out.readable.text(ByteRange(start: 0, count: out.count)) == "HTTP/1.1 \(status) \(StatusPhrase.usual(status))\r\n")
        }
    }

    @Test func writesUpgradesAndTrailers() {
        var fields = newFieldTable()
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits())
        let bytes = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\nupgrade: x/1\r\nX-Sum: 1\r\n\r\n".octets
        #expect(parser.parse(bytes.span, from: 0, into: &head, fields: &fields) == .complete)
        var out = OutputBuffer(Slab(byteCount: 128 * 16))
        HeadWriter.writeUpgrade(fields, in: bytes.span, to: &out)
        #expect(out.readable.text(ByteRange(start: 0, count: out.count)) == "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: x/1\r\n")
        out.removeAll()
        HeadWriter.writeTrailers(fields, in: bytes.span, to: &out)
        #expect(out.readable.text(ByteRange(start: 0, count: out.count)) == "X-Sum: 1\r\n")
    }

    @Test func writesChunks() {
        var out = OutputBuffer(Slab(byteCount: 128))
        for size in [1, 15, 16, 255, 16_384, Int.max] {
            ChunkWriter.writeSize(size, to: &out)
            ChunkWriter.writeEnd(to: &out)
        }
        ChunkWriter.writeLast(to: &out)
        #expect(out.readable.text(ByteRange(start: 0, count: out.count))
            == "1\r\n\r\nf\r\n\r\n10\r\n\r\nff\r\n\r\n4000\r\n\r\n7fffffffffffffff\r\n\r\n0\r\n")
    }

    /// A field taken out or put in between two kept ones parts the block that is copied.
    @Test func copiesNoRemovedField() {
        var fields = newFieldTable()
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits())
        let bytes = "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n".octets
        #expect(parser.parse(bytes.span, from: 0, into: &head, fields: &fields) == .complete)
        fields[2].marks.insert(.removed)
        fields[4].marks.insert(.connectionOption)
        var out = OutputBuffer(Slab(byteCount: 128 * 16))
        HeadWriter.writeRequestFields(fields, in: bytes.span, dropping: TokenSet(), to: &out)
        #expect(out.readable.text(ByteRange(start: 0, count: out.count)) == "A: 1\r\nC: 3\r\nE: 5\r\n")
    }

    @Test func saysWhenTheBufferIsFull() {
        var fields = newFieldTable()
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits())
        let bytes = "GET / HTTP/1.1\r\nHost: h\r\nAccept: text/plain\r\n\r\n".octets
        #expect(parser.parse(bytes.span, from: 0, into: &head, fields: &fields) == .complete)
        var out = OutputBuffer(Slab(byteCount: 16))
        HeadWriter.writeRequestLine(head, in: bytes.span, to: &out)
        HeadWriter.writeRequestFields(fields, in: bytes.span, dropping: TokenSet(), to: &out)
        let overflowed = out.overflowed
        #expect(overflowed)
    }
}
