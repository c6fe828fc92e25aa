import Glibc
import Testing

/// Limits that count over all loops and addresses of a listener, and load on two loops.
@Suite struct SeveralLoopsTests {
    func scenario(loops: Int = 2, listen: String = "127.0.0.1:0", maximum: Int, _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options()
        options.file = { _, folder in
            """
            [gateway]
            loops = \(loops)
            [listener:web]
            listen = \(listen.replacing("FOLDER", with: folder))
            serve = app
            max-connections = \(maximum)
            [app:app]
            use = echo

            """
        }
        try Scenario.run(options, script)
    }

    /// Asks. True when served, false when turned away.
    func isServed(_ client: ScriptedConnection) throws -> Bool {
        try? client.get("/")
        let response = try client.receiveResponse()
        if response.status == 200 { return true }
        guard response.status == 503, response.reason == "gateway.connections.full" else {
            throw ScenarioFailure("neither served nor full: \(response.head.startLine)")
        }
        try client.expectEnded()
        return false
    }

    /// So many that every loop is sure to get more than its share: the kernel chooses the loop of each by chance.
    func serve(_ count: Int = 60, _ connect: (Int) throws -> ScriptedConnection) throws -> (served: [ScriptedConnection], refused: Int) {
        var served: [ScriptedConnection] = []
        var refused = 0
        for index in 0..<count {
            let client = try connect(index)
            if try isServed(client) {
                served.append(client)
            } else {
                client.close()
                refused += 1
            }
        }
        return (served, refused)
    }

    @Test(arguments: [1, 2, 3, 7])
    func `max-connections counts over all loops, and places that are freed are taken again`(maximum: Int) throws {
        try scenario(maximum: maximum) { s in
            for _ in 0..<3 {
                let (served, refused) = try serve { _ in try s.connect() }
                #expect(served.count == maximum && refused == 60 - maximum)
                // Who is in stays in.
                for client in served { #expect(try isServed(client)) }
                for client in served { client.close() }
                #expect(wait { s.gateway.extraSockets <= 0 })
            }
        }
    }

    @Test(arguments: [1, 2])
    func `max-connections counts over all addresses of a listener`(loops: Int) throws {
        try scenario(loops: loops, listen: "127.0.0.1:0 [::1]:0", maximum: 4) { s in
            let ports = try s.gateway.addresses(count: 2).map { try #require(UInt16($0.split(separator: ":").last!)) }
            let (served, _) = try serve { index in
                let socket = index % 2 == 0 ? try Descriptor.connected(port: ports[0]) : try Descriptor.connected(six: "::1", port: ports[1])
                return s.adopt(try #require(socket))
            }
            #expect(served.count == 4)
        }
    }

    @Test func `a listener on a path alone has all of its max-connections, whatever the loops`() throws {
        try scenario(listen: "unix:FOLDER/gateway.sock", maximum: 4) { s in
            let (served, refused) = try serve(10) { _ in s.adopt(try #require(try Descriptor.connected(unix: "\(s.folder)/gateway.sock"))) }
            #expect(served.count == 4 && refused == 6)
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("wrk") && Programs.isHereOrMustBe("nginx"), "wrk or nginx is not installed"))
    func `a second of wrk over two loops: no error, and nothing but 200`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let nginx = try Nginx(in: folder) { _ in "location / { return 200 \"hello from behind\\n\"; }" }
        var options = Scenario.Options()
        options.file = { _, folder in
            """
            [gateway]
            loops = 2
            access-log = \(folder)/access.log
            [listener:web]
            listen = 127.0.0.1:0
            serve = app
            [app:app]
            servers = 127.0.0.1:\(nginx.port)

            """
        }
        try Scenario.run(options) { s in
            let url = s.url + "/"
            let wrk = try Child.run([try Programs.require("wrk"), "-t", "2", "-c", "32", "-d", "1s", url])
            #expect(wrk.ending == .exit(0))
            #expect(!wrk.stdout.contains("Socket errors") && !wrk.stdout.contains("Non-2xx"), "\(wrk.stdout)")
            let line = try #require(wrk.stdout.split(separator: "\n").first { $0.contains(" requests in ") }, "\(wrk.stdout)")
            let count = try #require(Int(line.split(separator: " ")[0]))
            #expect(count > 100)
            // wrk drops what is under way at its end; all that it counted stands in the log, with a 200.
            let path = "\(s.folder)/access.log"
            func logged() -> [Substring] { text(contents(of: path) ?? []).split(separator: "\n") }
            #expect(wait { logged().count >= count })
            let others = logged().filter { !$0.contains("\" 200 18 ") && !$0.contains(" end=C") }
            #expect(others.isEmpty, "\(others.prefix(3))")
            nginx.stop()
        }
    }
}
