import Glibc
import Testing

/// A gateway whose listener `web` speaks TLS, and whose listener `plain` does not, before the same app.
enum TLSSite {
    /// - Parameters:
    ///   - tls: lines of the filter's section.
    ///   - listener: lines of the section of `web`.
    ///   - plain: lines of the section of `plain`.
    ///   - app: lines of the app's section.
    static func run(
        _ tls: String, loops: Int = 1, listener: String = "", plain: String = "", app: String = "use = echo", _ script: (Scenario) throws -> Void
    ) throws {
        var options = Scenario.Options(servers: 0)
        options.listeners = ["web", "plain"]
        options.file = { _, _ in file(tls, loops: loops, listener: listener, plain: plain, app: app) }
        try Scenario.run(options, script)
    }

    static func file(_ tls: String, loops: Int = 1, listener: String = "", plain: String = "", app: String = "use = echo") -> String {
        """
        [gateway]
        loops = \(loops)
        access-log = stdout
        access-log-format = json

        [listener:web]
        listen = 127.0.0.1:0
        through = tls
        serve = app
        \(listener)

        [listener:plain]
        listen = 127.0.0.1:0
        serve = app
        \(plain)

        [filter:tls]
        use = tls-termination
        \(tls)

        [app:app]
        \(app)

        """
    }

    /// The same before `Tests/Peers/field_app.py`.
    static func runBeforeFieldApp(_ tls: String, listener: String = "", _ script: (Scenario) throws -> Void) throws {
        let (process, port) = try PythonPeer.start(PythonPeer.plain, [PythonPeer.path("field_app.py")])
        func stop() {
            guard !process.ended else { return }
            process.signal(SIGKILL)
            _ = process.waitForEnd(upTo: .seconds(10))
        }
        defer { stop() }
        try run(tls, listener: listener, app: "servers = 127.0.0.1:\(port)") { s in
            try script(s)
            stop()
        }
    }
}

extension Scenario {
    /// The lines of the access log on stdout that have a reason of an app's, for messages: what was wrong is in them within a second.
    var appReasons: [String] {
        func lines() -> [String] { text(gateway.process.stdout).split(separator: "\n").filter { $0.contains(":\"upstream.") }.map(String.init) }
        _ = wait(upTo: .seconds(2)) { gateway.process.collect(); return !lines().isEmpty }
        return lines()
    }
}

extension TestAuthority.Identity {
    /// The value of `certificate`, with its key.
    var option: String { "\(certificate) key=\(key)" }

    /// Certificate and key in one file.
    var both: String { text((contents(of: certificate) ?? []) + (contents(of: key) ?? [])) }

    /// The certificate as a byte sequence of a structured field (RFC 9440).
    var field: String {
        let lines = text(contents(of: certificate) ?? []).split(separator: "\n")
        return ":" + lines.filter { !$0.contains("CERTIFICATE") }.joined() + ":"
    }
}

/// Puts a text into the place of a file, whole.
func replace(_ path: String, by text: String) throws {
    try write(text, to: path + ".new")
    try Folder.setMode(path + ".new", 0o600)
    try Folder.move(path + ".new", to: path)
}
