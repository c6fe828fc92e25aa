import COpenSSL

/// The algorithm of a key, as far as servers may hold one key of each under the same name.
public enum KeyKind: Sendable, Hashable {
    case rsa, ecdsa, ed25519
}

/// One X.509 certificate (RFC 5280). Owns it.
@safe
public final class Certificate: @unchecked Sendable {
    // @unchecked: nothing changes it. OpenSSL counts its references atomically, and what it works out late it worked out in `init`.
    /// `X509 *`, as long as the certificate lives.
    let pointer: OpaquePointer

    /// As text, most significant part first: `C=XX, O=Example, CN=example.org`.
    public let subject: String
    public let issuer: String
    /// Those of subjectAltName that a client can match, in their order.
    public let names: [CertificateName]
    /// Those that none can, as far as they can be shown.
    let unusableNames: [String]
    /// Seconds since 1970, both inclusive.
    public let notBefore: Int64
    public let notAfter: Int64
    /// Nil for a key that Sluice takes not.
    public let keyKind: KeyKind?
    /// `ECDSA P-256`, `RSA of 2048 bits`.
    public let keyText: String
    let keyBits: Int
    public let isSelfSigned: Bool
    let isForServers: Bool
    let isAuthority: Bool
    let isWeaklySigned: Bool
    /// SHA-256.
    public let fingerprint: [UInt8]

    /// Takes over a reference. Nil, and the reference is gone, if the certificate cannot be understood.
    init?(taking pointer: OpaquePointer) {
        unsafe self.pointer = pointer
        var facts = sluice_certificate_facts()
        let isRead = unsafe sluice_certificate_look(pointer, &facts) == 0
        subject = unsafe Self.text { unsafe sluice_certificate_subject(pointer, $0, $1) }
        issuer = unsafe Self.text { unsafe sluice_certificate_issuer(pointer, $0, $1) }
        let listed = unsafe Self.names(of: pointer)
        names = listed?.usable ?? []
        unusableNames = listed?.unusable ?? []
        notBefore = facts.not_before
        notAfter = facts.not_after
        keyBits = Int(facts.key_bits)
        switch Int(facts.key_kind) {
        case SLUICE_KEY_RSA: (keyKind, keyText) = (.rsa, "RSA of \(facts.key_bits) bits")
        case SLUICE_KEY_P256: (keyKind, keyText) = (.ecdsa, "ECDSA P-256")
        case SLUICE_KEY_P384: (keyKind, keyText) = (.ecdsa, "ECDSA P-384")
        case SLUICE_KEY_P521: (keyKind, keyText) = (.ecdsa, "ECDSA P-521")
        case SLUICE_KEY_ED25519: (keyKind, keyText) = (.ed25519, "Ed25519")
        default: (keyKind, keyText) = (nil, unsafe Self.text { unsafe sluice_certificate_key_type(pointer, $0, $1) })
        }
        isSelfSigned = facts.is_self_signed != 0
        isForServers = facts.is_for_servers != 0
        isAuthority = facts.is_authority != 0
        isWeaklySigned = facts.is_weakly_signed != 0
        fingerprint = unsafe withUnsafeBytes(of: facts.fingerprint) { unsafe Array($0) }
        // Extensions that cannot be read may say anything.
        guard isRead, listed != nil else { return nil }
    }

    deinit { unsafe sluice_certificate_free(pointer) }

    /// Whether this one's key signed the other, and was allowed to.
    func issued(_ other: Certificate) -> Bool {
        withExtendedLifetime((self, other)) { unsafe sluice_certificate_issued(pointer, other.pointer) != 0 }
    }

    /// Whether a client that asks for the name would take it.
    public func covers(_ name: CertificateName) -> Bool { names.contains { $0.covers(name) } }

    private static func text(_ write: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
        var text = [CChar](repeating: 0, count: 256)
        unsafe text.withUnsafeMutableBufferPointer { unsafe write($0.baseAddress!, $0.count) }
        return text.text
    }

    /// Nil if the extension cannot be read.
    private static func names(of pointer: OpaquePointer) -> (usable: [CertificateName], unusable: [String])? {
        let size = unsafe sluice_certificate_names(pointer, nil, 0)
        guard size >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        _ = unsafe sluice_certificate_names(pointer, &bytes, size)
        var usable: [CertificateName] = []
        var unusable: [String] = []
        var at = 0
        while at + 3 <= size {
            let end = at + 3 + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
            let value = bytes[(at + 3)..<end]
            let name = Int(bytes[at]) == SLUICE_NAME_DNS ? CertificateName(dns: value) : CertificateName(address: value)
            if let name {
                usable.append(name)
            } else {
                unusable.append(String(decoding: value.prefix(64).map { $0 > 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self))
            }
            at = end
        }
        return (usable, unusable)
    }
}
