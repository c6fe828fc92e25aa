import HTTP2Wire
import Testing

/// WebSockets of HTTP/2 clients: extended CONNECT (RFC 8441), which apps get as an upgrade of HTTP/1.
@Suite struct StreamTunnelTests {
    static let head: [(String, String)] = [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws"), (":authority", "app.test"), ("sec-websocket-version", "13"),
        ("origin", "http://app.test"),
    ]

    func tunnel(_ s: Scenario, settings: [(Int, Int)] = []) throws -> (client: FrameConnection, stream: UInt32, app: ScriptedConnection) {
        let client = try s.connectStreams(settings: settings)
        try client.waitFor("SETTINGS", until: { !$0.settings.isEmpty })
        #expect(client.settings[8] == 1)
        let stream = try client.request(head: StreamTunnelTests.head, ends: false)
        let app = try s.activeAppConnection()
        let request = try app.receiveHead()
        #expect(request.startLine == "GET /ws HTTP/1.1" && request["Host"] == "app.test")
        #expect(request["Connection"]?.lowercased() == "upgrade" && request["Upgrade"] == "websocket")
        #expect(request["Sec-WebSocket-Key"]?.count == 24 && request["Sec-WebSocket-Version"] == "13")
        #expect(request.names.allSatisfy { $0 != ":protocol" && $0 != "protocol" })
        try app.send(UpgradeTests.accepted)
        try client.waitFor("the tunnel", until: { $0[stream].status == 200 })
        #expect(client[stream].all("sec-websocket-accept").isEmpty && client[stream].all("upgrade").isEmpty)
        return (client, stream, app)
    }

    @Test func `bytes go both ways, and each side ends by itself`() throws {
        try StreamTests.run { s in
            let (client, stream, app) = try tunnel(s)
            for index in 0..<10 {
                try client.send(Wire.data(stream, "up \(index)"))
                try app.expect("up \(index)")
                try app.send("down \(index);")
            }
            try client.waitFor("all", until: { $0[stream].bodyText.hasSuffix("down 9;") })
            try client.send(Wire.data(stream, "last", ends: true))
            try app.expect("last")
            try app.expectClosed()
            try app.send("and on")
            try client.waitFor("what follows", until: { $0[stream].bodyText.hasSuffix("and on") })
            app.close()
            #expect(try client.outcome(of: stream).isComplete)
            let other = try client.get("/other")
            try s.app.accept().serve("GET /other HTTP/1.1", answering: "x")
            try client.answer(to: other, 200, "x")
        }
    }

    @Test func `an app that ends its side still gets what the client sends`() throws {
        try StreamTests.run { s in
            let (client, stream, app) = try tunnel(s)
            try app.send("down")
            app.closeWriting()
            try client.waitFor("the app's end", until: { $0[stream].isComplete })
            try client.ping()
            #expect(client[stream].bodyText == "down" && client[stream].resetCode == nil)
            try client.send(Wire.data(stream, "up"))
            try app.expect("up")
            try client.send(Wire.data(stream, " to the end", ends: true))
            try app.expect(" to the end")
            try app.expectClosed()
            let other = try client.get("/other")
            try s.app.accept().serve("GET /other HTTP/1.1", answering: "x")
            try client.answer(to: other, 200, "x")
        }
    }

    @Test(arguments: ["the app reads it", "the app goes away", "the client goes away"])
    func `a tunnel passes on what is left when its stream is over`(end: String) throws {
        var options = StreamTests.options(app: "tunnel-timeout = 1h")
        options.appReceiveBuffer = 4096
        try Scenario.run(options) { s in
            let (client, stream, app) = try tunnel(s)
            app.closeWriting()
            try client.waitFor("the app's end", until: { $0[stream].isComplete })
            try client.shakeHands()
            // Until the gateway takes no more of it.
            let body = pattern(16 << 20)
            var sent = 0
            while true {
                let count = try client.sendWhatFits(stream, body[sent...])
                sent += count
                try client.ping()
                let more = try client.sendWhatFits(stream, body[sent...])
                sent += more
                if more == 0 { break }
            }
            #expect(sent < body.count)
            try client.send(Wire.data(stream, "", ends: true))
            try client.ping()
            // The next stream takes its place.
            let other = try client.get("/other")
            let next = try s.app.accept()
            try next.serve("GET /other HTTP/1.1", answering: "x")
            try client.answer(to: other, 200, "x")
            switch end {
            case "the app reads it":
                #expect(try app.receive(sent) == Array(body.prefix(sent)))
                try app.expectClosed()
            case "the app goes away": app.reset()
            default:
                client.wire.close()
                try app.expectBrokenOff()
            }
            let later = try s.connectStreams()
            let last = try later.get("/later")
            try next.serve("GET /later HTTP/1.1", answering: "y")
            try later.answer(to: last, 200, "y")
        }
    }

    @Test func `a tunnel that is too long silent behind the app's end is reset`() throws {
        try StreamTests.run(app: "tunnel-timeout = 300ms") { s in
            let (client, stream, app) = try tunnel(s)
            app.closeWriting()
            try client.waitFor("the app's end", until: { $0[stream].isComplete })
            try client.waitFor("the reset", until: { $0[stream].resetCode != nil })
            try app.expectBrokenOff()
        }
    }

    /// The end of the app's side waits for the client's window.
    @Test func `a tunnel that breaks behind the app's end is reset, and not forgotten`() throws {
        try StreamTests.run(app: "tunnel-timeout = 300ms") { s in
            let (client, stream, app) = try tunnel(s, settings: [(Wire.initialWindow, 0)])
            client.opensWindows = false
            try app.send("down")
            app.closeWriting()
            try client.waitFor("the reset", until: { $0[stream].resetCode != nil })
            #expect(!client[stream].isComplete)
        }
    }

    @Test func `a reset of either side ends the other`() throws {
        try StreamTests.run { s in
            let (client, stream, app) = try tunnel(s)
            try client.reset(stream)
            try app.expectEnded()
            app.close()
            let second = try client.request(head: StreamTunnelTests.head, ends: false)
            let again = try s.app.accept()
            _ = try again.receiveHead()
            try again.send(UpgradeTests.accepted)
            try client.waitFor("the tunnel", until: { $0[second].status == 200 })
            again.reset()
            let outcome = try client.outcome(of: second)
            #expect(outcome.resetCode != nil)
        }
    }

    @Test func `an app that refuses the upgrade answers the stream`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request(head: StreamTunnelTests.head, ends: false)
            try client.send(Wire.data(stream, "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"))
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.expectNothingYet()
            try app.answer("no", status: "403 Forbidden")
            try client.waitFor("the answer", until: { $0[stream].isComplete })
            #expect(client[stream].status == 403 && client[stream].bodyText == "no")
            #expect(position(of: "smuggled".bytes, in: app.log) == nil)
        }
    }

    /// To an HTTP/2 client any 2xx is an open tunnel (RFC 9110 §9.3.6), and the gateway itself speaks no protocol that one could be for.
    @Test(arguments: ["/demo", "/demo/filtered", "/health"])
    func `no answer of the gateway's own opens a tunnel`(path: String) throws {
        var options = Scenario.Options()
        options.file = { servers, _ in
            """
            [gateway]
            loops = 1
            [listener:web]
            listen = 127.0.0.1:0
            protocols = h2c http/1.1
            serve = site
            [router:site]
            /demo = demo
            /demo/filtered = filtered
            / = checked
            [pipeline:filtered]
            pipeline = named demo
            [pipeline:checked]
            pipeline = health app
            [filter:named]
            use = headers
            response-set = "X-Named: yes"
            [filter:health]
            use = healthcheck
            path = /health
            [app:demo]
            use = echo
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options) { s in
            let client = try s.connectStreams()
            for ends in [false, true] {
                let stream = try client.request(head: StreamTunnelTests.head.map { ($0.0, $0.0 == ":path" ? path : $0.1) }, ends: false)
                if ends { try client.send(Wire.data(stream, "", ends: true)) }
                let reply = try client.reply(to: stream, 501, "request.upgrade.unsupported")
                #expect(path != "/demo/filtered" || reply["x-named"] == "yes")
            }
            // To anybody else it is what it was.
            try client.answer(to: client.get(path), 200)
            let old = try s.connect()
            try old.send(UpgradeTests.handshake.replacing("/ws", with: path))
            #expect(try old.receiveResponse().status == 200)
        }
    }

    /// It would take the connection past every rule.
    @Test(arguments: ["h2c", "H2"])
    func `a tunnel for HTTP is refused, and no app hears of it`(name: String) throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request(head: StreamTunnelTests.head.map { ($0.0, $0.0 == ":protocol" ? name : $0.1) }, ends: false)
            try client.reply(to: stream, 501, "request.upgrade.unsupported")
            try s.app.expectNoConnectionYet()
        }
    }

    /// To HTTP/1 a 200 is a refusal; to HTTP/2 it would open the tunnel.
    @Test(arguments: ["200 OK", "204 No Content"])
    func `an app that answers the upgrade as any request opens no tunnel`(status: String) throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request(head: StreamTunnelTests.head, ends: false)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send("HTTP/1.1 \(status)\r\n\(status.hasPrefix("2") && !status.hasPrefix("204") ? "Content-Length: 5\r\n" : "")\r\n\(status.hasPrefix("204") ? "" : "hello")")
            try client.waitFor("an answer", until: { $0[stream].status != 0 || $0[stream].resetCode != nil })
            #expect(client[stream].status == 502 || client[stream].resetCode != nil, "\(client[stream])")
        }
    }
}
