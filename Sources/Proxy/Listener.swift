import Buffers
import EventLoops
import HTTP1
import HTTPMessage
import Routing
import TLS
import Telemetry
import Transport
import Upstreams

/// One listener on one loop: what it demands of clients, and where their requests go.
final class Listener {
    let settings: ListenerSettings
    let routes: RouteSettings
    /// Places for connections, over all loops and addresses of the listener.
    let connections: ConnectionLimit
    /// What reads the beginning of its connections, the outermost first.
    let prologues: [PrologueReader]
    /// What ends TLS on its connections; nil where they are plain.
    let terminator: (any TLSTerminating)?
    /// What its clients may choose from in a TLS handshake.
    let protocols: ApplicationProtocols
    /// What responses say in `Strict-Transport-Security`; nil for nothing.
    let strictTransport: [UInt8]?

    /// The path of a target that has none.
    static let root: [UInt8] = [0x2F]

    init(
        settings: ListenerSettings, routes: RouteSettings, connections: ConnectionLimit, prologues: [PrologueReader] = [],
        terminator: (any TLSTerminating)? = nil
    ) {
        self.settings = settings
        self.routes = routes
        self.connections = connections
        self.prologues = prologues
        self.terminator = terminator
        let spoken = settings.protocols
        protocols = ApplicationProtocols((spoken.contains(.http2) ? ["h2"] : []) + (spoken.contains(.http1) ? ["http/1.1"] : []))
        strictTransport = terminator?.strictTransport
    }
}

/// Turns accepted sockets into client connections.
final class ClientAcceptor: Acceptor {
    private let listener: Listener
    private let proxy: ProxyLoop

    init(_ socket: consuming ListeningSocket, listener: Listener, proxy: ProxyLoop) {
        self.listener = listener
        self.proxy = proxy
        super.init(socket, on: proxy.loop)
    }

    override func accepted(_ descriptor: Int32, from address: SocketAddress) {
        let client = ClientConnection(descriptor: descriptor, address: address, listener: listener, proxy: proxy)
        client.start()
    }

    override func acceptFailed(_ error: SystemError) {
        proxy.counters.acceptFailures &+= 1
        proxy.shortage?(error, loop.now)
    }
}
