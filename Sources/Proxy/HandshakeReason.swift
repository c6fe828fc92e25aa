import HTTPMessage
import TLS
import Transport

extension TLSHandshakeFault {
    /// The reason for which a client's handshake failed; nil when the client has gone away.
    var clientReason: Reason? {
        switch self {
        case .plainHTTP: .tlsPlainHTTP
        case .noSharedVersion: .tlsVersionUnsupported
        case .noSharedCipher: .tlsCipherNone
        case .noSharedProtocol: .tlsProtocolNone
        case .unknownName: .tlsNameUnknown
        case .clientCertificateMissing: .tlsClientCertificateMissing
        case .certificateRefused: .tlsClientCertificateRefused
        case .alert: .tlsClientAlert
        case .connectionLost: nil
        case .notTLS, .unknown: .tlsHandshakeFailed
        }
    }

    /// The reason for which a handshake with an app failed.
    var appReason: Reason {
        guard case .certificateRefused(let number) = self else { return .upstreamTLSFailed }
        return switch CertificateFlaw(verification: number) {
        case .time: .upstreamTLSCertificateExpired
        case .name: .upstreamTLSCertificateName
        case .trust: .upstreamTLSCertificateUntrusted
        }
    }
}

extension Reason {
    /// Why an app's connection broke before its response, from the code of `ReceiveOutcome.failed`.
    init(beforeResponse code: Int32) { self = code == ByteStream.brokenTLS ? .upstreamTLSFailed : .upstreamResponseReset }
}
