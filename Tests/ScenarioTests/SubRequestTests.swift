import Glibc
import Testing

/// Requests that a filter makes of its own go over the pool of an app, as clients' do: nothing that a client or the app does leaves a dirty
/// connection, gives somebody another's answer, or lets memory grow. The filter is forward-auth.
@Suite struct SubRequestTests {
    @Test func `connections to the service are used again`() throws {
        try Guarded.run { s in
            let first = try Guarded.pass(s, "/0")
            for round in 1..<20 { #expect(try Guarded.pass(s, "/\(round)") === first) }
            #expect(s.apps[0].connections.count == 1)
            #expect(s.apps[1].connections.count == 1)
        }
    }

    @Test(arguments: ["reset", "close"])
    func `a client that goes away takes its question back`(way: String) throws {
        try Guarded.run(Guarded.Parts(app: "response-timeout = 1100ms")) { s in
            let warm = try Guarded.pass(s)
            let client = try s.connect()
            try client.get("/gone", host: "a")
            #expect(try warm.receiveRequest().head["X-Forwarded-Uri"] == "/gone")
            if way == "reset" {
                client.reset()
            } else {
                // So soon after its request it may only have ended its side: later it is gone. How late it is another request tells.
                let other = try s.connect()
                try other.get("/slow", host: "a")
                let service = try s.apps[0].accept()
                _ = try service.receiveRequest()
                try service.send(Guarded.yes)
                _ = try s.activeAppConnection().receiveRequest()
                try other.expectReply(504, "upstream.response.timeout")
                client.close()
            }
            // The answer on the way must be nobody's: the connection is not used again.
            try warm.expectClosed()
            #expect(try Guarded.pass(s) !== warm)
            #expect(!s.apps[1].connections.contains { text($0.log).contains("/gone") })
        }
    }

    @Test func `a client that goes away while it waits for a connection to the service leaves the queue`() throws {
        try Guarded.run(Guarded.Parts(service: "max-connections = 1")) { s in
            let first = try s.connect(), second = try s.connect()
            try first.get("/1", host: "a")
            let service = try s.apps[0].accept()
            #expect(try service.receiveRequest().head["X-Forwarded-Uri"] == "/1")
            try second.get("/2", host: "a")
            second.reset()
            // Left are the first client and the service.
            #expect(wait { s.gateway.extraSockets == 2 })
            try service.send(Guarded.yes)
            try s.apps[1].accept().serve("GET /1 HTTP/1.1", answering: "1")
            try first.expectAnswer("1")
            #expect(try Guarded.pass(s) === service)
            #expect(!text(service.log).contains("X-Forwarded-Uri: /2"))
        }
    }

    @Test(arguments: [false, true])
    func `a body waits while the service is asked, and none of it is lost`(isChunked: Bool) throws {
        try Guarded.run { s in
            let client = try s.connect()
            let ring = pattern(65521) + pattern(65521)
            let total = 32 << 20
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(total)"
            try client.send("POST /up HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n\(isChunked ? "\(String(total, radix: 16))\r\n" : "")")
            let service = try s.apps[0].accept()
            let question = try service.receiveRequest()
            #expect(question.head.startLine == "GET /verify HTTP/1.1" && question.body.isEmpty)
            #expect(question.head["X-Forwarded-Method"] == "POST")
            var sent = 0
            func send() -> Bool {
                let count = client.sendWhatFits(ring[(sent % 65521)..<(sent % 65521 + min(65521, total - sent))])
                sent += count
                return count > 0
            }
            while sent < total, send() || client.socket.await(POLLOUT, until: Deadline(.milliseconds(150))) != 0 {}
            // The kernel holds some of it; the gateway takes no more.
            #expect(sent < total, "the gateway takes a body without an answer")
            #expect(s.gateway.memoryPeak < 64 << 20)
            try service.send(Guarded.yes)
            let app = try s.apps[1].accept()
            #expect(try app.receiveHead()["X-User"] == "alice")
            var taken = 0
            var scratch = [UInt8](repeating: 0, count: 65521)
            if isChunked {
                while sent < total { if !send() { _ = client.socket.await(POLLOUT, until: Deadline(.milliseconds(20))) }; _ = app.hasArrivals() }
                try client.send("\r\n0\r\n\r\n")
                let body = try app.receiveChunkedBody().body
                #expect(body.count == total)
                for start in stride(from: 0, to: total, by: 65521) {
                    let end = min(start + 65521, total)
                    guard body[start..<end].elementsEqual(ring[0..<(end - start)]) else { throw ScenarioFailure("wrong bytes near \(start)") }
                }
            } else {
                while taken < total {
                    if sent < total { _ = send() }
                    taken += try app.takeArrived(&scratch, equalTo: ring, position: taken)
                }
            }
            try app.answer("done")
            try client.expectAnswer("done")
        }
    }

    @Test func `a hundred at once share two connections, and each gets its own answer`() throws {
        try Guarded.run(Guarded.Parts(service: "max-connections = 2", app: "max-connections = 4")) { s in
            let clients = try (0..<100).map { index in
                let client = try s.connect()
                try client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\nAuthorization: \(index)\r\n\r\n")
                return client
            }
            var answered = 0
            // Both apps in one loop: whoever has something to read is served.
            while answered < clients.count {
                let connection = try s.activeAppConnection()
                let request = try connection.receiveRequest()
                if s.apps[0].connections.contains(where: { $0 === connection }) {
                    let number = Int(request.head["Authorization"] ?? "") ?? -1
                    #expect(request.head["X-Forwarded-Uri"] == "/\(number)")
                    if number % 3 == 0 {
                        try connection.answer("no \(number)", status: "403 Forbidden")
                        answered += 1
                    } else {
                        try connection.answer("", "X-User: user\(number)\r\n")
                    }
                } else {
                    try connection.answer("\(request.head["X-User"] ?? "") at \(request.head.startLine)")
                    answered += 1
                }
            }
            for (index, client) in clients.enumerated() {
                let response = try client.receiveResponse()
                if index % 3 == 0 {
                    #expect(response.status == 403 && response.bodyText == "no \(index)")
                } else {
                    #expect(response.bodyText == "user\(index) at GET /\(index) HTTP/1.1")
                }
            }
            #expect(s.apps[0].connections.count == 2)
            #expect(s.apps[1].connections.count <= 4)
        }
    }

    @Test func `when the queue for the service is full, the request is refused`() throws {
        try Guarded.run(Guarded.Parts(service: "max-connections = 1\nqueue-length = 0")) { s in
            let first = try s.connect(), second = try s.connect()
            try first.get("/1", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try second.get("/2", host: "a")
            try second.expectReply(503, "filter.ask.failed")
            try service.send(Guarded.yes)
            try s.apps[1].accept().serve("GET /1 HTTP/1.1", answering: "1")
            try first.expectAnswer("1")
        }
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nX-User : alice\r\n\r\n", "HTTP/1.1 200 OK\nX-User: alice\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nX-User: alice\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nX-User: a\u{1}b\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-User: alice\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\nX-User: alice\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 17),
        "HTTP/1.1 200 OK\r\nX-User: " + String(repeating: "a", count: 40_000),
    ])
    func `garbage from the service lets nobody in, and its connection is closed`(answer: String) throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.get("/x", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.send(answer)
            try client.expectReply(503, "filter.ask.failed")
            try service.expectEnded()
            try s.apps[1].expectNoConnectionYet()
            try Guarded.pass(s)
        }
    }

    @Test(arguments: ["HTT", "HTTP/1.1 200 OK\r\nX-User: alice\r\n", "HTTP/1.1 200 OK\r\nX-User: alice\r\nContent-Length: 5\r\n\r\nab", "HTTP/1.1 103 Early Hints\r\n\r\n"])
    func `a service that closes in the midst of its answer lets nobody in`(answer: String) throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.get("/x", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.send(answer)
            service.close()
            try client.expectReply(503, "filter.ask.failed")
            try s.apps[1].expectNoConnectionYet()
            try Guarded.pass(s)
        }
    }

    @Test func `a kept connection that the service closes at the wrong moment is replaced`() throws {
        try Guarded.run { s in
            let warm = try Guarded.pass(s)
            let client = try s.connect()
            try client.get("/again", host: "a")
            _ = try warm.receiveRequest()
            warm.close()
            let fresh = try s.apps[0].accept()
            #expect(try fresh.receiveRequest().head["X-Forwarded-Uri"] == "/again")
            try fresh.send(Guarded.yes)
            try s.activeAppConnection().serve("GET /again HTTP/1.1", answering: "ok")
            try client.expectAnswer("ok")
        }
    }

    @Test func `a question that is a POST is asked once only`() throws {
        try Guarded.run(Guarded.Parts(filter: "method = POST")) { s in
            let client = try s.connect()
            try client.get("/1", host: "a")
            let service = try s.apps[0].accept()
            let question = try service.receiveRequest()
            #expect(question.head.startLine == "POST /verify HTTP/1.1")
            #expect(question.head["Content-Length"] == "0")
            try service.send(Guarded.yes)
            try s.apps[1].accept().serve("GET /1 HTTP/1.1", answering: "1")
            try client.expectAnswer("1")
            try client.get("/2", host: "a")
            _ = try service.receiveRequest()
            service.close()
            try client.expectReply(503, "filter.ask.failed")
            try s.apps[0].expectNoConnectionYet()
        }
    }

    @Test func `bytes behind an answer are nobody's`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.get("/x", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.send(Guarded.yes + "HTTP/1.1 200 OK\r\nX-User: root\r\nContent-Length: 0\r\n\r\n")
            let app = try s.apps[1].accept()
            #expect(try app.receiveRequest().head["X-User"] == "alice")
            try app.answer("ok")
            try client.expectAnswer("ok")
            try service.expectEnded()
            #expect(try Guarded.pass(s) !== service)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nX-User: alice\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-User: root\r\n\r\n", true),
        ("HTTP/1.1 103 Early Hints\r\nX-User: root\r\n\r\nHTTP/1.1 204 No Content\r\nX-User: alice\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nX-User: alice\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nX-User: alice\r\n\r\nuntil the end", false),
    ])
    func `answers of all framings are understood`(answer: String, isKept: Bool) throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.get("/x", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            // In two pieces, cut in the midst of the head.
            try service.send(answer.bytes, cutAt: [20])
            if !isKept { service.close() }
            let app = try s.apps[1].accept()
            #expect(try app.receiveRequest().head.all("X-User") == ["alice"])
            try app.answer("ok")
            try client.expectAnswer("ok")
            #expect(try (Guarded.pass(s) === service) == isKept)
        }
    }

    @Test(arguments: [200, 403])
    func `a huge body of the service is not read`(status: Int) throws {
        try Guarded.run { s in
            let before = s.gateway.memoryPeak
            let client = try s.connect()
            try client.get("/x", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try service.send("HTTP/1.1 \(status) X\r\nX-User: alice\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "10000\r\n".bytes + [UInt8](repeating: 0x61, count: 0x10000) + "\r\n".bytes
            var left = chunk[...]
            while service.socket.pending(POLLIN) == 0 {
                let count = service.sendWhatFits(left)
                left = left.dropFirst(count)
                if left.isEmpty { left = chunk[...] }
                if count == 0 && service.socket.await(POLLOUT | POLLIN, until: Deadline(.seconds(5))) == 0 { break }
            }
            try service.expectBrokenOff()
            if status == 200 {
                try s.apps[1].accept().serve("GET /x HTTP/1.1", answering: "in")
                try client.expectAnswer("in")
            } else {
                try client.expectReply(403, "auth.denied")
            }
            #expect(s.gateway.memoryPeak - before < 4 << 20)
            try Guarded.pass(s)
        }
    }

    @Test func `a gateway that drains lets questions come to their end`() throws {
        try Guarded.run { s in
            let client = try s.connect()
            try client.get("/x", host: "a")
            let service = try s.apps[0].accept()
            _ = try service.receiveRequest()
            try s.drain()
            try service.send(Guarded.yes)
            try s.apps[1].accept().serve("GET /x HTTP/1.1", answering: "ok")
            try client.expectAnswer("ok")
            s.expectEnd()
        }
    }

    @Test func `the demo app lets everybody in`() throws {
        var options = Scenario.Options()
        options.site = { servers, _ in
            """
            [pipeline:site]
            pipeline = auth app
            [filter:auth]
            use = forward-auth
            app = service
            copy-to-app = Content-Type
            [app:service]
            use = echo
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options) { s in
            let client = try s.connect()
            try client.get("/x", host: "a")
            let request = try s.activeAppConnection().serve("GET /x HTTP/1.1", answering: "ok")
            #expect(request.head["Content-Type"] == "application/json")
            try client.expectAnswer("ok")
        }
    }
}
