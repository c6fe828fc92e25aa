import Testing

/// Bodies above a route's limit in the running gateway: what the client gets, and that no app is left with a part of a request.
@Suite struct SizeLimitScenarioTests {
    func scenario(_ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(listener: "max-body = 1MiB")
        options.site = { servers, _ in
            """
            [router:site]
            /      = app
            /small = small
            /demo  = demo
            /bounded = bounded
            /packed  = packed
            [pipeline:small]
            pipeline = limit app
            [pipeline:demo]
            pipeline = limit shown
            [pipeline:bounded]
            pipeline = bound app
            [pipeline:packed]
            pipeline = bound gzip app
            [filter:bound]
            use = size-limit
            max-response-body = 100KiB
            [filter:gzip]
            use = gzip
            [app:shown]
            use = echo
            [filter:limit]
            use = size-limit
            max-body = 10B
            max-query = 10B
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options, script)
    }

    @Test func `a body of the limit passes, in either framing`() throws {
        try scenario { s in
            let client = try s.connect()
            for framing in ["Content-Length: 10\r\n\r\n0123456789", "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"] {
                try client.send("POST /small HTTP/1.1\r\nHost: a\r\n\(framing)")
                let app = try s.activeAppConnection()
                #expect(try app.receiveRequest().bodyText == "0123456789")
                try app.answer("taken")
                try client.expectAnswer("taken")
            }
        }
    }

    @Test func `a body that says it is larger is refused before it is sent, on other routes it is not`() throws {
        try scenario { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
            try client.expectFinalReply(413, "request.body.too-large")
            let other = try s.connect()
            try other.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890")
            #expect(try app.receiveRequest().head.startLine == "POST /large HTTP/1.1")
            try app.answer("taken")
            try other.expectAnswer("taken")
        }
    }

    @Test func `a chunked body is cut in the middle: 413, and neither connection is used again`() throws {
        try scenario { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n")
            #expect(try app.receiveHead().startLine == "POST /small HTTP/1.1")
            try app.expect("6\r\n012345\r\n")
            try client.send("5\r\n67890\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            try client.expectFinalReply(413, "request.body.too-large")
            // The app never sees an end of the body, and no other request comes on its connection.
            try app.expectBrokenOff()
            #expect(try s.probe() !== app)
        }
    }

    @Test func `the demo app is behind the limit, too`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("POST /demo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n")
            try client.expectFinalReply(413, "request.body.too-large")
        }
    }

    @Test func `a query that is too long leaves the connection as it was`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("POST /small?0123456789a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            try client.expectReply(414, "limit.query")
            try client.get("/next", host: "a")
            try s.activeAppConnection().serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    // MARK: Responses

    private static let limit = 100 << 10

    /// Answers with the head, and then with bytes until the gateway takes no more.
    private func sendWithoutEnd(_ app: ScriptedConnection, _ head: String, piece: String) throws {
        try app.send(head)
        // Far more than lies in the buffers of kernels.
        for _ in 0..<1000 { if (try? app.send(piece)) == nil { return } }
        Issue.record("the gateway takes bytes without an end")
    }

    @Test(arguments: ["/bounded", "/packed"])
    func `a response of the limit passes in every framing, and the connection goes on`(path: String) throws {
        try scenario { s in
            let body = String(repeating: "x", count: Self.limit)
            let client = try s.connect()
            for head in ["Content-Length: \(body.count)\r\n\r\n\(body)", "Transfer-Encoding: chunked\r\n\r\n\(String(body.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"] {
                try client.get(path, host: "a")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 200 OK\r\n\(head)")
                #expect(try client.receiveResponse().bodyText == body)
            }
        }
    }

    @Test func `a response that says it is larger is replaced by a 502, and the client's connection goes on`() throws {
        try scenario { s in
            let client = try s.connect()
            for method in ["GET", "POST"] {
                try client.send("\(method) /bounded HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.limit + 1)\r\n\r\nbegun")
                let reply = try client.receiveResponse()
                #expect(reply.status == 502)
                #expect(reply.reason == "upstream.response.too-large")
                #expect(reply.head["Connection"] == nil)
                // Its rest must not be the next answer.
                try app.expectEnded()
            }
            // HEAD has no body that could be too large.
            try client.send("HEAD /bounded HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.limit + 1)\r\n\r\n")
            let head = try client.receiveHead()
            #expect(head.status == 200)
            #expect(head["Content-Length"] == "\(Self.limit + 1)")
        }
    }

    @Test(arguments: ["/bounded", "/packed"])
    func `a response without an end is broken off, and its last chunk is missing`(path: String) throws {
        try scenario { s in
            for isChunked in [true, false] {
                let client = try s.connect()
                try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                let piece = String(repeating: "y", count: 64 << 10)
                try sendWithoutEnd(
                    app, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Connection: close")\r\n\r\n",
                    piece: isChunked ? "10000\r\n\(piece)\r\n" : piece)
                // What a filter makes smaller may be broken off before anything of it has gone out.
                if path == "/bounded" {
                    let head = try client.receiveHead()
                    #expect(head.status == 200)
                    #expect(head["Transfer-Encoding"] == "chunked")
                }
                try client.expectCut()
                app.close()
            }
        }
    }

    @Test(arguments: ["/bounded", "/packed"])
    func `where the end of the connection would be the end of the body it is reset`(path: String) throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET \(path) HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            let piece = String(repeating: "z", count: 64 << 10)
            try sendWithoutEnd(
                app, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n", piece: "10000\r\n\(piece)\r\n")
            try client.expectReset()
            app.close()
        }
    }
}
