import Testing

/// Upgrade to a tunnel (RFC 9110 §7.8), and what must never become one.
@Suite struct UpgradeTests {
    static let handshake =
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    static let accepted =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    /// A tunnel that is open.
    func tunnel(_ s: Scenario) throws -> (client: ScriptedConnection, app: ScriptedConnection) {
        let client = try s.connect()
        return (client, try s.openTunnel(client))
    }

    @Test func `a WebSocket handshake reaches the app and opens a tunnel both ways`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake)
            let app = try s.app.accept()
            let request = try app.receiveHead()
            #expect(request.startLine == "GET /ws HTTP/1.1")
            #expect(request["Connection"]?.lowercased() == "upgrade")
            #expect(request["Upgrade"] == "websocket")
            #expect(request["Sec-WebSocket-Key"] == "dGhlIHNhbXBsZSBub25jZQ==")
            try app.send(UpgradeTests.accepted)
            let response = try client.receiveHead()
            #expect(response.startLine == "HTTP/1.1 101 Switching Protocols")
            #expect(response["Connection"]?.lowercased() == "upgrade")
            #expect(response["Upgrade"] == "websocket")
            #expect(response["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(response.all("Transfer-Encoding").isEmpty && response.all("Content-Length").isEmpty)
            for index in 0..<10 {
                let up = pattern(1000 + index, from: index), down = pattern(3000 - index, from: 99 * index)
                try client.send(up)
                try app.expect(up)
                try app.send(down)
                try client.expect(down)
            }
        }
    }

    @Test func `bytes that the app sends with its 101 reach the client`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send(UpgradeTests.accepted + "first frame")
            #expect(try client.receiveHead().status == 101)
            try client.expect("first frame")
        }
    }

    @Test func `the client half-closes its side of a tunnel, the app answers on`() throws {
        try Scenario.run { s in
            let (client, app) = try tunnel(s)
            try client.send("last words")
            client.closeWriting()
            try app.expect("last words")
            try app.expectClosed()
            try app.send("and an answer")
            try client.expect("and an answer")
            app.close()
            try client.expectClosed()
        }
    }

    @Test func `the app half-closes its side of a tunnel, the client sends on`() throws {
        try Scenario.run { s in
            let (client, app) = try tunnel(s)
            try app.send("done")
            app.closeWriting()
            try client.expect("done")
            try client.expectClosed()
            try client.send("still here")
            try app.expect("still here")
            client.close()
            try app.expectEnded()
        }
    }

    @Test func `when one side of a tunnel goes away the other is closed`() throws {
        try Scenario.run { s in
            let (client, app) = try tunnel(s)
            client.close()
            try app.expectEnded()
            app.close()
            let (second, other) = try tunnel(s)
            other.reset()
            try second.expectEnded()
            try s.probe()
        }
    }

    @Test func `a tunnel of megabytes is byte for byte`() throws {
        try Scenario.run { s in
            let (client, app) = try tunnel(s)
            let block = pattern(65521)
            for (from, to) in [(client, app), (app, client)] {
                for _ in 0..<32 {
                    try from.send(block)
                    try to.expect(block)
                }
            }
        }
    }

    @Test(arguments: ["403 Forbidden", "400 Bad Request", "426 Upgrade Required", "200 OK"])
    func `an upgrade that the app refuses does not tunnel`(status: String) throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.answer("no", status: status)
            #expect(try client.receiveResponse().head.startLine == "HTTP/1.1 \(status)")
            // What follows is a request like any other, seen and checked by the gateway.
            try client.send("GET /after HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
            let next = try s.activeAppConnection().serve("GET /after HTTP/1.1", answering: "after")
            #expect(next.head["X-Forwarded-For"] == "127.0.0.1", "a tunnel would have passed it unchanged")
            try client.expectAnswer("after")
        }
    }

    @Test func `bytes behind an Upgrade request do not reach the app before its 101`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send(UpgradeTests.handshake + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try app.receiveHead()
            #expect(try s.probe() !== app)
            try app.expectNothingYet()
            try app.send(UpgradeTests.accepted)
            #expect(try client.receiveHead().status == 101)
            try app.expect("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        }
    }

    @Test func `bytes behind a refused Upgrade request are parsed as a request, not tunnelled`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send(UpgradeTests.handshake + "GET /second HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n")
            _ = try app.receiveHead()
            try app.answer("no", status: "403 Forbidden")
            #expect(try client.receiveResponse().status == 403)
            try client.expectFinalReply(400, "request.field.malformed")
            #expect(try s.probe() === app)
        }
    }

    @Test func `WebSocket smuggling: a refused version, then bytes, gives no tunnel to the app`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake.replacingVersion())
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.answer("", status: "426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n")
            #expect(try client.receiveResponse().status == 426)
            try client.send("GET /../internal HTTP/1.1\r\nHost: a\r\n\r\n")
            try client.expectFinalReply(400, "request.target.ambiguous")
            #expect(!text(app.log).contains("internal"))
        }
    }

    @Test func `a 101 that nobody asked for is a 502`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/plain")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send(UpgradeTests.accepted + "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")
            try client.expectReply(502, "upstream.response.upgrade.unexpected")
            try app.expectEnded()
            try s.probe()
        }
    }

    @Test func `Upgrade without Connection upgrade is not passed on`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")
            let app = try s.app.accept()
            #expect(try app.serve("GET /ws HTTP/1.1", answering: "plain").head.all("Upgrade").isEmpty)
            try client.expectAnswer("plain")
        }
    }

    @Test func `an h2c upgrade is not passed on`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /h2 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
            let app = try s.app.accept()
            let head = try app.serve("GET /h2 HTTP/1.1", answering: "still 1.1").head
            #expect(head.all("Upgrade").isEmpty && head.all("HTTP2-Settings").isEmpty)
            try client.expectAnswer("still 1.1")
        }
    }

    @Test func `Upgrade of an HTTP 1 0 request is not passed on`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /ws HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            let app = try s.app.accept()
            #expect(try app.serve("GET /ws HTTP/1.1", answering: "plain").head.all("Upgrade").isEmpty)
            try client.expectAnswer("plain")
        }
    }

    @Test func `a tunnel where nothing moves is closed after its time-out, one where something does is not`() throws {
        try Scenario.run(app: "tunnel-timeout = 300ms") { s in
            let (client, app) = try tunnel(s)
            for _ in 0..<6 {
                #expect(client.socket.await(1, until: Deadline(.milliseconds(100))) == 0)
                try app.send("x")
                try client.expect("x")
            }
            try client.expectEnded()
            try app.expectEnded()
        }
    }
}

extension String {
    fileprivate func replacingVersion() -> String {
        split(separator: "\r\n", omittingEmptySubsequences: false).map { $0.hasPrefix("Sec-WebSocket-Version") ? "Sec-WebSocket-Version: 1337" : $0 }
            .joined(separator: "\r\n")
    }
}

extension Scenario {
    /// Opens a tunnel between a client and the app.
    ///
    /// - Parameter first: what the app says in one piece with its head.
    /// - Returns: the app's end of it.
    func openTunnel(_ client: ScriptedConnection, saying first: String = "") throws -> ScriptedConnection {
        try client.send(UpgradeTests.handshake)
        let app = try activeAppConnection()
        _ = try app.receiveHead()
        try app.send(UpgradeTests.accepted + first)
        #expect(try client.receiveHead().status == 101)
        try client.expect(first)
        return app
    }
}
