import Glibc
import Testing

/// A process that has no descriptors left (EMFILE) goes on: it neither spins nor dies.
@Suite struct DescriptorLimitTests {
    @Test func `too many clients for the descriptors: no spin, no crash, and it recovers`() throws {
        var options = Scenario.Options()
        options.fileLimit = 40
        try Scenario.run(options) { s in
            let app = try s.warm()
            // More clients than it can have; the kernel keeps the rest in its backlog.
            var clients: [ScriptedConnection] = []
            for _ in 0..<60 { clients.append(try s.connect()) }
            #expect(wait { (ProcFiles.socketCount(s.gateway.pid) ?? 0) >= 25 })
            let before = try #require(ProcFiles.cpuTicks(s.gateway.pid))
            // Half a second in which nothing happens: a spinning loop would burn 50 ticks.
            #expect(clients[0].socket.await(POLLIN, until: Deadline(.milliseconds(500))) == 0)
            let spent = try #require(ProcFiles.cpuTicks(s.gateway.pid)) - before
            #expect(spent < 25, "\(spent) ticks of CPU in half a second of nothing")
            // It is said once, not at each of the tries, and with what to do.
            let lines = s.gateway.errors.split(separator: "\n")
            let said = lines.filter { $0.contains("Too many open files") }
            #expect(said.count == 1, "\(lines)")
            #expect(said.first?.contains("40 descriptors may be open: raise LimitNOFILE") == true)
            // Who is in is served on the connection that the pool has.
            try clients[0].get("/in")
            try app.serve("GET /in HTTP/1.1", answering: "served")
            try clients[0].expectAnswer("served")
            for client in clients { client.close() }
            #expect(wait { s.gateway.extraSockets <= 1 })
            #expect(try s.probe() === app)
        }
    }

    @Test func `no descriptor for a connection to the app is an error reply, not a crash`() throws {
        var options = Scenario.Options()
        options.fileLimit = 40
        try Scenario.run(options) { s in
            var clients: [ScriptedConnection] = []
            for _ in 0..<60 { clients.append(try s.connect()) }
            // The last one is taken: only then is there none for the app.
            #expect(wait { s.gateway.errors.contains("Too many open files") })
            try clients[0].get("/none")
            let reply = try clients[0].receiveResponse()
            #expect((500...504).contains(reply.status))
            #expect(reply.reason != nil)
            for client in clients { client.close() }
            #expect(wait { s.gateway.extraSockets <= 0 })
            try s.probe()
        }
    }

    /// Starts the gateway under `ulimit` and stops it; returns what it wrote on stderr, and its limit line in /proc.
    private func start(_ ulimit: String, _ listener: String, _ app: String) throws -> (stderr: String, limits: String) {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write(
            "[gateway]\nloops = 1\n[listener:web]\nlisten = 127.0.0.1:0\nserve = app\n\(listener)\n[app:app]\nservers = 127.0.0.1:1\n\(app)\n",
            to: "\(folder)/gateway.conf")
        let process = try Child(["/bin/sh", "-c", "\(ulimit); exec \"$@\"", "sh", Gateway.binary, "run", "\(folder)/gateway.conf"])
        #expect(process.waitForOutput { $0.contains("listening on ") })
        let limits = contents(of: "/proc/\(process.pid)/limits").map(text) ?? ""
        process.signal(SIGTERM)
        #expect(process.waitForEnd(upTo: .seconds(10)) == .exit(0))
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
        return (text(process.stderr), line.split(separator: " ").dropFirst(3).joined(separator: " "))
    }

    @Test func `the soft limit is raised to the hard one`() throws {
        let (stderr, limits) = try start("ulimit -Sn 50; ulimit -Hn 3000", "max-connections = 1000", "max-connections = 1000")
        #expect(limits == "3000 3000 files")
        #expect(stderr == "")
    }

    @Test func `connections that were asked for and cannot be had are said at the start`() throws {
        let (stderr, _) = try start("ulimit -n 3000", "max-connections = 2000", "max-connections = 1000")
        #expect(stderr.hasPrefix("sluice: warning: 3000 descriptors (files and sockets) may be open, and 30"))
        #expect(stderr.contains("`max-connections`") && stderr.contains("LimitNOFILE"))
        // The defaults are more, and nobody asked for them.
        #expect(try start("ulimit -n 3000", "", "").stderr == "")
    }
}
