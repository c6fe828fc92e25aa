import CertificateForge
import Foundation
import Testing

@testable import TLS

/// What is said of files with which the gateway goes to apps: the file, what is wrong with it, and what to do.
@Suite struct ClientFileTests {
    private let forge: Forge

    init() throws {
        forge = try Forge()
        let shared = Forge.shared
        for name in ["root.pem", "fullchain.pem", "leaf.key", "leaf-rsa.key"] { try forge.copy(name, from: shared, as: name) }
        try forge.write("", to: "empty")
        try forge.write(forge.read("root.pem").prefix(300).description, to: "cut")
        try forge.openssl("pkey", "-in", "leaf.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
    }

    private func fault(_ trust: ServerTrust, _ identity: ClientIdentity? = nil) -> String? {
        do throws(TLSSetupFault) {
            _ = try TLSClientContext(trust: trust, identity: identity, protocols: [])
            return nil
        } catch {
            return error.description.replacing(forge.directory.path + "/", with: "")
        }
    }

    @Test(arguments: [
        ("missing", "there is no file `missing`; give the file"), ("empty", "`empty` has no certificate in PEM format; a certificate begins with"),
        ("cut", "certificate 1 in `cut` is damaged or cut off; get the file anew"), (".", "cannot be read: it is not a file; give the file"),
    ])
    func authorities(file: String, said: String) {
        let text = fault(.authorities(path: forge.path(file)))
        #expect(text?.contains(said) == true, "\(text ?? "nothing")")
    }

    @Test(arguments: [
        ("missing", "leaf.key", "there is no file `missing`; give the file"), ("empty", "leaf.key", "`empty` has no certificate in PEM format; a certificate begins with"),
        ("fullchain.pem", "missing", "there is no file `missing`; give the file"), ("fullchain.pem", "empty", "`empty` has no private key in PEM format; a key begins with"),
        ("fullchain.pem", "locked.key", "the private key in `locked.key` is encrypted, and nobody is there to ask for its password; write it without"),
        ("fullchain.pem", "leaf-rsa.key", "`leaf-rsa.key` does not belong to `fullchain.pem`: the certificate's public key is another one; give the key"),
    ])
    func identity(certificate: String, key: String, said: String) {
        let text = fault(.anyone, ClientIdentity(certificate: forge.path(certificate), key: forge.path(key)))
        #expect(text?.contains(said) == true, "\(text ?? "nothing")")
    }

    @Test func goodOnesAreTaken() {
        let identity = ClientIdentity(certificate: forge.path("fullchain.pem"), key: forge.path("leaf.key"))
        #expect(fault(.authorities(path: forge.path("root.pem")), identity) == nil)
    }
}
