/// Why certificates, keys or the files of either cannot be used, in words for whoever runs the gateway.
public struct CertificateFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// There is no such file, it cannot be opened, or it is none.
        case unreadable
        case tooLarge
        case noCertificate, malformedCertificate, tooManyCertificates
        case noKey, malformedKey, encryptedKey, severalKeys
        /// The key is of another certificate.
        case keyMismatch
        case chainOrder
        case expired, notYetValid
        case noNames
        /// It does not cover a name that is served.
        case missingNames
        case notForServers
        case unsupportedKey, weakKey, weakSignature
        /// OpenSSL takes it not, for a reason of its own.
        case refused
        /// A directory or a file of the gateway's own cannot be written, or is not safe.
        case state
        case noMemory
    }

    public let kind: Kind
    /// The file to look at.
    public let path: String
    /// What is wrong; names the file.
    public let message: String
    /// What to do about it.
    public let remedy: String

    public var description: String { "\(message); \(remedy)" }

    init(_ kind: Kind, _ path: String, _ message: String, remedy: String) {
        self.kind = kind
        self.path = path
        self.message = message
        self.remedy = remedy
    }

    init(_ failure: FileBytes.Failure, _ path: String, remedy: String) {
        switch failure {
        case .missing: self.init(.unreadable, path, "there is no file `\(path)`", remedy: remedy)
        case .unreadable(let why): self.init(.unreadable, path, "`\(path)` cannot be read: \(why)", remedy: remedy)
        case .tooLarge(let limit): self.init(.tooLarge, path, "`\(path)` has more than \(limit) bytes", remedy: remedy)
        }
    }

    static func noCertificate(in text: borrowing FileBytes, _ path: String) -> CertificateFault {
        let isBinary = unsafe text.withBytes { bytes, count in unsafe count > 0 && bytes[0] == 0x30 }
        return CertificateFault(
            .noCertificate, path, "`\(path)` has no certificate in PEM format",
            remedy: isBinary
                ? "it looks like DER: `openssl x509 -inform der -in \(shellQuoted(path)) -out NEW` writes PEM"
                : "a certificate begins with a line `-----BEGIN CERTIFICATE-----`")
    }

    /// - Parameter number: which of the file's, from 1.
    static func malformedCertificate(_ number: Int, _ path: String) -> CertificateFault {
        CertificateFault(
            .malformedCertificate, path, "certificate \(number) in `\(path)` is damaged or cut off", remedy: "get the file anew from whoever issued it")
    }

    static func noMemory(_ path: String) -> CertificateFault {
        CertificateFault(.noMemory, path, "OpenSSL has no memory for what is in `\(path)`", remedy: "give the gateway more")
    }
}
