import Foundation
import Glibc
import Testing

/// What the gateway counts and times, and how it is read.
@Suite struct FilterTimingTests {
    private func options(_ gateway: String, _ listener: String = "") -> Scenario.Options {
        var options = Scenario.Options(gateway: gateway, listener: listener)
        options.site = { servers, _ in
            """
            [router:site]
            /       = app
            /marked = marked
            /demo   = demo
            [pipeline:marked]
            pipeline = mark back again
            [pipeline:again]
            pipeline = mark app
            [filter:mark]
            use = headers
            request-set = "X-Seen: {path}"
            [filter:back]
            use = headers
            response-set = "X-Back: yes"
            [app:app]
            servers = \(servers[0])
            response-timeout = 2s
            [app:demo]
            use = echo

            """
        }
        return options
    }

    private func exchange(_ s: Scenario, _ client: ScriptedConnection, _ target: String) throws -> Head {
        try client.get(target, host: "a")
        try s.activeAppConnection().serve("GET \(target) HTTP/1.1", answering: "x")
        let response = try client.receiveHead()
        try client.expect("x")
        return response
    }

    /// The row of a filter in what was printed last.
    private func row(_ s: Scenario, _ name: String) -> [String] {
        let block = s.gateway.errors.components(separatedBy: "sluice: counters of ").last ?? ""
        let line = block.split(separator: "\n").first { $0.hasPrefix("  \(name) ") } ?? ""
        return line.split(separator: " ").map(String.init)
    }

    private func printed(_ s: Scenario, _ mark: String) -> Bool {
        s.gateway.process.signal(SIGUSR2)
        return s.gateway.process.waitForErrors { $0.contains(mark) }
    }

    @Test func `SIGUSR2 prints what was counted, filters among it`() throws {
        try Scenario.run(options("filter-timing = 1")) { s in
            let client = try s.connect()
            for _ in 0..<3 { _ = try exchange(s, client, "/marked") }
            _ = try exchange(s, client, "/plain")
            #expect(printed(s, "of one exchange in 1\n"))
            let text = s.gateway.errors
            #expect(text.contains("sluice: counters of 1 loop since the start\n"))
            #expect(text.contains("exchanges       all 4, 1xx 0, 2xx 4, 3xx 0, 4xx 0, 5xx 0, none 0\n"))
            #expect(text.contains("clients         accepted 1, open 1, refused 0, accept failed 0\n"))
            // It stands twice in the way of each request.
            #expect(row(s, "mark").prefix(5) == ["mark", "6", "0", "0", "0"])
            #expect(row(s, "mark")[6] == "(6)" && row(s, "mark")[8] == "(6)")
            #expect(row(s, "back").prefix(5) == ["back", "3", "0", "0", "0"])
            #expect(row(s, "back")[5].split(separator: "/").count == 3)
        }
    }

    @Test func `decisions are counted in every exchange, times taken in some`() throws {
        try Scenario.run(options("filter-timing = 4")) { s in
            let client = try s.connect()
            for _ in 0..<9 { _ = try exchange(s, client, "/marked") }
            #expect(printed(s, "of one exchange in 4\n"))
            #expect(row(s, "back")[1] == "9")
            // The first, the fifth and the ninth.
            #expect(row(s, "back")[6] == "(3)")
        }
    }

    @Test func `nothing of filters is counted by default, and the rest can be read`() throws {
        try Scenario.run(options("")) { s in
            let client = try s.connect()
            let head = try exchange(s, client, "/marked")
            #expect(head["Server-Timing"] == nil)
            try client.get("/demo", host: "a")
            _ = try client.receiveResponse()
            try client.send("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.receiveResponse()
            #expect(printed(s, "filters         are not counted: filter-timing = off\n"))
            #expect(s.gateway.errors.contains("reason          request.target.ambiguous 1\n"))
        }
    }

    @Test func `several loops are summed up`() throws {
        var options = options("filter-timing = 1")
        options.loops = 3
        try Scenario.run(options) { s in
            for _ in 0..<6 { _ = try exchange(s, try s.connect(), "/marked") }
            #expect(printed(s, "of one exchange in 1\n"))
            #expect(s.gateway.errors.contains("counters of 3 loops since"))
            #expect(row(s, "back")[1] == "6")
        }
    }

    /// `Server-Timing: name;dur=0.123, …` as names and milliseconds.
    private func times(_ head: Head) throws -> [String: Double] {
        let field = try #require(head["Server-Timing"])
        var times: [String: Double] = [:]
        for metric in field.components(separatedBy: ", ") {
            let match = try #require(metric.wholeMatch(of: /([a-z.]+);dur=([0-9]+\.[0-9]{3})/), "\(metric)")
            times[String(match.output.1)] = Double(match.output.2)
        }
        return times
    }

    @Test func `Server-Timing tells who took how long`() throws {
        try Scenario.run(options("filter-timing = 1", "server-timing = on")) { s in
            let client = try s.connect()
            let clock = ContinuousClock()
            let asked = clock.now
            try client.get("/marked", host: "a")
            let app = try s.activeAppConnection()
            _ = try app.receiveHead()
            let received = clock.now
            // As long as the signal's way to the gateway and back.
            #expect(printed(s, "of one exchange in 1\n"))
            let thinking = received.duration(to: clock.now) / .milliseconds(1)
            try app.send("HTTP/1.1 200 OK\r\nServer-Timing: db;dur=1\r\nContent-Length: 0\r\n\r\n")
            let head = try client.receiveHead()
            let whole = asked.duration(to: clock.now) / .milliseconds(1)
            #expect(head.all("Server-Timing").count == 2 && head.all("Server-Timing").contains("db;dur=1"))
            let own = try #require(head.all("Server-Timing").first { $0.contains("gateway") })
            let times = try times(Head("HTTP/1.1 200 OK\r\nServer-Timing: \(own)\r\n\r\n".utf8))
            #expect(times.keys.sorted() == ["app", "filter.back", "filter.mark", "gateway"])
            // Each is cut to whole microseconds.
            #expect(times["app"]! >= thinking - 0.001 && times["app"]! + times["gateway"]! <= whole)
            #expect(times["filter.back"]! + times["filter.mark"]! <= times["gateway"]! + 0.001)

            // Answers of the gateway itself, without an app or filters.
            try client.get("/demo", host: "a")
            #expect(try self.times(client.receiveResponse().head).keys.sorted() == ["gateway"])
            try client.send("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try self.times(client.receiveResponse().head).keys.sorted() == ["gateway"])
        }
    }

    @Test func `Server-Timing stands without filters being timed, and the next exchange begins anew`() throws {
        try Scenario.run(options("", "server-timing = on")) { s in
            let client = try s.connect()
            for target in ["/marked", "/plain", "/marked"] {
                #expect(try times(exchange(s, client, target)).keys.sorted() == ["app", "gateway"])
            }
        }
    }
}
