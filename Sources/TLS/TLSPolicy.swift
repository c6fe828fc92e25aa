import COpenSSL

/// Which versions, ciphers and groups are spoken: Mozilla's recommendations of version 6.0 (2026-04). OpenSSL's own defaults would also
/// take RSA key exchange, CBC and odd groups, so all are set by name.
public enum TLSPolicy: String, CaseIterable, Sendable {
    /// TLS 1.3 alone.
    case modern
    /// TLS 1.2 with forward secrecy and authenticated ciphers, and TLS 1.3.
    case intermediate

    var lowestVersion: Int32 { self == .modern ? TLS1_3_VERSION : TLS1_2_VERSION }

    /// Of TLS 1.2. The client's order decides: it knows whether it has AES in hardware.
    static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
        + "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    static let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    /// OpenSSL before 3.5 does not know the first.
    static let groupLists = ["X25519MLKEM768:X25519:P-256:P-384", "X25519:P-256:P-384"]
    /// Without SHA-1 and SHA-224.
    static let signatureAlgorithms =
        "ecdsa_secp256r1_sha256:ed25519:rsa_pss_rsae_sha256:rsa_pkcs1_sha256:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha384:rsa_pkcs1_sha384:"
        + "rsa_pss_rsae_sha512:rsa_pkcs1_sha512:ecdsa_secp521r1_sha512"

    /// Makes a context speak so. Errors: what OpenSSL refuses.
    func apply(to context: OpaquePointer) throws(TLSSetupFault) {
        ERR_clear_error()
        guard unsafe sluice_tls_set_base(context, lowestVersion) == 1,
            unsafe SSL_CTX_set_cipher_list(context, Self.ciphers) == 1,
            unsafe SSL_CTX_set_ciphersuites(context, Self.suites) == 1,
            unsafe sluice_tls_set_signature_algorithms(context, Self.signatureAlgorithms) == 1,
            Self.groupLists.contains(where: { unsafe sluice_tls_set_groups(context, $0) == 1 })
        else { throw TLSSetupFault.fromOpenSSL("this OpenSSL does not speak what the policy \(rawValue) asks for") }
        ERR_clear_error()
    }
}
