import Glibc
import HTTP2Wire
import Testing

/// Real servers of WebSockets over HTTP/2 (RFC 8441) behind: HAProxy before a real app, and Hypercorn.
@Suite struct WebSocketStreamPeerTests {
    static let hasHAProxy = PythonPeer.isHereOrMustBe(PythonPeer.withWebSockets) && Programs.isHereOrMustBe("haproxy") && Programs.isHereOrMustBe("openssl")

    private func gateway(_ app: String, _ script: (Scenario) throws -> Void) throws {
        try WebSocketPeerTests.run(app, protocols: "h2c http/1.1", script)
    }

    enum Way: CaseIterable { case plain, secure }

    @Test(.enabled(if: hasHAProxy, "no python3 has websockets, or haproxy or openssl is not installed: deploy/bootstrap --test"), arguments: Way.allCases)
    func `a client does through the gateway and HAProxy's streams all that it does with the app directly`(way: Way) throws {
        let (app, appPort) = try PythonPeer.start(PythonPeer.withWebSockets, [PythonPeer.path("websocket_app.py")])
        defer { app.signal(SIGKILL) }
        let authority = try TestAuthority()
        let identity = try authority.issue()
        let pair = "\(authority.folder)/pair.pem"
        try write(text(contents(of: identity.certificate) ?? []) + text(contents(of: identity.key) ?? []), to: pair)
        let port = try Programs.freePort()
        try write(
            """
            defaults
             mode http
             timeout connect 5s
             timeout client 30s
             timeout server 30s
             timeout tunnel 30s
            frontend streams
             bind 127.0.0.1:\(port) \(way == .plain ? "proto h2" : "ssl crt \(pair) alpn h2")
             default_backend app
            backend app
             server app 127.0.0.1:\(appPort)

            """, to: "\(authority.folder)/haproxy.cfg")
        let haproxy = try Child([try Programs.require("haproxy"), "-db", "-f", "\(authority.folder)/haproxy.cfg"])
        defer {
            haproxy.signal(SIGTERM)
            _ = haproxy.waitForEnd(upTo: .seconds(10))
        }
        try Programs.awaitListening(port, haproxy)
        let lines =
            way == .plain
            ? "servers = h2://127.0.0.1:\(port)" : "servers = https://localhost:\(port)\nprotocol = h2\ntls-authorities = \(authority.certificate)"
        try gateway(lines) { s in
            try WebSocketPeerTests.startClient("ws://127.0.0.1:\(try #require(s.gateway.ports["web"]))")()
        }
    }

    /// A text message of a client, whose mask changes nothing.
    private func message(_ content: [UInt8]) -> [UInt8] {
        let length: [UInt8] = content.count < 126 ? [UInt8(content.count) | 0x80] : [0xFF] + Wire.number(content.count, 8)
        return [0x81] + length + [0, 0, 0, 0] + content
    }

    /// The same of a server.
    private func answer(_ content: [UInt8]) -> [UInt8] {
        let length: [UInt8] = content.count < 126 ? [UInt8(content.count)] : [127] + Wire.number(content.count, 8)
        return [0x81] + length + content
    }

    @Test(
        .enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.withHypercorn), "no python3 has hypercorn: deploy/bootstrap --test"),
        arguments: StreamAppTunnelTests.ClientManner.allCases)
    func `Hypercorn's WebSockets over HTTP/2`(manner: StreamAppTunnelTests.ClientManner) throws {
        let (app, port) = try PythonPeer.start(PythonPeer.withHypercorn, [PythonPeer.path("stream_socket_app.py")])
        defer { app.signal(SIGKILL) }
        try gateway("servers = h2://127.0.0.1:\(port)") { s in
            let plain = try s.connect()
            try plain.get("/plain")
            try plain.expectAnswer("plain\n")
            let echo = try StreamAppTunnelTests.Client(manner, s)
            try echo.ask("/echo")
            try echo.expectOpen()
            for content in [[], "hello".bytes, [UInt8](repeating: 0x61, count: 200_000)] {
                try echo.send(message(content))
                try echo.expect(answer(content))
            }
            let scope = try StreamAppTunnelTests.Client(manner, s)
            try scope.ask("/scope")
            try scope.expectOpen()
            let told = try scope.receiveText()
            #expect(told.hasPrefix("[\"2\", \"ws\", {") && told.contains("\"sec-websocket-version\": \"13\""), "\(told)")
            for name in ["sec-websocket-key", "upgrade", "connection", "protocol"] { #expect(!told.contains(name), "\(told)") }
            try scope.breakOff()
            #expect(app.waitForOutput { $0.contains("ended /scope 1006\n") })
            // Its neighbour goes on.
            try echo.send(message("still there?".bytes))
            try echo.expect(answer("still there?".bytes))
            let refused = try StreamAppTunnelTests.Client(manner, s)
            try refused.ask("/refused")
            if let frames = refused.frames {
                #expect(try frames.answer(to: refused.stream, 403, "no socket here\n")["x-why"] == "not today")
            } else {
                let response = try refused.wire.receiveResponse()
                #expect(response.status == 403 && response.bodyText == "no socket here\n" && response.head["X-Why"] == "not today")
            }
            let closed = try StreamAppTunnelTests.Client(manner, s)
            try closed.ask("/close/4000")
            try closed.expectOpen()
            try closed.expect([0x88, 2] + Wire.number(4000, 2))
            try closed.expectEnd()
            // Of the end of a client's side it takes no notice, or (0.13) dies of it: so they all end with a reset.
            try closed.breakOff()
            try echo.send(message("and now?".bytes))
            try echo.expect(answer("and now?".bytes))
            try echo.breakOff()
            #expect(app.waitForOutput { $0.contains("ended /echo 1006\n") }, "\(text(app.stdout)) \(text(app.stderr))")
        }
    }
}
