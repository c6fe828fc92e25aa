import CertificateForge
import Foundation
import Testing

@testable import TLS

/// What becomes of a pair whose files have changed.
@Suite struct ReloadedPairTests {
    private let forge: Forge

    init() throws {
        forge = try Forge()
        let shared = Forge.shared
        for name in ["middle.pem", "middle.key"] { try forge.copy(name, from: shared, as: name) }
        try put(1)
    }

    /// Makes another certificate for `example.org` and puts it in its place.
    private func put(_ number: Int, days: Int = 90, names: String = "DNS:example.org") throws {
        try make(number, days: days, names: names)
        try forge.copy("new-\(number).chain", from: forge, as: "chain.pem")
        try forge.copy("new-\(number).key", from: forge, as: "key.pem")
    }

    private func make(_ number: Int, days: Int = 90, names: String = "DNS:example.org") throws {
        try forge.certificate("new-\(number)", by: "middle", names: names, days: days)
        try forge.join(["new-\(number)", "middle"], as: "new-\(number).chain")
    }

    /// In a word.
    private func reload(_ pair: CertificatePair, now: Int64 = Forge.now) -> String {
        do throws(CertificateFault) {
            let new = try pair.reloaded(now: now)
            return new === pair ? "unchanged" : new.leaf.subject
        } catch {
            return "\(error.kind)"
        }
    }

    @Test func isAnotherWhenTheFilesHoldAnother() throws {
        let pair = try forge.load("chain.pem", "key.pem")
        #expect(reload(pair) == "unchanged")
        // Written anew, with the same content.
        try forge.copy("new-1.chain", from: forge, as: "chain.pem")
        #expect(reload(pair) == "unchanged")
        try put(2)
        #expect(reload(pair) == "CN=new-2")
        #expect(pair.leaf.subject == "CN=new-1")
    }

    @Test func isNoneUntilBothFilesAreWhole() throws {
        let pair = try forge.load("chain.pem", "key.pem")
        try make(2)
        try forge.copy("new-2.chain", from: forge, as: "chain.pem")
        #expect(reload(pair) == "keyMismatch")
        let key = try forge.bytes("new-2.key")
        try forge.write(key.prefix(key.count / 2), to: "key.pem")
        #expect(reload(pair) == "malformedKey")
        try forge.write("", to: "key.pem")
        #expect(reload(pair) == "noKey")
        try forge.write(key, to: "key.pem")
        #expect(reload(pair) == "CN=new-2")
    }

    /// As ACME clients may do it that write the key before the certificate comes.
    @Test func theKeyMayComeBeforeTheCertificate() throws {
        let pair = try forge.load("chain.pem", "key.pem")
        try make(2)
        try forge.copy("new-2.key", from: forge, as: "key.pem")
        #expect(reload(pair) == "keyMismatch")
        try forge.copy("new-2.chain", from: forge, as: "chain.pem")
        #expect(reload(pair) == "CN=new-2")
    }

    @Test func isNoneWhileAFileIsGoneAndTheSameWhenItIsBack() throws {
        let pair = try forge.load("chain.pem", "key.pem")
        try FileManager.default.removeItem(atPath: forge.path("chain.pem"))
        #expect(reload(pair) == "unreadable")
        try forge.write("damaged", to: "chain.pem")
        #expect(reload(pair) == "noCertificate")
        try forge.copy("new-1.chain", from: forge, as: "chain.pem")
        #expect(reload(pair) == "unchanged")
    }

    @Test func isCheckedAsTheFirstWas() throws {
        let pair = try forge.load("chain.pem", "key.pem", covering: [.dns("example.org")])
        try put(2, days: 1)
        #expect(reload(pair, now: Forge.now + 3 * Forge.day) == "expired")
        #expect(reload(pair) == "CN=new-2")
        try put(3, names: "DNS:example.com")
        #expect(reload(pair) == "missingNames")
    }

    /// As Kubernetes does it: the files are links through `..data`, which is put anew by one rename.
    @Test func linksThatLeadElsewhereAreFollowed() throws {
        let files = FileManager.default
        try make(2)
        for (folder, number) in [("..one", 1), ("..two", 2)] {
            try files.createDirectory(atPath: forge.path(folder), withIntermediateDirectories: false)
            try forge.copy("new-\(number).chain", from: forge, as: "\(folder)/tls.crt")
            try forge.copy("new-\(number).key", from: forge, as: "\(folder)/tls.key")
        }
        try files.createSymbolicLink(atPath: forge.path("..data"), withDestinationPath: "..one")
        for name in ["tls.crt", "tls.key"] { try files.createSymbolicLink(atPath: forge.path(name), withDestinationPath: "..data/\(name)") }
        let pair = try forge.load("tls.crt", "tls.key")
        try files.createSymbolicLink(atPath: forge.path("..data_tmp"), withDestinationPath: "..two")
        #expect(unsafe rename(forge.path("..data_tmp"), forge.path("..data")) == 0)
        #expect(reload(pair) == "CN=new-2")
    }

    @Test func bothKindsOfKeysServeOneName() throws {
        let pairs = try [forge.load("chain.pem", "key.pem"), Forge.shared.load("fullchain-rsa.pem", "leaf-rsa.key")]
        let table = try CertificateTable(pairs.map { CertificateTable.Member($0) }, isStrict: true)
        let entry = try #require(table.entry(named: "example.org"))
        let members = table.entries[entry].members.map { pairs[$0] }
        #expect(members.map(\.keyKind) == [.ecdsa, .rsa])
        let result = try HandshakeClient(trusting: "root.pem").handshake(with: HandshakeServer(members), 13)
        #expect(result.isDone && !result.isRSA)
        let other = try HandshakeClient(trusting: "root.pem").handshake(with: HandshakeServer([members[1]]), 12)
        #expect(other.isDone && other.isRSA)
    }
}
