import Glibc
import Testing

/// Headers of the PROXY protocol in front of the running gateway: whose connection it then is, and what becomes of those who may not say so.
@Suite struct ProxyProtocolScenarioTests {
    private static let version1 = "PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\r\n".bytes
    private static let version2: [UInt8] =
        [13, 10, 13, 10, 0, 13, 10] + "QUIT\n".bytes + [0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 9, 0xDC, 0x04, 0x01, 0xBB]
    private static let version2OverTLS: [UInt8] = {
        var header = version2 + [0x20, 0, 5, 1, 0, 0, 0, 0]
        header[15] = 20
        return header
    }()
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".bytes

    /// Listeners `web` and `socket` behind the filter, and `plain` without it, which serve the same app.
    private func scenario(
        _ filter: String = "sources = 127.0.0.1", listener: String = "", site: String = "pipeline = app", more: String = "",
        _ script: (Scenario) throws -> Void
    ) throws {
        var options = Scenario.Options()
        options.listeners = ["web", "socket", "plain"]
        options.file = { servers, folder in
            """
            [gateway]
            loops = 1
            access-log = \(folder)/access.log
            access-log-format = json
            [listener:web]
            listen = 127.0.0.1:0
            through = proxy
            serve = site
            \(listener)
            [listener:socket]
            listen = unix:\(folder)/web.sock
            through = proxy
            serve = site
            [listener:plain]
            listen = 127.0.0.1:0
            serve = app
            [filter:proxy]
            use = proxy-protocol
            \(filter)
            [pipeline:site]
            \(site)
            [app:app]
            servers = \(servers[0])
            \(more)

            """
        }
        try Scenario.run(options, script)
    }

    private func log(_ s: Scenario) -> [String] { text(contents(of: "\(s.folder)/access.log") ?? []).split(separator: "\n").map(String.init) }

    /// Waits until the log says why a connection was refused; the line.
    @discardableResult
    private func awaitReason(_ reason: String, _ s: Scenario) throws -> String {
        var line: String?
        guard wait(until: {
            line = log(s).first { $0.contains("\"reason\":\"\(reason)\"") }
            return line != nil
        }), let line else { throw ScenarioFailure("\(reason) is not in the log: \(log(s))") }
        return line
    }

    /// One exchange on the other listener: after it, the one loop has done all that was there before.
    private func turn(_ s: Scenario, _ other: ScriptedConnection) throws {
        try other.get("/turn")
        try s.activeAppConnection().serve("GET /turn HTTP/1.1", answering: "t")
        try other.expectAnswer("t")
    }

    /// The app answers the one request; the head that it got.
    @discardableResult
    private func serve(_ s: Scenario, _ client: ScriptedConnection) throws -> Head {
        let head = try s.activeAppConnection().serve("GET / HTTP/1.1", answering: "x").head
        try client.expectAnswer("x")
        return head
    }

    // MARK: Whose connection it is

    @Test(arguments: [version1, version2])
    func `the app, the log and filters see the client that the header names`(header: [UInt8]) throws {
        try scenario(site: "pipeline = inside app\n[filter:inside]\nuse = ip-access\nallow = 192.0.2.7") { s in
            let client = try s.connect()
            try client.send(header + Self.request)
            let head = try serve(s, client)
            #expect(head.all("X-Forwarded-For") == ["192.0.2.7"])
            #expect(head["Forwarded"] == "for=192.0.2.7;host=\"a\";proto=http")
            // It holds for the whole connection.
            try client.send(Self.request)
            #expect(try serve(s, client)["X-Forwarded-For"] == "192.0.2.7")
            #expect(wait { log(s).count == 2 })
            #expect(log(s).allSatisfy { $0.contains("\"client\":\"192.0.2.7\"") })
        }
    }

    @Test func `IPv6 clients, unix clients, and those that the proxy does not know`() throws {
        try scenario { s in
            for (header, expected) in [
                ("PROXY TCP6 2001:db8::7 2001:db8::9 1 2\r\n".bytes, "2001:db8::7"), ("PROXY UNKNOWN\r\n".bytes, "127.0.0.1"),
                ("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n".bytes, "192.0.2.7"),
                (Array(Self.version2[..<12]) + [0x20, 0, 0, 0], "127.0.0.1"),
                (Array(Self.version2[..<12]) + [0x21, 0x31, 0, 216] + [UInt8](repeating: 0, count: 216), "unix"),
            ] {
                let client = try s.connect()
                try client.send(header + Self.request)
                #expect(try serve(s, client)["X-Forwarded-For"] == expected)
                client.close()
            }
        }
    }

    @Test func `rate limits count by the client of the header`() throws {
        try scenario(site: "pipeline = limit app\n[filter:limit]\nuse = rate-limit\nrate = 1/h\nburst = 1") { s in
            for (address, passes) in [("192.0.2.1", true), ("192.0.2.2", true), ("192.0.2.1", false)] {
                let client = try s.connect()
                try client.send("PROXY TCP4 \(address) 198.51.100.9 1 2\r\n".bytes + Self.request)
                if passes { try serve(s, client) } else { try client.expectReply(429, "limit.rate") }
                client.close()
            }
        }
    }

    /// A proxy in front of the one that sends headers: its fields are believed if the header names it.
    @Test func `trusted proxies are told by the header, not by who connects`() throws {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.5\r\n\r\n".bytes
        for (trusted, expected) in [("192.0.2.7/32", "203.0.113.5, 192.0.2.7"), ("127.0.0.1/32", "192.0.2.7")] {
            try scenario(listener: "trusted-proxies = \(trusted)") { s in
                let client = try s.connect()
                try client.send(Self.version1 + request)
                #expect(try serve(s, client)["X-Forwarded-For"] == expected)
            }
        }
    }

    @Test func `a client that speaks TLS with the proxy is told to the app`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send(Self.version2OverTLS + Self.request)
            let head = try serve(s, client)
            #expect(head["X-Forwarded-Proto"] == "https")
            #expect(head["Forwarded"] == "for=192.0.2.7;host=\"a\";proto=https")
        }
    }

    @Test func `a proxy on a unix socket is believed where that is said`() throws {
        try scenario("unix-sources = on") { s in
            for cut in [1, 5, 20, 45] {
                let client = s.adopt(try #require(try Descriptor.connected(unix: "\(s.folder)/web.sock")))
                let other = try s.connect(to: "plain")
                try client.send(Array(Self.version1[..<min(cut, Self.version1.count)]))
                try turn(s, other)
                try client.send(Array(Self.version1.dropFirst(cut)) + Self.request)
                #expect(try serve(s, client)["X-Forwarded-For"] == "192.0.2.7")
                client.close()
            }
            let refused = try s.connect()
            try refused.send(Self.version1 + Self.request)
            try refused.expectBrokenOff()
        }
    }

    // MARK: How it comes

    /// The cut is real: the loop has looked at the first part before the second is sent.
    @Test(arguments: [version1, version2])
    func `a header in two pieces, cut anywhere, is the same header`(header: [UInt8]) throws {
        let all = header + Self.request
        try scenario { s in
            let other = try s.connect(to: "plain")
            for cut in Array(1...header.count + 1) + [all.count - 1] {
                let client = try s.connect()
                try client.send(Array(all[..<cut]))
                try turn(s, other)
                try client.send(Array(all[cut...]))
                #expect(try serve(s, client)["X-Forwarded-For"] == "192.0.2.7")
                client.close()
            }
        }
    }

    @Test func `a header byte by byte, and requests in one piece with it`() throws {
        try scenario { s in
            let other = try s.connect(to: "plain")
            let dripped = try s.connect()
            for byte in Self.version2 {
                try dripped.send([byte])
                try turn(s, other)
            }
            try dripped.send(Self.request)
            try serve(s, dripped)
            let pipelined = try s.connect()
            try pipelined.send(Self.version1 + Self.request + Self.request + "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".bytes)
            try serve(s, pipelined)
            try serve(s, pipelined)
            let last = try s.activeAppConnection()
            #expect(try last.receiveRequest().bodyText == "abc")
            try last.answer("z")
            try pipelined.expectAnswer("z")
        }
    }

    // MARK: Who may not, and what is none

    @Test func `a peer that is no source is closed without an answer, before it sends a byte`() throws {
        try scenario { s in
            let silent = try s.connect(from: "127.0.0.2")
            try silent.expectEnded()
            // Whoever is named in the header: its own address, or that of a proxy that is believed.
            for header in ["PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", ""] {
                let client = try s.connect(from: "127.0.0.2")
                _ = client.sendWhatFits((header.bytes + Self.request)[...])
                try client.expectBrokenOff()
            }
            try s.app.expectNoConnectionYet()
            let line = try awaitReason("proxy.source", s)
            #expect(line.contains("\"client\":\"127.0.0.2\"") && line.contains("\"status\":499"))
        }
    }

    @Test func `a peer that is no source may be let pass, and a header of it is a malformed request`() throws {
        try scenario("sources = 192.0.2.1\nunlisted = pass") { s in
            let client = try s.connect()
            try client.send(Self.request)
            #expect(try serve(s, client)["X-Forwarded-For"] == "127.0.0.1")
            let liar = try s.connect()
            try liar.send(Self.version1 + Self.request)
            try liar.expectFinalReply(400, "request.target.malformed")
            let other = try s.connect()
            try other.send(Self.version2 + Self.request)
            #expect(try other.receiveResponse().status == 400)
        }
    }

    private static let wrong: [(bytes: [UInt8], reason: String)] = {
        func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
        func header(_ length: [UInt8], _ rest: [UInt8]) -> [UInt8] { Array(version2[..<14]) + length + rest }
        let short = "PROXY TCP4 192.0.2.7 198.51.100.9 56324\r\n".bytes
        let wrongSum: [UInt8] = Array(version2[16...]) + [3, 0, 4, 1, 2, 3, 4]
        return [
            (request, "proxy.missing"), (short + request, "proxy.malformed"),
            ("PROXY TCP4 192.0.2.7\0 198.51.100.9 1 2\r\n".bytes, "proxy.malformed"), (zeros(5000), "proxy.missing"),
            ("PROXY ".bytes + pattern(5000), "proxy.malformed"), (header([0xFF, 0xFF], []), "proxy.too-long"),
            (header([0xFF, 0xFF], zeros(65535)), "proxy.too-long"), (header([0, 19], wrongSum), "proxy.checksum"),
        ]
    }()

    @Test(arguments: wrong.indices)
    func `what is no header of a source is closed without an answer, with its reason in the log`(index: Int) throws {
        let (bytes, reason) = Self.wrong[index]
        try scenario { s in
            let client = try s.connect()
            _ = client.sendWhatFits(bytes[...])
            try client.expectBrokenOff()
            try s.app.expectNoConnectionYet()
            let line = try awaitReason(reason, s)
            #expect(line.contains("\"client\":\"127.0.0.1\"") && line.contains("\"end\":\"GR-C\""))
        }
    }

    @Test func `a second header behind the first is a malformed request of the first one's client`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send(Self.version1 + "PROXY TCP4 203.0.113.1 198.51.100.9 3 4\r\n".bytes + Self.request)
            try client.expectFinalReply(400, "request.target.malformed")
            #expect(try awaitReason("request.target.malformed", s).contains("\"client\":\"192.0.2.7\""))
        }
    }

    @Test func `two filters read two headers, each from a source`() throws {
        try scenario(listener: "[filter:second]\nuse = proxy-protocol\nsources = 127.0.0.1", more: "[listener:two]\nlisten = 127.0.0.1:0\nthrough = proxy second\nserve = app") { s in
            guard s.gateway.process.waitForOutput({ $0.contains("(two)") }) else { throw ScenarioFailure("the second listener does not listen") }
            let line = try #require(text(s.gateway.process.stdout).split(separator: "\n").first { $0.hasSuffix("(two)") })
            let port = try #require(line.split(separator: " ")[2].split(separator: ":").last.flatMap { UInt16($0) })
            let client = s.adopt(try #require(try Descriptor.connected(port: port)))
            try client.send(Self.version2 + "PROXY TCP4 203.0.113.1 198.51.100.9 3 4\r\n".bytes + Self.request)
            #expect(try serve(s, client)["X-Forwarded-For"] == "203.0.113.1")
        }
    }

    /// The log line of a refusal is made in a used exchange, of whose request nothing may be left.
    @Test func `connections are refused after others were served`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send(Self.version1 + "GET /a/long/path HTTP/1.1\r\nHost: a\r\nReferer: b\r\nUser-Agent: c\r\n\r\n".bytes)
            try s.activeAppConnection().serve("GET /a/long/path HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
            client.close()
            for start in ["GET / HTTP/1.1\r\n", "PROXY TCP5 \r\n"] {
                let refused = try s.connect()
                try refused.send(start)
                try refused.expectBrokenOff()
            }
            #expect(!(try awaitReason("proxy.missing", s)).contains("/a/long/path"))
            try turn(s, try s.connect(to: "plain"))
        }
    }

    // MARK: Slowly

    @Test func `a header that is dripped does not prolong its time`() throws {
        try scenario("sources = 127.0.0.1\ntimeout = 300ms") { s in
            let client = try s.connect()
            let begin = ContinuousClock.now
            try client.send("PROXY UNKNOWN ")
            while client.socket.await(POLLIN, until: Deadline(.milliseconds(20))) == 0, ContinuousClock.now - begin < .seconds(10) {
                _ = client.sendWhatFits("a".bytes[...])
            }
            #expect(ContinuousClock.now - begin < .seconds(5))
            try client.expectBrokenOff()
            // It may also have come to the 107 bytes that a line has at most.
            #expect(try awaitReason("prologue.timeout", s).contains("\"end\":\"cR-C\""))
        }
    }

    @Test func `by default a header has the head's time, and a silent peer too`() throws {
        try scenario(listener: "head-timeout = 150ms") { s in
            let silent = try s.connect()
            try silent.expectEnded()
            try awaitReason("prologue.timeout", s)
        }
    }

    @Test func `a peer that goes away within its header leaves a line, one without a byte does not`() throws {
        try scenario { s in
            let silent = try s.connect()
            silent.close()
            let client = try s.connect()
            try client.send(Array(Self.version1[..<20]))
            client.closeWriting()
            try client.expectBrokenOff()
            #expect(try awaitReason("client.closed", s).contains("\"client\":\"127.0.0.1\""))
            #expect(log(s).count == 1)
        }
    }

    @Test func `many slow headers hold no memory, count as connections, and hinder nobody`() throws {
        try scenario(listener: "max-connections = 400") { s in
            let other = try s.connect(to: "plain")
            try turn(s, other)
            let before = s.gateway.memory
            let slow = try (0..<400).map { _ in try s.connect() }
            for client in slow { try client.send(Array(Self.version2[..<27])) }
            try turn(s, other)
            // A slab for each would be 32 KiB.
            #expect(s.gateway.memory - before < 400 * 8 * 1024)
            let refused = try s.connect()
            try refused.expectEnded()
            // All of them come to their end.
            for client in slow.prefix(20) {
                try client.send(Array(Self.version2[27...]) + Self.request)
                #expect(try serve(s, client)["X-Forwarded-For"] == "192.0.2.7")
            }
            slow.forEach { $0.close() }
        }
    }

    @Test func `headers read and refused are counted`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send(Self.version1 + Self.request)
            try serve(s, client)
            for _ in 0..<2 { try s.connect(from: "127.0.0.2").expectEnded() }
            s.gateway.process.signal(SIGUSR2)
            #expect(s.gateway.process.waitForErrors { $0.contains("  prologues       read 1, refused 2\n") })
        }
    }

    @Test func `a gateway that drains does not wait for headers`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send(Array(Self.version1[..<20]))
            try turn(s, try s.connect(to: "plain"))
            s.gateway.process.signal(SIGTERM)
            #expect(s.gateway.process.waitForEnd(upTo: .seconds(10)) == .exit(0))
            s.gatewayIsStopped = true
        }
    }

    @Test func `a request is explained as if its header had been read`() throws {
        try scenario("sources = 10.0.0.0/8", site: "pipeline = inside app\n[filter:inside]\nuse = ip-access\nallow = 192.0.2.7") { s in
            for (from, isForwarded) in [("192.0.2.7", true), ("192.0.2.8", false)] {
                let result = try Child.run([Gateway.binary, "explain", "\(s.folder)/gateway.conf", "http://a/", "--listener", "web", "--from", from])
                #expect(result.stdout.contains("client     \(from)\n"))
                #expect(result.stdout.contains("inside (ip-access) \(isForwarded ? "forwards" : "answers 403")"))
            }
        }
    }
}
