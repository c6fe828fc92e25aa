import Glibc
import Testing

/// The health check of the running gateway: a file takes it out of service, and so does a drain.
@Suite struct HealthcheckScenarioTests {
    func scenario(_ gateway: String = "", _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(loops: 2)
        options.gateway = gateway
        options.site = { servers, folder in
            """
            [pipeline:site]
            pipeline = health app
            [filter:health]
            use = healthcheck
            disable-by-file = \(folder)/out
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options, script)
    }

    /// One answer to a check on a new connection, from whichever loop takes it.
    private func check(_ s: Scenario, _ method: String = "GET") throws -> (status: Int, body: String) {
        let client = try s.connect()
        try client.send("\(method) /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try client.receiveResponse(to: method)
        client.close()
        return (response.status, response.bodyText)
    }

    @Test func `a file that appears takes the gateway out of service, on all loops, until it is removed`() throws {
        try scenario { s in
            #expect(try check(s) == (200, "OK"))
            #expect(try check(s, "HEAD") == (204, ""))
            try write("", to: "\(s.folder)/out")
            #expect(try wait { try check(s).status == 503 })
            // Every loop gets to know, if not in the same instant.
            #expect(try wait { try (0..<12).allSatisfy { _ in try check(s) == (503, "DISABLED BY FILE") } })
            #expect(try check(s, "HEAD") == (503, ""))
            // Only the health check says so: requests are served.
            let client = try s.connect()
            try client.get("/")
            try s.activeAppConnection().serve("GET / HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
            unsafe _ = unlink("\(s.folder)/out")
            #expect(try wait { try (0..<12).allSatisfy { _ in try check(s) == (200, "OK") } })
        }
    }

    @Test func `a check that is on its way when the gateway drains is told so`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET /healthcheck HTTP/1.1\r\n")
            // The gateway has begun to read it.
            try client.awaitTaken()
            let slow = try s.connect()
            try slow.get("/slow")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            try s.drain()
            try client.send("Host: a\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(response.status == 503)
            #expect(response.bodyText == "DRAINING")
            #expect(response.head["Connection"] == "close")
            try app.answer("done")
            try slow.expectAnswer("done")
            s.expectEnd()
        }
    }

    @Test func `for the drain delay checks on new connections are told, and requests are served as before`() throws {
        try scenario("drain-delay = 1h") { s in
            s.gatewayIsStopped = true
            let kept = try s.connect()
            try kept.send("GET /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n")
            try kept.expectAnswer("OK")
            s.gateway.process.signal(SIGTERM)
            // Both loops get to know.
            #expect(try wait { try (0..<12).allSatisfy { _ in try check(s) == (503, "DRAINING") } })
            try kept.send("GET /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n")
            let told = try kept.receiveResponse()
            #expect(told.status == 503 && told.bodyText == "DRAINING")
            // Nothing is closed yet: the next request may come on the same connection, or on another.
            #expect(told.head["Connection"] == nil)
            for client in [kept, try s.connect()] {
                try client.get("/")
                try s.activeAppConnection().serve("GET / HTTP/1.1", answering: "x")
                #expect(try client.expectAnswer("x").head["Connection"] == nil)
            }
            // A second signal does not wait for the hour.
            s.gateway.process.signal(SIGTERM)
            #expect(s.gateway.process.waitForEnd(upTo: .seconds(10)) == .exit(0))
        }
    }

    @Test func `after the drain delay the gateway drains`() throws {
        try scenario("drain-delay = 200ms") { s in
            s.gatewayIsStopped = true
            let slow = try s.connect()
            try slow.get("/slow")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            s.gateway.process.signal(SIGTERM)
            let port = try #require(s.gateway.ports["web"])
            #expect(try wait { try Descriptor.connected(port: port) == nil })
            try app.answer("done")
            #expect(try slow.expectAnswer("done").head["Connection"] == "close")
            #expect(s.gateway.process.waitForEnd(upTo: .seconds(10)) == .exit(0))
        }
    }
}
