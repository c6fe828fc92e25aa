import CHandshake
import CertificateForge
import Foundation
import Testing

@testable import TLS

/// What a client and a server agree on, and what each is told when they do not.
@Suite struct ConnectionHandshakeTests {
    // MARK: Versions and sessions

    @Test(arguments: [12, 13]) func bothAgree(version: Int) throws {
        let ends = try Ends(.example(), Ends.Client(version: version))
        #expect(ends.shakeHands() == (.done, .done))
        for end in [ends.client, ends.server] {
            #expect(end.isOpen && !end.isResumed)
            #expect(end.version == (version == 12 ? "TLSv1.2" : "TLSv1.3"))
            #expect(end.speaks("http/1.1") && !end.speaks("h2") && !end.speaks("http/1"))
        }
        #expect(ends.server.serverName == "example.org")
        #expect(ends.server.peerCertificate == nil && ends.client.peerCertificate != nil)
        #expect(ends.client.cipher.contains("GCM"))
    }

    @Test(arguments: [12, 13]) func aSessionIsGoneOnWith(version: Int) throws {
        let server = try TLSServerContext.example()
        let client = Ends.Client(version: version)
        for isResumed in [false, true, true] {
            let ends = try Ends(server, client)
            #expect(ends.shakeHands() == (.done, .done))
            #expect(ends.client.isResumed == isResumed && ends.server.isResumed == isResumed)
            // In TLS 1.3 the ticket comes with the first response.
            #expect(ends.server.holdsDeferred == (version == 13))
            #expect(ends.server.send([1]) == .done)
            #expect(!ends.server.holdsDeferred)
            #expect(ends.client.receiveAll().bytes == [1])
            #expect(unsafe client.sessions.session != nil)
            ends.server.sendEnd()
            #expect(ends.client.receiveAll().last == .end)
        }
    }

    @Test func aTicketGoesOutWhenItIsToldTo() throws {
        let client = Ends.Client(version: 13)
        let ends = try Ends(.example(), client)
        #expect(ends.shakeHands() == (.done, .done))
        #expect(ends.client.receiveAll().last == .wouldBlock)
        #expect(unsafe client.sessions.session == nil)
        ends.server.flushDeferred()
        #expect(!ends.server.holdsDeferred && !ends.server.holdsRecords)
        #expect(ends.client.receiveAll() == ([], .wouldBlock))
        #expect(unsafe client.sessions.session != nil)
    }

    @Test func aTicketGoesOutBeforeTheEnd() throws {
        let client = Ends.Client(version: 13)
        let ends = try Ends(.example(), client)
        #expect(ends.shakeHands() == (.done, .done))
        ends.server.sendEnd()
        #expect(ends.client.receiveAll() == ([], .end))
        #expect(unsafe client.sessions.session != nil)
    }

    @Test(arguments: [10, 11]) func oldVersionsAreRefused(version: Int) throws {
        let ends = try Ends(.example(), Ends.Client(version: version))
        let (client, server) = ends.shakeHands()
        #expect(server == .failed(.noSharedVersion))
        #expect(client == .failed(.alert(70)))  // protocol_version
    }

    @Test func aModernServerRefusesTLS12() throws {
        let ends = try Ends(.example(policy: .modern), Ends.Client(version: 12))
        #expect(ends.shakeHands() == (.failed(.alert(70)), .failed(.noSharedVersion)))
    }

    // MARK: Protocols and names

    @Test(arguments: [12, 13]) func theServersOrderOfProtocolsDecides(version: Int) throws {
        let ends = try Ends(.example(), Ends.Client(protocols: ["spdy/1", "http/1.1", "h2"], version: version))
        #expect(ends.shakeHands() == (.done, .done))
        #expect(ends.client.speaks("h2") && ends.server.speaks("h2"))
    }

    @Test(arguments: [12, 13]) func noSharedProtocolIsAnAlert(version: Int) throws {
        let ends = try Ends(.example(), Ends.Client(protocols: ["spdy/1", "http/1"], version: version))
        #expect(ends.shakeHands() == (.failed(.alert(120)), .failed(.noSharedProtocol)))  // no_application_protocol
    }

    @Test func aClientThatOffersNoProtocolIsServed() throws {
        let ends = try Ends(.example(), Ends.Client(protocols: []))
        #expect(ends.shakeHands() == (.done, .done))
        #expect(!ends.server.speaks("h2") && !ends.server.speaks("http/1.1"))
    }

    @Test(arguments: [12, 13]) func aNameThatNobodyServesIsAnAlert(version: Int) throws {
        let server = try TLSServerContext.example(serving: "example.org")
        let known = try Ends(server, Ends.Client(version: version))
        #expect(known.shakeHands() == (.done, .done))
        let unknown = try Ends(server, Ends.Client(name: "other.example", version: version))
        #expect(unknown.shakeHands() == (.failed(.alert(112)), .failed(.unknownName)))  // unrecognized_name
        // An address is not asked for (RFC 6066 §3).
        let none = try Ends(server, Ends.Client(name: "192.0.2.1", version: version))
        #expect(none.shakeHands() == (.failed(.alert(112)), .failed(.unknownName)))
    }

    @Test(arguments: [12, 13]) func aServerWithAnotherNameIsRefused(version: Int) throws {
        let ends = try Ends(.example(), Ends.Client(name: "example.com", version: version))
        let (client, _) = ends.shakeHands()
        #expect(client == .failed(.certificateRefused(verification: 62)))  // X509_V_ERR_HOSTNAME_MISMATCH
    }

    @Test(arguments: ["P-256", "P-384", "P-521", "rsa:2048", "ed25519"], [12, 13]) func everyKindOfKeyThatIsTakenIsServed(kind: String, version: Int) throws {
        let forge = try Forge()
        try forge.certificate("site", kind: kind, names: "DNS:example.org")
        let pair = try forge.load("site.pem", "site.key")
        let keys = try TicketKeys(period: 100, now: 0)
        // In TLS 1.2 a client names the curves of certificates among its groups, and ours has not all: whether it comes to that is up to the client.
        guard version == 13 || kind != "P-521" else { return }
        for policy in TLSPolicy.allCases where policy == .intermediate || version == 13 {
            let server = try unsafe TLSServerContext(policy: policy, entries: [TLSServerContext.Entry([pair], tickets: keys)]) { _ in 0 }
            let ends = try Ends(server, Ends.Client(version: version, trust: .authorities(path: forge.path("site.pem"))))
            #expect(ends.shakeHands() == (.done, .done), "\(policy)")
        }
    }

    // MARK: Certificates of clients

    /// What clients show.
    enum Shown: CaseIterable { case nothing, good, expired, foreign }

    private static let identities: Forge = {
        do {
            let forge = try Forge()
            try forge.certificate("root", days: 30, isAuthority: true)
            try forge.certificate("foreign-root", days: 30, isAuthority: true)
            try forge.certificate("good", by: "root")
            try forge.certificate("foreign", by: "foreign-root")
            try forge.key("expired")
            try forge.openssl("req", "-new", "-key", "expired.key", "-subj", "/CN=expired", "-out", "expired.csr")
            try forge.openssl("x509", "-req", "-in", "expired.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "-1", "-out", "expired.pem")
            return forge
        } catch {
            fatalError("openssl makes no certificates: \(error)")
        }
    }()

    private func ends(_ server: TLSServerContext, showing shown: Shown, version: Int, sessions: TLSSessions = TLSSessions()) throws -> Ends {
        let forge = Self.identities
        let identity = shown == .nothing ? nil : ClientIdentity(certificate: forge.path("\(shown).pem"), key: forge.path("\(shown).key"))
        return try Ends(server, Ends.Client(identity: identity, sessions: sessions, version: version))
    }

    private static func authorities(_ name: String = "root") throws -> Authorities { try Authorities.load(identities.path("\(name).pem")) }

    @Test(arguments: Shown.allCases, [12, 13]) func aClientShowsACertificateWhereOneIsRequired(shown: Shown, version: Int) throws {
        let ends = try ends(.example(rule: .required(Self.authorities())), showing: shown, version: version)
        let (client, server) = ends.shakeHands()
        let alert: Int
        switch shown {
        case .good:
            #expect(client == .done && server == .done)
            #expect(try ends.server.peerCertificate == Array(Data(base64Encoded: Self.identities.read("good.pem").split(separator: "\n").dropFirst().dropLast().joined())!))
            #expect(ends.server.peerCertificateHasExpired(at: Forge.now) == false)
            #expect(ends.server.peerCertificateHasExpired(at: Forge.now + 91 * Forge.day))
            return
        case .nothing:
            #expect(server == .failed(.clientCertificateMissing))
            alert = version == 12 ? 40 : 116  // handshake_failure, certificate_required
        case .expired:
            #expect(server == .failed(.certificateRefused(verification: 10)))
            alert = 45  // certificate_expired
        case .foreign:
            #expect(server == .failed(.certificateRefused(verification: 20)))
            alert = 48  // unknown_ca
        }
        #expect(ends.server.peerCertificate == nil || !ends.server.isOpen)
        // A client of TLS 1.3 is through before the server has looked (RFC 8446 §4.4.2.4).
        if version == 12 {
            #expect(client == .failed(.alert(alert)))
        } else {
            #expect(client == .done)
            #expect(ends.client.receiveAll() == ([], .failed(EPROTO)))
        }
    }

    @Test(arguments: Shown.allCases, [12, 13]) func aCertificateThatIsOptionalMustBeGoodIfThereIsOne(shown: Shown, version: Int) throws {
        let ends = try ends(.example(rule: .optional(Self.authorities())), showing: shown, version: version)
        let (_, server) = ends.shakeHands()
        switch shown {
        case .nothing, .good: #expect(server == .done)
        case .expired: #expect(server == .failed(.certificateRefused(verification: 10)))
        case .foreign: #expect(server == .failed(.certificateRefused(verification: 20)))
        }
        if server == .done { #expect((ends.server.peerCertificate != nil) == (shown == .good)) }
    }

    @Test(arguments: [12, 13]) func aCertificateIsNotAskedForWhereNoneIsWanted(version: Int) throws {
        let ends = try ends(.example(), showing: .good, version: version)
        #expect(ends.shakeHands() == (.done, .done))
        #expect(ends.server.peerCertificate == nil)
    }

    @Test(arguments: [12, 13]) func aSessionOfAnotherRuleIsNotGoneOnWith(version: Int) throws {
        let keys = try TicketKeys(period: 100, now: 0)
        let sessions = TLSSessions()
        func connect(_ rule: ClientCertificateRule, _ shown: Shown) throws -> (Ends, Ends.Outcome) {
            let ends = try ends(.example(rule: rule, tickets: keys), showing: shown, version: version, sessions: sessions)
            let outcome = ends.shakeHands().server
            if outcome == .done {
                #expect(ends.server.send([1]) == .done)
                #expect(ends.client.receiveAll().bytes == [1])
            }
            return (ends, outcome)
        }
        let (_, first) = try connect(.none, .nothing)
        #expect(first == .done)
        #expect(unsafe sessions.session != nil)
        // A session that began where nobody asks is no way around the rule (CVE-2025-23419).
        let (_, second) = try connect(.required(Self.authorities()), .nothing)
        #expect(second == .failed(.clientCertificateMissing))
        let (third, outcome) = try connect(.required(Self.authorities()), .good)
        #expect(outcome == .done && !third.server.isResumed)
        let (fourth, last) = try connect(.required(Self.authorities()), .nothing)
        #expect(last == .done && fourth.server.isResumed)
        #expect(fourth.server.peerCertificate != nil, "the session has the certificate with it")
    }

    /// A server with one name for clients of `root.pem`, and another for those of somebody else.
    private func server(_ first: ClientCertificateRule, _ second: ClientCertificateRule) throws -> TLSServerContext {
        let keys = try TicketKeys(period: 100, now: 0)
        let pair = try Forge.shared.load("fullchain.pem", "leaf.key")
        let entries = [first, second].map { TLSServerContext.Entry([pair], tickets: keys, rule: $0) }
        return try unsafe TLSServerContext(policy: .intermediate, entries: entries) { asked in
            unsafe asked.map { unsafe String(decoding: $0, as: UTF8.self) } == "a.example.org" ? 1 : 0
        }
    }

    @Test func aClientMayHaveToSayHelloTwice() throws {
        let ends = try Ends(server(.none, .none), Ends.Client(name: "a.example.org", version: 13))
        #expect(unsafe handshake_ask_twice(ends.client.ssl) == 1)
        #expect(ends.shakeHands() == (.done, .done))
        #expect(ends.server.entry == 1)
    }

    /// The first hello is for a name whose authorities are the client's own, the second for one whose are not.
    @Test(arguments: [Shown.foreign, .good]) func aSecondHelloChangesNoName(shown: Shown) throws {
        let forge = Self.identities
        let server = try server(.required(Self.authorities()), .optional(Self.authorities("foreign-root")))
        for (first, second) in [("a.example.org", "example.org"), ("example.org", "a.example.org")] {
            let identity = ClientIdentity(certificate: forge.path("\(shown).pem"), key: forge.path("\(shown).key"))
            let ends = try Ends(server, Ends.Client(name: first, identity: identity, version: 13))
            #expect(unsafe handshake_ask_twice(ends.client.ssl) == 1)
            #expect(ends.step(ends.client) == .wouldBlock)
            #expect(unsafe handshake_rename(ends.client.ssl, second) == 1)
            #expect(ends.shakeHands().server == .failed(.unknown), "\(first), then \(second)")
            #expect(!ends.server.isOpen)
        }
    }

    /// OpenSSL would ask on the terminal, or, where there is none, wait for the standard input.
    @Test func aKeyWithAPasswordIsNotAskedFor() throws {
        let forge = Self.identities
        try forge.openssl("pkey", "-in", "good.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
        var ends: [Int32] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0)
        let input = dup(0)
        dup2(ends[0], 0)
        defer {
            if input >= 0 { dup2(input, 0) }
            (ends + [input]).forEach { close($0) }
        }
        #expect(unsafe write(ends[1], "secret\n", 7) == 7)
        let identity = ClientIdentity(certificate: forge.path("good.pem"), key: forge.path("locked.key"))
        #expect(throws: TLSSetupFault.self) { try TLSClientContext(trust: .anyone, identity: identity, protocols: []) }
    }
}
