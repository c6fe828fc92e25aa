import Glibc
import Testing

/// Rules about clients' certificates, and what apps are told of those.
@Suite(.enabled(if: Programs.isHereOrMustBe("openssl") && PythonPeer.isHereOrMustBe(PythonPeer.plain)))
struct ClientCertificateTests {
    @Test(arguments: ServerNameTests.versions)
    func `each name has its own rule: none, optional or required`(version: String) throws {
        let (authority, clients, stranger) = (try TestAuthority(), try TestAuthority(), try TestAuthority())
        let names = try ["required", "optional", "none"].map { try authority.issue($0, names: ["DNS:\($0).test"]) }
        let (own, foreign) = (try clients.issue("client", names: ["DNS:client.test"]), try stranger.issue("client", names: ["DNS:client.test"]))
        let expired = try clients.issue("client", names: ["DNS:client.test"], isExpired: true)
        try TLSSite.run(
            """
            client-authorities = \(clients.certificate)
            client-certificate = required
            certificate = \(names[0].option)
            certificate = \(names[1].option) client-certificate=optional
            certificate = \(names[2].option) client-certificate=none
            strict-sni = off
            """
        ) { s in
            func client(_ name: String?) throws -> SecureClient { try SecureClient(s, name, [version]) }
            // The first entry's rule is for those who ask for no name, or an unknown one, too.
            for name in ["required.test", nil, "unknown.test"] {
                let answer = try client(name).get(host: "required.test")
                #expect(answer.status == nil, "\(answer)")
                #expect(try client(name).showing(own).get(host: "required.test").status == 200)
            }
            #expect(s.gateway.process.waitForOutput { $0.contains("tls.client-certificate.missing") })
            #expect(try client("optional.test").get().status == 200)
            #expect(try client("optional.test").showing(own).get().status == 200)
            for name in ["required.test", "optional.test"] {
                #expect(try client(name).isAsked())
                for bad in [foreign, expired] { #expect(try client(name).showing(bad).get().status == nil, "\(name)") }
            }
            #expect(s.gateway.process.waitForOutput { $0.contains("tls.client-certificate.refused") })
            // Nobody is asked there, whatever the first entry wants.
            #expect(try !client("none.test").isAsked())
            #expect(try client("none.test").showing(foreign).get().status == 200)
        }
    }

    @Test(arguments: ["h2 http/1.1", "http/1.1"])
    func `filters know the version of TLS and the certificate that was shown`(protocols: String) throws {
        let authority = try TestAuthority()
        let (site, own) = (try authority.issue("site", names: ["DNS:site.test"]), try authority.issue("client", names: ["DNS:client.test"]))
        let tls = "certificate = \(site.option) client-certificate=optional client-authorities=\(authority.certificate)"
        var options = Scenario.Options(servers: 0)
        options.listeners = ["web", "plain"]
        options.file = { _, _ in
            TLSSite.file(tls, listener: "protocols = \(protocols)").replacing("serve = app", with: "serve = site")
                + "[pipeline:site]\npipeline = mark app\n[filter:mark]\nuse = headers\nresponse-set = \"X-TLS: <{tls-version}> <{client-certificate}>\"\n"
        }
        try Scenario.run(options) { s in
            let curl = try Programs.require("curl")
            let port = try #require(s.gateway.ports["web"])
            for (shown, version) in [([], "1.2"), ([], "1.3"), (["--cert", own.certificate, "--key", own.key], "1.3")] {
                let (_, head, errors) = try Child.run(
                    [curl, "-si", "--tls-max", version, "--cacert", authority.certificate, "--resolve", "site.test:\(port):127.0.0.1", "https://site.test:\(port)/"]
                        + shown)
                let told = "x-tls: <\(version)> <\(shown.isEmpty ? "" : own.field)>"
                #expect(head.lowercased().contains(told.lowercased()), "\(head) \(errors)")
            }
            let plain = try s.connect(to: "plain")
            try plain.get("/")
            #expect(try plain.receiveResponse().head["X-TLS"] == "<> <>")
        }
    }

    /// Fields with which a client says that it has shown a certificate, and another thing beside them that must come through.
    private static let lies = ["Client-Cert: :AAAA:", "client-CERT: :BBBB:", "Client_Cert: :CCCC:", "Client-Cert-Chain: :DDDD:", "Client_Cert_Chain: :EEEE:", "X-Other: yes"]

    @Test func `the app is told the certificate that was shown, and never what a client says of itself`() throws {
        let authority = try TestAuthority()
        let (optional, none) = (try authority.issue("optional", names: ["DNS:optional.test"]), try authority.issue("none", names: ["DNS:none.test"]))
        let own = try authority.issue("client", names: ["DNS:client.test"])
        let tls = "certificate = \(optional.option) client-certificate=optional client-authorities=\(authority.certificate)\ncertificate = \(none.option)"
        try TLSSite.runBeforeFieldApp(tls, listener: "protocols = h2 http/1.1") { s in
            func isClean(_ body: String) -> Bool {
                body.lowercased().contains("x-other") && !["AAAA", "BBBB", "CCCC", "DDDD", "EEEE"].contains(where: { body.contains(":\($0):") })
            }
            let told = try SecureClient(s, "optional.test").showing(own).get(Self.lies).body
            #expect(told.contains("[\"Client-Cert\", \"\(own.field)\"]") && isClean(told), "\(told)")
            #expect(told.lowercased().occurrences(of: "client-cert") == 1, "\(told)")
            for name in ["optional.test", "none.test"] {
                let untold = try SecureClient(s, name).get(Self.lies).body
                #expect(isClean(untold) && untold.lowercased().occurrences(of: "client-cert") == 0, "\(untold)")
            }
            if let curl = Programs.find("curl") {
                let port = try #require(s.gateway.ports["web"])
                for shown in [["--cert", own.certificate, "--key", own.key], []] {
                    let (_, body, errors) = try Child.run(
                        [curl, "-s", "--http2", "--cacert", authority.certificate, "--resolve", "optional.test:\(port):127.0.0.1", "https://optional.test:\(port)/"]
                            + Self.lies.flatMap { ["-H", $0] } + shown)
                    #expect(isClean(body) && body.contains("\"2.0 sluice\""), "\(body) \(errors)")
                    #expect(body.contains("[\"Client-Cert\", \"\(own.field)\"]") == !shown.isEmpty, "\(body)")
                    #expect(body.lowercased().occurrences(of: "client-cert") == (shown.isEmpty ? 0 : 1), "\(body)")
                }
            }
            let plain = try s.connect(to: "plain")
            try plain.send("GET / HTTP/1.1\r\nHost: none.test\r\n\(Self.lies.joined(separator: "\r\n"))\r\n\r\n")
            let body = try plain.receiveResponse().bodyText
            #expect(isClean(body) && body.lowercased().occurrences(of: "client-cert") == 0, "\(body)")
        }
    }
}

extension SecureClient {
    fileprivate func get(_ fields: [String]) throws -> SecureAnswer { try get("/", fields) }
}

extension String {
    /// How often a word stands in it.
    fileprivate func occurrences(of word: String) -> Int { ranges(of: word).count }
}
