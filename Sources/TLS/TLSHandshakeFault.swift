import COpenSSL

/// Why a handshake did not come to an end.
public enum TLSHandshakeFault: Error, Equatable, Sendable {
    /// The first bytes are an HTTP request: the client speaks to a TLS port without TLS.
    case plainHTTP
    /// What came is not TLS.
    case notTLS
    /// No version of TLS that both speak.
    case noSharedVersion
    /// No cipher, group or signature algorithm that both have.
    case noSharedCipher
    /// No application protocol (ALPN) that both speak.
    case noSharedProtocol
    /// The client asked for a name that is not served here, or for none where one is needed.
    case unknownName
    /// The client showed no certificate, and one is required.
    case clientCertificateMissing
    /// The peer's certificate is not accepted: OpenSSL's number of what is wrong (`X509_V_ERR_…`).
    case certificateRefused(verification: Int)
    /// The peer ended the handshake with this alert (RFC 8446 §6), such as 48 (unknown CA).
    case alert(Int)
    /// The connection ended or broke: its `errno`, 0 for an end.
    case connectionLost(code: Int32)
    /// Something else of OpenSSL's.
    case unknown

    /// What the first error in OpenSSL's queue means. Empties the queue.
    static func fromQueue(verification: Int, isClient: Bool) -> TLSHandshakeFault {
        let error = ERR_peek_error()
        ERR_clear_error()
        guard error != 0 else { return .unknown }
        let reason = Int32(truncatingIfNeeded: error & 0x7F_FFFF)
        switch reason {
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: return .plainHTTP
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNEXPECTED_MESSAGE, SSL_R_BAD_PACKET_LENGTH, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_BAD_RECORD_TYPE:
            return .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE: return .noSharedVersion
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SUITABLE_KEY_SHARE,
            SSL_R_NO_SUITABLE_GROUPS:
            return .noSharedCipher
        case SSL_R_NO_APPLICATION_PROTOCOL: return .noSharedProtocol
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .clientCertificateMissing
        case SSL_R_CERTIFICATE_VERIFY_FAILED: return .certificateRefused(verification: verification)
        // OpenSSL numbers an alert that it received by 1000 and the alert.
        case 1000...1255: return .alert(Int(reason) - 1000)
        default: return .unknown
        }
    }

    /// What OpenSSL finds wrong with a certificate, in words.
    public static func text(ofVerification number: Int) -> String {
        guard let text = unsafe X509_verify_cert_error_string(number) else { return "error \(number)" }
        return unsafe String(cString: text)
    }
}

/// What kind of thing is wrong with a certificate that OpenSSL refused.
public enum CertificateFlaw: Sendable {
    /// It, or one of its chain, has expired or is not yet valid.
    case time
    /// It is for another name.
    case name
    /// Nobody who is trusted has signed it, or anything else.
    case trust

    /// - Parameter verification: `X509_V_ERR_…`.
    public init(verification: Int) {
        switch Int32(verification) {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: self = .time
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .name
        default: self = .trust
        }
    }
}
