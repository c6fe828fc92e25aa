import Glibc
import Testing

/// `protocol = auto`: an app's server says by TLS (ALPN) whether it speaks HTTP/2. The app is another gateway, whose listener does.
@Suite(.enabled(if: Programs.isHereOrMustBe("openssl")))
struct NegotiatedProtocolTests {
    /// The gateway that is the app, before `inner`.
    private struct Inner {
        let authority: TestAuthority
        let identity: TestAuthority.Identity
        let app: String

        init(app: String = "use = echo") throws {
            authority = try TestAuthority()
            identity = try authority.issue("inner", names: ["DNS:inner.test"])
            self.app = app
        }

        /// - Parameters:
        ///   - protocols: of its listener.
        ///   - port: 0 for any.
        func start(_ protocols: String, port: UInt16 = 0) throws -> Gateway {
            try write(
                """
                [gateway]
                loops = 1
                access-log = stdout
                access-log-format = json

                [listener:web]
                listen = 127.0.0.1:\(port)
                through = tls
                protocols = \(protocols)
                serve = app

                [filter:tls]
                use = tls-termination
                certificate = \(identity.option)

                [app:app]
                \(app)

                """, to: "\(authority.folder)/inner.conf")
            return try Gateway(arguments: ["run", "\(authority.folder)/inner.conf"], listeners: ["web"])
        }

        var options: String { "protocol = auto\ntls-authorities = \(authority.certificate)\ntls-name = inner.test" }
    }

    /// Stops one, with its connections.
    private func stop(_ gateway: Gateway) {
        gateway.process.signal(SIGTERM)
        #expect(gateway.process.waitForEnd(upTo: .seconds(10)) == .exit(0), "\(gateway.errors)")
    }

    /// The HTTP versions of the requests that a gateway has logged.
    private func versions(_ gateway: Gateway, count: Int) throws -> [String] {
        func lines(_ output: String) -> [Substring] { output.split(separator: "\n").filter { $0.hasPrefix("{") } }
        guard gateway.process.waitForOutput({ lines($0).count >= count }) else { throw ScenarioFailure("not \(count) lines: \(text(gateway.process.stdout))") }
        return lines(text(gateway.process.stdout)).map { line in
            line.firstRange(of: "\"version\":\"").map { String(line[$0.upperBound...].prefix { $0 != "\"" }) } ?? ""
        }
    }

    /// Many clients at once, each with a request, before any is answered.
    private func ask(_ s: Scenario, _ count: Int) throws {
        let clients = try (0..<count).map { _ in try s.connect() }
        for (number, client) in clients.enumerated() { try client.get("/\(number)") }
        for (number, client) in clients.enumerated() {
            let response = try client.receiveResponse()
            #expect(response.status == 200, "\(response.reason ?? "")")
            #expect(response.bodyText.contains("\"target\": \"/\(number)\""))
            client.close()
        }
    }

    @Test func `a server that says HTTP/2 is asked by it`() throws {
        let inner = try Inner()
        let app = try inner.start("h2 http/1.1")
        try SecureApp.run(servers: "https://127.0.0.1:\(app.ports["web"]!)", options: inner.options) { s in
            try ask(s, 20)
            stop(app)
            #expect(try versions(app, count: 20) == Array(repeating: "2.0", count: 20))
            #expect(text(app.process.stdout).contains("\"version\":\"2.0\",\"tls\":\"1.3\""))
        }
    }

    @Test func `a server that says HTTP/1.1 is asked by it, and all who had waited for streams have their answers`() throws {
        let inner = try Inner()
        let app = try inner.start("http/1.1")
        try SecureApp.run(servers: "https://127.0.0.1:\(app.ports["web"]!)", options: inner.options) { s in
            try ask(s, 20)
            try ask(s, 5)
            stop(app)
            #expect(try versions(app, count: 25) == Array(repeating: "1.1", count: 25))
            #expect(text(app.process.stdout).contains("\"version\":\"1.1\",\"tls\":\"1.3\""))
        }
    }

    @Test func `a server may say something else when it is connected to again`() throws {
        let inner = try Inner()
        var app = try inner.start("h2 http/1.1")
        let port = try #require(app.ports["web"])
        try SecureApp.run(servers: "https://127.0.0.1:\(port)", options: inner.options) { s in
            try ask(s, 3)
            stop(app)
            app = try inner.start("http/1.1", port: port)
            try ask(s, 3)
            stop(app)
            // For a while it counts as one of HTTP/1.1, which it still offers.
            app = try inner.start("h2 http/1.1", port: port)
            try ask(s, 3)
            stop(app)
            #expect(try versions(app, count: 3) == ["1.1", "1.1", "1.1"])
        }
    }

    @Test func `an upgrade goes over HTTP/1.1, whatever the server says`() throws {
        let last = try ScriptedApp()
        let inner = try Inner(app: "servers = \(last.address)")
        let app = try inner.start("h2 http/1.1")
        try SecureApp.run(servers: "https://127.0.0.1:\(app.ports["web"]!)", options: inner.options) { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake)
            let behind = try last.accept()
            _ = try behind.receiveHead()
            try behind.send(UpgradeTests.accepted)
            #expect(try client.receiveHead().status == 101)
            try client.send("there")
            try behind.expect("there")
            try behind.send("and back")
            try client.expect("and back")
            client.close()
            try behind.expectEnded()
            behind.close()
            stop(app)
            #expect(try versions(app, count: 1) == ["1.1"])
        }
    }

    @Test func `a server that cannot be reached or has a bad certificate fails as ever`() throws {
        let inner = try Inner()
        let app = try inner.start("h2 http/1.1")
        let strangers = try TestAuthority()
        defer { withExtendedLifetime(strangers) {} }
        let options = inner.options.replacing(inner.authority.certificate, with: strangers.certificate)
        try SecureApp.run(servers: "https://127.0.0.1:\(app.ports["web"]!)", options: options) { s in
            let client = try s.connect()
            try client.get("/")
            let response = try client.receiveResponse()
            #expect(response.status == 502 && response.reason == "upstream.tls.certificate.untrusted")
            stop(app)
            try client.get("/")
            #expect(try client.receiveResponse().reason == "upstream.connect.refused")
        }
    }
}
