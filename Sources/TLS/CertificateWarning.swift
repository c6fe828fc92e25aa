/// What is odd about certificates that are used all the same.
public struct CertificateWarning: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Within a week.
        case expiresSoon
        case selfSigned
        /// The file ends with a certificate that neither signed itself nor has its issuer behind it, and it is the only one.
        case intermediateMissing
        /// One that signed itself did so with SHA-1 or worse. Nobody checks it; others are refused.
        case weakSignature
        /// Every user of the machine may read the key.
        case readableKey
        /// A name that no client would match.
        case unusableName
    }

    public let kind: Kind
    /// In words; names the file.
    public let text: String

    public var description: String { text }

    init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}
