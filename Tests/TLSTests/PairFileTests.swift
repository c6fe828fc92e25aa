import CertificateForge
import Foundation
import Testing

@testable import TLS

/// Files as they are found while somebody writes them, and files that are none.
@Suite struct PairFileTests {
    private let shared = Forge.shared

    @Test func filesThatAreNotThereOrAreNone() throws {
        let forge = try Forge()
        try forge.copy("leaf.key", from: shared, as: "leaf.key")
        #expect(forge.fault("none.pem", "leaf.key")?.text.hasPrefix("there is no file `none.pem`;") == true)
        try FileManager.default.createDirectory(atPath: forge.path("folder"), withIntermediateDirectories: false)
        #expect(forge.fault("folder", "leaf.key")?.text.hasPrefix("`folder` cannot be read: it is not a file;") == true)
        // Nobody waits for whoever would write into it.
        #expect(unsafe mkfifo(forge.path("pipe"), 0o600) == 0)
        #expect(forge.fault("pipe", "leaf.key")?.kind == .unreadable)
        try forge.write("", to: "empty")
        #expect(forge.fault("empty", "leaf.key")?.kind == .noCertificate)
        try forge.write(String(repeating: "#", count: CertificateChain.mostBytes + 1), to: "large")
        #expect(forge.fault("large", "leaf.key")?.text.hasPrefix("`large` has more than 262144 bytes;") == true)
    }

    @Test func filesInOtherForms() throws {
        let forge = try Forge()
        for name in ["leaf.key", "leaf.pem"] { try forge.copy(name, from: shared, as: name) }
        try forge.openssl("x509", "-in", "leaf.pem", "-outform", "der", "-out", "leaf.der")
        let fault = forge.fault("leaf.der", "leaf.key")
        #expect(fault?.kind == .noCertificate)
        #expect(fault?.text.contains("it looks like DER: `openssl x509 -inform der -in leaf.der -out NEW` writes PEM") == true)
        #expect(forge.fault("leaf.pem", "leaf.pem")?.kind == .noKey)
        try forge.write(String(repeating: "#", count: PrivateKey.mostBytes + 1), to: "large.key")
        #expect(forge.fault("leaf.pem", "large.key")?.kind == .tooLarge)
    }

    @Test func aPathWithBlanksIsQuotedForTheShell() {
        #expect(shellQuoted("/etc/tls/key.pem") == "/etc/tls/key.pem")
        #expect(shellQuoted("a b") == "'a b'")
        #expect(shellQuoted("it's") == "'it'\\''s'")
        #expect(shellQuoted("") == "''")
    }

    /// Any cut of either file is a fault, or the same certificate.
    @Test func aFileThatIsCutOffIsNeverTakenForAnother() throws {
        let forge = try Forge()
        try forge.copy("leaf.key", from: shared, as: "leaf.key")
        try forge.copy("fullchain.pem", from: shared, as: "chain.pem")
        let whole = try forge.load("chain.pem", "leaf.key")
        for (name, bytes) in [("chain.pem", try forge.bytes("chain.pem")), ("leaf.key", try forge.bytes("leaf.key"))] {
            for count in 0..<bytes.count {
                try forge.write(bytes[..<count], to: "cut")
                let pair = name == "chain.pem" ? try? forge.load("cut", "leaf.key") : try? forge.load("chain.pem", "cut")
                #expect(pair == nil || pair?.leaf.fingerprint == whole.leaf.fingerprint)
                // Without its end line nothing is whole: only what follows the first certificate can be missing unseen.
                if name == "leaf.key" { #expect(pair == nil || count >= bytes.count - 1) }
            }
        }
    }

    /// Whatever the bytes are, the answer is a pair or a fault.
    @Test func damagedFilesAreFaults() throws {
        let forge = try Forge()
        try forge.copy("leaf.key", from: shared, as: "leaf.key")
        try forge.copy("fullchain.pem", from: shared, as: "chain.pem")
        let bytes = try forge.bytes("chain.pem")
        var random = SystemRandomNumberGenerator()
        var faults = 0
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) { damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            try forge.write(damaged, to: "damaged.pem")
            if forge.fault("damaged.pem", "leaf.key") != nil { faults += 1 }
        }
        #expect(faults > 400)
    }
}
