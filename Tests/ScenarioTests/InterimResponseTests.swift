import Testing

/// Interim (1xx) responses and `Expect: 100-continue` (RFC 9110 §10.1.1, §15.2).
@Suite struct InterimResponseTests {
    @Test func `100-continue is asked of the app and its 100 passed on before the body`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            let app = try s.app.accept()
            let head = try app.receiveHead()
            #expect(head["Expect"]?.lowercased() == "100-continue")
            try client.expectNothingYet()
            try app.send("HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try client.receiveHead().status == 100)
            try client.send("body")
            try app.expect("body")
            try app.answer("done")
            try client.expectAnswer("done")
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test(arguments: ["417 Expectation Failed", "413 Content Too Large", "401 Unauthorized", "200 OK"])
    func `a final answer instead of the 100 reaches the client, and the body that never came cannot be mistaken for a request`(status: String) throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.answer("no", status: status)
            let response = try client.receiveResponse()
            #expect(response.head.startLine == "HTTP/1.1 \(status)")
            // The client may still send the body or leave it: the gateway must not read a request out of it, nor send it to the app as one.
            try? client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            let served = try s.probe()
            for connection in s.app.connections where connection !== app { #expect(!text(connection.log).contains("smuggled")) }
            // On the first connection it can only stand as the body that was announced, and then nothing else may follow on it.
            if served === app { #expect(!text(app.log).contains("smuggled")) }
        }
    }

    @Test func `a final answer after a 103 and without a 100: whether the body comes cannot be known, so the connection closes`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            #expect(try client.receiveHead().status == 103)
            try app.answer("no", status: "401 Unauthorized")
            #expect(try client.receiveResponse().head["Connection"] == "close")
            try client.expectClosed()
            client.close()
            try app.expectEnded()
        }
    }

    @Test func `a client that does not wait for the 100 is served`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody")
            let app = try s.app.accept()
            #expect(try app.receiveRequest().bodyText == "body")
            try app.answer("done")
            // No 100 was needed and the app sent none.
            try client.expectAnswer("done")
        }
    }

    @Test func `an app that ignores Expect and waits for the body gets it when the client gives up waiting`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try client.send("4\r\nbody\r\n0\r\n\r\n")
            #expect(try text(app.receiveChunkedBody().body) == "body")
            try app.answer("done")
            try client.expectAnswer("done")
        }
    }

    @Test func `103 and others pass on before the final answer, with their fields`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/hints")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
            let first = try client.receiveHead()
            #expect(first.startLine == "HTTP/1.1 103 Early Hints")
            #expect(first["Link"] == "</a.css>; rel=preload")
            #expect(first.all("Content-Length").isEmpty && first.all("Transfer-Encoding").isEmpty)
            try app.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.js>\r\n\r\n")
            #expect(try client.receiveHead().status == 102)
            #expect(try client.receiveHead()["Link"] == "</b.js>")
            try app.answer("final")
            try client.expectAnswer("final")
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `an HTTP 1 0 client is sent no interim response`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
            try app.answer("final")
            try client.expectAnswer("final")
        }
    }

    @Test func `Expect of an HTTP 1 0 client is not passed on`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
            let app = try s.app.accept()
            let request = try app.receiveRequest()
            #expect(request.head["Expect"] == nil)
            #expect(request.bodyText == "hi")
            try app.answer("ok")
            try client.expectAnswer("ok")
        }
    }

    @Test func `an expectation that nobody knows is 417`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 2\r\n\r\nhi")
            try client.expectReply(417, "request.expectation.unsupported")
            try s.probe()
        }
    }

    @Test func `a flood of interim responses is cut off`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/flood")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            let flood = String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 50)
            var rounds = 0
            // The gateway closes: a write fails long before this many, which no socket's buffers hold (40 MB).
            while rounds < 20_000, (try? app.send(flood)) != nil { rounds += 1 }
            #expect(rounds < 20_000)
            var head = try client.receiveHead()
            var interim = 0
            while head.status == 103 {
                interim += 1
                head = try client.receiveHead()
            }
            #expect(interim <= 100)
            #expect(head.status == 502)
            #expect(head["Gateway-Reason"] == "upstream.response.interim.flood")
            try s.probe()
        }
    }
}
