import Glibc
import Testing

/// Every time-out, with its status and reason. They measure lack of progress: who goes on slowly is not cut off.
@Suite struct TimeoutTests {
    @Test func `a request head that does not come to its end is a 408`() throws {
        try Scenario.run(listener: "head-timeout = 150ms") { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n")
            try client.expectFinalReply(408, "request.head.timeout")
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `a client that drips its head byte by byte does not prolong the time-out`() throws {
        try Scenario.run(listener: "head-timeout = 300ms") { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
            let begin = ContinuousClock.now
            // Drips until the gateway gives up; the head's limit is far away.
            while client.socket.await(POLLIN, until: Deadline(.milliseconds(20))) == 0, ContinuousClock.now - begin < .seconds(10) {
                _ = client.sendWhatFits("a".bytes[...])
            }
            #expect(ContinuousClock.now - begin < .seconds(5))
            try client.expectReply(408, "request.head.timeout")
        }
    }

    @Test func `a new connection that sends nothing is closed without an answer`() throws {
        try Scenario.run(listener: "head-timeout = 150ms\nkeep-alive-timeout = 1s") { s in
            let client = try s.connect()
            try client.expectEnded()
        }
    }

    @Test func `an idle kept-alive connection is closed without an answer`() throws {
        try Scenario.run(listener: "keep-alive-timeout = 1s") { s in
            let client = try s.connect()
            try client.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
            try client.expectClosed()
        }
    }

    @Test func `a request body that stops coming is a 408, and the app connection ends`() throws {
        try Scenario.run(listener: "body-timeout = 150ms") { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.expect("12345")
            try client.expectFinalReply(408, "request.body.timeout")
            try app.expectEnded()
        }
    }

    @Test func `a request body below the minimum rate is a 408`() throws {
        try Scenario.run(listener: "min-body-rate = 1000B/s\nmin-rate-grace = 200ms\nbody-timeout = 30s") { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            let begin = ContinuousClock.now
            while client.socket.await(POLLIN, until: Deadline(.milliseconds(20))) == 0, ContinuousClock.now - begin < .seconds(10) {
                _ = client.sendWhatFits("a".bytes[...])
            }
            #expect(ContinuousClock.now - begin < .seconds(5))
            try client.expectReply(408, "request.body.too-slow")
            try app.expectBrokenOff()
        }
    }

    @Test func `an app that does not answer is a 504, and its connection ends`() throws {
        try Scenario.run(app: "response-timeout = 150ms") { s in
            let client = try s.connect()
            try client.get("/slow")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try client.expectReply(504, "upstream.response.timeout")
            try app.expectEnded()
            #expect(try s.probe() !== app)
            try client.get("/next")
            try s.activeAppConnection().serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `an app that drips its head is a 504`() throws {
        try Scenario.run(app: "response-timeout = 300ms") { s in
            let client = try s.connect()
            try client.get("/slow")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nX: ")
            let begin = ContinuousClock.now
            while app.socket.await(POLLIN, until: Deadline(.milliseconds(20))) == 0, ContinuousClock.now - begin < .seconds(10) {
                _ = app.sendWhatFits("a".bytes[...])
            }
            #expect(ContinuousClock.now - begin < .seconds(5))
            try client.expectReply(504, "upstream.response.timeout")
        }
    }

    @Test func `the app's time begins when it has the request, not while the client uploads`() throws {
        try Scenario.run(listener: "body-timeout = 5s", app: "response-timeout = 400ms") { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            for _ in 0..<8 {
                // Eight times 100 ms: longer than the app has for its answer.
                #expect(client.socket.await(POLLIN, until: Deadline(.milliseconds(100))) == 0)
                try client.send("x")
                try app.expect("x")
            }
            try app.answer("ok")
            try client.expectAnswer("ok")
        }
    }

    @Test func `a response body that stops coming breaks off`() throws {
        try Scenario.run(app: "body-timeout = 150ms") { s in
            let client = try s.connect()
            try client.get("/")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
            #expect(try client.receiveHead().status == 200)
            try client.expect("some")
            try client.expectEnded()
            try app.expectEnded()
        }
    }

    @Test func `a response body that goes on slowly is not cut off`() throws {
        try Scenario.run(app: "body-timeout = 300ms") { s in
            let client = try s.connect()
            try client.get("/")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
            #expect(try client.receiveHead().status == 200)
            for _ in 0..<8 {
                #expect(client.socket.await(POLLIN, until: Deadline(.milliseconds(100))) == 0)
                try app.send("y")
                try client.expect("y")
            }
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `an app that takes no more of the body is a 504`() throws {
        var options = Scenario.Options(app: "send-timeout = 200ms")
        options.appReceiveBuffer = 4096
        try Scenario.run(options) { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            fill(client)
            try client.expectReply(504, "upstream.send.timeout")
            try app.expectBrokenOff()
        }
    }

    @Test func `a client that takes no more of the response is cut off, and the app connection freed`() throws {
        try Scenario.run(listener: "write-timeout = 200ms") { s in
            let client = try s.connect(receiveBuffer: 4096)
            try client.get("/")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            fill(app)
            // The gateway ends the app connection; the client finds its own ended when it looks.
            try app.expectEnded()
            try client.expectBrokenOff()
        }
    }

    @Test func `a client that takes the response below the minimum rate is cut off`() throws {
        try Scenario.run(gateway: "access-log = stdout", listener: "min-write-rate = 1GiB/s\nmin-rate-grace = 300ms\nwrite-timeout = 30s") { s in
            let client = try s.connect(receiveBuffer: 4096)
            try client.get("/")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            let block = pattern(65536)[...]
            let begin = ContinuousClock.now
            // The client reads a little now and then: never idle, and far below the rate, what the kernels hold for it included.
            while !app.hasArrivals(), !app.hasEnded, ContinuousClock.now - begin < .seconds(10) {
                _ = app.sendWhatFits(block)
                _ = try? client.receive(100)
                _ = app.socket.await(POLLIN, until: Deadline(.milliseconds(20)))
            }
            #expect(ContinuousClock.now - begin < .seconds(8))
            #expect(s.gateway.process.waitForOutput { $0.contains("reason=client.write.too-slow") })
        }
    }

    @Test func `a server that does not accept is a 504`() throws {
        // A listening socket whose queue is full: the kernel drops further SYNs.
        let full = try Descriptor.listening(backlog: 0)
        var waiting: [Descriptor] = []
        for _ in 0..<2 { if let one = try Descriptor.connecting(port: full.localPort) { waiting.append(one) } }
        try Scenario.run(Scenario.Options(app: "connect-timeout = 200ms", appAddress: "127.0.0.1:\(full.localPort)")) { s in
            let client = try s.connect()
            try client.get("/")
            try client.expectReply(504, "upstream.connect.timeout")
        }
        waiting.removeAll()
    }

    /// Sends until nothing more is taken.
    func fill(_ connection: ScriptedConnection) {
        let block = pattern(65536)[...]
        while connection.sendWhatFits(block) > 0 || connection.socket.await(POLLOUT, until: Deadline(.milliseconds(50))) & POLLOUT != 0 {
            if connection.socket.pending(POLLIN) != 0 { return }
        }
    }
}
