import Glibc
import Testing

/// A listener without a certificate, and the options that are not about certificates.
@Suite(.enabled(if: Programs.isHereOrMustBe("openssl")))
struct DevelopmentListenerTests {
    private func gateway(_ folder: String, state: String) throws -> Gateway {
        try Gateway(arguments: ["run", "\(folder)/gateway.conf"], listeners: ["web", "plain"], within: ["/usr/bin/env", "STATE_DIRECTORY=\(state)"])
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("curl")))
    func `gateways that start at once make one certificate for localhost, which curl trusts as it is told`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write(TLSSite.file(""), to: "\(folder)/gateway.conf")
        let command = ["/usr/bin/env", "STATE_DIRECTORY=\(folder)/state", Gateway.binary, "run", "\(folder)/gateway.conf"]
        let children = try (0..<3).map { _ in try Child(command) }
        for child in children { #expect(child.waitForOutput { $0.contains("(web)") && $0.contains("(plain)") }, "\(text(child.stderr))") }
        let authority = "\(folder)/state/tls/ca.pem"
        var makers = 0
        for child in children {
            _ = child.waitForOutput { $0.contains("development certificate") }
            let output = text(child.stdout)
            makers += output.contains("sudo trust anchor") ? 1 : 0
            let port = try #require(output.split(separator: "\n").first { $0.contains("(web)") }?.split(separator: " ")[2].split(separator: ":").last)
            for host in ["localhost", "127.0.0.1"] {
                let answer = try Child.run([try Programs.require("curl"), "-s", "--cacert", authority, "https://\(host):\(port)/"])
                #expect(answer.ending == .exit(0) && answer.stdout.contains("\"method\": \"GET\""), "\(answer)")
            }
            // What is printed to try.
            #expect(output.contains("curl -i --cacert \(authority) 'https://127.0.0.1:\(port)/hello?name=world'"), "\(output)")
            #expect(output.contains("https://localhost:\(port)/ has a development certificate"), "\(output)")
            child.signal(SIGTERM)
            #expect(child.waitForEnd(upTo: .seconds(10)) == .exit(0))
        }
        #expect(makers == 1)
        for (name, mode) in [("ca.pem", 0o644), ("ca-key.pem", 0o600), ("localhost.pem", 0o600)] { #expect(Folder.mode("\(folder)/state/tls/\(name)") == mode) }
        // The next start says it in one line, and takes the same.
        let before = contents(of: authority)
        let next = try gateway(folder, state: "\(folder)/state")
        #expect(next.process.waitForOutput { $0.contains("has a development certificate") })
        #expect(!text(next.process.stdout).contains("sudo trust anchor") && contents(of: authority) == before)
        try next.finish()
    }

    @Test func `where nothing can be kept, the start says what to do`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write(TLSSite.file(""), to: "\(folder)/gateway.conf")
        for environment in [["-u", "STATE_DIRECTORY", "-u", "XDG_STATE_HOME", "-u", "HOME"], ["STATE_DIRECTORY=/proc/nowhere"]] {
            let (ending, _, errors) = try Child.run(["/usr/bin/env"] + environment + [Gateway.binary, "run", "\(folder)/gateway.conf"])
            #expect(ending != .exit(0) && errors.contains("certificate") && errors.contains("[filter:tls]"), "\(errors)")
        }
    }

    @Test(.enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.plain)))
    func `hsts is said to hosts with a name, in replies too, once, and by TLS alone`() throws {
        let authority = try TestAuthority()
        try TLSSite.runBeforeFieldApp("certificate = \(authority.issue().option)\nhsts = 365d") { s in
            let client = try SecureClient(s, "localhost")
            let field = "Strict-Transport-Security"
            for host in ["localhost", "app.test", "localhost:8443", "a.b.", "a.b.:1", "1.2.3.example", "127.0.0.1x"] { #expect(try client.get(host: host).values(field) == ["max-age=31536000"], "\(host)") }
            for host in ["127.0.0.1", "127.0.0.1:443", "127.0.0.1.", "[::1]", "[::1]:8443"] { #expect(try client.get(host: host).values(field) == [], "\(host)") }
            #expect(try client.get("/own").values(field) == ["max-age=1"])
            let reply = try client.get("/a%00b")
            #expect(reply.status == 400 && reply.values(field).count <= 1, "\(reply)")
            let plain = try s.connect(to: "plain")
            try plain.get("/")
            #expect(try plain.receiveResponse().head.all(field) == [])
        }
    }

    @Test func `secrets of connections are written for who debugs, into a file for nobody else`() throws {
        let authority = try TestAuthority()
        let identity = try authority.issue()
        let log = "\(authority.folder)/secrets"
        let tls = "certificate = \(identity.option)\nkey-log = \(log)"
        try TLSSite.run(tls) { s in
            #expect(s.gateway.errors.contains("danger.option"))
            _ = try SecureClient(s, "localhost", ["-tls1_3"]).get()
            _ = try SecureClient(s, "localhost", ["-tls1_2"]).get()
            let lines = text(contents(of: log) ?? [])
            for word in ["CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ", "CLIENT_RANDOM "] { #expect(lines.contains(word), "\(lines)") }
            #expect(Folder.mode(log) == 0o600)
        }
        // Others may read it, it is a link, or no file.
        let link = "\(authority.folder)/link"
        try Folder.setMode(log, 0o644)
        try Folder.link(link, to: log)
        try Folder.makePipe("\(authority.folder)/pipe")
        for path in [log, link, "\(authority.folder)/pipe", "\(authority.folder)/none/secrets"] {
            try write(TLSSite.file("certificate = \(identity.option)\nkey-log = \(path)"), to: "\(authority.folder)/gateway.conf")
            let (ending, _, errors) = try Child.run([Gateway.binary, "run", "\(authority.folder)/gateway.conf"])
            #expect(ending != .exit(0) && errors.contains("the key log `\(path)`"), "\(errors)")
        }
    }
}
