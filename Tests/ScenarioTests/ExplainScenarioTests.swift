import Foundation
import Glibc
import Testing

/// What `sluice explain` says is what the running gateway does, byte for byte, and saying it disturbs nobody.
@Suite struct ExplainScenarioTests {
    private func scenario(_ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(gateway: "trusted-proxies = 127.0.0.0/8")
        options.site = { servers, _ in
            """
            [router:site]
            /cut = marked strip-prefix
            [pipeline:marked]
            pipeline = mark app
            [filter:mark]
            use = headers
            request-set = "X-Seen: {path} {client-address}"
            request-remove = X-Secret
            response-set = "X-Mark: {method}"
            [app:app]
            servers = \(servers[0])
            host = fixed.test

            """
        }
        try Scenario.run(options, script)
    }

    private func explain(_ s: Scenario, _ arguments: [String]) throws -> [String: Any] {
        let result = try Child.run([Gateway.binary, "explain", "\(s.folder)/gateway.conf", "--format", "json"] + arguments)
        guard result.ending == .exit(0) else { throw ScenarioFailure("explain: \(result.stderr)") }
        return try JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? [String: Any] ?? [:]
    }

    @Test func `the app gets exactly the head that is said to be sent`() throws {
        try scenario { s in
            let fields = ["X-Secret: s", "X-Forwarded-For: 192.0.2.7", "Upgrade: websocket", "Connection: upgrade", "Via: 1.0 x", "Accept: */*"]
            let report = try explain(s, ["http://a.test/cut/a%20b?q=1"] + fields.flatMap { ["-H", $0] })
            // Nothing has come to the app by then.
            #expect(s.app.listening.pending(POLLIN) == 0)
            let client = try s.connect()
            try client.send("GET /cut/a%20b?q=1 HTTP/1.1\r\nHost: a.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
            let head = try s.activeAppConnection().receiveHead()
            let sent = try #require(report["sent"] as? String)
            #expect(try Head((sent + "\r\n\r\n").utf8) == head)
            #expect(head["X-Seen"] == "/a%20b 192.0.2.7")
        }
    }

    @Test func `the client gets exactly the answer that is said`() throws {
        try scenario { s in
            for (target, fields) in [("/nothing", []), ("/cut/../x", []), ("/cut", ["Host: a", "Host: b"]), ("/cut", ["Expect: x"])] as [(String, [String])] {
                let report = try explain(s, ["http://a.test\(target)"] + fields.flatMap { ["-H", $0] })
                let answer = try #require(report["answer"] as? [String: Any])
                let client = try s.connect()
                let host = fields.contains { $0.hasPrefix("Host") } ? "" : "Host: a.test\r\n"
                try client.send("GET \(target) HTTP/1.1\r\n\(host)" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
                let response = try client.receiveResponse()
                #expect(answer["status"] as? Int == response.status)
                #expect(answer["reason"] as? String == response.head["Gateway-Reason"])
                #expect(answer["body"] as? String == response.bodyText)
                let said = try Head(((answer["head"] as? String ?? "") + "\r\n\r\n").utf8)
                #expect(said.startLine == response.head.startLine)
                #expect(said.fields.map(\.name) == response.head.fields.map(\.name))
                client.close()
            }
        }
    }

    @Test func `statuses tell scripts what went wrong`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write("[listener:web]\nlisten = 127.0.0.1:0\nserve = demo\n[app:demo]\nuse = echo\n", to: "\(folder)/good.conf")
        try write("[listener:web]\n", to: "\(folder)/bad.conf")
        func run(_ arguments: String...) throws -> (ending: Child.Ending, stdout: String, stderr: String) {
            try Child.run([Gateway.binary, "explain"] + arguments)
        }
        #expect(try run("\(folder)/good.conf", "http://a/").ending == .exit(0))
        let bad = try run("\(folder)/bad.conf", "http://a/")
        #expect(bad.ending == .exit(2))
        #expect(bad.stdout == "" && bad.stderr.contains("error[option.missing]"))
        let missing = try run("\(folder)/missing.conf", "http://a/")
        #expect(missing.ending == .exit(2) && missing.stderr.contains("missing.conf"))
        for arguments in [["a/"], ["http://a/", "--from", "nowhere"], ["http://a/", "-X", "G T"], ["http://a/", "--listener", "x"], ["http://a/", "-H", "x"]] {
            let wrong = try Child.run([Gateway.binary, "explain", "\(folder)/good.conf"] + arguments)
            #expect(wrong.ending == .exit(64) && wrong.stderr.hasPrefix("Error: "), "\(arguments): \(wrong)")
        }
        #expect(try Child.run([Gateway.binary, "explain"]).ending == .exit(64))
    }
}
