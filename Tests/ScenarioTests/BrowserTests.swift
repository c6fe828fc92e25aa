import Glibc
import Testing

/// A browser in front, a real app behind: a page that uses what pages use is the same through the gateway as directly.
@Suite(
    .enabled(if: unsafe Programs.browser != nil || getenv("CI") != nil, "no Chromium is installed: deploy/bootstrap --test"),
    .enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.withUvicorn), "no python3 has uvicorn and websockets: deploy/bootstrap --test"))
struct BrowserTests {
    /// The DOM of a page after its load event, which comes when its script is through.
    ///
    /// - Parameter identity: whose certificate is taken, whoever has signed it.
    func dom(_ url: String, _ folder: String, trusting identity: TestAuthority.Identity? = nil) throws -> String {
        guard let browser = Programs.browser else { throw ScenarioFailure("no Chromium is installed: deploy/bootstrap --test installs one") }
        try Folder.make(folder)
        // As root there is no sandbox to be had. Nobody outside of this machine is asked for anything.
        var options = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=\(folder)", "--timeout=20000", "--dump-dom",
        ]
        if let identity { options.append("--ignore-certificate-errors-spki-list=\(try keyHash(identity))") }
        let result = try Child.run([browser] + options + [url], environment: ["HOME": folder])
        guard result.ending == .exit(0) else { throw ScenarioFailure("\(browser): \(result.ending) \(result.stderr)") }
        return result.stdout
    }

    /// The SHA-256 of its public key, in base64.
    func keyHash(_ identity: TestAuthority.Identity) throws -> String {
        let script = "\"$1\" pkey -in \"$2\" -pubout -outform der | \"$1\" dgst -sha256 -binary | \"$1\" enc -base64"
        return String(try Child.run(["/bin/sh", "-c", script, "sh", Programs.require("openssl"), identity.key]).stdout.prefix { $0 != "\n" })
    }

    /// What the page found, by the names of its checks.
    func results(_ dom: String) -> [String: String] {
        var found: [String: String] = [:]
        for item in dom.split(separator: "<li id=\"").dropFirst() {
            let parts = item.split(separator: "\">", maxSplits: 1)
            guard parts.count == 2, let end = parts[1].firstRange(of: "</li>") else { continue }
            found[String(parts[0])] = String(parts[1][..<end.lowerBound])
        }
        return found
    }

    /// Compares the page of the app on `port` with the same through a gateway, and with what it should be.
    func compare(_ url: String, _ s: Scenario, trusting identity: TestAuthority.Identity? = nil, with app: (process: Child, port: UInt16)) throws {
        let direct = try dom("http://127.0.0.1:\(app.port)/?direct", "\(s.folder)/direct")
        let through = try dom("\(url)/?through", "\(s.folder)/through", trusting: identity)
        let differing = zip(direct.split(separator: "<li"), through.split(separator: "<li")).filter { $0 != $1 }
        #expect(through == direct, "\(differing)")
        app.process.signal(SIGKILL)
        _ = app.process.waitForEnd(upTo: .seconds(10))
        let found = results(through)
        let expected = [
            "style": "upper-roman",
            "json": "a=b one,two",
            "redirect": "true /json 200 {\"query\": \"moved\", \"names\": [\"one\", \"two\"]}",
            "cookies": "a=1; b=2 200 a=1; b=2",
            "conditional": "200 tagged 200 tagged",
            "aborted": "AbortError 200 left",
            "events": (1...5).map { "\($0):number \($0)" }.joined(separator: " "),
            "socket": "chat permessage-deflate hello 100000 bytes 4001 as asked true",
            "many": (0..<30).map(String.init).joined(separator: ","),
        ]
        for (name, value) in expected { #expect(found[name] == value, "\(name)") }
        #expect(found["download"]?.hasPrefix("300000 ") == true && found["upload"]?.hasPrefix("201 PUT 1000000 ") == true)
        #expect(found.count == 17 && !found.values.contains { $0.hasPrefix("failed") }, "\(found)")
    }

    @Test func `a page in a browser is the same through the gateway as directly`() throws {
        let app = try PythonPeer.start(PythonPeer.withUvicorn, [PythonPeer.path("browser_app.py")])
        defer { app.process.signal(SIGKILL) }
        var options = Scenario.Options()
        options.file = { _, _ in
            "[gateway]\nloops = 2\n[listener:web]\nlisten = 127.0.0.1:0\nserve = app\n[app:app]\nservers = 127.0.0.1:\(app.port)\n"
        }
        try Scenario.run(options) { s in try compare(s.url, s, with: app) }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("openssl"), "openssl is not installed"))
    func `a page that comes by HTTP/2 over TLS is the same`() throws {
        let app = try PythonPeer.start(PythonPeer.withUvicorn, [PythonPeer.path("browser_app.py")])
        defer { app.process.signal(SIGKILL) }
        let authority = try TestAuthority()
        defer { withExtendedLifetime(authority) {} }
        let identity = try authority.issue()
        try TLSSite.run("certificate = \(identity.option)", loops: 2, app: "servers = 127.0.0.1:\(app.port)") { s in
            try compare("https://127.0.0.1:\(s.gateway.ports["web"] ?? 0)", s, trusting: identity, with: app)
            // The image comes last. A WebSocket is a stream among the others (RFC 8441).
            #expect(s.gateway.process.waitForOutput { $0.contains("\"target\":\"/held?through\"") })
            let log = text(s.gateway.process.stdout).split(separator: "\n").filter { $0.hasPrefix("{") }
            #expect(log.count > 50 && log.allSatisfy { $0.contains("\"version\":\"2.0\"") }, "\(log)")
            #expect(log.contains { $0.contains("\"target\":\"/socket\"") && $0.contains("\"status\":101") }, "\(log)")
        }
    }
}
