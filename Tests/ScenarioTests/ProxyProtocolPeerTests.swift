import Glibc
import Testing

/// Real proxies in front that name their clients by the PROXY protocol, and curl as such a client.
@Suite struct ProxyProtocolPeerTests {
    private static let streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so"
    static func hasCurlAnd(_ program: String) -> Bool { Programs.isHereOrMustBe("curl") && Programs.isHereOrMustBe(program) }
    static let hasNginx = hasCurlAnd("nginx") && (unsafe access(streamModule, R_OK) == 0 || getenv("CI") != nil)

    private func curl(_ arguments: [String]) throws -> String {
        let result = try Child.run([try Programs.require("curl"), "-sS", "--max-time", "20", "--noproxy", "*"] + arguments)
        guard result.ending == .exit(0) else { throw ScenarioFailure("curl \(arguments): \(result.ending) \(result.stderr)") }
        return result.stdout
    }

    /// A certificate of its own signature, as files.
    private func makeCertificate(in folder: String) throws {
        let result = try Child.run([
            try Programs.require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=site.test", "-addext", "subjectAltName=DNS:site.test", "-keyout", "\(folder)/key.pem", "-out", "\(folder)/cert.pem",
        ])
        guard result.ending == .exit(0) else { throw ScenarioFailure("openssl: \(result.stderr)") }
        try write(text((contents(of: "\(folder)/cert.pem") ?? []) + (contents(of: "\(folder)/key.pem") ?? [])), to: "\(folder)/both.pem")
    }

    /// Listeners `plain` and `secure` behind the filter, with an app that answers whom it takes for the client.
    private func gateway(_ script: (_ s: Scenario, _ certificates: String) throws -> Void) throws {
        let certificates = try Folder.made()
        defer { Folder.remove(certificates) }
        try makeCertificate(in: certificates)
        var options = Scenario.Options()
        options.listeners = ["plain", "secure"]
        options.file = { _, folder in
            """
            [gateway]
            loops = 2
            access-log = \(folder)/access.log
            [listener:plain]
            listen = 127.0.0.1:0
            through = proxy
            serve = demo
            [listener:secure]
            listen = 127.0.0.1:0
            through = proxy tls
            serve = demo
            [filter:proxy]
            use = proxy-protocol
            sources = 127.0.0.1 127.0.0.9
            [filter:tls]
            use = tls-termination
            certificate = \(certificates)/cert.pem
            private-key = \(certificates)/key.pem
            [app:demo]
            use = echo

            """
        }
        try Scenario.run(options) { try script($0, certificates) }
    }

    /// What a client from 127.0.0.9 is told by the demo app: that it is that client.
    private func expectKnown(_ url: String, _ more: [String] = []) throws {
        let answer = try curl(["--interface", "127.0.0.9"] + more + [url])
        #expect(answer.contains("\"client\": \"127.0.0.9\""), "\(url): \(answer)")
    }

    @Test(.enabled(if: hasCurlAnd("haproxy"), "haproxy or curl is not installed"))
    func `HAProxy in front, in both versions, with its options and health checks, also before TLS`() throws {
        try gateway { s, certificates in
            let plain = try #require(s.gateway.ports["plain"])
            let secure = try #require(s.gateway.ports["secure"])
            let servers: [(name: String, to: UInt16, options: String)] = [
                ("one", plain, "send-proxy"), ("two", plain, "send-proxy-v2"), ("sum", plain, "send-proxy-v2 proxy-v2-options crc32c,unique-id"),
                ("tls-one", secure, "send-proxy"), ("tls-two", secure, "send-proxy-v2 proxy-v2-options crc32c"),
            ]
            var configuration = "defaults\n mode tcp\n timeout connect 5s\n timeout client 10s\n timeout server 10s\n"
            var ports: [String: UInt16] = [:]
            func add(_ name: String, bind: String = "", to port: UInt16, _ options: String) throws {
                ports[name] = try Programs.freePort()
                configuration += "frontend \(name)\n bind 127.0.0.1:\(ports[name]!) \(bind)\n default_backend \(name)\n"
                configuration += "backend \(name)\n server s 127.0.0.1:\(port) \(options) check inter 200ms\n"
            }
            for server in servers { try add(server.name, to: server.to, server.options) }
            try add("offload", bind: "ssl crt \(certificates)/both.pem alpn http/1.1", to: plain, "send-proxy-v2-ssl-cn proxy-v2-options crc32c,authority,ssl-cipher")
            try write(configuration, to: "\(certificates)/haproxy.cfg")
            let haproxy = try Child([try Programs.require("haproxy"), "-db", "-f", "\(certificates)/haproxy.cfg"])
            defer {
                haproxy.signal(SIGTERM)
                _ = haproxy.waitForEnd(upTo: .seconds(10))
            }
            for port in ports.values { try Programs.awaitListening(port, haproxy) }
            for server in servers {
                let scheme = server.to == secure ? "https" : "http"
                try expectKnown("\(scheme)://127.0.0.1:\(ports[server.name]!)/", ["-k"])
            }
            try expectKnown("https://127.0.0.1:\(ports["offload"]!)/", ["-k"])
            // Nothing of what HAProxy sends was refused: neither clients' connections nor its own checks.
            s.gateway.process.signal(SIGUSR2)
            #expect(s.gateway.process.waitForErrors { $0.contains("  prologues ") && $0.contains(", refused 0\n") })
            #expect(!s.gateway.errors.contains("reason          proxy"))
        }
    }

    @Test(.enabled(if: hasNginx, "nginx with its stream module or curl is not installed"))
    func `nginx in front, also before TLS`() throws {
        try gateway { s, certificates in
            let ports = [try Programs.freePort(), try Programs.freePort()]
            let targets = [try #require(s.gateway.ports["plain"]), try #require(s.gateway.ports["secure"])]
            let servers = zip(ports, targets).map { "server { listen 127.0.0.1:\($0); proxy_pass 127.0.0.1:\($1); proxy_protocol on; }" }.joined(separator: "\n")
            try write(
                """
                load_module \(Self.streamModule);
                daemon off; master_process off; pid \(certificates)/nginx.pid; error_log stderr;
                events { worker_connections 128; }
                stream { \(servers) }
                """, to: "\(certificates)/nginx.conf")
            let nginx = try Child([try Programs.require("nginx"), "-p", certificates, "-c", "\(certificates)/nginx.conf"])
            defer {
                nginx.signal(SIGTERM)
                _ = nginx.waitForEnd(upTo: .seconds(10))
            }
            for port in ports { try Programs.awaitListening(port, nginx) }
            try expectKnown("http://127.0.0.1:\(ports[0])/")
            try expectKnown("https://127.0.0.1:\(ports[1])/", ["-k"])
        }
    }

    /// The same port before TLS, without a header: nobody knows whose handshake it is.
    @Test(.enabled(if: hasCurlAnd("openssl"), "curl or openssl is not installed"))
    func `before TLS a header by hand is taken, and a handshake without one is refused`() throws {
        try gateway { s, _ in
            let port = try #require(s.gateway.ports["secure"])
            let refused = try Child.run([try Programs.require("curl"), "-sSk", "--max-time", "20", "https://127.0.0.1:\(port)/"])
            #expect(refused.ending != .exit(0))
            #expect(wait { text(contents(of: "\(s.folder)/access.log") ?? []).contains("reason=proxy.missing") })
            // curl writes a header of version 1 that names its own address.
            try expectKnown("https://127.0.0.1:\(port)/", ["-k", "--haproxy-protocol"])
        }
    }
}
