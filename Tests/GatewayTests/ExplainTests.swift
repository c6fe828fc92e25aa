import EventLoops
import Foundation
import Proxy
import Testing

@testable import Gateway

/// `sluice explain`: what becomes of a request, without anything being sent.
@Suite struct ExplainTests {
    private func golden(_ name: String, _ text: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/explain/\(name)")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let expected = try? String(contentsOf: file, encoding: .utf8)
        #expect(expected == text, "\(name) differs; it is now:\n\(text)\nif that is meant, run with UPDATE_GOLDEN=1")
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        var url: String
        var fields: [String] = []
        var method = "GET"
        var from: String?
        var listener: String?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "forwarded", url: "http://127.0.0.1:8080/gate/x?y#z", fields: ["X-Old: o", "Content-Length: 5"], method: "POST", from: "192.0.2.7"),
        Case(
            name: "trusted", url: "http://127.0.0.1:8080/", fields: ["X-Forwarded-For: 198.51.100.9, 192.0.2.7, 10.9.9.9"], from: "10.1.1.1"),
        Case(name: "denied", url: "http://www.example.org:8080/deny", from: "2001:db8::7"),
        Case(name: "asked", url: "http://127.0.0.1:8080/gate/ask"),
        Case(name: "delayed", url: "http://127.0.0.1:8080/gate/delay"),
        Case(name: "no-route", url: "http://api.example.org:8080/nothing"),
        Case(name: "rewritten", url: "http://api.example.org:8080/v1/x"),
        Case(name: "two-pipelines", url: "http://127.0.0.1:8081/x", fields: ["Upgrade: websocket", "Connection: upgrade"]),
        Case(name: "ambiguous", url: "http://127.0.0.1:8080/a/../b"),
        Case(name: "refused", url: "http://127.0.0.1:8080/a", fields: ["X Y: 1"]),
        Case(name: "too-long", url: "http://127.0.0.1:8080/" + String(repeating: "a", count: 100)),
        Case(name: "too-large", url: "http://127.0.0.1:8080/gate/x", fields: ["Content-Length: 1001"], method: "PUT"),
        Case(name: "unix", url: "https://a.test/", from: "unix", listener: "web"),
        Case(name: "http2", url: "http://127.0.0.1:8085/pkg.Service/Method", fields: ["TE: trailers", "Content-Type: application/grpc"], method: "POST"),
        Case(name: "connect", url: "http://a.test:8082/", method: "CONNECT"),
    ]

    @Test(arguments: cases) func isSaidInWords(_ item: Case) throws {
        let report = try Explained.report(item.url, item.fields, method: item.method, from: item.from, listener: item.listener)
        try golden("\(item.name).expected", Explained.text(report))
    }

    @Test func isSaidInJSON() throws {
        let report = try Explained.report("http://127.0.0.1:8080/gate/ask", from: "192.0.2.7")
        try golden("asked.json", report.json)
        for item in Self.cases {
            let report = try Explained.report(item.url, item.fields, method: item.method, from: item.from, listener: item.listener)
            let json = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
            #expect(json?["url"] as? String == item.url)
        }
    }

    /// Nothing that a config, a filter or the command line says steers the terminal; with colours only ours do.
    @Test func nothingSteersTheTerminal() throws {
        let report = try Explained.report("http://www.example.org:8080/deny", ["X-A: \u{1B}]0;title\u{07}"])
        let plain = Explained.text(report)
        #expect(!plain.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F })
        let denied = try Explained.report("http://www.example.org:8080/deny")
        let colored = Explained.text(denied, isColored: true)
        #expect(colored.contains("\u{1B}[31manswers 403 gate.denied\u{1B}[0m"))
        #expect(colored.replacing(/\u{1B}\[[0-9]+m/, with: "") == Explained.text(denied))
    }

    @Test func manyRoutesAreCutButForThoseThatFit() {
        var report = RequestReport(method: "GET", url: "/", listener: .init(name: "web", cause: "the only one", addresses: []))
        let routes = (0..<100).map {
            RequestReport.Route(key: "/r\($0)", destination: "a", verdict: $0 == 98 ? .taken : $0 == 99 ? .lessSpecific : .otherPath)
        }
        report.steps = [.router(RequestReport.Router(name: "site", path: "/", routes: routes))]
        let text = Explained.text(report)
        #expect(text.contains("* /r98 ") && text.contains("  /r99 ") && text.contains("… and 80 more"))
        #expect(text.split(separator: "\n").count == 24)
    }

    // MARK: The command line

    static let wrong: [(String, [String], String, String)] = [
        ("example.org/x", [], "GET", "'example.org/x' is no URL"),
        ("ftp://a/", [], "GET", "The scheme 'ftp' is neither http nor https."),
        ("http:///x", [], "GET", "The URL has no host."),
        ("http://:80/", [], "GET", "The URL has no host."),
        ("http://a:0/", [], "GET", "'0' is not a port."),
        ("http://a:99999/", [], "GET", "'99999' is not a port."),
        ("http://u:p@a/", [], "GET", "A user name in the URL is not sent"),
        ("http://a/b c", [], "GET", "There is a blank in the URL: write it as %20."),
        ("http://a/b\r\nX: y", [], "GET", "There is a control character in the URL"),
        ("http://a/", [], "GE T", "'GE T' is not a method"),
        ("http://a/", [], "", "'' is not a method"),
        ("http://a/", ["X-A"], "GET", "'X-A' is no field"),
        ("http://a/", [": x"], "GET", "': x' is no field"),
        ("http://a/", ["X: a\r\nY: b"], "GET", "A field of -H holds a line end"),
        ("http://a/", ["X: " + String(repeating: "a", count: 100_000)], "GET", "more than 96 KiB"),
    ]

    @Test(arguments: wrong) func wrongRequestsAreNamed(_ url: String, _ fields: [String], _ method: String, _ message: String) {
        #expect {
            try ExplainedRequest(method: method, url: url, fields: fields)
        } throws: { error in
            if case ExplainFault.usage(let text) = error { text.contains(message) } else { false }
        }
    }

    static let heads: [(String, [String], String)] = [
        ("http://a", [], "GET / HTTP/1.1|Host: a"),
        ("HTTP://a:80?x#f", [], "GET /?x HTTP/1.1|Host: a"),
        ("https://a:443/x", [], "GET /x HTTP/1.1|Host: a"),
        ("https://[::1]:8443/x", [], "GET /x HTTP/1.1|Host: [::1]:8443"),
        ("http://a/x", ["host: b", "X-A:  1"], "GET /x HTTP/1.1|host: b|X-A: 1"),
        ("http://a/x", ["Host:"], "GET /x HTTP/1.1"),
        ("http://a/x", ["Host: b", "Host: c"], "GET /x HTTP/1.1|Host: b|Host: c"),
    ]

    @Test(arguments: heads) func theHeadIsWhatAClientWouldSend(_ url: String, _ fields: [String], _ head: String) throws {
        let request = try ExplainedRequest(method: "GET", url: url, fields: fields)
        #expect(String(decoding: request.head, as: UTF8.self) == head.replacing("|", with: "\r\n") + "\r\n\r\n")
    }

    @Test func theListenerIsFoundByThePort() throws {
        func listener(_ url: String) throws -> String { try Explained.report(url).listener.name }
        #expect(try listener("http://anything:8080/") == "web")
        // The address counts where both have the port.
        #expect(try listener("http://[::1]:8084/") == "inner")
        #expect(try listener("http://anything:8082/") == "everywhere")
        #expect(try Explained.report("https://x/", listener: "web").listener.warning == "it speaks plain HTTP: https:// would not be understood")
        for (url, name, message) in [
            ("http://a/", nil, "No listener accepts http on port 80 of a: name one of web (127.0.0.1:8080 unix:/run/web.sock)"),
            ("https://127.0.0.1:8080/", nil, "No listener accepts https on port 8080"),
            ("http://a.test:8084/", nil, "Several listeners accept http on port 8084 of a.test"),
            ("http://a/", "wep", "There is no listener 'wep'. Did you mean web?"),
        ] as [(String, String?, String)] {
            #expect {
                try Explained.report(url, listener: name)
            } throws: { error in
                if case ExplainFault.usage(let text) = error { text.contains(message) } else { false }
            }
        }
    }
}
