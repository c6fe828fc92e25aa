import Glibc
import Testing

/// Apps that speak TLS (`https://` servers): what is asked of their certificates, which failure has which reason, and that nothing else is
/// different from plain ones.
@Suite(.enabled(if: Programs.isHereOrMustBe("openssl") && PythonPeer.isHereOrMustBe(PythonPeer.plain)))
struct SecureAppTests {
    static let versions = ["1.2", "1.3"]

    @Test(arguments: versions)
    func `an app whose certificate the authority signed is spoken to, and its connection is kept`(version: String) throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), ["version=\(version)"])
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            for request in 1...3 {
                let client = try s.connect()
                let about = try client.about()
                #expect(about.contains("\"connection\": 1, \"request\": \(request)"), "\(about)")
                #expect(about.contains("\"version\": \"TLSv\(version)\", \"protocol\": \"http/1.1\""), "\(about)")
                // An address is no server name (RFC 6066 §3).
                #expect(about.contains("\"name\": null"), "\(about)")
                client.close()
            }
        }
    }

    @Test(arguments: versions)
    func `the next connection goes on with the session of the last`(version: String) throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), ["version=\(version)"])
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            let client = try s.connect()
            #expect(try client.about("/last").contains("\"connection\": 1, \"request\": 1, \"reused\": false"))
            for connection in 2...4 {
                #expect(try client.about("/last").contains("\"connection\": \(connection), \"request\": 1, \"reused\": true"))
            }
        }
    }

    struct BadCertificate: Sendable, CustomTestStringConvertible {
        var reason: String
        var names = ["IP:127.0.0.1"]
        var isExpired = false
        var isOfStranger = false
        var options = ""
        var testDescription: String { "\(reason) \(options)" }
    }

    @Test(
        arguments: [
            BadCertificate(reason: "upstream.tls.certificate.untrusted", isOfStranger: true),
            BadCertificate(reason: "upstream.tls.certificate.expired", isExpired: true),
            BadCertificate(reason: "upstream.tls.certificate.name", names: ["DNS:app.test", "IP:127.0.0.2"]),
            BadCertificate(reason: "upstream.tls.certificate.name", options: "tls-name = other.test"),
        ], versions)
    func `a certificate that is not the app's is 502, and the app gets nothing of the request`(bad: BadCertificate, version: String) throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let identity = try (bad.isOfStranger ? stranger : authority).issue(names: bad.names, isExpired: bad.isExpired)
        let app = try SecureApp(identity, ["version=\(version)"])
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)\n\(bad.options)") { s in
            let client = try s.connect()
            // The client's own connection is none the worse for it.
            for _ in 0..<2 {
                try client.get("/")
                try client.expectReply(502, bad.reason)
            }
            #expect(app.requests.isEmpty)
        }
    }

    @Test func `an authority is asked for by default: the system's`() throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue())
        try SecureApp.run(app, options: "") { s in
            let client = try s.connect()
            try client.get("/")
            try client.expectReply(502, "upstream.tls.certificate.untrusted")
        }
    }

    /// OpenSSL takes the place of the system's store from `SSL_CERT_FILE`.
    @Test func `sluice proxy speaks TLS to an app that the system's store vouches for`() throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue())
        defer { app.stop() }
        let gateway = try Gateway(
            arguments: ["proxy", "--listen", "127.0.0.1:0", "--to", "https://127.0.0.1:\(app.port)"], listeners: ["proxy"],
            within: ["/usr/bin/env", "SSL_CERT_FILE=\(authority.certificate)"])
        let socket = try #require(try Descriptor.connected(port: gateway.ports["proxy"] ?? 0))
        let client = ScriptedConnection(socket, name: "the client")
        #expect(try client.about().contains("\"request\": 1"))
        client.close()
        app.stop()
        try gateway.finish()
    }

    @Test func `with tls-verify off anybody is taken for the app`() throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(names: ["DNS:other.test"], isExpired: true))
        try SecureApp.run(app, options: "tls-verify = off") { s in
            let about = try s.connect().about()
            #expect(about.contains("\"request\": 1"))
            #expect(s.gateway.errors.contains("danger.tls-unverified"))
        }
    }

    @Test func `the name of the server is asked for and checked, or the one that tls-name says`() throws {
        let authority = try TestAuthority()
        let identity = try authority.issue(names: ["DNS:localhost", "DNS:app.test"])
        for (servers, options, name) in [("localhost", "", "localhost"), ("localhost", "tls-name = app.test", "app.test"), ("127.0.0.1", "tls-name = app.test", "app.test")] {
            let app = try SecureApp(identity)
            try SecureApp.run(app, servers: "https://\(servers):\(app.port)", options: "tls-authorities = \(authority.certificate)\n\(options)") { s in
                let about = try s.connect().about()
                #expect(about.contains("\"name\": \"\(name)\""), "\(about)")
            }
        }
        let app = try SecureApp(identity)
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            let client = try s.connect()
            try client.get("/")
            try client.expectReply(502, "upstream.tls.certificate.name")
        }
    }

    /// RFC 9525 §2: only the alternative names are names of hosts.
    @Test func `a subject is no name of a server`() throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue("localhost", names: ["IP:127.0.0.9"]))
        try SecureApp.run(app, servers: "https://localhost:\(app.port)", options: "tls-authorities = \(authority.certificate)") { s in
            let client = try s.connect()
            try client.get("/")
            try client.expectReply(502, "upstream.tls.certificate.name")
        }
    }

    @Test(arguments: versions)
    func `an app that asks for a certificate gets the gateway's own`(version: String) throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), ["version=\(version)", "clients=\(authority.certificate)"])
        let own = try authority.issue("gateway", names: ["DNS:gateway.test"])
        let options = "tls-authorities = \(authority.certificate)\ntls-certificate = \(own.certificate)\ntls-private-key = \(own.key)"
        try SecureApp.run(app, options: options) { s in
            let client = try s.connect()
            #expect(try client.about("/last").contains("\"reused\": false, \"name\": null, \"client\": \"gateway\""))
            #expect(try client.about("/last").contains("\"reused\": true, \"name\": null, \"client\": \"gateway\""))
        }
    }

    /// In TLS 1.3 the app says so only when the gateway's handshake is over.
    @Test(arguments: versions)
    func `an app that asks for a certificate and gets none is 502`(version: String) throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), ["version=\(version)", "clients=\(authority.certificate)"])
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            let client = try s.connect()
            for _ in 0..<2 {
                try client.get("/")
                try client.expectReply(502, "upstream.tls.failed")
            }
            #expect(app.requests.isEmpty)
        }
    }

    /// What a port says that speaks no TLS; nil closes.
    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{28}", "SSH-2.0-x\r\n", nil])
    func `a port that does not speak TLS is 502`(said: String?) throws {
        let port = try ScriptedApp()
        try SecureApp.run(servers: "https://\(port.address)", options: "tls-verify = off\ntries = 1") { s in
            let client = try s.connect()
            for _ in 0..<2 {
                try client.get("/secret")
                let app = try port.accept()
                let hello = try app.receive(6)
                // A handshake record with a ClientHello (RFC 8446 §4).
                #expect(hello[0] == 22 && hello[5] == 1)
                if let said { try app.send(said) } else { app.close() }
                try client.expectReply(502, "upstream.tls.failed")
                #expect(position(of: "/secret".bytes, in: app.log) == nil)
                app.close()
            }
            port.stop()
        }
    }

    @Test func `a port that never answers the handshake is 504`() throws {
        let port = try ScriptedApp()
        try SecureApp.run(servers: "https://\(port.address)", options: "tls-verify = off\nconnect-timeout = 200ms\ntries = 1") { s in
            let client = try s.connect()
            try client.get("/")
            let app = try port.accept()
            try client.expectReply(504, "upstream.tls.timeout")
            // It was not given back to the pool.
            try app.expectBrokenOff()
            port.stop()
        }
    }

    /// Beside a ticket, the app asks for new keys, so that the gateway must answer on a connection that nobody uses.
    @Test func `an app may send tickets on an idle connection, and keeps it`() throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), program: "tls_ticket_app.py")
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            let client = try s.connect()
            for request in 1...4 {
                try client.get("/")
                try client.expectAnswer("connection 1 request \(request)")
                app.process.signal(SIGUSR1)
                func lines() -> [Substring] { text(app.process.stdout).split(separator: "\n").filter { $0.hasPrefix("sent to ") } }
                #expect(app.process.waitForOutput { _ in lines().count == request })
                let gateway = try #require(lines().last?.split(separator: " ").last.flatMap { UInt16($0) })
                #expect(wait { ProcFiles.unread(by: gateway, from: app.port) == 0 })
            }
        }
    }

    /// What it says is taken in on the loop that serves everybody: there is an end to how much of it.
    @Test func `an app that sends nothing but new keys loses its connection`() throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), program: "tls_ticket_app.py")
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            let client = try s.connect()
            try client.get("/")
            try client.expectAnswer("connection 1 request 1")
            app.process.signal(SIGUSR2)
            #expect(app.process.waitForOutput { $0.contains("sent to ") })
            try client.get("/")
            try client.expectAnswer("connection 2 request 1")
        }
    }

    // MARK: The end of an answer

    @Test(arguments: ["1.0", "1.1"], versions)
    func `an answer whose end the app did not say by TLS is cut, never complete`(http: String, version: String) throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), ["version=\(version)"])
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            let whole = try s.connect()
            try whole.send("GET /whole HTTP/\(http)\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try whole.receiveResponse().bodyText == String(repeating: "part ", count: 1000))
            try whole.expectClosed()
            let cut = try s.connect()
            try cut.send("GET /cut HTTP/\(http)\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try cut.receiveHead().status == 200)
            // By HTTP/1.1 it has no last chunk; by HTTP/1.0 only a reset says that it is not whole.
            if http == "1.0" { try cut.expectReset() } else { try cut.expectBrokenOff() }
            #expect(position(of: "\r\n0\r\n".bytes, in: cut.log) == nil)
        }
    }

    // MARK: Bodies

    /// The app sends back what it gets as it gets it, and begins to read late: so the gateway must stop taking, and every byte passes it
    /// twice.
    @Test(arguments: versions)
    func `10 MiB to a slow app and back are the same bytes, and hold no memory`(version: String) throws {
        let authority = try TestAuthority()
        let app = try SecureApp(authority.issue(), ["version=\(version)", "buffer=65536"])
        let total = 10 << 20
        try SecureApp.run(app, options: "tls-authorities = \(authority.certificate)") { s in
            let before = s.gateway.memory
            let client = try s.connect(receiveBuffer: 65536)
            try client.send("PUT /relay HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
            let ring = pattern(65521) + pattern(65521)  // a prime length: a lost or doubled record shows
            var scratch = [UInt8](repeating: 0, count: 65521)
            var sent = 0
            func sendMore() -> Bool {
                let offset = sent % 65521
                let count = client.sendWhatFits(ring[offset..<min(offset + 65521, offset + total - sent)])
                sent += count
                return count > 0
            }
            // Nobody reads: the gateway takes what the kernel's buffers hold, and no more.
            while sent < total {
                if !sendMore() && client.socket.await(POLLOUT, until: Deadline(.milliseconds(300))) == 0 { break }
            }
            #expect(s.gateway.memoryPeak - before < 8 << 20, "it holds \(s.gateway.memoryPeak - before) bytes of \(sent)")
            _ = try s.connect().about("/go")
            #expect(try client.receiveHead()["Content-Length"] == "\(total)")
            var received = 0
            let deadline = Deadline(.seconds(60))
            while received < total {
                guard !client.hasEnded, !deadline.passed else { throw ScenarioFailure("only \(received) of \(total) bytes came") }
                while sent < total, sendMore() {}
                let count = try client.takeArrived(&scratch, equalTo: ring, position: received)
                received += count
                if count == 0 { _ = client.socket.await(POLLIN, until: Deadline(.milliseconds(20))) }
            }
            #expect(s.gateway.memoryPeak - before < 8 << 20, "it held \(s.gateway.memoryPeak - before) bytes")
            #expect(try client.about().contains("\"request\": "))
        }
    }

    // MARK: Start

    @Test(arguments: ["tls-authorities", "tls-certificate", "tls-private-key"])
    func `a file that cannot be read stops the start, and is named`(option: String) throws {
        let authority = try TestAuthority()
        let (own, other) = (try authority.issue("gateway"), try authority.issue("other"))
        var files = ["tls-authorities": authority.certificate, "tls-certificate": own.certificate, "tls-private-key": own.key]
        func start() throws -> (ending: Child.Ending, errors: String) {
            let lines = files.map { "\($0.key) = \($0.value)\n" }.sorted().joined()
            try write("[listener:web]\nlisten = 127.0.0.1:0\nserve = app\n[app:app]\nservers = https://127.0.0.1:1\n\(lines)", to: "\(authority.folder)/gateway.conf")
            let (ending, _, errors) = try Child.run([Gateway.binary, "run", "\(authority.folder)/gateway.conf"])
            return (ending, errors)
        }
        files[option] = "\(authority.folder)/missing.pem"
        let missing = try start()
        #expect(missing.ending != .exit(0))
        #expect(missing.errors.contains("[app:app]") && missing.errors.contains("/missing.pem"), "\(missing.errors)")
        guard option == "tls-private-key" else { return }
        files[option] = other.key
        let mismatched = try start()
        #expect(mismatched.ending != .exit(0))
        #expect(mismatched.errors.contains(other.key) && mismatched.errors.contains("does not belong to"), "\(mismatched.errors)")
    }
}
