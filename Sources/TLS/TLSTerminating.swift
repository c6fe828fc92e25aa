/// Ends TLS on the connections of a listener, on one loop.
public protocol TLSTerminating: AnyObject {
    /// What connections are made of that come now. New certificates make another.
    var context: TLSServerContext { get }
    /// Milliseconds from accept to the end of the handshake.
    var handshakeTimeout: Int64 { get }
    /// The value of `Strict-Transport-Security` (RFC 6797) that responses have; nil for none.
    var strictTransport: [UInt8]? { get }
    /// Apps are told the certificate that the client has shown (RFC 9440).
    var forwardsClientCertificate: Bool { get }
    /// The certificate, if it was made because the operator gave none.
    var development: DevelopmentCertificate? { get }
}
