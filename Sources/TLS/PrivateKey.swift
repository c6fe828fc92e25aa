import COpenSSL

/// A private key. Owns it.
@safe
final class PrivateKey: @unchecked Sendable {
    // @unchecked: nothing changes it, and OpenSSL counts its references atomically.
    /// `EVP_PKEY *`, as long as the key lives.
    let pointer: OpaquePointer

    static let mostBytes = 64 << 10

    /// Takes over a reference.
    init(taking pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe sluice_key_free(pointer) }

    /// - Parameter path: where the text is from.
    init(_ text: borrowing FileBytes, _ path: String) throws(CertificateFault) {
        var key: OpaquePointer?
        let result = unsafe text.withBytes { unsafe sluice_key_read($0, $1, &key) }
        guard let key = unsafe key else { throw Self.fault(Int(result), path) }
        unsafe pointer = key
    }

    private static func fault(_ result: Int, _ path: String) -> CertificateFault {
        switch result {
        case SLUICE_PEM_NONE:
            CertificateFault(
                .noKey, path, "`\(path)` has no private key in PEM format", remedy: "a key begins with a line `-----BEGIN PRIVATE KEY-----`")
        case SLUICE_PEM_ENCRYPTED:
            CertificateFault(
                .encryptedKey, path, "the private key in `\(path)` is encrypted, and nobody is there to ask for its password",
                remedy: "write it without: `openssl pkey -in \(shellQuoted(path)) -out NEW`, and `chmod 600 NEW`")
        case SLUICE_PEM_TOO_MANY:
            CertificateFault(.severalKeys, path, "`\(path)` has more than one private key", remedy: "leave the certificate's own in it")
        default:
            CertificateFault(
                .malformedKey, path, "the private key in `\(path)` is damaged, cut off, or of a type that OpenSSL does not know",
                remedy: "`openssl pkey -in \(shellQuoted(path)) -noout` says more")
        }
    }

    enum Belonging { case yes, no, broken }

    /// Whether it is the key of a certificate.
    func belongs(to certificate: Certificate) -> Belonging {
        let result = withExtendedLifetime((self, certificate)) { unsafe sluice_key_belongs(certificate.pointer, pointer) }
        return result == 1 ? .yes : result == 0 ? .no : .broken
    }
}

/// A word for a POSIX shell.
func shellQuoted(_ word: String) -> String {
    let isPlain = !word.isEmpty && word.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "/._-+:@%,".utf8.contains(byte)
        }
    }
    return isPlain ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
