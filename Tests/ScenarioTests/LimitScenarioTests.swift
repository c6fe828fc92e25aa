import Glibc
import Testing

/// The filters rate-limit and concurrency-limit in the running gateway, on two loops.
@Suite struct LimitScenarioTests {
    private func scenario(_ filter: String, gateway: String = "", servers: Int = 1, _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(loops: 2, gateway: gateway, servers: servers)
        options.site = { servers, folder in
            """
            [router:site]
            /        = demo
            /limited = limited
            /app     = served
            [pipeline:limited]
            pipeline = limit demo
            [pipeline:served]
            pipeline = limit app
            [filter:limit]
            \(filter.replacing("FOLDER", with: folder))
            [app:demo]
            use = echo
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options, script)
    }

    private func status(_ client: ScriptedConnection, _ fields: String = "") throws -> Int {
        try client.send("GET /limited HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return try client.receiveResponse().status
    }

    @Test func `exactly the burst passes, over both loops; then 429 with what a client needs`() throws {
        try scenario("use = rate-limit\nrate = 1/h\nburst = 50\nfields-on = all") { s in
            let clients = try (0..<30).map { _ in try s.connect() }
            var passed = 0
            for round in 0..<90 where try status(clients[round % clients.count]) == 200 { passed += 1 }
            #expect(passed == 50)
            try clients[0].send("GET /limited HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try clients[0].receiveResponse()
            #expect(response.head.startLine == "HTTP/1.1 429 Too Many Requests")
            #expect(response.reason == "limit.rate")
            #expect(response.head["RateLimit-Policy"] == "\"limit\";q=50;w=180000")
            let seconds = try #require(response.head["Retry-After"].flatMap { Int($0) })
            #expect((3590...3600).contains(seconds))
            #expect(response.head["RateLimit"] == "\"limit\";r=0;t=\(seconds)")
            #expect(response.head["Content-Type"] == "application/problem+json")
            #expect(response.bodyText.contains("\"violated-policies\":[\"limit\"]"))
        }
    }

    @Test func `what a client claims to be changes nothing; what a trusted proxy says does`() throws {
        try scenario("use = rate-limit\nrate = 1/h\nburst = 3") { s in
            let client = try s.connect()
            let claims = (0..<9).map { "X-Forwarded-For: 192.0.2.\($0)\r\nForwarded: for=192.0.2.\($0)\r\nX-Real-IP: 192.0.2.\($0)\r\n" }
            #expect(try claims.map { try status(client, $0) } == [200, 200, 200, 429, 429, 429, 429, 429, 429])
        }
        try scenario("use = rate-limit\nrate = 1/h\nburst = 1", gateway: "trusted-proxies = 127.0.0.0/8") { s in
            let client = try s.connect()
            // The right-most address that is not trusted counts; what the client wrote before it does not.
            let lists = ["1.1.1.1, 192.0.2.1", "2.2.2.2, 192.0.2.1", "192.0.2.2", "::ffff:192.0.2.2", "2001:db8::1", "2001:db8::ffff"]
            #expect(try lists.map { try status(client, "X-Forwarded-For: \($0)\r\n") } == [200, 429, 200, 429, 200, 429])
        }
    }

    @Test func `a refused POST leaves the connection as it should be, its body drained or the connection closed`() throws {
        try scenario("use = rate-limit\nrate = 1/h\nburst = 1") { s in
            let client = try s.connect()
            #expect(try status(client) == 200)
            try client.send("POST /limited HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n")
            let refused = try client.receiveResponse()
            #expect(refused.status == 429)
            // The body looks like a request; it must not become one.
            try client.send("GET /limited HTTP/1.1\r\nHost: smuggled\r\nX-Pad: 1234567890\r\n\r\n")
            if refused.head["Connection"] != "close" {
                try client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                let next = try client.receiveResponse()
                #expect(next.status == 200)
                #expect(next.bodyText.contains("/next"))
                #expect(!next.bodyText.contains("smuggled"))
            }
        }
    }

    @Test func `a delayed request waits for its turn and is served`() throws {
        try scenario("use = rate-limit\nrate = 10/s\nburst = 1\ndelay = 5") { s in
            let client = try s.connect()
            let began = ContinuousClock.now
            #expect(try (0..<4).map { _ in try status(client) } == [200, 200, 200, 200])
            #expect(ContinuousClock.now - began >= .milliseconds(300))
            // Who goes away while it waits does no harm.
            let gone = try s.connect()
            try gone.send("GET /limited HTTP/1.1\r\nHost: a\r\n\r\n")
            gone.close()
            #expect(try status(client) == 200)
        }
    }

    @Test func `places are given back when a response ends, when a client goes, and when a tunnel closes`() throws {
        // The queue is for places that come free a moment after the client has its answer.
        try scenario("use = concurrency-limit\nmax = 1\nqueue = 5\nqueue-timeout = 100ms") { s in
            func isTurnedAway() throws -> Bool {
                let other = try s.connect()
                try other.send("GET /limited HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try other.receiveResponse()
                defer { other.close() }
                if response.status == 200 { return false }
                #expect(response.status == 429 && response.reason == "limit.concurrency")
                return true
            }
            let client = try s.connect()
            try client.send("GET /app HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveHead()
            #expect(try isTurnedAway())
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
            _ = try client.receive(through: "ab")
            #expect(try isTurnedAway())
            try app.send("cd")
            try client.expect("cd")
            #expect(try !isTurnedAway())
            // The client goes away before the app has answered.
            try client.send("GET /app HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try app.receiveHead()
            #expect(try isTurnedAway())
            client.reset()
            try app.expectEnded()
            #expect(wait { (try? isTurnedAway()) == false })
            // A WebSocket counts until it is closed.
            let socket = try s.connect()
            try socket.send(UpgradeTests.handshake.replacing("GET /ws", with: "GET /app/ws"))
            let tunnel = try s.activeAppConnection()
            _ = try tunnel.receiveHead()
            try tunnel.send(UpgradeTests.accepted)
            #expect(try socket.receiveHead().status == 101)
            #expect(try isTurnedAway())
            socket.close()
            tunnel.close()
            #expect(wait { (try? isTurnedAway()) == false })
        }
    }

    @Test func `who waits for a place gets it when another exchange ends, on whatever loop`() throws {
        try scenario("use = concurrency-limit\nmax = 1\nqueue = 40\nqueue-timeout = 30s") { s in
            let first = try s.connect()
            try first.send("GET /app HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveHead()
            let others = try (0..<20).map { _ in try s.connect() }
            for other in others { try other.send("GET /limited HTTP/1.1\r\nHost: a\r\n\r\n") }
            // One of them gives up.
            others[7].close()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            #expect(try first.receiveHead().status == 200)
            for (index, other) in others.enumerated() where index != 7 { #expect(try other.receiveResponse().status == 200) }
        }
        try scenario("use = concurrency-limit\nmax = 1\nqueue = 1\nqueue-timeout = 50ms") { s in
            let first = try s.connect()
            try first.send("GET /app HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveHead()
            let other = try s.connect()
            try other.send("GET /limited HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try other.receiveResponse()
            #expect(response.status == 429 && response.reason == "limit.concurrency")
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            #expect(try first.receiveHead().status == 200)
        }
    }

    // MARK: A shared store

    /// A redis-server on a unix socket of a folder, or on a port of 127.0.0.1, and the address by which gateways reach it.
    private func startRedis(_ folder: String, overTCP: Bool) throws -> (server: Child, address: String) {
        let path = "\(folder)/redis.sock"
        for _ in 0..<20 {
            let port = overTCP ? try Programs.freePort() : 0
            let server = try Child([
                try Programs.require("redis-server"), "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", path, "--save", "", "--appendonly", "no",
                "--daemonize", "no",
            ])
            // It makes its unix socket last, when it has its port.
            if wait(until: { (try? Descriptor.connected(unix: path)).flatMap { $0 } != nil || server.ended }), !server.ended {
                return (server, overTCP ? "redis://127.0.0.1:\(port)" : "unix://\(path)")
            }
            server.collect()
            // Somebody else may have got the port first.
            guard overTCP, text(server.stdout).contains("Address already in use") else {
                throw ScenarioFailure("redis-server does not start: \(text(server.stdout))")
            }
        }
        throw ScenarioFailure("redis-server gets no port")
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("redis-server"), "redis-server is not installed: deploy/bootstrap --test"), arguments: [false, true])
    func `two gateways on one store hold one limit between them, and go on when it dies`(overTCP: Bool) throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let (server, address) = try startRedis(folder, overTCP: overTCP)
        let filter = "use = rate-limit\nrate = 100/s\nburst = 50\nstore = \(address)\nstore-timeout = 2s\non-store-failure = closed"
        try scenario(filter) { one in
            try scenario(filter) { two in
                let clients = try (0..<4).flatMap { _ in [try one.connect(), try two.connect()] }
                // Each loop has connected: nothing is refused for want of the store.
                for client in clients { #expect(wait { (try? status(client, "X: warm\r\n")).map { $0 != 503 } ?? false }) }
                let began = ContinuousClock.now
                var passed = 0
                // Two seconds of more than the limit.
                while ContinuousClock.now - began < .seconds(2) {
                    for client in clients where try status(client) == 200 { passed += 1 }
                }
                let (seconds, attoseconds) = (ContinuousClock.now - began).components
                let most = 100 * (Double(seconds) + Double(attoseconds) / 1e18) + 50
                #expect(Double(passed) <= most + 1)
                // The burst may have been used up before, by the requests that tried whether the store is there.
                #expect(Double(passed) >= (most - 50) * 0.99 - 1, "\(passed) of \(most)")
                server.signal(SIGKILL)
                #expect(wait { (try? status(clients[0])) == 503 && (try? status(clients[1])) == 503 })
            }
        }
    }
}
