import Glibc
import Testing

/// `Tests/Peers/tls_app.py`, or another app of Python's that speaks TLS.
final class SecureApp {
    let process: Child
    let port: UInt16

    init(_ identity: TestAuthority.Identity, _ options: [String] = [], program: String = "tls_app.py") throws {
        (process, port) = try PythonPeer.start(PythonPeer.plain, [PythonPeer.path(program), identity.certificate, identity.key] + options)
    }

    /// The requests that it has read, each as `request METHOD PATH`.
    var requests: [String] {
        process.collect()
        return text(process.stdout).split(separator: "\n").filter { $0.hasPrefix("request ") }.map(String.init)
    }

    /// Ends it, and so its connections.
    func stop() {
        guard !process.ended else { return }
        process.signal(SIGKILL)
        _ = process.waitForEnd(upTo: .seconds(10))
    }

    /// A gateway before one app that speaks TLS.
    ///
    /// - Parameters:
    ///   - servers: instead of the app's address.
    ///   - options: lines of the app's section.
    static func run(
        _ app: SecureApp, servers: String? = nil, options: String, _ script: (Scenario) throws -> Void
    ) throws {
        defer { app.stop() }
        try run(servers: servers ?? "https://127.0.0.1:\(app.port)", options: options) { s in
            try script(s)
            app.stop()
        }
    }

    /// A gateway before an app of which it believes that it speaks TLS.
    static func run(servers: String, options: String, _ script: (Scenario) throws -> Void) throws {
        var scenario = Scenario.Options(servers: 0)
        scenario.file = { _, _ in
            """
            [gateway]
            loops = 1

            [listener:web]
            listen = 127.0.0.1:0
            serve = app

            [app:app]
            servers = \(servers)
            \(options)

            """
        }
        try Scenario.run(scenario, script)
    }
}

extension ScriptedConnection {
    /// Asks `tls_app.py` what it knows of its connection.
    func about(_ path: String = "/", at location: SourceLocation = #_sourceLocation) throws -> String {
        try get(path, at: location)
        let response = try receiveResponse(at: location)
        guard response.status == 200 else {
            throw ScenarioFailure("\(name): \(response.head.startLine), reason \(response.reason ?? "none")", at: location)
        }
        return response.bodyText
    }
}
