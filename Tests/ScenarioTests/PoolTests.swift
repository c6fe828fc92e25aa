import Testing

/// The pool of app connections: which is used, which is given up, and who waits.
@Suite struct PoolTests {
    /// Opens `count` app connections at once by requests that overlap; returns them, all idle, in the order in which they became so.
    func idle(_ count: Int, _ s: Scenario) throws -> [ScriptedConnection] {
        var pairs: [(ScriptedConnection, ScriptedConnection)] = []
        for index in 0..<count {
            let client = try s.connect()
            try client.get("/open/\(index)")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            pairs.append((client, app))
        }
        for (client, app) in pairs {
            try app.answer("ok")
            try client.expectAnswer("ok")
            client.close()
        }
        return pairs.map(\.1)
    }

    @Test func `the most recently used connection is used first`() throws {
        try Scenario.run { s in
            let connections = try idle(3, s)
            #expect(try s.probe() === connections[2])
            #expect(try s.probe() === connections[2])
            connections[2].close()
            #expect(try s.probe() === connections[1])
        }
    }

    @Test func `an idle connection that the app closed is not used`() throws {
        try Scenario.run { s in
            let connections = try idle(2, s)
            connections[1].close()
            // Nothing is retried here: a POST must not fail either.
            let client = try s.connect()
            try client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            #expect(try connections[0].serve("POST /p HTTP/1.1", answering: "ok").bodyText == "x")
            try client.expectAnswer("ok")
        }
    }

    @Test func `an idle connection that the app reset is not used`() throws {
        try Scenario.run { s in
            let connections = try idle(1, s)
            connections[0].reset()
            let client = try s.connect()
            try client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            try s.app.accept().serve("POST /p HTTP/1.1", answering: "ok")
            try client.expectAnswer("ok")
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "x"])
    func `unsolicited bytes on an idle connection end it`(bytes: String) throws {
        try Scenario.run { s in
            let connections = try idle(2, s)
            try connections[1].send(bytes)
            try connections[1].expectEnded()
            #expect(try s.probe() === connections[0])
        }
    }

    @Test func `no more idle connections are kept than the pool may`() throws {
        try Scenario.run(app: "max-idle = 2") { s in
            let connections = try idle(4, s)
            func open() -> Int { connections.count { !$0.hasArrivals() && !$0.hasEnded } }
            #expect(wait { open() <= 2 })
            try s.probe()
            #expect(open() == 2)
        }
    }

    @Test func `an idle connection is closed after its idle time-out`() throws {
        try Scenario.run(app: "idle-timeout = 150ms") { s in
            let connections = try idle(1, s)
            try connections[0].expectEnded()
            #expect(try s.probe() !== connections[0])
        }
    }

    @Test func `the app's Keep-Alive timeout is honoured`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/k")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            // One second, less the gateway's margin for the way there: closed before the app would, and not used again.
            try app.answer("ok", "Keep-Alive: timeout=1\r\n")
            try client.expectAnswer("ok")
            try app.expectEnded()
        }
    }

    @Test func `a connection that the app keeps for 0 seconds is not pooled`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/k")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.answer("ok", "Keep-Alive: timeout=0\r\n")
            try client.expectAnswer("ok")
            #expect(try s.probe() !== app)
        }
    }

    @Test func `at most max-connections, the others wait in order`() throws {
        try Scenario.run(app: "max-connections = 1\nqueue-timeout = 10s") { s in
            let first = try s.connect()
            try first.get("/0")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            var waiting: [ScriptedConnection] = []
            for index in 1...4 {
                let client = try s.connect()
                try client.get("/\(index)")
                try client.awaitTaken()
                waiting.append(client)
            }
            try s.app.expectNoConnectionYet()
            try app.answer("0")
            try first.expectAnswer("0")
            for (index, client) in waiting.enumerated() {
                try app.serve("GET /\(index + 1) HTTP/1.1", answering: "\(index + 1)")
                try client.expectAnswer("\(index + 1)")
            }
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `a full queue is a 503`() throws {
        try Scenario.run(app: "max-connections = 1\nqueue-length = 1\nqueue-timeout = 10s") { s in
            let first = try s.connect(), second = try s.connect(), third = try s.connect()
            try first.get("/1")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try second.get("/2")
            try second.awaitTaken()
            try third.get("/3")
            try third.expectReply(503, "upstream.queue.full")
            try app.answer("1")
            try first.expectAnswer("1")
            try app.serve("GET /2 HTTP/1.1", answering: "2")
            try second.expectAnswer("2")
            // The refused client's connection lives on.
            try third.get("/4")
            try app.serve("GET /4 HTTP/1.1", answering: "4")
            try third.expectAnswer("4")
        }
    }

    @Test func `who waits too long in the queue gets a 503`() throws {
        try Scenario.run(app: "max-connections = 1\nqueue-timeout = 100ms") { s in
            let first = try s.connect(), second = try s.connect()
            try first.get("/1")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try second.get("/2")
            try second.expectReply(503, "upstream.queue.timeout")
            try app.answer("1")
            try first.expectAnswer("1")
            #expect(try s.probe() === app)
        }
    }

    @Test func `a client that goes away leaves the queue`() throws {
        try Scenario.run(app: "max-connections = 1\nqueue-timeout = 10s") { s in
            let first = try s.connect(), gone = try s.connect(), third = try s.connect()
            try first.get("/1")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try gone.get("/gone")
            try gone.awaitTaken()
            try third.get("/3")
            try third.awaitTaken()
            gone.reset()
            try app.answer("1")
            try first.expectAnswer("1")
            // The reset may be seen only now; then the app may get the request of who is gone, but the third is served in any case.
            var request = try app.receiveRequest()
            if request.head.startLine == "GET /gone HTTP/1.1" {
                try app.answer("for nobody")
                request = try s.activeAppConnection().receiveRequest()
            }
            #expect(request.head.startLine == "GET /3 HTTP/1.1")
            try (app.hasEnded ? s.app.connections.last! : app).answer("3")
            try third.expectAnswer("3")
        }
    }

    @Test func `the place of a connection that died is given to who waits`() throws {
        try Scenario.run(app: "max-connections = 1\nqueue-timeout = 10s") { s in
            let first = try s.connect(), second = try s.connect()
            try first.get("/1")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try second.get("/2")
            try second.awaitTaken()
            try app.answer("1", "Connection: close\r\n")
            app.close()
            try first.expectAnswer("1")
            try s.app.accept().serve("GET /2 HTTP/1.1", answering: "2")
            try second.expectAnswer("2")
        }
    }

    @Test func `a unix address works like any other`() throws {
        var options = Scenario.Options()
        options.unixServer = true
        try Scenario.run(options) { s in
            let client = try s.connect()
            try client.send("POST /u HTTP/1.1\r\nHost: unix.test\r\nContent-Length: 3\r\n\r\nabc")
            let app = try s.app.accept()
            let request = try app.serve("POST /u HTTP/1.1", answering: "one")
            #expect(request.bodyText == "abc" && request.head["Host"] == "unix.test")
            try client.expectAnswer("one")
            #expect(try s.probe() === app)
        }
    }
}
