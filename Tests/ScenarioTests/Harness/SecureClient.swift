import Testing

/// A client that speaks TLS: `openssl s_client`, a connection and a request each time.
struct SecureClient {
    let port: UInt16
    /// What it asks for (SNI), spelt so; nil for no name.
    var name: String?
    /// Arguments of s_client: `-tls1_2`, `-cert`.
    var options: [String] = []

    init(_ s: Scenario, _ name: String?, _ options: [String] = [], listener: String = "web") throws {
        port = try #require(s.gateway.ports[listener])
        (self.name, self.options) = (name, options)
    }

    /// Shows a certificate.
    func showing(_ identity: TestAuthority.Identity) -> SecureClient { adding(["-cert", identity.certificate, "-key", identity.key]) }

    func adding(_ more: [String]) -> SecureClient {
        var client = self
        client.options += more
        return client
    }

    /// Sends a request, and reads until the gateway closes.
    ///
    /// - Parameters:
    ///   - host: instead of the name.
    ///   - fields: whole lines.
    ///   - session: a file with a session to go on with.
    ///   - saving: a file for the session that this connection gets.
    func get(_ path: String = "/", host: String? = nil, _ fields: [String] = [], session: String? = nil, saving: String? = nil) throws -> SecureAnswer {
        let lines = ["GET \(path) HTTP/1.1", "Host: \(host ?? name ?? "localhost")"] + fields + ["Connection: close", "", ""]
        var arguments = ["-connect", "127.0.0.1:\(port)", "-ign_eof"] + (name.map { ["-servername", $0] } ?? ["-noservername"]) + options
        if let session { arguments += ["-sess_in", session] }
        if let saving { arguments += ["-sess_out", saving] }
        let script = "printf '%s' \"$1\" | { shift; exec timeout 20 \"$@\"; }"
        let (_, output, errors) = try Child.run(
            ["/bin/sh", "-c", script, "sh", lines.joined(separator: "\r\n"), try Programs.require("openssl"), "s_client"] + arguments)
        return SecureAnswer(output: output, errors: errors)
    }

    /// Whether the gateway asks it for a certificate.
    func isAsked() throws -> Bool { try adding(["-msg"]).get().output.contains("CertificateRequest") }
}

/// What s_client has written.
struct SecureAnswer: CustomStringConvertible {
    let output: String
    let errors: String

    /// The handshake went on with an earlier session.
    var isResumed: Bool { output.contains("\nReused, TLSv1") }
    /// The common name in the gateway's certificate.
    var subject: String? {
        let line = output.split(separator: "\n").first { $0.hasPrefix("subject=") }
        return line?.filter { $0 != " " }.split(separator: "CN=").last.map(String.init)
    }

    private var lines: [Substring] {
        let all = output.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        return Array(all.drop { !$0.hasPrefix("HTTP/1.1 ") })
    }

    /// nil where there was no answer.
    var status: Int? { lines.first.flatMap { Int($0.dropFirst("HTTP/1.1 ".count).prefix(3)) } }

    func values(_ name: String) -> [String] {
        lines.prefix { !$0.isEmpty }.filter { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
    }

    var reason: String? { values("Gateway-Reason").first }
    var body: String { lines.drop { !$0.isEmpty }.joined(separator: "\n") }
    /// The bytes with which its session ticket begins, as s_client shows them: the name of the key that sealed it.
    var ticketKey: String? { output.split(separator: "\n").first { $0.contains("    0000 - ") }.map { String($0.drop { $0 == " " }.dropFirst(7).prefix(47)) } }

    var description: String { "\(lines.prefix(20).joined(separator: "\n"))\n\(errors)" }
}
