import Glibc
import Testing

/// A real WebSocket app behind, a real client in front: Python's `websockets` on both sides.
@Suite(.enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.withWebSockets), "no python3 has websockets: deploy/bootstrap --test"))
struct WebSocketPeerTests {
    /// A gateway before an app, whose time-outs are all shorter than the client's silence, but for the tunnel's.
    ///
    /// - Parameters:
    ///   - app: the lines that say where it is.
    ///   - protocols: of the listener.
    static func run(_ app: String, protocols: String, _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options()
        options.file = { _, _ in
            """
            [gateway]
            loops = 1
            [listener:web]
            listen             = 127.0.0.1:0
            serve              = app
            protocols          = \(protocols)
            keep-alive-timeout = 1s
            head-timeout       = 2s
            body-timeout       = 2s
            write-timeout      = 2s
            [app:app]
            \(app)
            idle-timeout     = 1s
            response-timeout = 2s
            body-timeout     = 2s
            send-timeout     = 2s

            """
        }
        try Scenario.run(options, script)
    }

    /// Starts the real client on all that it can do. What is returned waits for its end, and checks what it found.
    static func startClient(_ url: String) throws -> () throws -> Void {
        let client = try Child([try #require(PythonPeer.withWebSockets), PythonPeer.path("websocket_client.py"), url])
        return {
            #expect(client.waitForEnd(upTo: .seconds(40)) == .exit(0), "\(url): \(text(client.stderr))")
            let lines = text(client.stdout).split(separator: "\n")
            #expect(lines.count == 14 && lines.allSatisfy { $0.hasPrefix("ok ") }, "\(url): \(lines)")
        }
    }

    func scenario(_ script: (Scenario, _ appPort: UInt16) throws -> Void) throws {
        let (app, port) = try PythonPeer.start(PythonPeer.withWebSockets, [PythonPeer.path("websocket_app.py")])
        defer { app.signal(SIGKILL) }
        try Self.run("servers = 127.0.0.1:\(port)", protocols: "h2 http/1.1") { s in try script(s, port) }
    }

    @Test func `a client does through the gateway all that it does with the app directly`() throws {
        try scenario { s, port in
            let urls = ["ws://127.0.0.1:\(port)", "ws://127.0.0.1:\(try #require(s.gateway.ports["web"]))"]
            for finish in try urls.map(Self.startClient) { try finish() }
        }
    }

    @Test func `a handshake that the app refuses leaves a connection for requests and for another handshake`() throws {
        try scenario { s, _ in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake.replacing("/ws", with: "/refused"))
            let refusal = try client.receiveResponse()
            #expect(refusal.status == 403 && refusal.bodyText == "no socket here\n" && refusal.head["X-Why"] == "not today")
            // The app closes after its answer; what it says of its own connection says nothing of the client's.
            #expect(refusal.head["Connection"] == nil)
            try client.get("/plain")
            try client.expectAnswer("plain\n")
            try client.send(UpgradeTests.handshake.replacing("/ws", with: "/echo"))
            let accepted = try client.receiveHead()
            #expect(accepted.status == 101 && accepted["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            // A masked text frame, whose mask changes nothing.
            try client.send([0x81, 0x82, 0, 0, 0, 0] + "hi".bytes)
            try client.expect([0x81, 0x02] + "hi".bytes)
        }
    }
}
