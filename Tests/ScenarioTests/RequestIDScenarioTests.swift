import Foundation
import Testing

/// Ids of requests in the running gateway: one text for the client, the app and the access log, also where something goes wrong.
@Suite struct RequestIDScenarioTests {
    func scenario(_ listener: String = "", _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options()
        options.file = { servers, folder in
            """
            [gateway]
            loops = 1
            access-log = \(folder)/access.log
            access-log-format = json
            [listener:web]
            listen = 127.0.0.1:0
            serve = site
            \(listener)
            [pipeline:site]
            pipeline = id app
            [filter:id]
            use = request-id
            [app:app]
            servers = \(servers[0])
            response-timeout = 300ms

            """
        }
        try Scenario.run(options, script)
    }

    func loggedIDs(_ s: Scenario, _ count: Int) throws -> [String?] {
        func lines() -> [Substring] { text(contents(of: "\(s.folder)/access.log") ?? []).split(separator: "\n") }
        guard wait(until: { lines().count >= count }) else { throw ScenarioFailure("\(lines().count) lines") }
        return try lines().map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["id"] as? String }
    }

    @Test func `client, app and log see one id, each request its own, and a 504 carries it too`() throws {
        try scenario { s in
            let client = try s.connect()
            var ids: [String] = []
            for _ in 0..<2 {
                try client.send("POST / HTTP/1.1\r\nHost: a\r\nX-Request-ID: forged\r\nX_Request_ID: forged\r\nContent-Length: 3\r\n\r\nabc")
                let app = try s.activeAppConnection()
                let request = try app.receiveRequest()
                let id = try #require(request.head["X-Request-ID"])
                #expect(id.count == 36)
                #expect(request.head["X_Request_ID"] == nil)
                try app.answer("hi", "X-Request-ID: the-app's\r\n")
                #expect(try client.receiveResponse().head.all("X-Request-ID") == [id])
                ids.append(id)
            }
            try client.get("/slow", host: "a")
            let id = try #require(try s.activeAppConnection().receiveHead()["X-Request-ID"])
            let response = try client.expectReply(504, "upstream.response.timeout")
            #expect(response.head["X-Request-ID"] == id)
            ids.append(id)
            #expect(Set(ids).count == 3)
            #expect(try loggedIDs(s, 3) == ids)
        }
    }

    @Test func `a trusted proxy's id is kept`() throws {
        try scenario("trusted-proxies = 127.0.0.1/32") { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: outer-1\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
            let app = try s.activeAppConnection()
            #expect(try app.receiveHead()["X-Request-ID"] == "outer-1")
            try app.answer("hi")
            #expect(try client.receiveResponse().head["X-Request-ID"] == "outer-1")
            #expect(try loggedIDs(s, 1) == ["outer-1"])
        }
    }

    @Test func `a request that reaches no filter has no id in the log`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: forged\r\nBad Name: x\r\n\r\n")
            let response = try client.expectFinalReply(400, "request.field.malformed")
            #expect(response.head["X-Request-ID"] == nil)
            #expect(try loggedIDs(s, 1) == [nil])
        }
    }
}
