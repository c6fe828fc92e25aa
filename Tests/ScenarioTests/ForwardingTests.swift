import Testing

/// What the app is told about the client, the host and the way (RFC 7239, RFC 9110 §7.6.3), and what a client cannot make it believe.
@Suite struct ForwardingTests {
    /// Sends one request with `fields` and returns what the app got.
    func forwarded(_ fields: String, gateway: String = "", listener: String = "", app: String = "", target: String = "/", version: String = "1.1") throws -> Head {
        var head: Head?
        try Scenario.run(gateway: gateway, listener: listener, app: app) { s in
            let client = try s.connect()
            try client.send("GET \(target) HTTP/\(version)\r\nHost: site.test\r\n\(fields)\r\n")
            head = try s.app.accept().serve("GET \(target) HTTP/1.1", answering: "x").head
            try client.expectAnswer("x")
        }
        return try #require(head)
    }

    @Test func `the app is told the client's address, the scheme and the host`() throws {
        let head = try forwarded("")
        #expect(head["X-Forwarded-For"] == "127.0.0.1")
        #expect(head["X-Forwarded-Proto"] == "http")
        #expect(head["X-Forwarded-Host"] == "site.test")
        let forwardedField = try #require(head["Forwarded"]).lowercased()
        #expect(forwardedField == "for=127.0.0.1;host=\"site.test\";proto=http")
        #expect(head["Via"] == "1.1 sluice")
    }

    @Test func `Via tells the version of an old client`() throws {
        #expect(try forwarded("", version: "1.0")["Via"] == "1.0 sluice")
        #expect(try forwarded("Via: 1.1 cdn\r\n")["Via"] == "1.1 cdn, 1.1 sluice" || forwarded("Via: 1.1 cdn\r\n").all("Via") == ["1.1 cdn", "1.1 sluice"])
    }

    @Test func `fields from a client that nobody trusts are replaced`() throws {
        let head = try forwarded(
            "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6;host=evil\r\nX-Forwarded-For: 7.7.7.7\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Port: 1\r\n")
        #expect(head.all("X-Forwarded-For") == ["127.0.0.1"])
        #expect(head.all("X-Forwarded-Proto") == ["http"])
        #expect(head.all("X-Forwarded-Host") == ["site.test"])
        #expect(head.all("Forwarded").count == 1)
        #expect(!head.fields.contains { $0.value.contains("6.6.6.6") || $0.value.contains("7.7.7.7") || $0.value.contains("evil") })
    }

    @Test func `other spellings of those names do not pass`() throws {
        for name in ["X_Forwarded_For", "x_forwarded-for", "X-Forwarded_Proto", "X_FORWARDED_HOST", "X_Real_IP"] {
            let head = try forwarded("\(name): 6.6.6.6\r\n")
            #expect(!head.fields.contains { $0.value.contains("6.6.6.6") }, "\(name)")
        }
    }

    @Test func `Connection cannot take away what the gateway adds or the app relies on`() throws {
        let head = try forwarded("Connection: X-Forwarded-For, X-Forwarded-Proto, Forwarded, Via, Host, Cookie, Content-Length\r\nCookie: id=1\r\n")
        #expect(head["Host"] == "site.test")
        #expect(head["X-Forwarded-For"] == "127.0.0.1")
        #expect(head["X-Forwarded-Proto"] == "http")
        #expect(head["Forwarded"] != nil && head["Via"] != nil)
        #expect(head["Cookie"] == "id=1")
    }

    @Test func `behind a trusted proxy the right-most address that is not trusted is the client`() throws {
        let trusted = "trusted-proxies = 127.0.0.0/8 10.0.0.0/8"
        let head = try forwarded("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: public.test\r\n", gateway: trusted)
        #expect(head["X-Forwarded-For"]?.hasSuffix("192.0.2.7, 10.1.2.3, 127.0.0.1") == true)
        #expect(head["X-Forwarded-Proto"] == "https")
        #expect(head["X-Forwarded-Host"] == "public.test")
    }

    @Test func `a trusted proxy that says nothing is itself the client`() throws {
        #expect(try forwarded("", gateway: "trusted-proxies = 127.0.0.1/32")["X-Forwarded-For"] == "127.0.0.1")
    }

    /// The client address that the access log shows for a request with these fields, from a trusted peer.
    func loggedClient(_ fields: String) throws -> String {
        var client = ""
        try Scenario.run(gateway: "trusted-proxies = 127.0.0.0/8 10.0.0.0/8 2001:db8::/32\naccess-log = stdout") { s in
            let connection = try s.connect()
            try connection.send("GET /who HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            try s.app.accept().serve("GET /who HTTP/1.1", answering: "x")
            try connection.expectAnswer("x")
            #expect(s.gateway.process.waitForOutput { $0.contains("GET /who") })
            let line = text(s.gateway.process.stdout).split(separator: "\n").first { $0.contains("GET /who") } ?? ""
            client = String(line.split(separator: " ").first ?? "")
        }
        return client
    }

    @Test(arguments: [
        ("", "127.0.0.1"),
        ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        ("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3\r\n", "192.0.2.7"),
        ("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7 ,10.1.2.3\r\n", "192.0.2.7"),
        ("X-Forwarded-For: 6.6.6.6, 2001:db8::1, 2a00::1, 10.0.0.1\r\n", "2a00::1"),
        ("X-Forwarded-For: 6.6.6.6, [2a00::2]\r\n", "2a00::2"),
        ("X-Forwarded-For: 192.0.2.9, <script>, 10.0.0.1\r\n", "10.0.0.1"),
        ("X-Forwarded-For: unknown\r\n", "127.0.0.1"),
        ("X-Forwarded-For: 10.0.0.9, 10.0.0.8\r\n", "10.0.0.9"),
        ("X-Forwarded-For: , ,\r\n", "127.0.0.1"),
    ])
    func `the client is the right-most address that is not a trusted proxy's`(fields: String, client: String) throws {
        #expect(try loggedClient(fields) == client)
    }

    @Test func `forwarding fields can be switched off, and then the client's do not pass either`() throws {
        let head = try forwarded("X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n", app: "forwarded-fields = off")
        #expect(head.all("X-Forwarded-For").isEmpty && head.all("Forwarded").isEmpty && head.all("X-Forwarded-Proto").isEmpty)
    }

    @Test func `Host is preserved by default`() throws {
        #expect(try forwarded("")["Host"] == "site.test")
    }

    @Test func `Host can be the server's`() throws {
        try Scenario.run(app: "host = server") { s in
            let client = try s.connect()
            try client.get("/", host: "site.test")
            let head = try s.app.accept().serve("GET / HTTP/1.1", answering: "x").head
            #expect(head["Host"] == s.app.address)
            #expect(head["X-Forwarded-Host"] == "site.test")
            try client.expectAnswer("x")
        }
    }

    @Test func `Host can be a fixed one`() throws {
        #expect(try forwarded("", app: "host = backend.internal:8080")["Host"] == "backend.internal:8080")
    }

    @Test func `an absolute target goes to the app in origin form`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET http://site.test/a/b?c=d HTTP/1.1\r\nHost: site.test\r\n\r\n")
            let app = try s.app.accept()
            #expect(try app.serve("GET /a/b?c=d HTTP/1.1", answering: "1").head.all("Host") == ["site.test"])
            try client.expectAnswer("1")
            try client.send("GET http://site.test HTTP/1.1\r\nHost: site.test\r\n\r\n")
            try app.serve("GET / HTTP/1.1", answering: "2")
            try client.expectAnswer("2")
            try client.send("GET http://site.test?q HTTP/1.1\r\nHost: site.test\r\n\r\n")
            try app.serve("GET /?q HTTP/1.1", answering: "3")
            try client.expectAnswer("3")
        }
    }

    @Test func `OPTIONS asterisk passes as it is`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("OPTIONS * HTTP/1.1\r\nHost: site.test\r\n\r\n")
            try s.app.accept().serve("OPTIONS * HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
        }
    }

    @Test func `the target passes byte for byte`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            let app = try s.warm()
            for target in ["/a//b", "/%41%7e?x=%2f..%2f&y=a+b?c", "/a;v=1/b", "/?", "/a?", "/.hidden/..x", "/%E2%82%AC", "/a:b@c!$&'()*+,="] {
                try client.get(target)
                try app.serve("GET \(target) HTTP/1.1", answering: "x")
                try client.expectAnswer("x")
            }
        }
    }
}
