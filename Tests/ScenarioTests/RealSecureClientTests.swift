import Glibc
import Testing

/// Clients that others have written, before a listener that speaks TLS.
@Suite struct RealSecureClientTests {
    private func run(_ script: (Scenario, TestAuthority, _ port: UInt16) throws -> Void) throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write(String(repeating: "0123456789abcdef", count: 4096), to: "\(folder)/64k.txt")
        try write("hello", to: "\(folder)/hello.txt")
        let nginx = try Nginx(in: folder) { _ in "" }
        var options = SecureListener.Options()
        options.appAddress = "127.0.0.1:\(nginx.port)"
        try SecureListener.run(options) { s, authority in
            try script(s, authority, try #require(s.gateway.ports["secure"]))
            nginx.stop()
        }
    }

    @Test(
        .enabled(if: Programs.isHereOrMustBe("curl") && Programs.isHereOrMustBe("nginx"), "curl or nginx is not installed"),
        arguments: [["--tls-max", "1.2", "--http1.1"], ["--tlsv1.3", "--http1.1"], ["--tls-max", "1.2", "--http2"], ["--tlsv1.3", "--http2"]])
    func `curl`(options: [String]) throws {
        try run { s, authority, port in
            let address = "https://localhost:\(port)"
            let (ending, output, errors) = try Child.run(
                [try Programs.require("curl"), "-sS", "--cacert", authority.certificate] + options
                    + ["-w", "%{http_code} %{num_connects} %{size_download}\\n", "-o", "/dev/null", "\(address)/hello.txt", "-o", "/dev/null", "\(address)/64k.txt"])
            #expect(ending == .exit(0), "\(errors)")
            #expect(output == "200 1 5\n200 0 65536\n")
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("openssl") && Programs.isHereOrMustBe("nginx"), "openssl or nginx is not installed"))
    func `openssl s_client resumes sessions, and is refused what is not spoken`() throws {
        try run { s, authority, port in
            let session = "\(authority.folder)/session"
            func connect(_ options: String...) throws -> String {
                let (_, output, errors) = try Child.run(
                    [try Programs.require("openssl"), "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", authority.certificate, "-verify_return_error"] + options)
                return output + errors
            }
            for version in ["-tls1_2", "-tls1_3"] {
                let first = try connect(version, "-sess_out", session)
                #expect(first.contains("New, TLSv1") && first.contains("Verify return code: 0 (ok)") || first.contains("Verification: OK"), "\(first)")
                if version == "-tls1_2" {
                    let second = try connect(version, "-sess_in", session)
                    #expect(second.contains("Reused, TLSv1"), "\(second)")
                }
            }
            for version in ["-tls1", "-tls1_1"] {
                let refused = try connect(version, "-cipher", "ALL:@SECLEVEL=0")
                #expect(refused.contains("alert protocol version") && refused.contains("no peer certificate available"), "\(refused)")
            }
            for version in ["-tls1_2", "-tls1_3"] {
                #expect(try connect(version, "-alpn", "spdy/3").contains("alert no application protocol"))
                #expect(try connect(version, "-alpn", "spdy/3,http/1.1").contains("ALPN protocol: http/1.1"))
            }
            // Neither CBC nor RSA key exchange, nor anything without encryption.
            for cipher in ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256", "NULL", "aNULL", "DHE"] {
                let refused = try connect("-tls1_2", "-cipher", "\(cipher):@SECLEVEL=0")
                #expect(refused.contains("alert handshake failure"), "\(cipher): \(refused)")
            }
        }
    }

    @Test(.enabled(if: PythonPeer.isHereOrMustBe(PythonPeer.plain) && Programs.isHereOrMustBe("nginx"), "python3 or nginx is not installed"))
    func `Python's urllib`() throws {
        try run { s, authority, port in
            let program = """
                import ssl, urllib.request
                context = ssl.create_default_context(cafile="\(authority.certificate)")
                for path in ("hello.txt", "64k.txt"):
                    with urllib.request.urlopen("https://localhost:\(port)/" + path, context=context) as answer:
                        print(answer.status, len(answer.read()))
                """
            let (ending, output, errors) = try Child.run([try #require(PythonPeer.plain), "-c", program])
            #expect(ending == .exit(0), "\(errors)")
            #expect(output == "200 5\n200 65536\n")
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("wrk") && Programs.isHereOrMustBe("nginx"), "wrk or nginx is not installed"))
    func `wrk on many connections has no error`() throws {
        try run { s, _, port in
            let (ending, output, _) = try Child.run([try Programs.require("wrk"), "-t", "1", "-c", "32", "-d", "1s", "https://127.0.0.1:\(port)/64k.txt"])
            #expect(ending == .exit(0))
            #expect(output.contains("requests in") && !output.contains("Socket errors") && !output.contains("Non-2xx"), "\(output)")
        }
    }
}
