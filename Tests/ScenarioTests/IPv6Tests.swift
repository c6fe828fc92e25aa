import Testing

/// IPv6 on both sides, and both families on one port.
@Suite struct IPv6Tests {
    func connect(_ s: Scenario, to address: String) throws -> ScriptedConnection {
        let colon = try #require(address.lastIndex(of: ":"))
        let port = try #require(UInt16(address[address.index(after: colon)...]))
        let socket = address.hasPrefix("[") ? try Descriptor.connected(six: "::1", port: port) : try Descriptor.connected(port: port)
        return s.adopt(try #require(socket, "\(address) refuses"))
    }

    func scenario(_ listen: String, gateway: String = "", app: String = "", ipv6Server: Bool = false, _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options()
        options.ipv6Server = ipv6Server
        options.file = { servers, folder in
            """
            [gateway]
            loops = 1
            access-log = \(folder)/access.log
            \(gateway)
            [listener:web]
            listen = \(listen)
            serve = app
            [app:app]
            servers = \(servers[0])
            \(app)

            """
        }
        try Scenario.run(options, script)
    }

    func firstLogLine(_ s: Scenario) throws -> String {
        let path = "\(s.folder)/access.log"
        guard wait(until: { contents(of: path)?.contains(0x0a) ?? false }) else { throw ScenarioFailure("no line in the access log") }
        return text(contents(of: path)!.prefix { $0 != 0x0a })
    }

    @Test func `a client over IPv6 is told to the app, in quotes and brackets where RFC 7239 wants them, and stands in the log`() throws {
        try scenario("[::1]:0") { s in
            let address = try s.gateway.addresses(count: 1)[0]
            #expect(address.hasPrefix("[::1]:") && address != "[::1]:0")
            let client = try connect(s, to: address)
            try client.get("/six", host: address)
            let head = try s.app.accept().serve("GET /six HTTP/1.1", answering: "x").head
            try client.expectAnswer("x")
            #expect(head["X-Forwarded-For"] == "::1")
            #expect(head["Host"] == address)
            #expect(head["X-Forwarded-Host"] == address)
            #expect(head["Forwarded"] == "for=\"[::1]\";host=\"\(address)\";proto=http")
            #expect(try firstLogLine(s).hasPrefix("::1 - - ["))
        }
    }

    @Test func `behind a trusted IPv6 proxy the client is found in X-Forwarded-For, and lists are gone on with`() throws {
        try scenario("[::1]:0", gateway: "trusted-proxies = ::1 fd00::/8") { s in
            let client = try connect(s, to: try s.gateway.addresses(count: 1)[0])
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 2001:DB8::7, fd00::1\r\nForwarded: for=\"[2001:db8::7]\"\r\n\r\n")
            let head = try s.app.accept().serve("GET / HTTP/1.1", answering: "x").head
            try client.expectAnswer("x")
            #expect(head["X-Forwarded-For"] == "6.6.6.6, 2001:DB8::7, fd00::1, ::1")
            #expect(head["Forwarded"] == "for=\"[2001:db8::7]\", for=\"[::1]\";host=\"a\";proto=http")
            #expect(try firstLogLine(s).hasPrefix("2001:db8::7 - - ["))
        }
    }

    @Test func `all of IPv6 is IPv6 alone: an IPv4 client is refused`() throws {
        try scenario("[::]:0") { s in
            let address = try s.gateway.addresses(count: 1)[0]
            #expect(address.hasPrefix("[::]:"))
            let client = try connect(s, to: address)
            try client.get("/")
            #expect(try s.app.accept().serve("GET / HTTP/1.1", answering: "x").head["X-Forwarded-For"] == "::1")
            try client.expectAnswer("x")
            let port = try #require(s.gateway.ports["web"])
            #expect(try Descriptor.connected(port: port) == nil)
        }
    }

    @Test(arguments: ["*:PORT", ":PORT", "0.0.0.0:PORT [::]:PORT"])
    func `every address of both families on one port, and IPv4 clients keep IPv4 addresses`(listen: String) throws {
        let port = try Programs.freePort()
        try scenario(listen.replacing("PORT", with: "\(port)")) { s in
            #expect(try s.gateway.addresses(count: 2) == ["0.0.0.0:\(port)", "[::]:\(port)"])
            let app = try s.warm()
            for (address, told, element) in [("127.0.0.1:\(port)", "127.0.0.1", "for=127.0.0.1;"), ("[::1]:\(port)", "::1", "for=\"[::1]\";")] {
                let client = try connect(s, to: address)
                try client.get("/")
                let head = try app.serve("GET / HTTP/1.1", answering: "x").head
                try client.expectAnswer("x")
                #expect(head["X-Forwarded-For"] == told)
                #expect(head["Forwarded"]?.hasPrefix(element) == true)
            }
        }
    }

    @Test func `an app on IPv6 is reached, named to itself and in the log`() throws {
        try scenario("127.0.0.1:0", app: "host = server", ipv6Server: true) { s in
            let client = try s.connect()
            try client.get("/")
            #expect(try s.app.accept().serve("GET / HTTP/1.1", answering: "x").head["Host"] == s.app.address)
            try client.expectAnswer("x")
            #expect(s.app.address.hasPrefix("[::1]:"))
            #expect(try firstLogLine(s).contains("server=\"\(s.app.address)\""))
        }
    }
}
