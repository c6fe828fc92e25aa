import Testing

/// Routes, as the running gateway follows them.
@Suite struct RoutingScenarioTests {
    func scenario(_ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(servers: 3)
        options.site = { servers, _ in
            """
            [router:site]
            /                   = first
            /images             = second
            /images/raw         = third strip-prefix
            /old                = second replace-prefix=/new
            api.example.org/    = third
            *.example.org/      = second
            [app:first]
            servers = \(servers[0])
            [app:second]
            servers = \(servers[1])
            [app:third]
            servers = \(servers[2])

            """
        }
        try Scenario.run(options, script)
    }

    @Test func `the most specific host and path win`() throws {
        try scenario { s in
            let client = try s.connect()
            let table: [(host: String, target: String, app: Int, seen: String)] = [
                ("a.test", "/", 0, "/"),
                ("a.test", "/other?x", 0, "/other?x"),
                ("a.test", "/images", 1, "/images"),
                ("a.test", "/images/", 1, "/images/"),
                ("a.test", "/images/a.png", 1, "/images/a.png"),
                ("a.test", "/imagesx", 0, "/imagesx"),
                ("a.test", "/images/raw/a?b", 2, "/a?b"),
                ("a.test", "/images/raw", 2, "/"),
                ("a.test", "/old/page", 1, "/new/page"),
                ("a.test", "/old?q", 1, "/new?q"),
                ("api.example.org", "/images", 2, "/images"),
                ("API.Example.ORG", "/", 2, "/"),
                ("api.example.org:8080", "/", 2, "/"),
                ("api.example.org.", "/", 2, "/"),
                ("www.example.org", "/", 1, "/"),
            ]
            for row in table {
                try client.get(row.target, host: row.host)
                let app = try s.activeAppConnection()
                try app.serve("GET \(row.seen) HTTP/1.1", answering: "x")
                #expect(s.apps[row.app].connections.contains { $0 === app }, "\(row.host)\(row.target)")
                try client.expectAnswer("x")
            }
        }
    }

    @Test func `no route is a 404 and the connection goes on`() throws {
        var options = Scenario.Options()
        options.site = { servers, _ in
            "[router:site]\n/app = app\n[app:app]\nservers = \(servers[0])\n"
        }
        try Scenario.run(options) { s in
            let client = try s.connect()
            try client.get("/nothing")
            let reply = try client.expectReply(404, "route.none")
            #expect(reply.head["Connection"] != "close")
            try client.get("/app")
            try s.app.accept().serve("GET /app HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
            try client.send("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.receiveResponse(to: "HEAD").status == 404)
            try client.get("/app")
            try s.activeAppConnection().serve("GET /app HTTP/1.1", answering: "y")
            try client.expectAnswer("y")
        }
    }

    /// Spellings of /admin: whatever route is taken, the app behind it must see a path that it reads the same way.
    @Test func `no spelling of a guarded path gets past its route`() throws {
        var options = Scenario.Options(servers: 2)
        options.site = { servers, _ in
            "[router:site]\n/ = open\n/admin = guarded\n[app:open]\nservers = \(servers[0])\n[app:guarded]\nservers = \(servers[1])\n"
        }
        let spellings = [
            "/admin", "/admin/", "/admin/x", "/admin?x", "/%61dmin", "/%61%64%6d%69%6e", "/ad%6Din/x", "/./admin", "/x/../admin", "/%2e/admin",
            "/x/%2e%2e/admin", "/x/.%2e/admin", "/x/%2E./admin", "/%2fadmin", "/%2Fadmin", "//admin", "///admin", "/admin%2f", "/admin%2fx",
            "/admin/..", "/admin/.", "/admin//", "/admin/%2e", "/admin;x", "/admin;x=1/y", "/;/admin", "/\\admin", "/%5cadmin", "/admin%5c",
            "/admin%00", "/admin%20", "/admin%", "/admin#x", "/ADMIN", "/Admin", "/admin.", "/admin%09", "/x/..;/admin", "/..;/admin", "/admin%3fx",
            "/%2561dmin", "/admin%23",
        ]
        try Scenario.run(options) { s in
            for spelling in spellings {
                let client = try s.connect()
                try client.get(spelling)
                var served = false
                _ = wait {
                    served = s.apps.contains { $0.listening.pending(1) != 0 || $0.connections.contains { $0.hasArrivals() } }
                    return served || client.hasArrivals()
                }
                guard served else {
                    let reply = try client.receiveResponse()
                    #expect(reply.status == 400 && reply.reason?.hasPrefix("request.target") == true, "\(spelling)")
                    client.close()
                    continue
                }
                let app = try s.activeAppConnection()
                let request = try app.receiveRequest()
                let seen = String(request.head.startLine.split(separator: " ")[1])
                let guarded = s.apps[1].connections.contains { $0 === app }
                #expect(readAs(seen) == readAs(spelling), "what was matched and what is sent agree: \(spelling) → \(seen)")
                #expect(guarded || !leadsToAdmin(seen), "\(spelling) reached the open app as \(seen)")
                try app.answer("x")
                try client.expectAnswer("x")
                client.close()
            }
        }
    }

    /// The path as a lenient app might read it: characters decoded, no query, several slashes in front one (docs/routing.md).
    func readAs(_ target: String) -> String {
        let path = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0]
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let first = rest.popFirst() {
            if first == 0x25, rest.count >= 2, let value = UInt8(text(rest.prefix(2)), radix: 16) {
                rest = rest.dropFirst(2)
                bytes.append(value)
            } else {
                bytes.append(first)
            }
        }
        while bytes.starts(with: "//".utf8) { bytes.removeFirst() }
        return text(bytes)
    }

    /// A usual app, which decodes once and resolves dot segments, takes it for /admin or below.
    func leadsToAdmin(_ target: String) -> Bool {
        var segments: [Substring] = []
        for segment in readAs(target).split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        return segments.first == "admin"
    }

    /// Routing takes `%2F` for a letter, and only the app that asked for such paths gets them, byte for byte.
    @Test func `escaped separators come to the app that takes them, and to no other`() throws {
        var options = Scenario.Options(servers: 2)
        options.site = { servers, _ in
            """
            [router:site]
            / = plain
            /api = api strip-prefix
            /api/plain = plain
            [app:api]
            servers = \(servers[0])
            escaped-separators = on
            [app:plain]
            servers = \(servers[1])

            """
        }
        try Scenario.run(options) { s in
            let client = try s.connect()
            for (asked, sent) in [("/api/group%2Fproject/x", "/group%2Fproject/x"), ("/api/a%5cb?q=%2F", "/a%5cb?q=%2F"), ("/api/plain%2Fx", "/plain%2Fx")] {
                try client.get(asked)
                try s.activeAppConnection().serve("GET \(sent) HTTP/1.1", answering: "api")
                try client.expectAnswer("api")
            }
            #expect(s.apps[1].connections.isEmpty)
            for refused in ["/api%2Fx", "/a%2Fb", "/api/plain/a%2Fb", "/api/a%2F..%2Fb", "/api/%2e%2e%5cb"] {
                let client = try s.connect()
                try client.get(refused)
                try client.expectReply(400, "request.target.ambiguous")
            }
            // An escape that is no separator is nobody's concern.
            try client.get("/a%2Db%252F")
            try s.activeAppConnection().serve("GET /a%2Db%252F HTTP/1.1", answering: "plain")
            try client.expectAnswer("plain")
        }
    }
}
