import COpenSSL

/// A server's certificate with those of its issuers, and its private key: read from files and checked, whole or not at all.
@safe
public final class CertificatePair: @unchecked Sendable {
    // @unchecked: nothing changes it, and OpenSSL counts references atomically.
    private let ownChain: CertificateChain
    private let key: PrivateKey
    /// `STACK_OF(X509) *`: all certificates but the first.
    private let issuers: OpaquePointer
    /// Digests of both files' bytes.
    let contents: Contents
    private let keyIsReadable: Bool
    /// Names that it was to cover.
    private let served: [CertificateName]
    public let keyPath: String

    struct Contents: Equatable {
        var certificates: [UInt8]
        var key: [UInt8]
    }

    /// The file of the certificates.
    public var path: String { ownChain.path }
    /// The server's own first, each signed by the next.
    public var certificates: [Certificate] { ownChain.certificates }
    /// The server's own.
    public var leaf: Certificate { ownChain.certificates[0] }
    public let keyKind: KeyKind
    /// When the first of them expires, a root not counted, in seconds since 1970.
    public var notAfter: Int64 { ownChain.notAfter }

    /// Reads both files, which may be the same one. Blocks as long as the file system does.
    ///
    /// - Parameters:
    ///   - path: PEM: the server's certificate, then each issuer's, the root left out; at most 256 KiB.
    ///   - keyPath: PEM, not encrypted: PKCS #8, or the older forms of EC and RSA keys; at most 64 KiB.
    ///   - now: seconds since 1970.
    ///   - served: names that the certificate must cover.
    public static func load(certificate path: String, key keyPath: String, now: Int64, covering served: [CertificateName] = []) throws(CertificateFault)
        -> CertificatePair
    {
        try CertificatePair(PairFiles(certificate: path, key: keyPath), now, covering: served)
    }

    /// Reads the files again, by the same rules: another pair, or this one if they hold what they held. That is told by their content: dates and
    /// inodes say nothing certain, and links may lead elsewhere than before. A file that is being replaced, or stays the old one beside a new one,
    /// makes no pair.
    ///
    /// - Parameter now: seconds since 1970.
    public func reloaded(now: Int64) throws(CertificateFault) -> CertificatePair {
        let files = try PairFiles(certificate: path, key: keyPath)
        return files.contents == contents ? self : try CertificatePair(files, now, covering: served)
    }

    init(_ files: borrowing PairFiles, _ now: Int64, covering served: [CertificateName]) throws(CertificateFault) {
        let path = files.path
        let chain = try CertificateChain(files.certificates, path)
        key = try PrivateKey(files.key, files.keyPath)
        try chain.checkOrder(key, files.keyPath)
        try chain.checkStrength()
        try chain.checkDates(now)
        let leaf = chain.certificates[0]
        let missing = served.filter { !leaf.covers($0) }
        guard missing.isEmpty, let kind = leaf.keyKind else {
            throw CertificateFault(
                .missingNames, path, "the certificate in `\(path)` is not for " + missing.map { "`\($0)`" }.joined(separator: ", "),
                remedy: "request one with all names that are served; it has " + leaf.names.map { "`\($0)`" }.joined(separator: ", "))
        }
        keyKind = kind
        let pointers: [OpaquePointer?] = unsafe chain.certificates.dropFirst().map { unsafe $0.pointer }
        guard let issuers = unsafe sluice_chain_make(pointers, Int32(pointers.count)) else { throw .noMemory(path) }
        unsafe self.issuers = issuers
        ownChain = chain
        contents = files.contents
        self.served = served
        keyIsReadable = files.key.mode & 0o004 != 0
        keyPath = files.keyPath
        var why = [CChar](repeating: 0, count: 256)
        guard unsafe sluice_pair_try(leaf.pointer, issuers, key.pointer, &why, why.count) == 0 else {
            throw CertificateFault(
                .refused, path, "OpenSSL does not take `\(path)` with `\(keyPath)` for a server: \(why.text)",
                remedy: "get a certificate that satisfies it; what it asks for is set in its openssl.cnf")
        }
    }

    deinit { unsafe sluice_chain_free(issuers) }

    /// What is odd, at a time in seconds since 1970.
    public func warnings(at now: Int64) -> [CertificateWarning] {
        var warnings = ownChain.warnings(at: now)
        if keyIsReadable {
            let quoted = shellQuoted(keyPath)
            warnings.append(CertificateWarning(.readableKey, "every user of this machine may read the private key `\(keyPath)`: `chmod 600 \(quoted)`"))
        }
        return warnings
    }

    /// For whom it is and until when, in one line.
    public func summary(at now: Int64) -> String {
        let names = leaf.names.prefix(4).map { "\($0)" } + (leaf.names.count > 4 ? ["\(leaf.names.count - 4) more"] : [])
        let days = (notAfter - now) / 86_400
        let until = notAfter < now ? "expired on \(utcText(notAfter))" : "until \(utcText(notAfter)) (\(days) \(days == 1 ? "day" : "days"))"
        return "\(path): \(names.joined(separator: ", ")); \(keyKind), \(until)"
    }

    /// Calls `body` with what `SSL_CTX_use_cert_and_key` takes: `X509 *`, the `EVP_PKEY *` of the same certificate, and a `STACK_OF(X509) *` of its
    /// issuers, which may be empty. They live as long as the call; OpenSSL counts what it keeps.
    public func withPointers<Result, Failure: Error>(
        _ body: (_ leaf: OpaquePointer, _ key: OpaquePointer, _ issuers: OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return unsafe try body(leaf.pointer, key.pointer, issuers)
    }
}

/// The bytes of both files of a pair, read one after the other.
struct PairFiles: ~Copyable {
    let path: String
    let keyPath: String
    let certificates: FileBytes
    let key: FileBytes

    init(certificate path: String, key keyPath: String) throws(CertificateFault) {
        let certificates = try Self.read(
            path, upTo: CertificateChain.mostBytes, remedy: "give the file with the certificate and those of its issuers, readable to the gateway")
        let key = try Self.read(
            keyPath, upTo: PrivateKey.mostBytes, remedy: "give the file with the certificate's private key, readable to the gateway's user and to nobody else")
        self.path = path
        self.keyPath = keyPath
        self.certificates = certificates
        self.key = key
    }

    private static func read(_ path: String, upTo limit: Int, remedy: String) throws(CertificateFault) -> FileBytes {
        do throws(FileBytes.Failure) {
            return try FileBytes(path, upTo: limit)
        } catch {
            throw CertificateFault(error, path, remedy: remedy)
        }
    }

    var contents: CertificatePair.Contents { CertificatePair.Contents(certificates: certificates.digest, key: key.digest) }
}
