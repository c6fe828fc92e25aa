import CertificateForge
import TLS
import Testing

/// What becomes of the keys that session tickets are sealed with.
@Suite struct TicketTests {
    private let forge: Forge

    init() throws {
        forge = try Forge()
        try forge.certificate("root", days: 30, isAuthority: true)
        try forge.put("site", for: "DNS:site.test", as: "site.crt")
    }

    private func resumes(_ site: RenewalSite, _ sessions: TLSSessions) throws -> Bool {
        let connection = try site.connect("site.test", sessions: sessions)
        #expect(connection.outcome == .done)
        return connection.isResumed
    }

    /// As it is said that they should be.
    @Test func `keys that others may read are taken when nobody else may any more`() throws {
        let keys = [1, 2].map { seed in (0..<80).map { UInt8(truncatingIfNeeded: $0 * 7 + seed * 31) } }
        try forge.write(keys[0], to: "keys")
        let site = try RenewalSite(forge, "certificate = FOLDER/site.crt\nticket-keys = FOLDER/keys")
        let sessions = TLSSessions()
        #expect(try !resumes(site, sessions))
        try forge.write(keys[1], to: "keys")
        forge.protect("keys", 0o644)
        site.notice("keys")
        #expect(try resumes(site, sessions))
        #expect(site.complaints.count == 1 && site.complaints[0].contains("`chmod 600 \(forge.path("keys"))`"), "\(site.complaints)")
        #expect(try site.counts()[0] == "certificates taken over 0, not good 1" && site.counts()[1].contains("chmod 600"))
        forge.protect("keys", 0o600)
        site.pass(minutes: 1)
        #expect(try site.counts() == ["certificates taken over 0, not good 1"])
        #expect(try !resumes(site, sessions))
        #expect(site.complaints.count == 1)
    }

    /// The system's clock may be set back, by as much as it was wrong.
    @Test func `random keys change by a clock that does not go back`() throws {
        let site = try RenewalSite(forge, "certificate = FOLDER/site.crt\nticket-lifetime = 1h")
        let sessions = TLSSessions()
        #expect(try !resumes(site, sessions))
        #expect(try resumes(site, sessions))
        for _ in 0..<4 {
            site.pass(hours: 1)
            #expect(try site.connect("site.test").outcome == .done)
        }
        #expect(try !resumes(site, sessions))
    }
}
