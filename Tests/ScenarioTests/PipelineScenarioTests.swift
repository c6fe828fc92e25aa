import Testing

/// Requests and responses on their way through the filters of a pipeline, in the running gateway.
@Suite struct PipelineScenarioTests {
    func scenario(_ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(servers: 2)
        options.site = { servers, _ in
            """
            [router:site]
            /       = outer
            /cut    = outer strip-prefix
            /demo   = shown
            /bare   = first
            [pipeline:outer]
            pipeline = mark inner
            [router:inner]
            /       = first
            /deep   = chain strip-prefix
            [pipeline:chain]
            pipeline = deep more
            [pipeline:more]
            pipeline = deep second
            [pipeline:shown]
            pipeline = mark demo
            [filter:mark]
            use = headers
            request-set = "X-Seen: {path}" "X-From: {client-address}"
            request-remove = X-Secret
            response-set = "X-Mark: {method} {path}"
            response-remove = Server
            [filter:deep]
            use = headers
            request-add = "X-Deep: {path}"
            response-add = "X-Deep: back"
            [app:first]
            servers = \(servers[0])
            response-timeout = 300ms
            [app:second]
            servers = \(servers[1])
            [app:demo]
            use = echo

            """
        }
        try Scenario.run(options, script)
    }

    @Test func `filters edit requests and responses, exchange after exchange on one connection`() throws {
        try scenario { s in
            let client = try s.connect()
            for round in 0..<3 {
                try client.send("GET /a\(round)?q HTTP/1.1\r\nHost: a\r\nX-Secret: s\r\nX-Seen: forged\r\n\r\n")
                let app = try s.activeAppConnection()
                let request = try app.receiveHead()
                #expect(request.startLine == "GET /a\(round)?q HTTP/1.1")
                #expect(request.all("X-Seen") == ["/a\(round)"])
                #expect(request["X-From"] == "127.0.0.1")
                #expect(request["X-Secret"] == nil)
                try app.send("HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 2\r\n\r\nhi")
                let response = try client.receiveHead()
                #expect(response.startLine == "HTTP/1.1 200 Fine")
                #expect(response["X-Mark"] == "GET /a\(round)")
                #expect(response["Server"] == nil)
                #expect(response["Content-Length"] == "2")
                try client.expect("hi")
            }
            #expect(s.app.connections.count == 1)
        }
    }

    @Test func `of interim responses, which filters do not see, the client gets nothing but links`() throws {
        try scenario { s in
            let client = try s.connect()
            for path in ["/", "/bare"] {
                try client.get(path, host: "a")
                let app = try s.activeAppConnection()
                _ = try app.receiveHead()
                try app.send("HTTP/1.1 103 Early Hints\r\nServer: x\r\nLink: </a.css>; rel=preload\r\nX-Internal: y\r\nSet-Cookie: a=b\r\n\r\n")
                let hints = try client.receiveHead()
                #expect(hints.status == 103)
                #expect(hints["Link"] == "</a.css>; rel=preload")
                // No filter sees responses on the way to /bare: it is as without a pipeline.
                for name in ["Server", "X-Internal", "Set-Cookie"] { #expect((hints[name] == nil) == (path == "/"), "\(path) \(name)") }
                try app.answer("done")
                try client.expectAnswer("done")
            }
        }
    }

    @Test func `the app gets no trailer fields that it could take for those a filter sets`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("POST /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Seen: forged\r\nX-Secret: s\r\n\r\n")
            let app = try s.activeAppConnection()
            #expect(try app.receiveHead().all("X-Seen") == ["/t"])
            try app.expect("2\r\nhi\r\n0\r\n\r\n")
            try app.answer("done")
            try client.expectAnswer("done")
        }
    }

    @Test func `a filter sees the path behind the routes before it, and routers behind it go on from there`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET /cut/deep/x?q HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.activeAppConnection()
            #expect(s.apps[1].connections.contains { $0 === app })
            let request = try app.receiveHead()
            #expect(request.startLine == "GET /x?q HTTP/1.1")
            #expect(request["X-Seen"] == "/deep/x")
            // Two pipelines in a row, with the same filter in both.
            #expect(request.all("X-Deep") == ["/x", "/x"])
            try app.send("HTTP/1.1 204 No Content\r\n\r\n")
            let response = try client.receiveHead()
            #expect(response.all("X-Deep") == ["back", "back"])
            #expect(response["X-Mark"] == "GET /x")
        }
    }

    @Test func `the gateway's own errors pass the filters too`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try s.activeAppConnection().receiveHead()
            let response = try client.receiveHead()
            #expect(response.status == 504)
            #expect(response["X-Mark"] == "GET /slow")
            #expect(response["Gateway-Reason"] == "upstream.response.timeout")
            #expect(response["Content-Type"] == "application/problem+json")
            let length = try #require(response["Content-Length"].flatMap { Int($0) })
            let body = String(decoding: try client.receive(length), as: UTF8.self)
            #expect(body.contains("\"reason\":\"upstream.response.timeout\""))
            // The connection is in a known state: the next request is answered.
            try client.get("/bare", host: "a")
            try s.activeAppConnection().serve("GET /bare HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
        }
    }

    @Test func `HEAD gets the same head and no body, from the gateway too`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("HEAD /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try s.activeAppConnection().receiveHead()
            let response = try client.receiveHead()
            #expect(response.status == 504)
            #expect(response["Content-Length"] != nil)
            try client.send("HEAD /demo HTTP/1.1\r\nHost: a\r\n\r\n")
            let demo = try client.receiveHead()
            #expect(demo.status == 200)
            #expect(demo["X-Mark"] == "HEAD /demo")
            #expect(demo["Content-Length"] != nil)
        }
    }

    @Test func `the demo app shows what filters made of a request`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("POST /demo?x HTTP/1.1\r\nHost: a\r\nX-Secret: s\r\nContent-Length: 3\r\n\r\nabc")
            let response = try client.receiveHead()
            #expect(response["X-Mark"] == "POST /demo")
            let length = try #require(response["Content-Length"].flatMap { Int($0) })
            let body = String(decoding: try client.receive(length), as: UTF8.self)
            #expect(body.contains("[\"X-Seen\", \"/demo\"]"))
            #expect(!body.contains("X-Secret"))
            #expect(body.contains("\"body\": \"abc\""))
        }
    }

    @Test func `a tunnel's 101 passes the filters, its bytes do not`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake)
            let app = try s.activeAppConnection()
            #expect(try app.receiveHead()["X-Seen"] == "/ws")
            try app.send(UpgradeTests.accepted + "frame")
            let response = try client.receiveHead()
            #expect(response.status == 101)
            #expect(response["X-Mark"] == "GET /ws")
            #expect(response["Upgrade"] == "websocket")
            try client.expect("frame")
            try client.send("back")
            try app.expect("back")
        }
    }
}
