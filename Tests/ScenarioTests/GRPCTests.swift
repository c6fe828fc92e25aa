import Glibc
import HTTP2Wire
import Testing

/// Calls of gRPC between its library's client and server, over HTTP/2 with TLS and without, on both sides.
@Suite(
    .enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.withGRPC), "no python3 has grpc: deploy/bootstrap --test"),
    .enabled(if: Programs.isHereOrMustBe("openssl"), "openssl is not installed"))
struct GRPCTests {
    enum AppManner: CaseIterable { case plain, secure }

    /// A gateway on two loops before the app, and the checks at the end.
    private func run(_ manner: AppManner, loops: Int = 2, _ script: (Scenario, TestAuthority, GRPCPeer.App) throws -> Void) throws {
        let authority = try TestAuthority()
        let app = try GRPCPeer.App(manner == .secure ? authority.issue() : nil)
        defer { app.stop() }
        let lines =
            switch manner {
            case .plain: "servers = h2://127.0.0.1:\(app.port)"
            case .secure: "servers = https://localhost:\(app.port)\nprotocol = h2\ntls-authorities = \(authority.certificate)"
            }
        try GRPCPeer.run(authority, lines, loops: loops) { s in
            try script(s, authority, app)
            app.stop()
        }
    }

    @Test(arguments: AppManner.allCases)
    func `a client makes every kind of call through the gateway as it makes it of the app directly`(manner: AppManner) throws {
        try run(manner) { s, authority, app in
            let ways: [(String, UInt16, TestAuthority?)] = [
                ("directly", app.port, manner == .secure ? authority : nil), ("by TLS", try #require(s.gateway.ports["web"]), authority),
                ("without TLS", try #require(s.gateway.ports["plain"]), nil),
            ]
            let clients = try ways.map { try GRPCPeer.client(to: $0.1, $0.2) }
            for (way, client) in zip(ways, clients) {
                let lines = try client.lines()
                let isGood = lines.count == 21 && lines.allSatisfy { $0.hasPrefix("ok ") }
                #expect(isGood, "\(way.0): \(lines) \(text(client.stderr)) \(isGood ? [] : s.appReasons)")
            }
            #expect(s.gateway.process.waitForOutput { $0.contains("\"target\":\"/test.Calls/talk\",\"version\":\"2.0\"") })
        }
    }

    /// 502, of which gRPC's own table makes that.
    @Test(arguments: ["h2://127.0.0.1:PORT", "https://127.0.0.1:PORT\nprotocol = h2"])
    func `a call to an app that is down is unavailable, and says so at once`(servers: String) throws {
        let authority = try TestAuthority()
        let port = try Programs.freePort()
        try GRPCPeer.run(authority, "servers = \(servers.replacing("PORT", with: "\(port)"))") { s in
            for (listener, trusted) in [("web", authority), ("plain", nil)] {
                let lines = try GRPCPeer.client(to: #require(s.gateway.ports[listener]), trusted, ["unavailable"]).lines()
                let each = Array(repeating: "UNAVAILABLE: Received http2 header with status: 502", count: 4)
                #expect(lines == each + ["ok unavailable"], "\(listener): \(lines)")
            }
        }
    }

    @Test(arguments: AppManner.allCases)
    func `a call whose app dies in the middle ends with an error`(manner: AppManner) throws {
        try run(manner) { s, authority, app in
            let go = "\(s.folder)/go"
            let clients = try [("web", authority), ("plain", nil)].map { listener, trusted in
                try GRPCPeer.client(to: #require(s.gateway.ports[listener]), trusted, ["broken_off", go])
            }
            for client in clients { #expect(client.waitForOutput { $0.contains("talking\n") }) }
            app.stop()
            try write("", to: go)
            for client in clients {
                #expect(try client.lines() == ["talking", "INTERNAL: Received RST_STREAM with error code 2", "ok broken off"])
            }
        }
    }

    @Test(arguments: AppManner.allCases)
    func `a call goes on to its end while the gateway stops`(manner: AppManner) throws {
        try run(manner) { s, authority, app in
            let go = "\(s.folder)/go"
            let clients = try [("web", authority), ("plain", nil)].map { listener, trusted in
                try GRPCPeer.client(to: #require(s.gateway.ports[listener]), trusted, ["carried_on", go])
            }
            for client in clients { #expect(client.waitForOutput { $0.contains("talking\n") }) }
            try s.drain()
            #expect(!s.gateway.process.ended)
            try write("", to: go)
            for client in clients { #expect(try client.lines() == ["talking", "ok carried on"]) }
            s.expectEnd()
        }
    }

    @Test(arguments: AppManner.allCases)
    func `a response that is one head stays one, and one with a head and trailers has both`(manner: AppManner) throws {
        try run(manner, loops: 1) { s, _, _ in
            let client = try s.connectStreams(to: "plain")
            func refuse(_ message: String) throws -> FrameConnection.Stream {
                let fields = [("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", "20S")]
                let stream = try client.request("POST", "/test.Calls/refuse", fields, authority: "localhost", ends: false)
                try client.send(Wire.data(stream, [0, 0, 0, 0, UInt8(message.utf8.count)] + message.bytes, ends: true))
                try client.waitFor("the end of the call") { $0[stream].isOver }
                return client[stream]
            }
            let alone = try refuse("at-once 3 ü %")
            #expect(alone.heads.count == 1 && alone.trailers.isEmpty && alone.isComplete && alone.dataFrames == 0)
            #expect(alone.status == 200 && alone["grpc-status"] == "3" && alone["grpc-message"] == "%C3%BC %25" && alone["x-why-bin"] == "gA")
            let late = try refuse("late 3 ü %")
            #expect(late.heads.count == 1 && late.isComplete && late.status == 200 && late["x-early"] == "here" && late["grpc-status"] == nil)
            for (name, value) in [("grpc-status", "3"), ("grpc-message", "%C3%BC %25"), ("x-why", "asked for"), ("x-why-bin", "gA")] {
                #expect(late.trailers.filter { $0.name == name }.map(\.value) == [value], "\(name)")
            }
        }
    }
}
