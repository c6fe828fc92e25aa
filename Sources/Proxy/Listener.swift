import Buffers
import EventLoops
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

/// One listener on one loop: what it demands of clients, and where their requests go.
final class Listener {
    let settings: ListenerSettings
    let routes: RouteSettings
    /// Connections open through it.
    var connectionCount = 0

    let pathPolicy = PathPolicy()
    /// The path of a target that has none.
    static let root: [UInt8] = [0x2F]

    init(settings: ListenerSettings, routes: RouteSettings) {
        self.settings = settings
        self.routes = routes
    }
}

/// Turns accepted sockets into client connections.
final class ClientAcceptor: Acceptor {
    let listener: Listener
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

    override func acceptFailed(_ error: SystemError) { proxy.counters.acceptFailures &+= 1 }
}
