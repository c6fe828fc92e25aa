import EventLoops
import FilterAPI
import HTTPMessage
import Routing
import TLS
import Transport

/// The client's side of exchanges: a connection that carries one after the other, or one stream of a connection that has many.
class ClientSide: Peer {
    final let proxy: ProxyLoop
    final let listener: Listener
    /// Whose connection it is: the peer's own address, or the one that a prologue names.
    final private(set) var peerAddress: SocketAddress
    final private(set) var addressText: AddressText
    final private(set) var peerIsTrusted: Bool
    /// The client speaks TLS, here or with whoever is in between.
    final private(set) var isHTTPS: Bool
    /// Where a prologue says that the client had connected to.
    final private(set) var destination: ConnectionEnd?
    /// The certificate that the client has shown, as a byte sequence of a structured field (RFC 8941 §3.3.5); nil for none.
    final var certificate: [UInt8]?
    /// What enciphers the connection; nil where nothing does, and before its handshake is over.
    final var tls: TLSConnection?
    /// Of `tls`, for logs.
    final var tlsVersion: StaticString?
    /// Milliseconds on the loop's clock.
    final var requestEndedAt: Int64 = 0
    /// What was sent is not all, and its end must not look as if it were.
    final var resetsOnClose = false

    init(_ stream: consuming ByteStream, address: SocketAddress, listener: Listener, proxy: ProxyLoop) {
        self.proxy = proxy
        self.listener = listener
        peerAddress = address.unmapped
        addressText = AddressText(address)
        peerIsTrusted = listener.settings.trusts(address)
        isHTTPS = listener.settings.isHTTPS
        super.init(stream, on: proxy.loop)
    }

    /// One stream of a connection.
    init(of connection: ClientConnection, _ stream: consuming ByteStream) {
        proxy = connection.proxy
        listener = connection.listener
        peerAddress = connection.peerAddress
        addressText = connection.addressText
        peerIsTrusted = connection.peerIsTrusted
        isHTTPS = connection.isHTTPS
        destination = connection.destination
        certificate = connection.certificate
        tls = connection.tls
        tlsVersion = connection.tlsVersion
        super.init(stream, on: connection.loop)
    }

    /// The body of a request with this framing, as it comes out of `stream`.
    func reader(of framing: BodyFraming) -> BodyReader { BodyReader(framing) }

    /// From here on it is the connection of the client that the prologue names.
    final func believe(_ prologue: Prologue) {
        if let client = prologue.client {
            peerAddress = SocketAddress(client)
            addressText = AddressText(peerAddress)
            peerIsTrusted = listener.settings.trusts(peerAddress)
        }
        if let destination = prologue.destination { self.destination = destination }
        if prologue.isSecure { isHTTPS = true }
    }

    /// Does all that can be done now.
    func run() { preconditionFailure("overridden") }

    /// Has the exchange look at the client's pace, first after the shortest time in which it can be at fault. A deadline that stands is
    /// left alone: whoever drips bytes must not push it away.
    final func watchPace() {
        guard deadline == .max else { return }
        let settings = listener.settings
        watchPace(until: loop.now &+ min(settings.bodyIdleTimeout, settings.writeIdleTimeout, max(1, settings.rateGrace)))
    }

    final func watchPace(until time: Int64) { loop.setDeadline(self, time) }
}
