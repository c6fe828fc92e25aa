import Testing

/// CORS in the running gateway, asked by curl as a browser asks.
@Suite struct CORSScenarioTests {
    @Test(.enabled(if: Programs.isHereOrMustBe("curl"), "curl is not installed"))
    func `a preflight is answered, refused where it must be, and never seen by the app`() throws {
        var options = Scenario.Options()
        options.site = { servers, _ in
            """
            [pipeline:site]
            pipeline = cross app
            [filter:cross]
            use = cors
            origins = https://app.example.org
            methods = GET PUT
            allow-fields = Content-Type
            [app:app]
            servers = \(servers[0])
            connect-timeout = 300ms
            response-timeout = 300ms

            """
        }
        try Scenario.run(options) { s in
            let url = s.url + "/x"
            func preflight(_ origin: String, _ method: String) throws -> String {
                let result = try Child.run([
                    try Programs.require("curl"), "-sS", "-i", "--max-time", "20", "--noproxy", "*", "-X", "OPTIONS", "-H", "Origin: \(origin)", "-H",
                    "Access-Control-Request-Method: \(method)", "-H", "Access-Control-Request-Headers: content-type", url,
                ])
                #expect(result.ending == .exit(0))
                return result.stdout.replacing("\r\n", with: "\n")
            }
            let allowed = try preflight("https://app.example.org", "PUT")
            #expect(allowed.hasPrefix("HTTP/1.1 204 No Content\n"))
            #expect(allowed.contains("\nAccess-Control-Allow-Origin: https://app.example.org\n"))
            #expect(allowed.contains("\nAccess-Control-Allow-Methods: GET, PUT\n"))
            #expect(!allowed.contains("Content-Length"))
            let refused = try preflight("https://app.example.org.evil.org", "PUT")
            #expect(refused.hasPrefix("HTTP/1.1 403 Forbidden\n"))
            #expect(!refused.contains("Access-Control-Allow"))
            #expect(refused.contains("\"reason\":\"cors.origin\""))
            // The app has seen neither; what it answers can be read by the page that is allowed.
            let client = try s.connect()
            try client.send("OPTIONS /x HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example.org\r\n\r\n")
            let app = try s.activeAppConnection()
            try app.serve("OPTIONS /x HTTP/1.1", answering: "own")
            let response = try client.receiveResponse()
            #expect(response.bodyText == "own")
            #expect(response.head["Access-Control-Allow-Origin"] == "https://app.example.org")
            #expect(s.app.connections.count == 1)
            // So can the gateway's own errors.
            try client.send("GET /slow HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example.org\r\n\r\n")
            _ = try s.activeAppConnection().receiveHead()
            let late = try client.expectReply(504, "upstream.response.timeout")
            #expect(late.head["Access-Control-Allow-Origin"] == "https://app.example.org")
            #expect(late.head["Vary"] == "Origin")
        }
    }
}
