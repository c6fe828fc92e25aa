import Testing

/// Whose address counts in the running gateway.
@Suite struct IPAccessScenarioTests {
    func scenario(_ listener: String, _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(listener: listener)
        options.site = { servers, _ in
            """
            [pipeline:site]
            pipeline = inside app
            [filter:inside]
            use = ip-access
            allow = 192.0.2.0/24
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options, script)
    }

    private func get(_ s: Scenario, _ client: ScriptedConnection, forwardedFor: String, passes: Bool) throws {
        try client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \(forwardedFor)\r\n\r\n")
        if passes {
            try s.activeAppConnection().serve("GET / HTTP/1.1", answering: "in")
            try client.expectAnswer("in")
        } else {
            try client.expectReply(403, "access.address")
        }
    }

    @Test func `behind a trusted proxy the address that it names counts, not one that the client wrote before it`() throws {
        try scenario("trusted-proxies = 127.0.0.1/32") { s in
            let client = try s.connect()
            try get(s, client, forwardedFor: "192.0.2.7", passes: true)
            try get(s, client, forwardedFor: "198.51.100.1", passes: false)
            try get(s, client, forwardedFor: "192.0.2.7, 198.51.100.1", passes: false)
            try get(s, client, forwardedFor: "198.51.100.1, 192.0.2.7", passes: true)
        }
    }

    @Test func `of anybody else nothing counts but the connection's own address`() throws {
        try scenario("") { s in try get(s, try s.connect(), forwardedFor: "192.0.2.7", passes: false) }
    }
}
