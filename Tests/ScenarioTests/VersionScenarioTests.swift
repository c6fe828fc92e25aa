import Testing

/// Version negotiation in the running gateway.
@Suite struct VersionScenarioTests {
    func scenario(_ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(servers: 2)
        options.site = { servers, _ in
            """
            [router:site]
            /      = images
            /image = images strip-prefix
            [pipeline:images]
            pipeline = versions now
            [filter:versions]
            use = version-negotiation
            version = v2.1 sunset-at=2999-12-31 status=supported
            version = v2.15
            version = v1 app=old
            header = OpenStack-API-Version service=image
            hosts = image.example.org
            [app:now]
            servers = \(servers[0])
            response-timeout = 300ms
            [app:old]
            servers = \(servers[1])

            """
        }
        try Scenario.run(options, script)
    }

    @Test func `the app gets the rewritten path and the version, exchange after exchange on one connection`() throws {
        try scenario { s in
            let client = try s.connect()
            for (target, field, sent, version) in [
                ("/v2.1/images?limit=2&x=/v1", "X: y", "/v2/images?limit=2&x=/v1", "2.1"), ("/v2/a%2Db", "X-API-Version: 7", "/v2/a%2Db", "2.15"),
                ("/images", "OpenStack-API-Version: image 2.1", "/v2/images", "2.1"), ("/image/v2.15/x", "x_api_version: 7", "/v2/x", "2.15"),
            ] {
                try client.send("GET \(target) HTTP/1.1\r\nHost: image.example.org\r\n\(field)\r\n\r\n")
                let app = try s.activeAppConnection()
                let request = try app.receiveHead()
                #expect(request.startLine == "GET \(sent) HTTP/1.1")
                #expect(request.all("X-API-Version") == [version])
                #expect(request["X-API-Version-Major"] == "2")
                #expect(request["x_api_version"] == nil)
                try app.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                let response = try client.receiveHead()
                #expect(response["OpenStack-API-Version"] == "image \(version)")
                #expect(response["Vary"] == "OpenStack-API-Version")
                #expect(response["Sunset"] == (version == "2.1" ? "Tue, 31 Dec 2999 00:00:00 GMT" : nil))
                try client.expect("hi")
            }
            #expect(s.app.connections.count == 1)
        }
    }

    @Test func `a version may have servers of its own`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET /v1/x HTTP/1.1\r\nHost: h\r\n\r\n")
            let app = try s.activeAppConnection()
            #expect(s.apps[1].connections.contains { $0 === app })
            #expect(try app.receiveHead().startLine == "GET /v1/x HTTP/1.1")
            try app.answer("old")
            try client.expectAnswer("old")
        }
    }

    @Test func `the list is what a client may choose from, where it sees it`() throws {
        try scenario { s in
            let client = try s.connect()
            for (target, host, base) in [
                ("/", "image.example.org", "http://image.example.org"), ("/image/v9/x", "IMAGE.example.org", "http://image.example.org/image"), ("/", "evil.example", ""),
            ] {
                try client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                let response = try client.receiveResponse()
                #expect(response.status == 300)
                #expect(response.head["Gateway-Reason"] == "version.choices")
                #expect(response.head["Content-Type"] == "application/json")
                #expect(response.bodyText == """
                    {"versions": [{"id": "v2.1", "status": "SUPPORTED", "links": [{"rel": "self", "href": "\(base)/v2/"}]}, \
                    {"id": "v2.15", "status": "CURRENT", "links": [{"rel": "self", "href": "\(base)/v2/"}]}, \
                    {"id": "v1", "status": "SUPPORTED", "links": [{"rel": "self", "href": "\(base)/v1/"}]}]}
                    """)
            }
            try client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.receiveResponse(to: "HEAD").head["Content-Length"] != "0")
            #expect(s.app.connections.isEmpty)
        }
    }

    @Test func `errors of the gateway itself tell the version too`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET /v2.1/slow HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try s.activeAppConnection().receiveHead()
            let response = try client.receiveResponse()
            #expect(response.status == 504)
            #expect(response.head["OpenStack-API-Version"] == "image 2.1")
            #expect(response.head["Vary"] == "OpenStack-API-Version")
        }
    }

    @Test(arguments: ["Content-Length: 44\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2c\r\n"])
    func `the body of a request that is refused never becomes a request`(framing: String) throws {
        try scenario { s in
            let client = try s.connect()
            let smuggled = "GET /v2.1/smuggled HTTP/1.1\r\nHost: a.b\r\n\r\n  "
            #expect(smuggled.utf8.count == 44)
            try client.send("POST /v9/x HTTP/1.1\r\nHost: h\r\n\(framing)\(smuggled)" + (framing.contains("chunked") ? "\r\n0\r\n\r\n" : ""))
            let refusal = try client.receiveResponse()
            #expect(refusal.status == 404)
            #expect(refusal.head["Gateway-Reason"] == "version.unknown")
            if refusal.head["Connection"] == "close" {
                try client.expectClosed()
            } else {
                try client.get("/v2.1/next")
                try s.activeAppConnection().serve("GET /v2/next HTTP/1.1", answering: "next")
                try client.expectAnswer("next")
            }
            for connection in s.app.connections { #expect(!text(connection.log).contains("smuggled")) }
        }
    }

    @Test func `a client that waits for 100 is refused without one`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("PUT /v9/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
            #expect(try client.receiveResponse().status == 404)
            #expect(s.app.connections.isEmpty)
            try s.connect().get("/v2/next")
            try s.activeAppConnection().serve("GET /v2/next HTTP/1.1", answering: "next")
        }
    }

    @Test func `a tunnel opens on its version's path`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send(UpgradeTests.handshake.replacing("/ws", with: "/v2.1/ws"))
            let app = try s.activeAppConnection()
            #expect(try app.receiveHead().startLine == "GET /v2/ws HTTP/1.1")
            try app.send(UpgradeTests.accepted + "frame")
            let response = try client.receiveHead()
            #expect(response.status == 101)
            #expect(response["OpenStack-API-Version"] == "image 2.1")
            try client.expect("frame")
            try client.send("back")
            try app.expect("back")
            // Without a version there is no tunnel.
            let other = try s.connect()
            try other.send(UpgradeTests.handshake.replacing("/ws", with: "/v9/ws"))
            #expect(try other.receiveResponse().status == 300)
        }
    }
}
