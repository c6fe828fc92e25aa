import Glibc
import Testing

/// What a listener's `protocols` let clients speak, by curl.
@Suite(.enabled(if: Programs.isHereOrMustBe("curl") && Programs.isHereOrMustBe("openssl"))) struct ProtocolTests {
    private static let listeners = ["plain", "both", "prior", "secure", "secure-old", "secure-new"]

    private func gateway(_ script: (_ s: Scenario, _ authority: TestAuthority) throws -> Void) throws {
        let authority = try TestAuthority()
        let identity = try authority.issue()
        var options = Scenario.Options()
        options.listeners = Self.listeners
        options.file = { _, folder in
            func listener(_ name: String, _ lines: String) -> String { "[listener:\(name)]\nlisten = 127.0.0.1:0\nserve = demo\n\(lines)\n" }
            return """
                [gateway]
                loops = 1
                access-log = \(folder)/access.log
                \(listener("plain", ""))
                \(listener("both", "protocols = h2c http/1.1"))
                \(listener("prior", "protocols = h2c"))
                \(listener("secure", "through = tls"))
                \(listener("secure-old", "through = tls\nprotocols = http/1.1"))
                \(listener("secure-new", "through = tls\nprotocols = h2"))
                [filter:tls]
                use = tls-termination
                certificate = \(identity.certificate)
                private-key = \(identity.key)
                [app:demo]
                use = echo

                """
        }
        try Scenario.run(options) { try script($0, authority) }
    }

    /// The version and status that curl gets; nil without an answer.
    private func curl(_ s: Scenario, _ listener: String, _ authority: TestAuthority, _ arguments: [String]) throws -> String? {
        let port = try #require(s.gateway.ports[listener])
        let url = listener.hasPrefix("secure") ? "https://localhost:\(port)/" : "http://127.0.0.1:\(port)/"
        let result = try Child.run(
            [try Programs.require("curl"), "-sS", "--max-time", "20", "--noproxy", "*", "--cacert", authority.certificate, "-o", "\(s.folder)/body"]
                + ["-w", "%{http_version} %{http_code}"] + arguments + [url])
        return result.ending == .exit(0) ? result.stdout : nil
    }

    @Test func `clients speak what the listener speaks, and get the version that they chose`() throws {
        let cases: [(listener: String, arguments: [String], answer: String)] = [
            ("plain", [], "1.1 200"), ("plain", ["--http2"], "1.1 200"), ("plain", ["--http1.0"], "1.1 200"),
            ("both", [], "1.1 200"), ("both", ["--http2-prior-knowledge"], "2 200"), ("both", ["--http2"], "1.1 200"),
            ("prior", ["--http2-prior-knowledge"], "2 200"),
            ("secure", ["--http2"], "2 200"), ("secure", ["--http1.1"], "1.1 200"), ("secure", ["--no-alpn"], "1.1 200"),
            ("secure-old", ["--http2"], "1.1 200"), ("secure-new", ["--http2"], "2 200"),
        ]
        try gateway { s, authority in
            for (listener, arguments, expected) in cases {
                let answer = try curl(s, listener, authority, arguments)
                #expect(answer == expected, "\(listener) \(arguments)")
            }
        }
    }

    /// Without ALPN a client means HTTP/1.1, and is not answered in it where the listener does not speak it.
    @Test func `what a listener does not speak is refused, and the log says so`() throws {
        try gateway { s, authority in
            let log = "\(s.folder)/access.log"
            func expectRefused(_ listener: String, _ arguments: [String], _ reason: String) throws {
                let before = text(contents(of: log) ?? []).ranges(of: "reason=\(reason) ").count
                let answer = try curl(s, listener, authority, arguments)
                #expect(answer == nil || answer == "1.1 505", "\(listener) \(arguments): \(answer ?? "")")
                let isLogged = wait { text(contents(of: log) ?? []).ranges(of: "reason=\(reason) ").count > before }
                #expect(isLogged, "\(listener) \(arguments) without \(reason)")
            }
            try expectRefused("plain", ["--http2-prior-knowledge"], "request.version.unsupported")
            try expectRefused("prior", ["--http1.1"], "request.version.unsupported")
            try expectRefused("secure-new", ["--http1.1"], "tls.protocol.none")
            try expectRefused("secure-new", ["--no-alpn"], "tls.protocol.none")
        }
    }
}
