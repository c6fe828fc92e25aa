import Testing

/// Every limit, with its status and reason; and that nothing behind it grows.
@Suite struct LimitTests {
    @Test func `a head over its limit is 431`() throws {
        try Scenario.run(listener: "max-head = 4KiB\nmax-target = 1KiB") { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 3900))\r\n\r\n")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "fits")
            try client.expectAnswer("fits")
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 5000))\r\n\r\n")
            try client.expectFinalReply(431, "request.head.too-large")
        }
    }

    @Test func `a head without an end is 431, not memory`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n")
            let line = ("X: " + String(repeating: "a", count: 1000) + "\r\n").bytes
            for _ in 0..<1000 where (try? client.send(line)) == nil { break }
            try client.expectReply(431, "request.head.too-large")
        }
    }

    @Test(arguments: [255, 1024, 4096, 8192, 16_384, 32_768, 65_600])
    func `a field name of any length is passed or refused, never cut`(length: Int) throws {
        try Scenario.run { s in
            let client = try s.connect()
            let name = String(repeating: "n", count: length)
            try? client.send("GET /n HTTP/1.1\r\nHost: a\r\n\(name): v\r\n\r\n")
            if length < 15_000 {
                #expect(try s.app.accept().serve("GET /n HTTP/1.1", answering: "x").head[name] == "v")
                try client.expectAnswer("x")
            } else {
                try client.expectReply(431, "request.head.too-large")
            }
        }
    }

    @Test func `more fields than the limit is 431`() throws {
        try Scenario.run(listener: "max-fields = 20") { s in
            let client = try s.connect()
            func request(_ count: Int) -> String {
                "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: count - 1) + "\r\n"
            }
            try client.send(request(20))
            #expect(try s.app.accept().serve("GET / HTTP/1.1", answering: "fits").head.all("A").count == 19)
            try client.expectAnswer("fits")
            try client.send(request(21))
            try client.expectFinalReply(431, "request.head.too-many-fields")
        }
    }

    @Test func `a target over its limit is 414`() throws {
        try Scenario.run(listener: "max-target = 100B") { s in
            let client = try s.connect()
            let longest = "/" + String(repeating: "a", count: 99)
            try client.get(longest)
            try s.app.accept().serve("GET \(longest) HTTP/1.1", answering: "fits")
            try client.expectAnswer("fits")
            try client.get(longest + "a")
            try client.expectFinalReply(414, "request.target.too-long")
        }
    }

    @Test func `a target without an end is 414, not memory`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /")
            for _ in 0..<100 where (try? client.send(String(repeating: "a", count: 1000))) == nil { break }
            try client.expectReply(414, "request.target.too-long")
        }
    }

    @Test func `a declared body over the limit is 413 before the app hears of it`() throws {
        try Scenario.run(listener: "max-body = 10B") { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
            #expect(try app.serve("POST / HTTP/1.1", answering: "fits").bodyText == "0123456789")
            try client.expectAnswer("fits")
            let other = try s.connect()
            try other.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n")
            try other.expectReply(413, "request.body.too-large")
            #expect(try s.probe() === app)
        }
    }

    @Test func `a client that waits for a 100 gets the 413 without sending the body`() throws {
        try Scenario.run(listener: "max-body = 10B") { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
            try client.expectReply(413, "request.body.too-large")
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `a chunked body that passes the limit is 413, and the app never gets its end`() throws {
        try Scenario.run(listener: "max-body = 10B") { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            _ = try app.receive(through: "01234567\r\n")
            try client.send("3\r\n890\r\n0\r\n\r\n")
            try client.expectFinalReply(413, "request.body.too-large")
            try app.expectBrokenOff()
            #expect(!text(app.log).contains("890") && !text(app.log).hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func `a single chunk that passes the limit is 413`() throws {
        try Scenario.run(listener: "max-body = 10B") { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n01234567890")
            try client.expectReply(413, "request.body.too-large")
            client.close()
            try s.probe()
        }
    }

    @Test func `endless trailers are refused`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
            for _ in 0..<2000 where (try? client.send("X: " + String(repeating: "a", count: 100) + "\r\n")) == nil { break }
            try client.expectReply(400, "request.trailer.malformed")
        }
    }

    @Test func `a connection over the listener's maximum is a 503, and one that ends makes room`() throws {
        try Scenario.run(listener: "max-connections = 2") { s in
            let first = try s.connect(), second = try s.connect()
            for client in [first, second] {
                try client.get("/")
                try s.activeAppConnection().serve("GET / HTTP/1.1", answering: "x")
                try client.expectAnswer("x")
            }
            let third = try s.connect()
            try? third.get("/")
            try third.expectReply(503, "gateway.connections.full")
            try third.expectEnded()
            first.close()
            // The place is free when the gateway has seen the close.
            #expect(
                try wait {
                    let client = try s.connect()
                    defer { client.close() }
                    guard (try? client.get("/again")) != nil else { return false }
                    // Either the app is asked, or the client is refused.
                    while true {
                        if client.hasArrivals() || client.hasEnded { return false }
                        if let app = s.app.connections.first(where: { $0.hasArrivals() }) {
                            try app.serve("GET /again HTTP/1.1", answering: "x")
                            try client.expectAnswer("x")
                            return true
                        }
                    }
                })
        }
    }
}
