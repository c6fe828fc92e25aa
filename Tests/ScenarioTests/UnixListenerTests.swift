import Glibc
import Testing

/// Listeners on unix addresses: one socket that all loops accept from, and its file.
@Suite struct UnixListenerTests {
    private static func file(_ folder: String, _ servers: [String], loops: Int, _ more: String = "") -> String {
        "[gateway]\nloops = \(loops)\n[listener:web]\nlisten = unix:\(folder)/web.sock\nserve = app\n\(more)\n[app:app]\nservers = \(servers[0])\n"
    }

    private static func run(loops: Int, _ more: String = "", _ script: (Scenario, String) throws -> Void) throws {
        var options = Scenario.Options()
        options.file = { servers, folder in file(folder, servers, loops: loops, more) }
        try Scenario.run(options) { try script($0, "\($0.folder)/web.sock") }
    }

    /// Each loop has connections of its own to the app: as many as loops were at work.
    @Test func `connections that come one by one are taken by all loops in turn`() throws {
        try Self.run(loops: 3) { s, path in
            var clients: [ScriptedConnection] = []
            for index in 0..<9 {
                let client = s.adopt(try #require(try Descriptor.connected(unix: path)))
                clients.append(client)
                try client.get("/\(index)")
                try s.activeAppConnection().serve("GET /\(index) HTTP/1.1", answering: "\(index)")
                try client.expectAnswer("\(index)")
            }
            #expect(s.app.connections.count == 3)
        }
    }

    @Test func `a burst of connections is served, by whichever loop`() throws {
        try Self.run(loops: 2) { s, path in
            let clients = try (0..<40).map { _ in s.adopt(try #require(try Descriptor.connected(unix: path))) }
            for (index, client) in clients.enumerated() {
                try client.get("/\(index)")
                try s.activeAppConnection().serve("GET /\(index) HTTP/1.1", answering: "\(index)")
                try client.expectAnswer("\(index)")
            }
        }
    }

    /// With a share for each loop, the third of three would be refused or the fourth let in, as chance has it.
    @Test(arguments: ["unix", "tcp", "tcp on two addresses"])
    func `max-connections is for all loops and addresses together`(kind: String) throws {
        var options = Scenario.Options()
        options.file = { servers, folder in
            let tcp = "[gateway]\nloops = 4\n[listener:web]\nlisten = 127.0.0.1:0\(kind == "tcp" ? "" : " 127.0.0.2:0")\nserve = app\nmax-connections = 3\n[app:app]\nservers = \(servers[0])\n"
            return kind == "unix" ? Self.file(folder, servers, loops: 4, "max-connections = 3") : tcp
        }
        try Scenario.run(options) { s in
            func connect(_ index: Int) throws -> ScriptedConnection {
                if kind == "unix" { return s.adopt(try #require(try Descriptor.connected(unix: "\(s.folder)/web.sock"))) }
                let lines = text(s.gateway.process.stdout).split(separator: "\n").filter { $0.hasPrefix("listening on ") }
                let address = lines[index % lines.count].split(separator: " ")[2].split(separator: ":")
                let port = try #require(UInt16(address[1]))
                return s.adopt(try #require(try Descriptor.connected(to: String(address[0]), port: port)))
            }
            func serve(_ client: ScriptedConnection, _ path: String) throws {
                try client.get(path)
                try s.activeAppConnection().serve("GET \(path) HTTP/1.1", answering: "in")
                try client.expectAnswer("in")
            }
            #expect(s.gateway.process.waitForOutput { $0.split(separator: "\n").count >= (kind == "tcp on two addresses" ? 2 : 1) })
            let inside = try (0..<3).map { index in
                let client = try connect(index)
                try serve(client, "/\(index)")
                return client
            }
            // Those that are turned away take no place, however many linger.
            for index in 3..<6 {
                let outside = try connect(index)
                try? outside.get("/")
                try outside.expectReply(503, "gateway.connections.full")
            }
            inside[1].close()
            // The place is free when the gateway has seen the close: until then clients are turned away.
            #expect(
                try wait {
                    let client = try connect(6)
                    defer { client.close() }
                    guard (try? client.get("/again")) != nil else { return false }
                    while !client.hasArrivals() && !client.hasEnded {
                        if s.app.listening.pending(POLLIN) != 0 { _ = try s.app.accept() }
                        guard let app = s.app.connections.first(where: { $0.hasArrivals() }) else { continue }
                        try app.serve("GET /again HTTP/1.1", answering: "in")
                        try client.expectAnswer("in")
                        return true
                    }
                    return false
                })
        }
    }

    @Test(arguments: [1, 3])
    func `the socket file has its mode, and is gone at the end`(loops: Int) throws {
        try Self.run(loops: loops, "socket-mode = 0606") { s, path in
            #expect(Folder.mode(path) == 0o606)
            s.gatewayIsStopped = true
            try s.gateway.finish()
            #expect(!Folder.exists(path))
        }
    }

    /// Draining frees the path at once, while exchanges in flight go on.
    @Test func `a successor can listen on the path while the predecessor drains, and keeps its file`() throws {
        try Self.run(loops: 2) { s, path in
            let client = s.adopt(try #require(try Descriptor.connected(unix: path)))
            try client.get("/slow")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            s.gateway.process.signal(SIGTERM)
            #expect(wait { !Folder.exists(path) })
            let successor = try Child([Gateway.binary, "run", "\(s.folder)/gateway.conf"])
            #expect(successor.waitForOutput { $0.contains("listening on ") })
            try app.answer("finished")
            try client.expectAnswer("finished")
            s.expectEnd()
            #expect(Folder.exists(path))
            #expect(try Descriptor.connected(unix: path) != nil)
            successor.signal(SIGTERM)
            #expect(successor.waitForEnd(upTo: .seconds(10)) == .exit(0))
            #expect(!Folder.exists(path))
        }
    }

    @Test func `the file of a process that was killed is taken over, that of a living one is not`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let path = "\(folder)/web.sock"
        try write(Self.file(folder, ["127.0.0.1:1"], loops: 2), to: "\(folder)/gateway.conf")
        let command = [Gateway.binary, "run", "\(folder)/gateway.conf"]
        let first = try Child(command)
        #expect(first.waitForOutput { $0.contains("listening on ") })
        let refused = try Child.run(command)
        #expect(refused.ending == .exit(1))
        #expect(refused.stderr.contains("cannot listen on unix:\(path)") && refused.stderr.contains("in use"))
        #expect(try Descriptor.connected(unix: path) != nil)
        first.signal(SIGKILL)
        _ = first.waitForEnd(upTo: .seconds(10))
        #expect(Folder.exists(path))
        let second = try Child(command)
        #expect(second.waitForOutput { $0.contains("listening on ") })
        #expect(try Descriptor.connected(unix: path) != nil)
        second.signal(SIGTERM)
        #expect(second.waitForEnd(upTo: .seconds(10)) == .exit(0))
        #expect(!Folder.exists(path))
    }

    @Test func `a file that is no socket is left alone`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write("precious", to: "\(folder)/web.sock")
        try write(Self.file(folder, ["127.0.0.1:1"], loops: 1), to: "\(folder)/gateway.conf")
        let result = try Child.run([Gateway.binary, "run", "\(folder)/gateway.conf"])
        #expect(result.ending == .exit(1))
        #expect(contents(of: "\(folder)/web.sock").map(text) == "precious")
    }

    @Test func `a start that fails later leaves no socket file behind`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let taken = try Descriptor.listening()
        try write(
            Self.file(folder, ["127.0.0.1:1"], loops: 2) + "[listener:other]\nlisten = 127.0.0.1:\(taken.localPort)\nserve = app\n",
            to: "\(folder)/gateway.conf")
        let result = try Child.run([Gateway.binary, "run", "\(folder)/gateway.conf"])
        #expect(result.ending == .exit(1))
        #expect(!Folder.exists("\(folder)/web.sock"))
    }
}
