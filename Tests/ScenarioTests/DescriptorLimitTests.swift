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
            #expect(wait { (ProcFiles.socketCount(s.gateway.pid) ?? 0) >= 25 })
            try clients[0].get("/none")
            let reply = try clients[0].receiveResponse()
            #expect((500...504).contains(reply.status))
            #expect(reply.reason != nil)
            for client in clients { client.close() }
            #expect(wait { s.gateway.extraSockets <= 0 })
            try s.probe()
        }
    }
}
