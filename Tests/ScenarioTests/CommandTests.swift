import Foundation
import Glibc
import Testing

/// `sluice proxy`, the echo app, and `run` on several listeners and loops.
@Suite struct CommandTests {
    @Test func `proxy needs no file`() throws {
        let apps = [try ScriptedApp(), try ScriptedApp()]
        let process = try Child(
            [Gateway.binary, "proxy", "--listen", "127.0.0.1:0", "--to", "http://\(apps[0].address)", "http://\(apps[1].address)"])
        #expect(process.waitForOutput { $0.contains("listening on 127.0.0.1:") && $0.contains("\n") })
        let port = try #require(
            ScenarioTests.text(process.stdout).split(separator: "\n").first { $0.hasPrefix("listening on ") }?
                .split(separator: " ")[2].split(separator: ":").last.flatMap { UInt16($0) })
        for index in 0..<4 {
            let client = ScriptedConnection(try #require(try Descriptor.connected(port: port)), name: "the client")
            try client.get("/\(index)")
            #expect(wait { apps.contains { $0.listening.pending(POLLIN) != 0 || $0.connections.contains { $0.hasArrivals() } } })
            for app in apps {
                if app.listening.pending(POLLIN) != 0 { _ = try app.accept() }
                for connection in app.connections where connection.socket.pending(POLLIN) != 0 || connection.hasArrivals() {
                    try connection.serve("GET /\(index) HTTP/1.1", answering: "\(index)")
                }
            }
            try client.expectAnswer("\(index)")
        }
        process.signal(SIGTERM)
        #expect(process.waitForEnd(upTo: .seconds(10)) == .exit(0))
    }

    @Test func `systemd is told when it serves and when it stops`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let socket = try Descriptor.datagrams(at: "\(folder)/notify")
        func next() throws -> String {
            var bytes: [UInt8] = []
            guard socket.await(POLLIN, until: Deadline()) != 0, case .bytes = socket.read(into: &bytes) else { throw ScenarioFailure("no notification") }
            return ScenarioTests.text(bytes)
        }
        try write("[gateway]\nloops = 1\n[listener:web]\nlisten = 127.0.0.1:0\nserve = echo\n[app:echo]\nuse = echo\n", to: "\(folder)/gateway.conf")
        let process = try Child([Gateway.binary, "run", "\(folder)/gateway.conf"], environment: ["NOTIFY_SOCKET": "\(folder)/notify"])
        #expect(try next().contains("READY=1"))
        process.collect()
        #expect(ScenarioTests.text(process.stdout).contains("listening on "))
        process.signal(SIGTERM)
        #expect(try next().contains("STOPPING=1"))
        #expect(process.waitForEnd(upTo: .seconds(10)) == .exit(0))
    }

    @Test func `proxy with a wrong address says what is wrong`() throws {
        let result = try Child.run([Gateway.binary, "proxy", "--listen", "127.0.0.1:99999", "--to", "ftp://x"])
        guard case .exit(let status) = result.ending else {
            Issue.record("ended with \(result.ending)")
            return
        }
        #expect(status != 0)
        #expect(result.stderr.contains("--listen") && result.stderr.contains("99999"))
        #expect(result.stderr.contains("--to") && result.stderr.contains("ftp"))
    }

    @Test func `run refuses a file with errors before it opens anything`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write("[gateway]\nlooops = 1\n[listener:web]\nlisten = 127.0.0.1:0\nserve = nobody\n", to: "\(folder)/gateway.conf")
        let result = try Child.run([Gateway.binary, "run", "\(folder)/gateway.conf"])
        #expect(result.ending == .exit(2))
        #expect(result.stderr.contains("looops") && result.stderr.contains("nobody"))
        #expect(!result.stdout.contains("listening"))
    }

    @Test func `the echo app answers with the request as it arrived, as JSON`() throws {
        var options = Scenario.Options()
        options.file = { _, _ in "[gateway]\nloops = 1\n[listener:web]\nlisten = 127.0.0.1:0\nserve = echo\n[app:echo]\nuse = echo\n" }
        try Scenario.run(options) { s in
            let client = try s.connect()
            try client.send("GET /a?b=c HTTP/1.1\r\nHost: echo.test\r\nX-Quote: \"\\\r\n\r\n")
            var response = try client.receiveResponse()
            #expect(response.status == 200)
            #expect(response.head["Content-Type"]?.hasPrefix("application/json") == true)
            var object = try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
            #expect(object["method"] as? String == "GET")
            #expect("\(object)".contains("/a?b=c") || "\(object)".contains("b=c"))
            #expect("\(object)".contains("echo.test"))
            try client.send("POST /body HTTP/1.1\r\nHost: echo.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            response = try client.receiveResponse()
            object = try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
            #expect(object["method"] as? String == "POST")
            try client.send("HEAD / HTTP/1.1\r\nHost: echo.test\r\n\r\n")
            #expect(try client.receiveResponse(to: "HEAD").status == 200)
            try client.send("GET /last HTTP/1.1\r\nHost: echo.test\r\nConnection: close\r\n\r\n")
            #expect(try client.receiveResponse().status == 200)
            try client.expectClosed()
        }
    }

    @Test func `several listeners and loops serve side by side`() throws {
        var options = Scenario.Options(listeners: ["one", "two"])
        options.file = { servers, _ in
            "[gateway]\nloops = 2\n[listener:one]\nlisten = 127.0.0.1:0\nserve = app\n[listener:two]\nlisten = 127.0.0.1:0\nserve = echo\n[app:app]\nservers = \(servers[0])\n[app:echo]\nuse = echo\n"
        }
        try Scenario.run(options) { s in
            #expect(s.gateway.ports["one"] != s.gateway.ports["two"])
            for index in 0..<20 {
                let client = try s.connect(to: "one")
                try client.get("/\(index)")
                try s.activeAppConnection().serve("GET /\(index) HTTP/1.1", answering: "\(index)")
                try client.expectAnswer("\(index)")
                let other = try s.connect(to: "two")
                try other.get("/echo")
                #expect(try other.receiveResponse().status == 200)
            }
        }
    }

    @Test func `a unix listener serves and its socket file is removed at the end`() throws {
        var options = Scenario.Options(listeners: [])
        options.file = { servers, folder in
            "[gateway]\nloops = 1\n[listener:web]\nlisten = unix:\(folder)/web.sock\nserve = app\n[app:app]\nservers = \(servers[0])\n"
        }
        try Scenario.run(options) { s in
            let path = "\(s.folder)/web.sock"
            #expect(s.gateway.process.waitForOutput { $0.contains("listening on unix:\(path) (web)") })
            let client = s.adopt(try #require(try Descriptor.connected(unix: path)))
            try client.get("/u")
            let request = try s.app.accept().serve("GET /u HTTP/1.1", answering: "unix")
            #expect(request.head["Host"] == "app.test")
            try client.expectAnswer("unix")
            s.gateway.process.signal(SIGTERM)
            s.expectEnd()
            #expect(!Folder.exists(path))
        }
    }
}
