import Testing

/// Whole exchanges, every byte on both sides: what is canonical stays so.
@Suite struct ExactBytesTests {
    @Test func `a GET and its answer`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /a?b=c HTTP/1.1\r\nhost: site.test\r\nUser-Agent: curl/8.0\r\nAccept:\t*/* \r\nConnection: keep-alive\r\n\r\n")
            let app = try s.app.accept()
            try app.expect(
                "GET /a?b=c HTTP/1.1\r\nHost: site.test\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n"
                    + "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: site.test\r\n"
                    + "Forwarded: for=127.0.0.1;host=\"site.test\";proto=http\r\nVia: 1.1 sluice\r\n\r\n")
            try app.send("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nConnection: keep-alive\r\n\r\nhello")
            try client.expect("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
            try client.expectNothingYet()
            try app.expectNothingYet()
        }
    }

    @Test func `a chunked POST and its chunked answer`() throws {
        try Scenario.run(app: "forwarded-fields = off") { s in
            let client = try s.connect()
            try client.send("POST /p HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: Chunked\r\n\r\n0005;x=y\r\nhello\r\n000\r\nX-T:  1\r\n\r\n")
            let app = try s.app.accept()
            try app.expect(
                "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n")
            try app.send("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nTransfer-Encoding: chunked\r\n\r\n05\r\nworld\r\n00\r\nX-R: 2\r\n\r\n")
            try client.expect("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\nX-R: 2\r\n\r\n")
            try client.expectNothingYet()
            try app.expectNothingYet()
        }
    }

    @Test func `a reply of the gateway's own`() throws {
        try Scenario.run(listener: "max-body = 1B") { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
            let reply = try client.expectReply(413, "request.body.too-large")
            #expect(reply.head.startLine == "HTTP/1.1 413 Content Too Large")
            #expect(reply.head["Cache-Control"] == "no-store")
            #expect(
                reply.bodyText
                    == "{\"type\":\"about:blank\",\"title\":\"Content Too Large\",\"status\":413,\"detail\":\"The request body is larger than the limit\",\"reason\":\"request.body.too-large\"}\n")
            let date = try #require(reply.head["Date"])
            // IMF-fixdate (RFC 9110 §5.6.7): Sun, 06 Nov 1994 08:49:37 GMT.
            #expect(date.utf8.count == 29 && date.hasSuffix(" GMT") && Array(date.utf8)[3] == UInt8(ascii: ","))
        }
    }
}
