import Glibc

/// A certificate authority of one test, made with `openssl`, in a folder that is removed with it.
final class TestAuthority {
    /// Files (PEM) of a certificate and its key.
    struct Identity {
        var certificate: String
        var key: String
    }

    let folder: String
    /// Its own certificate.
    let certificate: String
    private var count = 0

    init() throws {
        folder = try Folder.made()
        certificate = "\(folder)/authority.pem"
        try openssl(
            ["req", "-x509"] + Self.newKey("\(folder)/authority-key.pem")
                + [
                    "-out", certificate, "-subj", "/CN=Authority of a test", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE",
                    "-addext", "keyUsage=critical,keyCertSign",
                ])
    }

    deinit { Folder.remove(folder) }

    private static func newKey(_ path: String, isRSA: Bool = false) -> [String] {
        (isRSA ? ["-newkey", "rsa:2048"] : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]) + ["-nodes", "-keyout", path]
    }

    /// A certificate that it signs.
    ///
    /// - Parameters:
    ///   - names: what the certificate is for, as OpenSSL writes it: `DNS:app.test`, `IP:127.0.0.1`.
    ///   - seconds: how long it is good, instead of two days.
    func issue(
        _ subject: String = "app", names: [String] = ["DNS:app.test", "DNS:localhost", "IP:127.0.0.1"], isExpired: Bool = false, isRSA: Bool = false,
        seconds: Int? = nil
    ) throws -> Identity {
        count += 1
        let base = "\(folder)/\(count)"
        let identity = Identity(certificate: "\(base).pem", key: "\(base)-key.pem")
        try openssl(["req", "-new"] + Self.newKey(identity.key, isRSA: isRSA) + ["-out", "\(base).csr", "-subj", "/CN=\(subject)"])
        try write("subjectAltName=\(names.joined(separator: ","))\nbasicConstraints=critical,CA:FALSE\n", to: "\(base).ext")
        if let seconds {
            try issue("\(base).csr", "\(base).ext", seconds, into: identity.certificate)
            return identity
        }
        try openssl([
            "x509", "-req", "-in", "\(base).csr", "-CA", certificate, "-CAkey", "\(folder)/authority-key.pem", "-CAcreateserial",
            "-days", isExpired ? "-1" : "2", "-extfile", "\(base).ext", "-out", identity.certificate,
        ])
        return identity
    }

    /// To the second, which `x509` cannot.
    private func issue(_ request: String, _ extensions: String, _ seconds: Int, into path: String) throws {
        try write("", to: "\(folder)/index.txt")
        try write(
            "[ca]\ndefault_ca = d\n[d]\ndatabase = \(folder)/index.txt\nnew_certs_dir = \(folder)\nrand_serial = yes\npolicy = p\n"
                + "default_md = sha256\n[p]\ncommonName = supplied\n", to: "\(folder)/ca.conf")
        let (_, end, _) = try Child.run(["/bin/date", "-u", "-d", "\(seconds) seconds", "+%y%m%d%H%M%SZ"])
        try openssl([
            "ca", "-batch", "-config", "\(folder)/ca.conf", "-cert", certificate, "-keyfile", "\(folder)/authority-key.pem", "-in", request,
            "-extfile", extensions, "-enddate", String(end.prefix(13)), "-notext", "-out", path,
        ])
    }

    private func openssl(_ arguments: [String]) throws {
        let (ending, _, errors) = try Child.run([try Programs.require("openssl")] + arguments)
        guard ending == .exit(0) else { throw ScenarioFailure("openssl \(arguments): \(errors)") }
    }
}
