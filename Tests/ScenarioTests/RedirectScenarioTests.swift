import Testing

/// Redirections in the running gateway: what TLS is as far as it knows, and what becomes of a connection whose request body nobody took.
@Suite struct RedirectScenarioTests {
    func scenario(_ section: String, listener: String = "", _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(listener: listener)
        options.site = { servers, _ in
            """
            [pipeline:site]
            pipeline = moved app
            [filter:moved]
            use = redirect
            \(section)
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options, script)
    }

    func expectRedirection(_ client: ScriptedConnection, to location: String) throws {
        let response = try client.receiveResponse()
        #expect(response.status == 308)
        #expect(response.head["Location"] == location)
        #expect(response.head["Content-Length"] == "0")
        #expect(response.head["Gateway-Reason"] == "redirect.rule")
    }

    @Test func `a POST whose body is there leaves the connection ready for the next request`() throws {
        try scenario("rule = /old/* to=/new/*") { s in
            let client = try s.connect()
            try client.send("POST /old/a?q HTTP/1.1\r\nHost: a\r\nContent-Length: 39\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\nx")
            try expectRedirection(client, to: "/new/a?q")
            try client.get("/next", host: "a")
            let app = try s.activeAppConnection()
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a POST whose body still comes never has it read as a request`() throws {
        try scenario("rule = /old/* to=/new/*") { s in
            let client = try s.connect()
            try client.send("POST /old/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            try expectRedirection(client, to: "/new/a")
            let body = "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"
            try client.send("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
            try client.get("/next", host: "a")
            let app = try s.activeAppConnection()
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a client that waits for 100 Continue is redirected, not asked for its body`() throws {
        try scenario("rule = /old to=/new") { s in
            let client = try s.connect()
            try client.send("PUT /old HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(response.status == 308)
            #expect(response.head["Connection"] == "close")
            try client.expectClosed()
        }
    }

    @Test func `behind a proxy that ends TLS its word counts, and only a trusted one's`() throws {
        let section = "https = on\nhosts = example.org"
        try scenario(section, listener: "trusted-proxies = 127.0.0.1/32") { s in
            let client = try s.connect()
            try client.send("GET /a HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n")
            try s.activeAppConnection().serve("GET /a HTTP/1.1", answering: "a")
            try client.expectAnswer("a")
            try client.send("GET /a HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n\r\n")
            #expect(try client.receiveResponse().head["Location"] == "https://example.org/a")
        }
        try scenario(section) { s in
            let client = try s.connect()
            try client.send("GET /a HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Proto: https\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(response.head["Location"] == "https://example.org/a")
            #expect(response.head["Gateway-Reason"] == "redirect.https")
        }
    }
}
