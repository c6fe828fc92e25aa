/// Ends TLS on the connections of a listener, on one loop.
public protocol TLSTerminating: AnyObject {
    /// What connections are made of that come now. New certificates make another.
    var context: TLSServerContext { get }
    /// Milliseconds from accept to the end of the handshake.
    var handshakeTimeout: Int64 { get }
}
