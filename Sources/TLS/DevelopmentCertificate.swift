import COpenSSL
import Glibc

/// A certificate for `localhost`, 127.0.0.1 and ::1, for when none is configured, with a little authority of its own that a developer can trust:
/// it is made once, kept in a directory, and good for these names only (name constraints, RFC 5280 §4.2.1.10).
public struct DevelopmentCertificate: Sendable {
    /// What had to be made.
    public enum Made: Sendable, Equatable {
        case nothing
        case certificate
        /// And with it the certificate: whoever trusted the one before has to trust this one anew.
        case authority
    }

    public let pair: CertificatePair
    /// The file of the authority's certificate, to trust. Its key is beside it.
    public let authorityPath: String
    /// When the authority expires, in seconds since 1970.
    public let authorityNotAfter: Int64
    public let made: Made
    private let directory: String

    /// What browsers take of authorities that people add (398 days), and a day less.
    private static let life: Int64 = 397 * day
    private static let authorityLife: Int64 = 3650 * day
    /// Seconds before the end at which a certificate is renewed.
    private static let margin: Int64 = 30 * day
    private static let day: Int64 = 86_400
    /// For clients whose clock is late.
    private static let backdating: Int64 = 3_600

    private static let authorityFile = "ca.pem"
    private static let authorityKeyFile = "ca-key.pem"
    private static let certificateFile = "localhost.pem"

    /// Takes the certificate that is there, or makes what is missing, unusable, or about to expire. Processes that do it at the same time get the same.
    /// Blocks as long as the file system does.
    ///
    /// - Parameters:
    ///   - directory: of the gateway's own user; made if it is not there. Gets `localhost.pem` (certificates and key), `ca.pem`, `ca-key.pem`, `lock`.
    ///   - now: seconds since 1970.
    public static func provide(in directory: String, now: Int64) throws(CertificateFault) -> DevelopmentCertificate {
        let state = try StateDirectory(directory)
        let kept = try authority(state, now)
        let authority: Authority
        if let kept { authority = kept } else { authority = try makeAuthority(state, now) }
        if let kept, let pair = try certificate(state, kept, now) { return DevelopmentCertificate(pair, state, kept, .nothing) }
        try makeCertificate(state, authority, now)
        let path = state.file(certificateFile)
        let pair = try CertificatePair.load(certificate: path, key: path, now: now)
        return DevelopmentCertificate(pair, state, authority, kept == nil ? .authority : .certificate)
    }

    /// It is time for another.
    public func isDue(at now: Int64) -> Bool { pair.leaf.notAfter - now <= Self.margin }

    /// As `provide`, in the same directory, when it is time; until then this, whatever becomes of the directory: clients trust it.
    public func renewed(now: Int64) throws(CertificateFault) -> DevelopmentCertificate {
        isDue(at: now) ? try Self.provide(in: directory, now: now) : self
    }

    private struct Authority {
        let certificate: Certificate
        let key: PrivateKey
    }

    private init(_ pair: CertificatePair, _ state: borrowing StateDirectory, _ authority: Authority, _ made: Made) {
        self.pair = pair
        authorityPath = state.file(Self.authorityFile)
        authorityNotAfter = authority.certificate.notAfter
        self.made = made
        directory = state.path
    }

    /// Runs what reads files. Nil for what can be made anew; what cannot be read may be good, so it is an error.
    private static func ifUsable<Value>(_ body: () throws(CertificateFault) -> Value) throws(CertificateFault) -> Value? {
        do throws(CertificateFault) {
            return try body()
        } catch {
            guard error.kind == .unreadable, FileBytes.isThere(error.path) else { return nil }
            throw error
        }
    }

    // MARK: The authority

    /// The one on disk, if it outlives a certificate that would be made now.
    private static func authority(_ state: borrowing StateDirectory, _ now: Int64) throws(CertificateFault) -> Authority? {
        let path = state.file(authorityKeyFile)
        let found = try ifUsable { () throws(CertificateFault) in
            let files = try PairFiles(certificate: path, key: path)
            let chain = try CertificateChain(files.certificates, path)
            let key = try PrivateKey(files.key, path)
            try chain.checkOrder(key, path)
            return Authority(certificate: chain.certificates[0], key: key)
        }
        guard let found, found.certificate.isAuthority, found.certificate.isSelfSigned, found.certificate.notBefore <= now,
            found.certificate.notAfter > now + life
        else { return nil }
        // The file to trust is a copy of what counts.
        try writePEM(state, authorityFile, mode: 0o644, first: found.certificate, ifOtherThan: found.certificate)
        return found
    }

    private static func makeAuthority(_ state: borrowing StateDirectory, _ now: Int64) throws(CertificateFault) -> Authority {
        // Browsers mix up authorities of one name.
        var mark = [UInt8](repeating: 0, count: 4)
        guard unsafe sluice_random(&mark, mark.count) == 0, let key = try? makeKey(state) else { throw .noMemory(state.path) }
        let name = "Sluice development CA " + mark.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        guard let pointer = unsafe sluice_authority_make(key.pointer, name, now - backdating, now + authorityLife),
            let certificate = unsafe Certificate(taking: pointer)
        else { throw .noMemory(state.path) }
        try writePEM(state, authorityKeyFile, mode: 0o600, first: certificate, key: key)
        try writePEM(state, authorityFile, mode: 0o644, first: certificate)
        return Authority(certificate: certificate, key: key)
    }

    private static func makeKey(_ state: borrowing StateDirectory) throws(CertificateFault) -> PrivateKey {
        guard let key = unsafe sluice_key_make() else { throw .noMemory(state.path) }
        return unsafe PrivateKey(taking: key)
    }

    // MARK: The certificate

    /// The one on disk, if it is the authority's and not about to expire.
    private static func certificate(_ state: borrowing StateDirectory, _ authority: Authority, _ now: Int64) throws(CertificateFault) -> CertificatePair? {
        let path = state.file(certificateFile)
        let served: [CertificateName] = [.dns("localhost"), .address("127.0.0.1"), .address("::1")]
        let pair = try ifUsable { () throws(CertificateFault) in
            try CertificatePair.load(certificate: path, key: path, now: now, covering: served)
        }
        guard let pair, authority.certificate.issued(pair.leaf), pair.leaf.notAfter - now > margin else { return nil }
        return pair
    }

    private static func makeCertificate(_ state: borrowing StateDirectory, _ authority: Authority, _ now: Int64) throws(CertificateFault) {
        let key = try makeKey(state)
        guard let pointer = unsafe sluice_localhost_make(
            key.pointer, authority.certificate.pointer, authority.key.pointer, now - backdating, now + life),
            let certificate = unsafe Certificate(taking: pointer)
        else { throw .noMemory(state.path) }
        try writePEM(state, certificateFile, mode: 0o600, first: certificate, second: authority.certificate, key: key)
    }

    /// Writes certificates and a key into one file, which is then whole or not there.
    ///
    /// - Parameter present: leaves the file as it is if it holds this certificate already.
    private static func writePEM(
        _ state: borrowing StateDirectory, _ name: String, mode: mode_t, first: Certificate, second: Certificate? = nil, key: PrivateKey? = nil,
        ifOtherThan present: Certificate? = nil
    ) throws(CertificateFault) {
        if let present, let bytes = try? FileBytes(state.file(name), upTo: CertificateChain.mostBytes),
            let chain = try? CertificateChain(bytes, name), chain.certificates.map(\.fingerprint) == [present.fingerprint]
        {
            return
        }
        var count = 0
        guard let bytes = unsafe sluice_pem_make(first.pointer, second?.pointer, key?.pointer, &count) else { throw .noMemory(state.path) }
        defer { unsafe sluice_pem_free(bytes, count) }
        try unsafe state.write(UnsafeBufferPointer(start: bytes, count: count), to: name, mode: mode)
    }
}
