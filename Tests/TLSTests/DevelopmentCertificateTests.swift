import CertificateForge
import Foundation
import Testing

@testable import TLS

@Suite struct DevelopmentCertificateTests {
    private let forge: Forge
    private let directory: String

    init() throws {
        forge = try Forge()
        directory = forge.path("state/tls")
    }

    private func provide(_ now: Int64 = Forge.now) throws(CertificateFault) -> DevelopmentCertificate {
        try DevelopmentCertificate.provide(in: directory, now: now)
    }

    private func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
        return (attributes[.posixPermissions] as? Int) ?? -1
    }

    @Test func isMadeOnceAndThenKept() throws {
        let first = try provide()
        #expect(first.made == .authority)
        #expect(first.pair.leaf.names == [.dns("localhost"), .address("127.0.0.1"), .address("::1")])
        #expect(first.pair.warnings(at: Forge.now).isEmpty)
        let second = try provide()
        #expect(second.made == .nothing)
        #expect(second.pair.leaf.fingerprint == first.pair.leaf.fingerprint)
        #expect(try mode("ca-key.pem") == 0o600 && mode("localhost.pem") == 0o600 && mode("ca.pem") == 0o644 && mode(".") == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["ca-key.pem", "ca.pem", "localhost.pem", "lock"])
    }

    @Test func whoTrustsTheAuthorityTrustsTheCertificate() throws {
        let made = try provide()
        let server = try HandshakeServer([made.pair])
        for name in ["localhost", "127.0.0.1", "::1"] {
            let result = try HandshakeClient(trusting: made.authorityPath).handshake(with: server, 13, name: name)
            #expect(result.isDone, "\(name)")
        }
        #expect(try HandshakeClient(trusting: made.authorityPath).handshake(with: server, 13, name: "example.org").isDone == false)
        #expect(try HandshakeClient(trusting: "root.pem").handshake(with: server, 13, name: "localhost").isDone == false)
        for file in ["ca.pem", "localhost.pem"] { try forge.openssl("x509", "-in", "\(directory)/\(file)", "-noout", "-text") }
        try forge.openssl("verify", "-x509_strict", "-CAfile", made.authorityPath, "-purpose", "sslserver", "-verify_hostname", "localhost", "\(directory)/localhost.pem")
    }

    /// Whoever steals the authority's key can pose as localhost, and as nobody else.
    @Test func theAuthorityIsGoodForNothingElse() throws {
        let made = try provide()
        try forge.copy("state/tls/ca-key.pem", from: forge, as: "authority.key")
        try forge.copy("state/tls/ca.pem", from: forge, as: "authority.pem")
        for names in ["DNS:example.org", "IP:192.0.2.1", "DNS:localhost,DNS:example.org"] {
            try forge.certificate("stolen", by: "authority", names: names)
            #expect(throws: Forge.Failure.self) { try forge.openssl("verify", "-CAfile", made.authorityPath, "stolen.pem") }
        }
        try forge.certificate("own", by: "authority", names: "DNS:localhost,DNS:app.localhost")
        try forge.openssl("verify", "-CAfile", made.authorityPath, "own.pem")
    }

    @Test func isRenewedBeforeItExpires() throws {
        let first = try provide()
        let end = first.pair.leaf.notAfter
        #expect(try provide(end - 31 * Forge.day).made == .nothing)
        let renewed = try provide(end - 29 * Forge.day)
        #expect(renewed.made == .certificate)
        #expect(renewed.pair.leaf.fingerprint != first.pair.leaf.fingerprint)
        // Whoever trusted the authority need not do it anew.
        try forge.openssl(
            "verify", "-attime", "\(end - 29 * Forge.day)", "-CAfile", first.authorityPath, "-verify_hostname", "localhost", "\(directory)/localhost.pem")
        let last = try provide(first.authorityNotAfter - 390 * Forge.day)
        #expect(last.made == .authority)
        #expect(last.authorityNotAfter > first.authorityNotAfter)
        // No certificate outlives its authority.
        #expect(last.pair.leaf.notAfter < last.authorityNotAfter)
    }

    @Test func whatIsDamagedIsMadeAnew() throws {
        let first = try provide()
        try forge.write("damaged", to: "state/tls/localhost.pem")
        #expect(try provide().made == .certificate)
        try FileManager.default.removeItem(atPath: first.authorityPath)
        #expect(try provide().made == .nothing)
        #expect(try mode("ca.pem") == 0o644)
        try forge.write(forge.read("state/tls/localhost.pem"), to: "state/tls/ca.pem")
        #expect(try provide().made == .nothing)
        #expect(try forge.openssl("x509", "-in", first.authorityPath, "-noout", "-subject").contains("Sluice development CA"))
        try forge.write("damaged", to: "state/tls/ca-key.pem")
        #expect(try provide().made == .authority)
        // A certificate of an authority before is none.
        try FileManager.default.removeItem(atPath: directory + "/ca-key.pem")
        #expect(try provide().made == .authority)
        // Of a process that was killed.
        try forge.write("rest", to: "state/tls/localhost.pem.new")
        try FileManager.default.removeItem(atPath: directory + "/localhost.pem")
        #expect(try provide().made == .certificate)
    }

    @Test func whoStartsAtTheSameTimeGetsTheSame() async throws {
        let directory = directory
        let all = try await withThrowingTaskGroup(of: DevelopmentCertificate.self) { group in
            for _ in 0..<8 { group.addTask { try DevelopmentCertificate.provide(in: directory, now: Forge.now) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(all.map(\.pair.leaf.fingerprint)).count == 1)
        #expect(all.filter { $0.made == .authority }.count == 1)
        #expect(all.filter { $0.made == .nothing }.count == 7)
    }

    @Test func aDirectoryOfOthersIsRefused() throws {
        _ = try provide()
        forge.protect("state/tls", 0o777)
        #expect(throws: CertificateFault.self) { try provide() }
        try forge.write("", to: "file")
        do throws(CertificateFault) {
            _ = try DevelopmentCertificate.provide(in: forge.path("file"), now: Forge.now)
            Issue.record("a file is no directory")
        } catch {
            #expect(error.kind == .state)
        }
    }

    @Test func theInstructionsAreForTheShell() throws {
        let text = try provide().trustInstructions(for: "https://localhost:8443/")
        #expect(text.contains("curl --cacert \(directory)/ca.pem https://localhost:8443/"))
        #expect(!text.split(separator: "\n", omittingEmptySubsequences: false).contains(""))
    }
}
