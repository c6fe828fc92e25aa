import Glibc
import Testing

/// Which certificate a client gets for the name that it asks for, and what it may ask for then.
@Suite(.enabled(if: Programs.isHereOrMustBe("openssl")))
struct ServerNameTests {
    static let versions = ["-tls1_2", "-tls1_3"]

    @Test(arguments: versions)
    func `a name gets its own certificate, one below a wildcard the wildcard's, and none the first`(version: String) throws {
        let authority = try TestAuthority()
        let one = try authority.issue("one", names: ["DNS:one.test", "DNS:plain.wild.test"])
        let wild = try authority.issue("wild", names: ["DNS:*.wild.test"])
        let expected: [(String?, String?)] = [
            (nil, "one"), ("one.test", "one"), ("ONE.Test", "one"), ("one.test.", "one"), ("a.wild.test", "wild"), ("A.WILD.tesT.", "wild"),
            ("plain.wild.test", "one"), ("wild.test", nil), ("a.b.wild.test", nil), ("unknown.test", nil), ("one.test..", nil), (".wild.test", nil),
        ]
        for strict in ["on", "off"] {
            try TLSSite.run("certificate = \(one.option)\ncertificate = \(wild.option)\nstrict-sni = \(strict)") { s in
                for (name, subject) in expected {
                    let answer = try SecureClient(s, name, [version]).get(host: "one.test")
                    if let subject = subject ?? (strict == "off" ? "one" : nil) {
                        #expect(answer.status == 200 && answer.subject == subject, "\(name ?? "no name"): \(answer)")
                    } else {
                        #expect(answer.status == nil && answer.errors.contains("unrecognized name"), "\(name ?? "no name"): \(answer)")
                    }
                }
                if strict == "on" { #expect(s.gateway.process.waitForOutput { $0.contains("tls.name.unknown") }) }
            }
        }
    }

    @Test func `of ECDSA and RSA under one name each client gets what it can use`() throws {
        let authority = try TestAuthority()
        let curve = try authority.issue("curve", names: ["DNS:one.test"])
        let rsa = try authority.issue("rsa", names: ["DNS:one.test"], isRSA: true)
        try TLSSite.run("certificate = \(rsa.option)\ncertificate = \(curve.option)") { s in
            for (options, subject) in [
                (["-tls1_3"], "curve"), (["-tls1_3", "-sigalgs", "RSA-PSS+SHA256"], "rsa"), (["-tls1_3", "-sigalgs", "ECDSA+SHA256"], "curve"),
                (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "rsa"), (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "curve"),
            ] {
                let answer = try SecureClient(s, "one.test", options).get()
                #expect(answer.status == 200 && answer.subject == subject, "\(options): \(answer)")
            }
        }
    }

    /// One name is open, the other wants a certificate: who has a connection to the one may not ask for the other on it.
    @Test func `a host under another rule than the connection's name is 421, however it is spelt`() throws {
        let authority = try TestAuthority()
        let open = try authority.issue("open", names: ["DNS:open.test", "DNS:also.test"])
        let closed = try authority.issue("closed", names: ["DNS:closed.test", "DNS:*.closed.test"])
        let own = try authority.issue("client", names: ["DNS:client.test"])
        let rule = "client-certificate=required client-authorities=\(authority.certificate)"
        try TLSSite.run("certificate = \(open.option)\ncertificate = \(closed.option) \(rule)", listener: "protocols = h2 http/1.1") { s in
            let port = try #require(s.gateway.ports["web"])
            let closedHosts = ["closed.test", "CLOSED.Test", "closed.test:\(port)", "closed.test:443", "closed.test.", "closed.test.:1", "a.closed.test", "A.closed.TEST.:80"]
            let openHosts = ["open.test", "Open.test:\(port)", "also.test", "also.test.", "unknown.test", "127.0.0.1", "[::1]:\(port)"]
            for (name, hosts, status) in [("open.test", closedHosts, 421), ("open.test", openHosts, 200), ("closed.test", openHosts, 421), ("closed.test", closedHosts, 200)] {
                let client = try SecureClient(s, name)
                for host in hosts {
                    let answer = try (name == "closed.test" ? client.showing(own) : client).get(host: host)
                    #expect(answer.status == status && (status == 200 || answer.reason == "request.host.misdirected"), "\(host) on \(name): \(answer)")
                }
                // The same on one connection of HTTP/2, in :authority.
                guard let curl = Programs.find("curl") else { continue }
                for host in hosts where host.last != "." {
                    let shown = name == "closed.test" ? ["--cert", own.certificate, "--key", own.key] : []
                    let (_, output, errors) = try Child.run(
                        [curl, "-s", "--http2", "--cacert", authority.certificate, "--resolve", "\(name):\(port):127.0.0.1", "-H", "Host: \(host)", "-o", "/dev/null",
                            "-w", "%{http_version} %{http_code}", "https://\(name):\(port)/"] + shown)
                    #expect(output == "2 \(status)", "\(host) on \(name): \(output) \(errors)")
                }
            }
        }
    }
}
