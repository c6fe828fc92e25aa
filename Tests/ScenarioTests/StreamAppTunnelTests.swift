import Glibc
import HTTP2Wire
import Testing

/// Upgrades towards apps that are spoken to by HTTP/2: extended CONNECT (RFC 8441), whatever the client speaks.
@Suite struct StreamAppTunnelTests {
    /// SETTINGS_ENABLE_CONNECT_PROTOCOL
    static let offered = [(8, 1)]

    enum ClientManner: CaseIterable { case http1, http2 }

    /// A client's end of a tunnel, whatever it speaks.
    final class Client {
        let wire: ScriptedConnection
        let frames: FrameConnection?
        var stream: UInt32 = 0
        private var taken = 0

        init(_ manner: ClientManner, _ s: Scenario) throws {
            switch manner {
            case .http1:
                wire = try s.connect()
                frames = nil
            case .http2:
                let frames = try s.connectStreams()
                wire = frames.wire
                self.frames = frames
            }
        }

        func ask(_ path: String = "/ws") throws {
            guard let frames else { return try wire.send(UpgradeTests.handshake.replacing("/ws", with: path)) }
            stream = try frames.request(head: StreamTunnelTests.head.map { ($0.0, $0.0 == ":path" ? path : $0.1) }, ends: false)
        }

        func expectOpen() throws {
            guard let frames else {
                let head = try wire.receiveHead()
                #expect(head.status == 101 && head["Upgrade"] == "websocket" && head["Connection"]?.lowercased() == "upgrade")
                #expect(head["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                #expect(head.all("Transfer-Encoding").isEmpty && head.all("Content-Length").isEmpty)
                return
            }
            try frames.waitFor("the tunnel") { $0[stream].status == 200 }
            for name in ["sec-websocket-accept", "upgrade", "content-length"] { #expect(frames[stream].all(name).isEmpty, "\(name)") }
        }

        func expectRefusal(_ status: Int, _ reason: String) throws {
            if let frames { try frames.reply(to: stream, status, reason) } else { try wire.expectReply(status, reason) }
        }

        func send(_ bytes: [UInt8]) throws {
            if let frames { try frames.sendBody(stream, bytes, ends: false) } else { try wire.send(bytes) }
        }

        func end() throws {
            if let frames { try frames.send(Wire.data(stream, "", ends: true)) } else { wire.closeWriting() }
        }

        /// Goes away in the middle.
        func breakOff() throws {
            if let frames { try frames.reset(stream) } else { wire.reset() }
        }

        func expect(_ bytes: [UInt8]) throws {
            guard let frames else { return try wire.expect(bytes) }
            try frames.waitFor("\(bytes.count) bytes") { $0[stream].body.count >= taken + bytes.count }
            #expect(Array(frames[stream].body[taken..<(taken + bytes.count)]) == bytes)
            taken += bytes.count
        }

        /// What a server's WebSocket says in one frame of less than 64 KiB.
        func receiveText() throws -> String {
            func take(_ count: Int) throws -> [UInt8] {
                guard let frames else { return try wire.receive(count) }
                try frames.waitFor("\(count) bytes") { $0[stream].body.count >= taken + count }
                defer { taken += count }
                return Array(frames[stream].body[taken..<(taken + count)])
            }
            let head = try take(2)
            let length = try head[1] == 126 ? take(2).reduce(0) { $0 << 8 | Int($1) } : Int(head[1])
            return text(try take(length))
        }

        func expectEnd() throws {
            guard let frames else { return try wire.expectClosed() }
            try frames.waitFor("the end") { $0[stream].isComplete }
            #expect(frames[stream].body.count == taken)
        }

        func expectBrokenOff() throws {
            guard let frames else { return try wire.expectEnded() }
            try frames.waitFor("the reset") { $0[stream].resetCode != nil }
            // What a reset connection is there (RFC 8441 §5).
            #expect(frames[stream].resetCode == 8 && !frames[stream].isComplete)
        }
    }

    /// A tunnel that is open.
    private func tunnel(
        _ s: Scenario, _ manner: ClientManner, settings: [(Int, Int)] = offered, answer: [(String, String)] = []
    ) throws -> (client: Client, app: FrameConnection, stream: UInt32) {
        let client = try Client(manner, s)
        try client.ask()
        let app = try s.acceptStreams(settings: settings)
        let stream = try app.nextRequest()
        try app.send(Wire.headers(stream, [(":status", "200")] + answer, ends: false))
        try client.expectOpen()
        return (client, app, stream)
    }

    @Test(arguments: ClientManner.allCases)
    func `an upgrade is an extended CONNECT, whose bytes go both ways, and each side ends by itself`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let (client, app, stream) = try tunnel(s, manner)
            let request = app[stream]
            #expect(request.heads[0].prefix(5).map(\.name).sorted() == [":authority", ":method", ":path", ":protocol", ":scheme"])
            #expect(request[":method"] == "CONNECT" && request[":protocol"] == "websocket" && request[":scheme"] == "http" && request[":path"] == "/ws")
            #expect(request[":authority"] == (manner == .http1 ? "a" : "app.test"))
            #expect(request["sec-websocket-version"] == "13" && request["x-forwarded-for"] == "127.0.0.1" && !request.isComplete)
            for name in ["sec-websocket-key", "upgrade", "connection", "host", "content-length", "te"] { #expect(request.all(name).isEmpty, "\(name)") }
            for index in 0..<10 {
                let (up, down) = (pattern(1000 + index, from: index), pattern(3000 - index, from: 99 * index))
                try client.send(up)
                try app.waitFor("what goes up") { $0[stream].body.suffix(up.count) == up[...] }
                try app.sendBody(stream, down, ends: false)
                try client.expect(down)
            }
            try client.send("last".bytes)
            try client.end()
            try app.waitFor("the client's end") { $0[stream].isComplete }
            #expect(app[stream].bodyText.hasSuffix("last"))
            try app.send(Wire.data(stream, "and on"))
            try client.expect("and on".bytes)
            try app.send(Wire.data(stream, "", ends: true))
            try client.expectEnd()
            try app.ping()
            #expect(app[stream].resetCode == nil)
            // The connection is as good as before.
            let other = try s.connectStreams()
            let next = try other.get("/next")
            try app.respond(app.nextRequest(), 200, body: "x".bytes)
            try other.answer(to: next, 200, "x")
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `an app that ends its side first still gets all that the client sends, when its windows let it`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let (client, app, stream) = try tunnel(s, manner, settings: [(8, 1), (Wire.initialWindow, 5)])
            app.opensWindows = false
            try app.send(Wire.data(stream, "down", ends: true))
            try client.expect("down".bytes)
            try client.expectEnd()
            let up = pattern(30_000)
            try client.send(up)
            try client.end()
            try app.waitFor("five bytes") { $0[stream].body.count == 5 }
            try app.ping()
            #expect(app[stream].body.count == 5 && !app[stream].isOver)
            try app.openConnection(1 << 20)
            try app.open(stream, 1 << 20)
            try app.waitFor("the rest") { $0[stream].isOver }
            #expect(app[stream].isComplete && app[stream].body == up && app[stream].resetCode == nil)
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `a reset of either side is one for the other`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let (client, app, stream) = try tunnel(s, manner)
            try client.send("up".bytes)
            try app.waitFor("up") { $0[stream].bodyText == "up" }
            try client.breakOff()
            try app.waitFor("the reset") { $0[stream].resetCode != nil }
            #expect(app[stream].resetCode == 8 && !app[stream].isComplete)
            // NO_ERROR behind the app's end lets go of what the client may still send.
            for (code, ends) in [(8, false), (2, false), (0, true)] {
                let next = try Client(manner, s)
                try next.ask()
                let second = try app.nextRequest()
                try app.send(Wire.headers(second, [(":status", "200")], ends: false) + Wire.data(second, "down", ends: ends))
                try next.expectOpen()
                try next.expect("down".bytes)
                if ends && manner == .http2 { try next.expectEnd() }
                try app.reset(second, code)
                if ends, let frames = next.frames {
                    try frames.waitFor("the reset") { $0[next.stream].resetCode != nil }
                } else {
                    try next.expectBrokenOff()
                }
            }
            let last = try Client(manner, s)
            try last.ask()
            let third = try app.nextRequest()
            try app.send(Wire.headers(third, [(":status", "200")], ends: false))
            try last.expectOpen()
            app.wire.close()
            try last.expectBrokenOff()
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `megabytes go both ways at once, byte for byte`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let (client, app, stream) = try tunnel(s, manner)
            let block = pattern(65_000)
            for index in 1...24 {
                try client.send(block)
                try app.waitFor("a block") { $0[stream].body.count == index * block.count }
                #expect(app[stream].body.suffix(block.count) == block[...])
                try app.sendBody(stream, block, ends: false)
                try client.expect(block)
            }
        }
    }

    /// What the app may send is as much as its window, and what the client does not take stays with it.
    @Test func `an app that floods a tunnel which its client does not read is held up by its window`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 0)])
            let asked = try client.request(head: StreamTunnelTests.head, ends: false)
            let app = try s.acceptStreams(settings: Self.offered)
            try app.shakeHands()
            let stream = try app.nextRequest()
            try app.send(Wire.headers(stream, [(":status", "200")], ends: false))
            let body = pattern(1 << 20)
            var sent = 0
            while case let count = try app.sendWhatFits(stream, body[sent...]), count > 0 {
                sent += count
                try app.ping()
                try app.takeArrived()
            }
            #expect(sent < 200_000)
            // And one that does not keep to it is reset.
            try app.send(Wire.data(stream, pattern(16_384)))
            try app.waitFor("the reset") { $0[stream].resetCode != nil }
            // Behind what had come before.
            try client.open(asked, 1 << 20)
            try client.waitFor("the reset") { $0[asked].resetCode != nil }
            let next = try client.get("/next")
            try app.respond(app.nextRequest(), 200)
            try client.answer(to: next, 200)
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `an app that refuses is answered for with its own answer, and gets nothing of what came behind the request`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let client = try Client(manner, s)
            try client.ask()
            try client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".bytes)
            let app = try s.acceptStreams(settings: Self.offered)
            let stream = try app.nextRequest()
            try app.ping()
            #expect(app[stream].body.isEmpty && !app[stream].isOver)
            try app.respond(stream, 403, [("x-why", "not today"), ("content-length", "2")], body: "no".bytes)
            if let frames = client.frames {
                #expect(try frames.answer(to: client.stream, 403, "no")["x-why"] == "not today")
            } else {
                let response = try client.wire.receiveResponse()
                #expect(response.status == 403 && response.bodyText == "no" && response.head["X-Why"] == "not today")
                // A request like any other.
                let next = try app.nextRequest()
                #expect(app[next][":method"] == "GET" && app[next][":path"] == "/smuggled")
                try app.respond(next, 200, [("content-length", "1")], body: "x".bytes)
                try client.wire.expectAnswer("x")
            }
            try app.waitFor("the end of what asked") { $0[stream].isOver }
            #expect(app[stream].resetCode == 8 && app[stream].body.isEmpty && app[stream].dataFrames == 0)
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `bytes in front of the answer reach the app behind it`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let client = try Client(manner, s)
            try client.ask()
            try client.send("early".bytes)
            if manner == .http2 { try client.end() }
            let app = try s.acceptStreams(settings: Self.offered)
            let stream = try app.nextRequest()
            try app.ping()
            #expect(app[stream].body.isEmpty && !app[stream].isOver)
            try app.send(Wire.headers(stream, [(":status", "103"), ("link", "</a>")], ends: false))
            try app.send(Wire.headers(stream, [(":status", "200")], ends: false) + Wire.data(stream, "first"))
            if manner == .http1 { #expect(try client.wire.receiveHead().status == 103) }
            try client.expectOpen()
            try client.expect("first".bytes)
            try app.waitFor("the bytes") { $0[stream].bodyText == "early" && $0[stream].isComplete == (manner == .http2) }
        }
    }

    /// A length means nothing there, nor does the answer to a key that nobody sent (RFC 9110 §9.3.6, RFC 8441 §5).
    @Test(arguments: ClientManner.allCases)
    func `an app that opens a tunnel with another 2xx, with a length, or with its end`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let (client, app, stream) = try tunnel(
                s, manner, answer: [("content-length", "3"), ("sec-websocket-accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), ("sec-websocket-protocol", "chat")])
            try app.send(Wire.data(stream, "more than three"))
            try client.expect("more than three".bytes)
            let next = try Client(manner, s)
            try next.ask()
            let second = try app.nextRequest()
            try app.send(Wire.headers(second, [(":status", "204")], ends: true))
            try next.expectOpen()
            try next.expectEnd()
            try next.send("up".bytes)
            try next.end()
            try app.waitFor("up") { $0[second].isComplete }
            #expect(app[second].bodyText == "up" && app[second].resetCode == nil)
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `an app that does not offer it is not asked`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let client = try Client(manner, s)
            try client.ask()
            let app = try s.acceptStreams()
            try client.expectRefusal(501, "upstream.upgrade.unsupported")
            try client.ask()
            try client.expectRefusal(501, "upstream.upgrade.unsupported")
            try app.ping()
            #expect(try app.arrivedRequests().isEmpty)
            // One that changes its mind is asked from then on.
            try app.change([(8, 0)])
            try app.change(Self.offered)
            try client.ask()
            let stream = try app.nextRequest()
            #expect(app[stream][":method"] == "CONNECT")
            try app.send(Wire.headers(stream, [(":status", "200")], ends: false))
            try client.expectOpen()
        }
    }

    /// RFC 8441 §3 forbids it.
    @Test(arguments: ClientManner.allCases)
    func `an app that takes its offer back has broken the protocol`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let (client, app, _) = try tunnel(s, manner)
            try app.send(Wire.settings([(8, 0)]))
            try client.expectBrokenOff()
            try app.expectGoAway(1)
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `what an app takes is waited for until its SETTINGS come`(manner: ClientManner) throws {
        try StreamAppTests.run { s in
            let client = try Client(manner, s)
            try client.ask()
            let wire = try s.app.accept()
            // What needs no word of the app's is sent at once, behind it.
            let other = try s.connectStreams()
            let get = try other.get("/other")
            let app = try FrameConnection.appWithoutSettings(wire)
            let first = try app.nextRequest()
            #expect(app[first][":path"] == "/other")
            try app.send(Wire.settings(Self.offered))
            let stream = try app.nextRequest()
            #expect(app[stream][":method"] == "CONNECT")
            try app.send(Wire.headers(stream, [(":status", "200")], ends: false))
            try client.expectOpen()
            try app.respond(first, 200)
            try other.answer(to: get, 200)
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `an app that says nothing, or closes, fails the upgrade in its time`(manner: ClientManner) throws {
        try StreamAppTests.run(app: "send-timeout = 300ms") { s in
            let client = try Client(manner, s)
            try client.ask()
            let silent = try FrameConnection.appWithoutSettings(s.app.accept())
            try client.expectRefusal(504, "upstream.send.timeout")
            try silent.expectEnd()
            let next = try Client(manner, s)
            try next.ask()
            // Nothing was sent: another connection is tried.
            for _ in 0..<2 { try FrameConnection.appWithoutSettings(s.app.accept()).wire.close() }
            let app = try s.acceptStreams(settings: Self.offered)
            try app.send(Wire.headers(try app.nextRequest(), [(":status", "200")], ends: false))
            try next.expectOpen()
        }
    }

    /// Any server may ignore an upgrade (RFC 9110 §7.8).
    @Test(arguments: [
        "Upgrade: example/1", "Upgrade: websocket", "Upgrade: websocket\r\nSec-WebSocket-Key: short",
        "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ])
    func `an upgrade of HTTP/1.1 to anything else, or without a key, is a request like others`(fields: String) throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\(fields)\r\n\r\n")
            let app = try s.acceptStreams(settings: Self.offered)
            let stream = try app.nextRequest()
            #expect(app[stream][":method"] == "GET" && app[stream].isComplete && app[stream].all(":protocol").isEmpty && app[stream].all("upgrade").isEmpty)
            try app.respond(stream, 200, [("content-length", "5")], body: "plain".bytes)
            try client.expectAnswer("plain")
        }
    }

    @Test func `a WebSocket is found among the protocols that a client would have`() throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake.replacing("Upgrade: websocket", with: "Upgrade: example/1, WebSocket"))
            let app = try s.acceptStreams(settings: Self.offered)
            let stream = try app.nextRequest()
            #expect(app[stream][":protocol"] == "websocket")
            try app.send(Wire.headers(stream, [(":status", "200")], ends: false))
            #expect(try client.receiveHead()["Upgrade"] == "websocket")
        }
    }

    @Test func `a tunnel of another protocol is between the client and the app`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let asked = try client.request(head: StreamTunnelTests.head.map { ($0.0, $0.0 == ":protocol" ? "connect-udp" : $0.1) }, ends: false)
            let app = try s.acceptStreams(settings: Self.offered)
            let stream = try app.nextRequest()
            #expect(app[stream][":protocol"] == "connect-udp")
            try app.send(Wire.headers(stream, [(":status", "200"), ("capsule-protocol", "?1")], ends: false) + Wire.data(stream, "down"))
            try client.waitFor("down") { $0[asked].bodyText == "down" }
            #expect(client[asked].status == 200 && client[asked]["capsule-protocol"] == "?1")
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `a tunnel that is too long silent ends on both sides`(manner: ClientManner) throws {
        try StreamAppTests.run(app: "tunnel-timeout = 300ms") { s in
            let (client, app, stream) = try tunnel(s, manner)
            try client.expectBrokenOff()
            try app.waitFor("the reset") { $0[stream].resetCode != nil }
            #expect(app[stream].resetCode == 8)
        }
    }

    @Test(arguments: ClientManner.allCases)
    func `filters see the answer that opens a tunnel`(manner: ClientManner) throws {
        try StreamAppTests.run(pipeline: "named", filters: "[filter:named]\nuse = headers\nresponse-set = \"X-Named: yes\"") { s in
            let (client, app, stream) = try tunnel(s, manner)
            if let frames = client.frames { #expect(frames[client.stream]["x-named"] == "yes") } else { #expect(text(client.wire.log).contains("X-Named: yes\r\n")) }
            try app.send(Wire.data(stream, "down"))
            try client.expect("down".bytes)
        }
    }
}
