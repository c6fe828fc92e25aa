import Glibc
import Testing

/// A browser in front, a real app behind: a page that uses what pages use is the same through the gateway as directly.
@Suite struct BrowserTests {
    static let browser = ["chromium-headless-shell", "chromium", "google-chrome"].lazy.compactMap(Programs.find).first

    /// The DOM of a page after its load event, which comes when its script is through.
    func dom(_ url: String, _ folder: String) throws -> String {
        guard let browser = Self.browser else { throw ScenarioFailure("no Chromium is installed: deploy/bootstrap --test installs one") }
        try Folder.make(folder)
        // As root there is no sandbox to be had. Nobody outside of this machine is asked for anything.
        let options = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=\(folder)", "--timeout=20000", "--dump-dom",
        ]
        let result = try Child.run([browser] + options + [url], environment: ["HOME": folder])
        guard result.ending == .exit(0) else { throw ScenarioFailure("\(browser): \(result.ending) \(result.stderr)") }
        return result.stdout
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

    @Test(
        .enabled(if: unsafe browser != nil || getenv("CI") != nil, "no Chromium is installed: deploy/bootstrap --test"),
        .enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.withUvicorn), "no python3 has uvicorn and websockets: deploy/bootstrap --test"))
    func `a page in a browser is the same through the gateway as directly`() throws {
        let (app, port) = try PythonPeer.start(PythonPeer.withUvicorn, [PythonPeer.path("browser_app.py")])
        defer { app.signal(SIGKILL) }
        var options = Scenario.Options()
        options.file = { _, _ in
            "[gateway]\nloops = 2\n[listener:web]\nlisten = 127.0.0.1:0\nserve = app\n[app:app]\nservers = 127.0.0.1:\(port)\n"
        }
        try Scenario.run(options) { s in
            let direct = try dom("http://127.0.0.1:\(port)/?direct", "\(s.folder)/direct")
            let through = try dom(s.url + "/?through", "\(s.folder)/through")
            let differing = zip(direct.split(separator: "<li"), through.split(separator: "<li")).filter { $0 != $1 }
            #expect(through == direct, "\(differing)")
            app.signal(SIGKILL)
            _ = app.waitForEnd(upTo: .seconds(10))
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
    }
}
