import CertificateForge
import Foundation
import TLS
import Testing

/// What is taken over when files change, and what is not: each thing for itself, and no name under another rule about clients.
@Suite struct RenewalTests {
    private let forge: Forge

    init() throws {
        forge = try Forge()
        for name in ["root", "clients", "others"] { try forge.certificate(name, days: 30, isAuthority: true) }
        try forge.certificate("own", by: "clients")
        try forge.certificate("other", by: "others")
        try forge.put("open-1", for: "DNS:open.test", as: "open.crt")
        try forge.put("closed-1", for: "DNS:closed.test,DNS:also.test", as: "closed.crt")
        try forge.put("third-1", for: "DNS:third.test", as: "third.crt")
        try forge.copy("clients.pem", from: forge, as: "authorities.crt")
    }

    private func site(_ more: String = "") throws -> RenewalSite {
        try RenewalSite(
            forge,
            """
            certificate = FOLDER/open.crt
            certificate = FOLDER/closed.crt client-certificate=required client-authorities=FOLDER/authorities.crt
            certificate = FOLDER/third.crt
            \(more)
            """)
    }

    private func isServed(_ site: RenewalSite, _ name: String, _ certificate: String, showing identity: String? = nil) throws -> Bool {
        try site.connect(name, showing: identity).client.peerCertificate == forge.der(certificate)
    }

    /// What is wrong with a file of authorities, and what is said of it.
    static let bad = [("", "has no certificate in PEM format"), ("damaged", "has no certificate in PEM format"), ("cut", "is damaged or cut off"), ("removed", "there is no file")]

    @Test(arguments: bad) func `a file of authorities that is not good holds up nothing but itself`(what: String, said: String) throws {
        let site = try site()
        let sessions = TLSSessions()
        #expect(try site.connect("closed.test", showing: "own", sessions: sessions).outcome == .done)
        switch what {
        case "cut": try forge.write(forge.read("clients.pem") + String(forge.read("others.pem").dropLast(60)), to: "authorities.crt")
        case "removed": try FileManager.default.removeItem(atPath: forge.path("authorities.crt"))
        default: try forge.write(what, to: "authorities.crt")
        }
        try forge.put("open-2", for: "DNS:open.test", as: "open.crt")
        try forge.put("closed-2", for: "DNS:closed.test,DNS:also.test", as: "closed.crt")
        site.notice("authorities.crt", "open.crt", "closed.crt")
        #expect(try isServed(site, "open.test", "open-2"))
        #expect(try isServed(site, "closed.test", "closed-2", showing: "own"))
        // Those of before sign as before.
        #expect(try site.connect("closed.test").outcome == .failed(.clientCertificateMissing))
        #expect(try site.connect("closed.test", showing: "other").outcome == .failed(.certificateRefused(verification: 20)))
        #expect(try site.connect("closed.test", sessions: sessions).isResumed)
        let fault = try #require(site.complaints.first)
        #expect(site.complaints.count == 1 && fault.contains("`\(forge.path("authorities.crt"))`"), "\(fault)")
        #expect(fault.contains(said) && fault.hasSuffix("; what was read before still holds"), "\(fault)")
        #expect(try site.counts().first == "certificates taken over 2, not good 1")
        #expect(try site.counts().count == 2 && site.counts()[1].contains(said))
        // Said once, until it is good.
        try forge.put("third-2", for: "DNS:third.test", as: "third.crt")
        site.notice("third.crt")
        #expect(try isServed(site, "third.test", "third-2"))
        #expect(site.complaints.count == 1)
        try forge.copy("others.pem", from: forge, as: "authorities.crt")
        site.notice("authorities.crt")
        #expect(try site.counts() == ["certificates taken over 4, not good 1"])
        #expect(try site.connect("closed.test", showing: "other").outcome == .done)
        #expect(try site.connect("closed.test", showing: "own").outcome == .failed(.certificateRefused(verification: 20)))
        let late = try site.connect("closed.test", sessions: sessions)
        #expect(!late.isResumed && late.outcome == .failed(.clientCertificateMissing))
    }

    @Test func `a certificate that takes a name from another rule is left out, and others are not`() throws {
        let site = try site()
        try forge.put("open-2", for: "DNS:open.test,DNS:closed.test", as: "open.crt")
        try forge.put("third-2", for: "DNS:third.test", as: "third.crt")
        site.notice("open.crt", "third.crt")
        #expect(try isServed(site, "open.test", "open-1") && isServed(site, "third.test", "third-2"))
        #expect(try site.connect("closed.test").outcome == .failed(.clientCertificateMissing))
        #expect(try !site.connect("open.test").mayServe("closed.test"))
        #expect(try site.counts()[0] == "certificates taken over 1, not good 1")
        #expect(site.complaints.count == 1 && site.complaints[0].contains("open.crt` cannot be served beside the others: two certificates have the name `closed.test`"), "\(site.complaints)")
    }

    /// The host would be the first certificate's, where nobody is asked for a certificate.
    @Test(arguments: ["on", "off"]) func `a certificate that gives a name up to another rule is left out`(strict: String) throws {
        let site = try site("strict-sni = \(strict)")
        #expect(try !site.connect("open.test").mayServe("also.test"))
        try forge.put("closed-2", for: "DNS:closed.test", as: "closed.crt")
        try forge.put("open-2", for: "DNS:open.test", as: "open.crt")
        site.notice("closed.crt", "open.crt")
        #expect(try isServed(site, "closed.test", "closed-1", showing: "own") && isServed(site, "open.test", "open-2"))
        #expect(try !site.connect("open.test").mayServe("also.test"))
        #expect(try site.connect("also.test").outcome == .failed(.clientCertificateMissing))
        #expect(try site.counts()[0] == "certificates taken over 1, not good 1")
        #expect(site.complaints.count == 1 && site.complaints[0].contains("closed.crt` is not for `also.test`, which would come under another rule"), "\(site.complaints)")
        // One with all names is taken, and with more.
        try forge.put("closed-3", for: "DNS:closed.test,DNS:also.test,DNS:more.test", as: "closed.crt")
        site.notice("closed.crt")
        #expect(try isServed(site, "more.test", "closed-3", showing: "own"))
        #expect(try site.counts() == ["certificates taken over 2, not good 1"])
    }

    /// Whichever of the two comes first, and also when both come at once.
    @Test(arguments: [["closed"], ["open"], ["open", "closed"], ["closed", "open"]]) func `a name does not move from one rule to another by certificates alone`(order: [String]) throws {
        let site = try site()
        for name in order {
            try forge.put("\(name)-2", for: name == "open" ? "DNS:open.test,DNS:also.test" : "DNS:closed.test", as: "\(name).crt")
            if order.count == 1 || name == order[1] { site.notice("\(order[0]).crt", "\(name).crt") }
        }
        #expect(try site.connect("also.test").outcome == .failed(.clientCertificateMissing))
        #expect(try !site.connect("open.test").mayServe("also.test"))
        #expect(try site.counts()[0] == "certificates taken over 0, not good \(order.count)")
    }

    @Test func `a wildcard's names do not come under another rule one by one`() throws {
        try forge.put("closed-1", for: "DNS:*.closed.test", as: "closed.crt")
        let site = try site()
        try forge.put("open-2", for: "DNS:open.test,DNS:a.closed.test", as: "open.crt")
        site.notice("open.crt")
        #expect(try site.connect("a.closed.test").outcome == .failed(.clientCertificateMissing))
        #expect(try !site.connect("open.test").mayServe("a.closed.test"))
        try forge.put("closed-2", for: "DNS:a.closed.test", as: "closed.crt")
        site.notice("closed.crt")
        #expect(try !site.connect("open.test").mayServe("b.closed.test"))
        #expect(try site.counts()[0] == "certificates taken over 0, not good 2")
        // What nobody is asked for may change as it likes.
        try forge.put("open-3", for: "DNS:open-too.test", as: "open.crt")
        try forge.put("third-2", for: "DNS:open.test", as: "third.crt")
        site.notice("open.crt", "third.crt")
        #expect(try isServed(site, "open-too.test", "open-3") && isServed(site, "open.test", "third-2"))
    }

    /// The watcher has seen the new file, and sees the same again: it will not say another time that there is something.
    @Test(arguments: ["open.crt", "authorities.crt"]) func `what was gone in the moment in which it was read is read again within a minute`(file: String) throws {
        let site = try site()
        try forge.put("open-2", for: "DNS:open.test", as: "open.crt")
        try forge.copy("others.pem", from: forge, as: "authorities.crt")
        try FileManager.default.moveItem(atPath: forge.path(file), toPath: forge.path("away"))
        site.notice("open.crt", "authorities.crt")
        #expect(try site.counts()[0] == "certificates taken over 1, not good 1")
        try FileManager.default.moveItem(atPath: forge.path("away"), toPath: forge.path(file))
        site.pass(minutes: 1)
        #expect(try site.counts() == ["certificates taken over 2, not good 1"])
        #expect(try isServed(site, "open.test", "open-2"))
        #expect(try site.connect("closed.test", showing: "other").outcome == .done)
        #expect(site.complaints.count == 1)
    }
}
