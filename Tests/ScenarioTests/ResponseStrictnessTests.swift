import Testing

/// What an app may not do: a bad response is a 502 with its reason, its connection is closed, and the next client is not touched.
@Suite struct ResponseStrictnessTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: String
        let reason: String
        var testDescription: String { name }

        init(_ name: String, _ bytes: String, _ reason: String) {
            (self.name, self.bytes, self.reason) = (name, bytes, reason)
        }
    }

    static let malformed = "upstream.response.malformed"

    static let heads: [Row] = [
        Row("not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", malformed),
        Row("HTTP/0.9", "<html>hello</html>\r\n\r\n", malformed),
        Row("HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("http in small letters", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("a status of letters", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("status 099", "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("two spaces before the status", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("bare LF ends the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", malformed),
        Row("bare LF ends a field", "HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n", malformed),
        Row("bare LF everywhere", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", malformed),
        Row("bare CR in a value", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("NUL in a value", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("NUL in the phrase", "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("obs-fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("space before the colon", "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("an empty name", "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("a line without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n", malformed),
        Row("CL and TE", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "upstream.response.framing.ambiguous"),
        Row("TE and CL", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "upstream.response.framing.ambiguous"),
        Row("Content-Length twice, different", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "upstream.response.length.malformed"),
        Row("Content-Length twice, equal", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "upstream.response.length.malformed"),
        Row("Content-Length: 5, 5", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "upstream.response.length.malformed"),
        Row("Content-Length: +5", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "upstream.response.length.malformed"),
        Row("Content-Length empty", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "upstream.response.length.malformed"),
        Row("Content-Length: 2^63", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", "upstream.response.length.malformed"),
        Row("Transfer-Encoding: gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", "upstream.response.transfer-coding.unsupported"),
        Row("Transfer-Encoding: gzip, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "upstream.response.transfer-coding.unsupported"),
        Row("Transfer-Encoding twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "upstream.response.transfer-coding.unsupported"),
        Row("Transfer-Encoding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "upstream.response.transfer-coding.unsupported"),
        Row("a head of 200 KB", "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 200_000) + "\r\n\r\n", "upstream.response.head.too-large"),
        Row("a thousand fields", "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 3000) + "Content-Length: 0\r\n\r\n", "upstream.response.head.too-large"),
        Row("an endless status line", "HTTP/1.1 200 " + String(repeating: "O", count: 200_000), "upstream.response.head.too-large"),
        Row("a malformed 103", "HTTP/1.1 103 Hints\r\nBad Name: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", malformed),
    ]

    @Test(arguments: heads)
    func `a bad response head is a 502 with its reason and ends the app connection`(row: Row) throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.get("/bad")
            _ = try app.receiveRequest()
            try? app.send(row.bytes)
            try client.expectReply(502, row.reason)
            try app.expectEnded()
            #expect(try s.probe() !== app)
            // The client connection is clean: the reply was complete.
            try client.get("/good")
            try s.activeAppConnection().serve("GET /good HTTP/1.1", answering: "good")
            try client.expectAnswer("good")
        }
    }

    static let bodies: [Row] = [
        Row("no hexadecimal digit", "zz\r\nhello\r\n0\r\n\r\n", ""),
        Row("0x before the size", "0x5\r\nhello\r\n0\r\n\r\n", ""),
        Row("a size that overflows", "FFFFFFFFFFFFFFFFF\r\nhello\r\n", ""),
        Row("more data than the size", "5\r\nhello world\r\n0\r\n\r\n", ""),
        Row("bare LF", "5\nhello\n0\n\n", ""),
        Row("a bad trailer", "5\r\nhello\r\n0\r\nBad Name: x\r\n\r\n", ""),
        Row("Content-Length in a trailer", "5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n", ""),
        Row("a close before the last chunk", "5\r\nhello\r\n", ""),
    ]

    @Test(arguments: bodies)
    func `a broken chunked response never looks complete to the client`(row: Row) throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.get("/bad")
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(try client.receiveHead().status == 200)
            try? app.send(row.bytes)
            if row.bytes == "5\r\nhello\r\n" { app.closeWriting() }
            try client.expectBrokenOff()
            #expect(!text(client.log).hasSuffix("0\r\n\r\n"), "the end of a chunked body would tell the client that all is well")
            #expect(try s.probe() !== app)
        }
    }

    @Test func `a response that is shorter than its Content-Length breaks off at the client`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.get("/short")
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            app.close()
            #expect(try client.receiveHead()["Content-Length"] == "100")
            try client.expectBrokenOff()
            #expect(text(client.log).hasSuffix("only this"))
            try s.probe()
        }
    }

    @Test func `a reset in the middle of a response breaks off at the client`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.get("/short")
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            _ = try client.receive(through: "hello\r\n")
            app.reset()
            try client.expectBrokenOff()
            #expect(!text(client.log).hasSuffix("0\r\n\r\n"))
            try s.probe()
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", "garbage", "\r\n", "\0"])
    func `bytes behind a response never reach the next client`(extra: String) throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.get("/first")
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" + extra)
            try client.expectAnswer("first")
            try app.expectEnded()
            let other = try s.connect()
            try other.get("/second")
            try s.activeAppConnection().serve("GET /second HTTP/1.1", answering: "second")
            try other.expectAnswer("second")
            try client.get("/third")
            try s.activeAppConnection().serve("GET /third HTTP/1.1", answering: "third")
            try client.expectAnswer("third")
        }
    }

    @Test(arguments: ["HEAD", "304", "204"])
    func `a body where none may be never reaches the next client`(kind: String) throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send("\(kind == "HEAD" ? "HEAD" : "GET") /first HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try app.receiveRequest()
            let status = ["204": "204 No Content", "304": "304 Not Modified"][kind] ?? "200 OK"
            try app.send("HTTP/1.1 \(status)\r\nContent-Length: 45\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            let response = try client.receiveResponse(to: kind == "HEAD" ? "HEAD" : "GET")
            #expect(response.status == (Int(kind) ?? 200))
            try app.expectEnded()
            #expect(try s.probe() !== app)
            try client.get("/third")
            try s.activeAppConnection().serve("GET /third HTTP/1.1", answering: "third")
            try client.expectAnswer("third")
        }
    }

    @Test func `a second response in a later packet never reaches the next client`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            try app.expectEnded()
            #expect(try s.probe() !== app)
        }
    }

    @Test func `line ends in a request's fields cannot split the response`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            // The app reflects the path: percent-encoding stays as it is on the way there and back.
            try client.get("/redirect?to=%0d%0aSet-Cookie:%20evil=1")
            let request = try app.receiveRequest()
            #expect(request.head.startLine == "GET /redirect?to=%0d%0aSet-Cookie:%20evil=1 HTTP/1.1")
            try app.answer("", status: "302 Found", "Location: /x?to=%0d%0aSet-Cookie:%20evil=1\r\n")
            let response = try client.receiveResponse()
            #expect(response.head["Location"] == "/x?to=%0d%0aSet-Cookie:%20evil=1")
            #expect(response.head.all("Set-Cookie").isEmpty)
        }
    }

    @Test func `an app that closes without a byte of answer to a POST is a 502`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            app.close()
            try client.expectReply(502, "upstream.response.closed")
            client.close()
            try s.probe()
        }
    }

    @Test func `an app that closes in the middle of its response head is a 502`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-")
            app.close()
            try client.expectReply(502, "upstream.response.closed")
        }
    }

    @Test func `an app that resets instead of answering a POST is a 502`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            app.reset()
            try client.expectReply(502, "upstream.response.reset")
        }
    }
}
