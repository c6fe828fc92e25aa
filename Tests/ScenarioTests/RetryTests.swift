import Glibc
import Testing

/// What is sent again and what never is (design §6), and which server is tried.
@Suite struct RetryTests {
    /// A client whose GET has come to the app, on a connection that has served before.
    private func asked(_ s: Scenario, _ path: String) throws -> (client: ScriptedConnection, stale: ScriptedConnection) {
        let stale = try s.warm()
        let client = try s.connect()
        try client.get(path)
        _ = try stale.receiveRequest()
        return (client, stale)
    }

    @Test func `a GET on a connection that turns out dead is sent once more on a fresh one`() throws {
        try Scenario.run { s in
            let (client, stale) = try asked(s, "/again")
            stale.close()
            try s.app.accept().serve("GET /again HTTP/1.1", answering: "fresh")
            try client.expectAnswer("fresh")
        }
    }

    @Test func `a GET on a connection that is reset is sent once more on a fresh one`() throws {
        try Scenario.run { s in
            let (client, stale) = try asked(s, "/again")
            stale.reset()
            try s.app.accept().serve("GET /again HTTP/1.1", answering: "fresh")
            try client.expectAnswer("fresh")
        }
    }

    @Test func `a GET is retried once, not for ever`() throws {
        try Scenario.run { s in
            let (client, stale) = try asked(s, "/again")
            stale.close()
            let fresh = try s.app.accept()
            _ = try fresh.receiveRequest()
            fresh.close()
            try client.expectReply(502, "upstream.response.closed")
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `a GET that fails on a fresh connection is not retried`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/once")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            app.close()
            try client.expectReply(502, "upstream.response.closed")
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `a GET is not retried when the operator says so`() throws {
        try Scenario.run(app: "retry-idempotent = off") { s in
            let (client, stale) = try asked(s, "/once")
            stale.close()
            try client.expectReply(502, "upstream.response.closed")
            try s.app.expectNoConnectionYet()
        }
    }

    @Test(arguments: ["POST", "PATCH", "X-CUSTOM"])
    func `a request that is not idempotent is never sent twice`(method: String) throws {
        try Scenario.run { s in
            for reset in [false, true] {
                let stale = try s.warm()
                let client = try s.connect()
                try client.send("\(method) /pay HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n100$")
                _ = try stale.receiveRequest()
                if reset { stale.reset() } else { stale.close() }
                try client.expectReply(502, reset ? "upstream.response.reset" : "upstream.response.closed")
                let other = try s.probe()
                #expect(!text(other.log).contains("/pay"))
            }
            let payments = s.app.connections.filter { text($0.log).contains("/pay") }
            #expect(payments.count == 2, "one for each of the two requests")
        }
    }

    @Test func `nothing is retried after the first byte of an answer`() throws {
        try Scenario.run { s in
            let (client, stale) = try asked(s, "/half")
            try stale.send("HTTP/1.1 2")
            stale.close()
            try client.expectReply(502, "upstream.response.closed")
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `nothing is retried after an interim response`() throws {
        try Scenario.run { s in
            let (client, stale) = try asked(s, "/half")
            try stale.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            #expect(try client.receiveHead().status == 103)
            stale.close()
            try client.expectReply(502, "upstream.response.closed")
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `a PUT whose body has gone on its way is not sent with half of it`() throws {
        try Scenario.run { s in
            let stale = try s.warm()
            let client = try s.connect()
            try client.send("PUT /doc HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            try client.send(pattern(50_000))
            _ = try stale.receiveHead()
            _ = try stale.receive(50_000)
            stale.close()
            try client.expectReply(502, "upstream.response.closed")
            client.close()
            #expect(!text(try s.probe().log).contains("/doc"))
        }
    }

    @Test func `several servers take turns`() throws {
        try Scenario.run(servers: 3) { s in
            var counts = [0, 0, 0]
            for _ in 0..<9 {
                let used = try s.probe()
                counts[s.apps.firstIndex { $0.connections.contains { $0 === used } }!] += 1
            }
            #expect(counts == [3, 3, 3])
        }
    }

    @Test func `a server that refuses is passed over, a POST too`() throws {
        try Scenario.run(servers: 3) { s in
            s.apps[0].stop()
            s.apps[1].stop()
            for index in 0..<4 {
                let client = try s.connect()
                try client.send("POST /\(index) HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
                #expect(try s.activeAppConnection().serve("POST /\(index) HTTP/1.1", answering: "ok").bodyText == "x")
                try client.expectAnswer("ok")
            }
        }
    }

    @Test func `when every server refuses it is a 502, at once`() throws {
        try Scenario.run(servers: 2) { s in
            s.apps.forEach { $0.stop() }
            let client = try s.connect()
            try client.get("/")
            try client.expectReply(502, "upstream.connect.refused")
            // The client connection is clean.
            try client.get("/")
            try client.expectReply(502, "upstream.connect.refused")
        }
    }

    /// A unix server that is gone refuses at once, so that the retry ends on the other server's idle connection without waiting for
    /// any event: what is to be sent on it must be sent then.
    @Test func `a retry that finds an idle connection of another server is sent on it`() throws {
        var options = Scenario.Options()
        options.servers = 2
        options.unixServer = true
        try Scenario.run(options) { s in
            let clients = try (0..<4).map { _ in try s.connect() }
            var idle: [ScriptedConnection] = []
            for (index, client) in clients.enumerated() {
                try client.get("/\(index)")
                idle.append(try s.apps[index % 2].accept())
                _ = try idle[index].receiveRequest()
            }
            for index in clients.indices {
                try idle[index].answer("warm")
                try clients[index].expectAnswer("warm")
            }
            s.apps[1].stop()
            let client = clients[0]
            try client.get("/again")
            let stale = try s.activeAppConnection()
            #expect(stale === idle[2], "the most recently used of the first server")
            _ = try stale.receiveRequest()
            stale.close()
            try idle[0].serve("GET /again HTTP/1.1", answering: "second")
            try client.expectAnswer("second")
        }
    }

    @Test func `a server that comes back is used again`() throws {
        try Scenario.run { s in
            let port = s.app.listening.localPort
            s.app.stop()
            let client = try s.connect()
            try client.get("/")
            try client.expectReply(502, "upstream.connect.refused")
            let back = try Descriptor.listening(port: port)
            try client.get("/back")
            guard back.await(POLLIN, until: Deadline()) != 0, let socket = try back.accepted() else {
                Issue.record("no connection to the server that came back")
                return
            }
            let app = ScriptedConnection(socket, name: "the app, back again")
            try app.serve("GET /back HTTP/1.1", answering: "back")
            try client.expectAnswer("back")
            app.close()
        }
    }

    @Test func `a unix socket that is not there is a 502`() throws {
        try Scenario.run(Scenario.Options(appAddress: "unix:/absent/none.sock")) { s in
            let client = try s.connect()
            try client.get("/")
            let reply = try client.receiveResponse()
            #expect(reply.status == 502)
            #expect(reply.reason == "upstream.connect.failed" || reply.reason == "upstream.connect.refused")
        }
    }

    @Test func `a name that does not resolve is a 502`() throws {
        try Scenario.run(Scenario.Options(appAddress: "does-not-exist.invalid:80")) { s in
            let client = try s.connect()
            try client.get("/")
            try client.expectReply(502, "upstream.resolve.failed")
        }
    }

    @Test func `localhost is resolved and used`() throws {
        var options = Scenario.Options()
        options.file = { servers, _ in
            "[gateway]\nloops = 1\n[listener:web]\nlisten = 127.0.0.1:0\nserve = app\n[app:app]\nservers = localhost:\(servers[0].split(separator: ":")[1])\n"
        }
        try Scenario.run(options) { s in
            try s.probe()
        }
    }
}
