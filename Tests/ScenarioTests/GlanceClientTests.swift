import Glibc
import Testing

/// OpenStack's own client in front, and a stand-in for Glance behind: versions negotiate through the gateway as with Glance itself.
@Suite(.enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.withGlanceClient), "no python3 has glanceclient: deploy/bootstrap --test"))
struct GlanceClientTests {
    static let versions = """
        version = v2.16 status=current
        versions = v2.15 v2.14 v2.13 v2.12 v2.11 v2.10 v2.9 v2.8 v2.7 v2.6 v2.5 v2.4 v2.3 v2.2 v2.1 v2.0
        """

    /// What the client printed, line by line.
    private func lines(_ url: String) throws -> [String] {
        let client = try Child(
            [try #require(PythonPeer.withGlanceClient), PythonPeer.path("glance_client.py"), url], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        #expect(client.waitForEnd(upTo: .seconds(60)) == .exit(0), "\(url): \(text(client.stderr))")
        return text(client.stdout).split(separator: "\n").map(String.init)
    }

    @Test func `a client gets from the gateway what it gets from Glance`() throws {
        let (glance, glancePort) = try PythonPeer.start(PythonPeer.withGlanceClient, [PythonPeer.path("glance_app.py"), "--negotiates"])
        defer { glance.signal(SIGKILL) }
        let (app, appPort) = try PythonPeer.start(PythonPeer.withGlanceClient, [PythonPeer.path("glance_app.py")])
        defer { app.signal(SIGKILL) }
        let expected = try lines("http://127.0.0.1:\(glancePort)")
        #expect(expected.count > 30)
        #expect(expected.first == "list : ['image 0', 'image 1', 'image 2']")
        // The gateway repeats a host only where it was told that it is its own.
        let port = try Programs.freePort()
        var options = Scenario.Options()
        options.file = { _, _ in
            """
            [listener:web]
            listen = 127.0.0.1:\(port)
            serve = images
            [pipeline:images]
            pipeline = versions glance
            [filter:versions]
            use = version-negotiation
            compatibility = glance
            hosts = 127.0.0.1:\(port)
            \(Self.versions)
            [app:glance]
            servers = 127.0.0.1:\(appPort)

            """
        }
        try Scenario.run(options) { s in
            let got = try lines(s.url)
            #expect(got.count == expected.count)
            for (got, expected) in zip(got, expected) { #expect(got == expected) }
        }
    }
}
