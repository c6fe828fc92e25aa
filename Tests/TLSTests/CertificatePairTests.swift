import CertificateForge
import Foundation
import Testing

@testable import TLS

/// What makes a pair good, and what its faults say.
@Suite struct CertificatePairTests {
    let forge = Forge.shared

    @Test func readsAChainAndItsKey() throws {
        let pair = try forge.load("fullchain.pem", "leaf.key")
        #expect(pair.certificates.map(\.subject) == ["CN=leaf", "CN=middle"])
        #expect(pair.leaf.issuer == "CN=middle")
        #expect(pair.leaf.names == [.dns("example.org"), .dns("*.example.org"), .address("192.0.2.1")])
        #expect(pair.keyKind == .ecdsa)
        #expect(pair.leaf.keyText == "ECDSA P-256")
        #expect(abs(pair.notAfter - (Forge.start + 90 * Forge.day)) < 600)
        #expect(pair.leaf.fingerprint.count == 32)
        #expect(pair.warnings(at: Forge.now).isEmpty)
    }

    @Test func oneFileMayHoldAll() throws {
        let forge = try Forge()
        try forge.write(self.forge.read("leaf.key") + self.forge.read("fullchain.pem"), to: "all.pem")
        #expect(try forge.load("all.pem", "all.pem").certificates.count == 2)
    }

    @Test(arguments: [("P-384", KeyKind.ecdsa, "sha384"), ("P-521", .ecdsa, "sha512"), ("rsa:2048", .rsa, "sha256"), ("ed25519", .ed25519, "none")])
    func takesTheKeysThatClientsTake(_ kind: String, _ expected: KeyKind, _ digest: String) throws {
        let forge = try Forge()
        try forge.certificate("own", kind: kind, names: "DNS:example.org", digest: digest)
        let pair = try forge.load("own.pem", "own.key")
        #expect(pair.keyKind == expected)
        #expect(pair.warnings(at: Forge.now).map(\.kind) == [.selfSigned])
    }

    @Test(arguments: ["EC PRIVATE KEY", "RSA PRIVATE KEY"]) func takesKeysInTheOlderForms(_ form: String) throws {
        let isRSA = form.hasPrefix("RSA")
        let forge = try Forge()
        let name = isRSA ? "leaf-rsa" : "leaf"
        try forge.copy("\(name).key", from: self.forge, as: "new.key")
        try forge.openssl(isRSA ? "rsa" : "ec", "-in", "new.key", "-out", "old.key", isRSA ? "-traditional" : "-no_public")
        try forge.copy(isRSA ? "fullchain-rsa.pem" : "fullchain.pem", from: self.forge, as: "chain.pem")
        var text = try forge.read("old.key")
        #expect(text.contains(form))
        // As `openssl ecparam -genkey` writes it.
        if !isRSA { text = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + text }
        try forge.write(text, to: "old.key")
        #expect(try forge.load("chain.pem", "old.key").certificates.count == 2)
    }

    // MARK: Keys

    @Test func aKeyOfAnotherCertificateIsNoKey() {
        let fault = forge.fault("fullchain.pem", "root.key")
        #expect(fault?.kind == .keyMismatch)
        #expect(
            fault?.text == "`root.key` does not belong to `fullchain.pem`: the certificate's public key is another one; give the key that the certificate was "
                + "requested with; if both files are being replaced, the second is still to come")
        #expect(forge.fault("fullchain.pem", "leaf-rsa.key")?.kind == .keyMismatch)
    }

    @Test(arguments: ["pkcs8", "traditional"]) func nobodyIsAskedForAPassword(_ form: String) throws {
        let forge = try Forge()
        try forge.copy("leaf.key", from: self.forge, as: "plain.key")
        try forge.copy("fullchain.pem", from: self.forge, as: "chain.pem")
        try forge.openssl(form == "pkcs8" ? "pkey" : "ec", "-in", "plain.key", "-aes128", "-passout", "pass:secret", "-out", "key.pem")
        let fault = forge.fault("chain.pem", "key.pem")
        #expect(fault?.kind == .encryptedKey)
        #expect(
            fault?.text == "the private key in `key.pem` is encrypted, and nobody is there to ask for its password; write it without: `openssl pkey -in key.pem "
                + "-out NEW`, and `chmod 600 NEW`")
    }

    @Test func aKeyWhoseSecretPartIsAnotherOnesIsDamaged() throws {
        let forge = try Forge()
        try forge.copy("leaf.key", from: self.forge, as: "good.key")
        try forge.copy("fullchain.pem", from: self.forge, as: "chain.pem")
        try forge.openssl("pkey", "-in", "good.key", "-outform", "der", "-out", "der")
        var bytes = try forge.bytes("der")
        // PKCS #8 of P-256: the 32 bytes of the number stand behind this mark.
        let mark: [UInt8] = [0x02, 0x01, 0x01, 0x04, 0x20]
        let start = try #require((0..<bytes.count - 40).first { Array(bytes[$0..<$0 + 5]) == mark })
        bytes[start + 20] ^= 1
        let text = Data(bytes).base64EncodedString()
        try forge.write("-----BEGIN PRIVATE KEY-----\n\(text)\n-----END PRIVATE KEY-----\n", to: "bad.key")
        #expect(forge.fault("chain.pem", "bad.key")?.kind == .malformedKey)
    }

    @Test func ofTwoKeysNobodyKnowsWhichIsMeant() throws {
        let forge = try Forge()
        try forge.write(self.forge.read("leaf.key") + self.forge.read("root.key"), to: "two.key")
        try forge.copy("fullchain.pem", from: self.forge, as: "chain.pem")
        let fault = forge.fault("chain.pem", "two.key")
        #expect(fault?.kind == .severalKeys)
    }

    @Test(arguments: [
        ("rsa:1024", CertificateFault.Kind.weakKey, "RSA of 1024 bits"), ("secp256k1", .unsupportedKey, "EC on secp256k1"), ("secp224r1", .unsupportedKey, "EC on secp224r1"),
        ("ed448", .unsupportedKey, "ED448"), ("rsa-pss:2048", .unsupportedKey, "RSASSA-PSS"),
    ])
    func keysThatClientsRefuseAreRefused(_ kind: String, _ expected: CertificateFault.Kind, _ text: String) throws {
        let forge = try Forge()
        try forge.certificate("own", kind: kind, names: "DNS:example.org", digest: kind == "ed448" ? "none" : "sha256")
        let fault = forge.fault("own.pem", "own.key")
        #expect(fault?.kind == expected)
        #expect(fault?.text.hasPrefix("the key of the certificate in `own.pem` is \(text);") == true)
    }

    // MARK: Chains

    @Test(arguments: [
        (
            ["middle", "leaf"],
            "`c.pem` does not begin with the server's own certificate: the one of the key is number 2, CN=leaf; write them in the order 2, 1"
        ),
        (
            ["leaf", "root", "middle"],
            "in `c.pem`, certificate 1 (CN=leaf) is not signed by certificate 2 (CN=root) but by CN=middle; write them in the order 1, 3, 2"
        ),
        (
            ["leaf", "middle", "leaf-rsa"],
            "in `c.pem`, certificate 2 (CN=middle) is not signed by certificate 3 (CN=leaf-rsa) but by CN=root; write them in the order 1, 2, and leave out "
                + "number 3 (CN=leaf-rsa), which did not sign the others"
        ),
        (
            ["leaf", "leaf"],
            "in `c.pem`, certificate 1 (CN=leaf) is not signed by certificate 2 (CN=leaf) but by CN=middle; keep the first, and leave out number 2 (CN=leaf), which "
                + "did not sign the others"
        ),
    ])
    func aWrongOrderIsSaidWithTheRightOne(_ names: [String], _ text: String) throws {
        let forge = try Forge()
        for name in ["leaf", "middle", "root", "leaf-rsa"] { try forge.copy("\(name).pem", from: self.forge, as: "\(name).pem") }
        try forge.copy("leaf.key", from: self.forge, as: "leaf.key")
        try forge.join(names, as: "c.pem")
        let fault = forge.fault("c.pem", "leaf.key")
        #expect(fault?.kind == .chainOrder)
        #expect(fault?.text == text)
    }

    @Test func anIssuerOfTheSameNameWithAnotherKeyIsNotTheIssuer() throws {
        let other = try Forge()
        try other.certificate("root", isAuthority: true)
        try other.certificate("middle", by: "root", isAuthority: true)
        try other.copy("leaf.pem", from: forge, as: "leaf.pem")
        try other.copy("leaf.key", from: forge, as: "leaf.key")
        try other.join(["leaf", "middle"], as: "c.pem")
        #expect(other.fault("c.pem", "leaf.key")?.kind == .chainOrder)
    }

    @Test func aRootAtTheEndDoesNoHarm() throws {
        let forge = try Forge()
        for name in ["leaf", "middle", "root"] { try forge.copy("\(name).pem", from: self.forge, as: "\(name).pem") }
        try forge.copy("leaf.key", from: self.forge, as: "leaf.key")
        try forge.join(["leaf", "middle", "root"], as: "c.pem")
        #expect(try forge.load("c.pem", "leaf.key").warnings(at: Forge.now).isEmpty)
    }

    @Test func moreThanTenCertificatesAreABundle() throws {
        let forge = try Forge()
        try forge.write(String(repeating: self.forge.read("root.pem"), count: 11), to: "c.pem")
        try forge.copy("root.key", from: self.forge, as: "root.key")
        #expect(forge.fault("c.pem", "root.key")?.kind == .tooManyCertificates)
    }

    // MARK: Dates

    @Test func datesAreThoseOfTheClockThatIsHandedIn() throws {
        let pair = try forge.load("fullchain.pem", "leaf.key")
        let (begin, end) = (pair.certificates.map(\.notBefore).max()!, pair.notAfter)
        #expect(forge.fault("fullchain.pem", "leaf.key", now: end) == nil)
        #expect(forge.fault("fullchain.pem", "leaf.key", now: begin) == nil)
        let late = forge.fault("fullchain.pem", "leaf.key", now: end + 1)
        #expect(late?.kind == .expired)
        #expect(late?.text == "certificate 1 in `fullchain.pem` (CN=leaf) expired on \(utcText(end)); renew it")
        #expect(forge.fault("fullchain.pem", "leaf.key", now: begin - 1)?.kind == .notYetValid)
        #expect(pair.warnings(at: end - 8 * Forge.day).isEmpty)
        #expect(pair.warnings(at: end - 6 * Forge.day).map(\.kind) == [.expiresSoon])
    }

    @Test func anIssuerExpiresToo() throws {
        let forge = try Forge()
        for name in ["root.pem", "root.key"] { try forge.copy(name, from: self.forge, as: name) }
        try forge.certificate("short", by: "root", days: 10, isAuthority: true)
        try forge.certificate("long", by: "short", names: "DNS:example.org")
        try forge.join(["long", "short"], as: "c.pem")
        let pair = try forge.load("c.pem", "long.key")
        #expect(pair.notAfter < Forge.now + 11 * Forge.day)
        let fault = forge.fault("c.pem", "long.key", now: Forge.now + 11 * Forge.day)
        #expect(fault?.kind == .expired)
        #expect(fault?.text.hasPrefix("certificate 2 in `c.pem` (CN=short) expired on ") == true)
        // A root that clients have in a newer form may be older.
        try forge.certificate("old", days: 5, isAuthority: true)
        try forge.certificate("young", by: "old", names: "DNS:example.org")
        try forge.join(["young", "old"], as: "d.pem")
        #expect(forge.fault("d.pem", "young.key", now: Forge.now + 6 * Forge.day) == nil)
    }

    // MARK: What clients look at

    @Test func theCommonNameIsNoName() throws {
        let forge = try Forge()
        try forge.certificate("example.org")
        let fault = forge.fault("example.org.pem", "example.org.key")
        #expect(fault?.kind == .noNames)
        #expect(fault?.text == "the certificate in `example.org.pem` has no names in subjectAltName; request one with them; clients ignore the common name")
    }

    @Test func aNameThatNobodyMatchesIsSaid() throws {
        let forge = try Forge()
        try forge.certificate("own", names: "DNS:example.org,DNS:f*.example.org,email:a@example.org")
        let pair = try forge.load("own.pem", "own.key")
        #expect(pair.leaf.names == [.dns("example.org")])
        #expect(pair.warnings(at: Forge.now).contains { $0.kind == .unusableName && $0.text.contains("`f*.example.org`") })
        try forge.certificate("other", names: "DNS:f*.example.org")
        #expect(forge.fault("other.pem", "other.key")?.kind == .noNames)
    }

    @Test func theNamesThatAreServedMustBeInIt() {
        #expect(forge.fault("fullchain.pem", "leaf.key", covering: [.dns("a.example.org"), .dns("*.example.org"), .address("192.0.2.1")]) == nil)
        let fault = forge.fault("fullchain.pem", "leaf.key", covering: [.dns("example.org"), .dns("a.b.example.org"), .dns("example.com")])
        #expect(fault?.kind == .missingNames)
        #expect(
            fault?.text == "the certificate in `fullchain.pem` is not for `a.b.example.org`, `example.com`; request one with all names that are served; it has "
                + "`example.org`, `*.example.org`, `192.0.2.1`")
    }

    @Test func certificatesOfClientsAreNotForServers() throws {
        let forge = try Forge()
        try forge.certificate("own", names: "DNS:example.org", extensions: ["extendedKeyUsage=clientAuth"])
        #expect(forge.fault("own.pem", "own.key")?.kind == .notForServers)
    }

    @Test func aSignatureThatCanBeForgedIsNone() throws {
        let forge = try Forge()
        for name in ["root.pem", "root.key"] { try forge.copy(name, from: self.forge, as: name) }
        try forge.certificate("own", by: "root", names: "DNS:example.org", digest: "sha1")
        let fault = forge.fault("own.pem", "own.key")
        #expect(fault?.kind == .weakSignature)
        // Nobody checks what a certificate says about itself.
        try forge.certificate("self", names: "DNS:example.org", digest: "sha1")
        #expect(try forge.load("self.pem", "self.key").warnings(at: Forge.now).map(\.kind) == [.selfSigned, .weakSignature])
    }

    @Test func aMissingIntermediateAndAReadableKeyAreSaid() throws {
        let forge = try Forge()
        try forge.copy("leaf.pem", from: self.forge, as: "leaf.pem")
        try forge.copy("leaf.key", from: self.forge, as: "leaf.key")
        forge.protect("leaf.key", 0o644)
        let warnings = try forge.load("leaf.pem", "leaf.key").warnings(at: Forge.now)
        #expect(warnings.map(\.kind) == [.intermediateMissing, .readableKey])
        #expect(warnings[0].text.contains("clients that do not know CN=middle refuse it"))
    }
}
