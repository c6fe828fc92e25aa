import Glibc
import HTTP2Wire
import Testing

/// What hostile clients send over HTTP/2: nothing of it reaches an app as another request, and each flood ends its own connection, cheaply.
@Suite struct StreamAttackTests {
    static let get: [(String, String)] = [(":method", "GET"), (":scheme", "http"), (":path", "/x"), (":authority", "a.test")]

    static func replaced(_ name: String, _ value: String) -> [(String, String)] { get.map { $0.0 == name ? (name, value) : $0 } }

    /// Heads of which no byte may reach an app.
    static let smuggling: [(what: String, head: [(String, String)])] = [
        ("H2.TE", get + [("transfer-encoding", "chunked")]),
        ("H2.TE, spaced", get + [("transfer-encoding ", "chunked")]),
        ("connection", get + [("connection", "keep-alive")]),
        ("upgrade", get + [("upgrade", "websocket")]),
        ("proxy-connection", get + [("proxy-connection", "close")]),
        ("keep-alive", get + [("keep-alive", "timeout=5")]),
        ("te other than trailers", get + [("te", "gzip")]),
        ("CRLF in a value", get + [("x", "a\r\nTransfer-Encoding: chunked")]),
        ("LF in a value", get + [("x", "a\nb: c")]),
        ("CR in a value", get + [("x", "a\rb: c")]),
        ("NUL in a value", get + [("x", "a\u{0}b")]),
        ("CRLF in a name", get + [("x: y\r\nhost", "evil")]),
        ("a colon in a name", get + [("x:y", "z")]),
        ("a space in a name", get + [("x y", "z")]),
        ("an empty name", get + [("", "z")]),
        ("upper case in a name", get + [("X-Up", "z")]),
        ("NUL in a name", get + [("x\u{0}", "z")]),
        ("CRLF in :path", replaced(":path", "/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /admin")),
        ("a space in :path", replaced(":path", "/ HTTP/1.1")),
        ("an empty :path", replaced(":path", "")),
        (":path without a slash", replaced(":path", "admin")),
        ("an absolute :path", replaced(":path", "http://evil/")),
        ("a fragment in :path", replaced(":path", "/a#b")),
        ("CRLF in :method", replaced(":method", "GET / HTTP/1.1\r\nHost: evil\r\n\r\nGET")),
        ("a space in :method", replaced(":method", "GET /admin")),
        ("an empty :method", replaced(":method", "")),
        ("CRLF in :authority", replaced(":authority", "a\r\nX: y")),
        ("user information in :authority", replaced(":authority", "good@evil")),
        ("an empty :authority", replaced(":authority", "")),
        ("two :authority", get + [(":authority", "b.test")]),
        ("two hosts", get + [("host", "a.test"), ("host", "a.test")]),
        ("another host", get + [("host", "b.test")]),
        ("CRLF in :scheme", replaced(":scheme", "http\r\nX: y")),
        ("an odd :scheme", replaced(":scheme", "http://evil/?")),
        ("no :path", get.filter { $0.0 != ":path" }),
        ("no :method", get.filter { $0.0 != ":method" }),
        ("no :scheme", get.filter { $0.0 != ":scheme" }),
        ("no host at all", get.filter { $0.0 != ":authority" }),
        ("two :path", get + [(":path", "/y")]),
        ("a pseudo-field behind a field", [(":method", "GET"), ("x", "y"), (":scheme", "http"), (":path", "/"), (":authority", "a")]),
        ("an unknown pseudo-field", get + [(":proto", "x")]),
        (":status", get + [(":status", "200")]),
        (":protocol without CONNECT", get + [(":protocol", "websocket")]),
        ("content-length with a sign", get + [("content-length", "+5")]),
        ("content-length as a list", get + [("content-length", "5, 5")]),
        ("two content-lengths", get + [("content-length", "0"), ("content-length", "5")]),
        ("a content-length of 2^64", get + [("content-length", "18446744073709551616")]),
        ("a content-length without a body", get + [("content-length", "5")]),
    ]

    @Test func `nothing of a head that HTTP/1 would read otherwise reaches the app`() throws {
        try StreamTests.run { s in
            let app = try s.warm()
            for (what, head) in StreamAttackTests.smuggling {
                let client = try s.connectStreams()
                let stream = try client.request(head: head)
                let outcome = try client.outcome(of: stream)
                // A reset, or an answer that the gateway made by itself.
                #expect(outcome.resetCode == 1 || (400...431).contains(outcome.status) && outcome.reason != nil, "\(what): \(outcome)")
                client.wire.close()
                // Fails if the app was sent anything but the probe.
                #expect(throws: Never.self, "\(what)") { try s.probe() }
            }
            _ = app
        }
    }

    @Test(arguments: ["5", "0", "100"])
    func `a body of another length than it says never reaches the app as more than one request`(length: String) throws {
        try StreamTests.run { s in
            try s.probe()
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/cl", [("content-length", length)], ends: false)
            let smuggled = "01234GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            let app = try s.activeAppConnection()
            let head = try app.receiveHead()
            let before = app.log.count
            try client.send(Wire.data(stream, smuggled, ends: true))
            let outcome = try client.outcome(of: stream)
            #expect(outcome.resetCode == 1 || outcome.status == 400, "\(outcome)")
            #expect(head.startLine == "POST /cl HTTP/1.1" && head.all("Content-Length").count + head.all("Transfer-Encoding").count <= 1)
            // Less than it was promised, and then the end; never more.
            try app.expectBrokenOff()
            #expect(app.log.count - before <= min(try #require(Int(length)), smuggled.utf8.count))
            app.close()
            try s.probe()
        }
    }

    @Test func `trailers with framing or routing fields are refused`() throws {
        try StreamTests.run { s in
            for name in ["content-length", "transfer-encoding", "host", ":path", "connection", "x\r\ny"] {
                let client = try s.connectStreams()
                let stream = try client.request("POST", "/t", ends: false)
                let app = try s.app.accept()
                _ = try app.receiveHead()
                try client.send(Wire.data(stream, "body") + Wire.headers(stream, [(name, "5")]))
                let outcome = try client.outcome(of: stream)
                #expect(outcome.resetCode == 1 || outcome.status == 400, "\(name): \(outcome)")
                try app.expectBrokenOff()
                #expect(position(of: "0\r\n\r\n".bytes, in: app.log) == nil, "\(name)")
                app.close()
                client.wire.close()
            }
        }
    }

    // MARK: Floods

    /// Sends `bytes` again and again until the gateway ends the connection; how many rounds the kernel took.
    func flood(_ client: FrameConnection, rounds: Int, _ bytes: (Int) -> [UInt8]) throws -> Int {
        for round in 0..<rounds {
            do { try client.send(bytes(round)) } catch { return round }
            try? client.takeArrived()
            if !client.goAways.isEmpty { return round }
        }
        return rounds
    }

    /// A flood ends its connection for `reason`; a second client is answered before, and after; memory stays.
    func expectCut(
        _ reason: String, rounds: Int = 200, listener: String = "", settings: [(Int, Int)] = [], prepare: (Scenario, FrameConnection) throws -> Void = { _, _ in },
        _ bytes: (Int) -> [UInt8]
    ) throws {
        try StreamTests.run(listener: listener) { s in
            let second = try s.connectStreams()
            let quiet = try second.get("/quiet")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            let client = try s.connectStreams(settings: settings)
            // No acknowledgement within a field block.
            try client.waitFor("SETTINGS", until: { !$0.settings.isEmpty && $0.settingsAcknowledged > 0 })
            try prepare(s, client)
            let memory = s.gateway.memory
            _ = try flood(client, rounds: rounds, bytes)
            try client.waitFor("GOAWAY", until: { !$0.goAways.isEmpty })
            #expect(client.goAways.contains { $0.code == 11 }, "\(client.goAways)")
            try client.expectEnd()
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=\(reason)") }, "\(s.gateway.errors.suffix(2000))")
            #expect(s.gateway.memory - memory < 8 << 20)
            try app.answer("quiet")
            try second.answer(to: quiet, 200, "quiet")
        }
    }

    @Test func `a flood of SETTINGS is cut`() throws { try expectCut("client.flood.settings") { _ in Wire.settings([(Wire.initialWindow, 65_535)]) } }

    @Test func `a flood of PING is cut`() throws { try expectCut("client.flood.pings") { _ in Wire.ping() + Wire.ping() } }

    @Test func `a flood of PRIORITY is cut`() throws {
        try expectCut("client.flood.priorities", rounds: 500) { round in Wire.frame(2, stream: UInt32(2 * round + 1), [0, 0, 0, 0, 16]) }
    }

    @Test func `a flood of WINDOW_UPDATE is cut`() throws { try expectCut("client.flood.window-updates", rounds: 1000) { _ in Wire.windowUpdate(0, 1) } }

    @Test func `a flood of unknown frames is cut`() throws { try expectCut("client.flood.unknown-frames") { _ in Wire.frame(0x77, [1]) } }

    @Test func `a flood of empty DATA is cut`() throws {
        try expectCut("client.flood.empty-frames", prepare: { _, client in try client.request("POST", "/", ends: false) }) { _ in Wire.data(1, "") }
    }

    @Test func `a flood of CONTINUATION is cut`() throws {
        try expectCut("client.flood.continuations", prepare: { _, client in try client.send(Wire.frame(1, flags: 1, stream: 1, Wire.block(Wire.get))) }) { _ in
            Wire.frame(9, stream: 1, Wire.block([("x", "y")]))
        }
    }

    @Test func `empty CONTINUATION frames are cut too`() throws {
        try expectCut("client.flood.continuations", prepare: { _, client in try client.send(Wire.frame(1, flags: 1, stream: 1, [])) }) { _ in Wire.frame(9, stream: 1) }
    }

    /// A field of 4,000 bytes in the table, named by one byte each.
    @Test func `a head that unpacks to a thousand times its size is cut`() throws {
        let indexed = [0x40] + Wire.text("x") + Wire.text(String(repeating: "a", count: 4000))
        let bomb = Wire.block(Wire.get) + indexed + [UInt8](repeating: 0xBE, count: 10_000)
        try expectCut("client.flood.fields", rounds: 1) { _ in Wire.frame(1, flags: 5, stream: 1, bomb) }
    }

    @Test func `a table of another size than agreed on ends the connection`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            // A dynamic table of 1 GiB (RFC 7541 §6.3).
            try client.send(Wire.frame(1, flags: 5, stream: 1, Wire.integer(1 << 30, prefix: 5, first: 0x20) + Wire.block(Wire.get)))
            try client.expectGoAway(9)
            try s.probe()
        }
    }

    @Test func `streams that are opened and reset at once are cut, and few of them reach the app`() throws {
        try StreamTests.run { s in
            try s.probe()
            let client = try s.connectStreams()
            let memory = s.gateway.memory
            let opened = try flood(client, rounds: 10_000 / 50) { round in
                (0..<50).flatMap { index -> [UInt8] in
                    let stream = UInt32(2 * (50 * round + index) + 1)
                    return Wire.get(stream) + Wire.reset(stream)
                }
            }
            #expect(opened < 100, "\(opened)")
            try client.waitFor("GOAWAY", until: { $0.goAways.contains { $0.code == 11 } })
            try client.expectEnd()
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=client.flood.resets") })
            #expect(s.gateway.memory - memory < 8 << 20)
            // How many requests the app was sent.
            _ = ScenarioTests.wait(upTo: .milliseconds(200)) { false }
            while let _ = try? s.app.listening.accepted().map({ _ in }) {}
            var reached = 0
            for connection in s.app.connections {
                _ = connection.hasArrivals()
                reached += text(connection.log).components(of: "GET / HTTP/1.1\r\n") - 1
            }
            #expect(reached <= 32, "\(reached)")
        }
    }

    /// MadeYouReset: the client has the gateway reset what it opens.
    @Test func `streams that the gateway must reset for the client's faults are cut`() throws {
        try StreamTests.run(app: "max-connections = 4") { s in
            let client = try s.connectStreams()
            let opened = try flood(client, rounds: 10_000) { round in
                let stream = UInt32(2 * round + 1)
                return Wire.get(stream) + Wire.windowUpdate(stream, 0)
            }
            #expect(opened < 2_000, "\(opened)")
            try client.waitFor("GOAWAY", until: { $0.goAways.contains { $0.code != 0 } })
            try client.expectEnd()
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=client.flood.faults") || s.gateway.errors.contains("reason=client.protocol.broken") }, "\(s.gateway.errors.suffix(500))")
        }
    }

    /// Answers to PING and SETTINGS that the client never reads.
    @Test func `a client that has replies made and reads none of them does not grow the gateway`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams(receiveBuffer: 4096)
            let memory = s.gateway.memory
            for _ in 0..<2000 {
                guard (try? client.wire.send(Wire.ping() + Wire.settings(), within: .milliseconds(500))) != nil else { break }
            }
            #expect(s.gateway.memory - memory < 8 << 20)
            try s.probe()
        }
    }

    @Test func `frames that break the protocol end the connection`() throws {
        let broken: [(what: String, bytes: [UInt8])] = [
            ("DATA on stream 0", Wire.data(0, "x")),
            ("HEADERS on stream 0", Wire.headers(0, Wire.get)),
            ("HEADERS on an even stream", Wire.headers(2, Wire.get)),
            ("DATA on a stream that was never opened", Wire.data(5, "x")),
            ("a frame above the size", Wire.frame(0, stream: 1, [UInt8](repeating: 0, count: 16_385))),
            ("SETTINGS of a wrong length", Wire.frame(4, [0, 0, 0])),
            ("SETTINGS on a stream", Wire.frame(4, stream: 1, [])),
            ("a PING of a wrong length", Wire.frame(6, [1])),
            ("WINDOW_UPDATE of 0 on the connection", Wire.windowUpdate(0, 0)),
            ("a window above 2^31", Wire.windowUpdate(0, 0x7FFF_FFFF)),
            ("PUSH_PROMISE", Wire.frame(5, flags: 4, stream: 1, [0, 0, 0, 2])),
            ("CONTINUATION without HEADERS", Wire.frame(9, flags: 4, stream: 1)),
            ("RST_STREAM of an idle stream", Wire.reset(7)),
            ("a stream number that goes back", Wire.get(5) + Wire.get(3)),
            ("bad HPACK", Wire.frame(1, flags: 5, stream: 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])),
            ("a frame between HEADERS and CONTINUATION", Wire.frame(1, flags: 1, stream: 1, Wire.block(Wire.get)) + Wire.ping()),
        ]
        try StreamTests.run { s in
            for (what, bytes) in broken {
                let client = try s.connectStreams()
                try client.send(bytes)
                #expect(throws: Never.self, "\(what)") { try client.expectEnd() }
                #expect(client.goAways.contains { $0.code != 0 }, "\(what): \(client.goAways)")
            }
            #expect(ScenarioTests.wait { s.gateway.errors.components(of: "reason=client.protocol.broken") > broken.count }, "\(s.gateway.errors)")
        }
    }

    @Test func `bytes after the preface that are no frames end the connection`() throws {
        try StreamTests.run { s in
            let client = try s.connect()
            try client.send(Wire.preface + "GET / HTTP/1.1\r\nHost: a\r\n\r\n".bytes)
            try client.expectBrokenOff()
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=client.protocol.broken") })
        }
    }

    /// Random frames, by a fixed seed: the gateway lives, and serves others.
    @Test(arguments: 1...4)
    func `random frames disturb nobody else`(seed: Int) throws {
        try StreamTests.run { s in
            var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
            func random(_ below: Int) -> Int {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return Int(state % UInt64(below))
            }
            for _ in 0..<30 {
                let client = try s.connectStreams()
                var bytes: [UInt8] = []
                for _ in 0..<40 {
                    let stream = UInt32(random(6))
                    switch random(5) {
                    case 0: bytes += Wire.headers(stream | 1, Wire.get, ends: random(2) == 0)
                    case 1: bytes += Wire.data(stream, pattern(random(300)), ends: random(4) == 0)
                    case 2: bytes += Wire.reset(stream, random(14))
                    case 3: bytes += Wire.windowUpdate(stream, random(1 << 20))
                    default: bytes += Wire.frame(UInt8(random(12)), flags: UInt8(random(256)), stream: stream, pattern(random(20)))
                    }
                }
                try? client.send(bytes)
                client.wire.closeWriting()
                try? client.expectEnd()
                client.wire.close()
            }
            for connection in s.app.connections { connection.close() }
            while let socket = try s.app.listening.accepted() { socket.close() }
            #expect(!s.gateway.process.ended)
        }
    }
}

extension String {
    /// Into how many parts `separator` cuts it.
    func components(of separator: String) -> Int { self.ranges(of: separator).count + 1 }
}
