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
            [pipeline:small]
            pipeline = limit app
            [pipeline:demo]
            pipeline = limit shown
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
}
