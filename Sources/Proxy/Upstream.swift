// unsafe: refers to its connections, which their loop keeps
import Buffers
import EventLoops
import HTTP1
import HTTPMessage
import Routing
import TLS
import Telemetry
import Transport
import Upstreams

/// One app on one loop: its pool, its connections and who waits for one. Carries out what the pool decides. Loop-confined.
public final class Upstream: EventSource {
    let settings: UpstreamSettings
    let proxy: ProxyLoop
    let forwarding: ForwardingFields
    /// Fields of the client that the gateway writes itself, or that the app could not tell from the gateway's.
    let replacedFields: TokenSet
    /// The end of a Via line: the pseudonym and CRLF.
    let viaLineEnd: [UInt8]
    private var pool: UpstreamPool
    /// Connections by the index of their id: all are registered, so that the loop keeps them.
    private var connections: [Uncounted<AppConnection>?] = []
    /// What is known of one of the pool's servers.
    private struct Server {
        /// Nil where its name does not resolve.
        var address: SocketAddress?
        /// The configured server that it stands for, or stood for while it was in use.
        let configured: Int
        /// The last TLS session.
        let sessions = TLSSessions()
        /// Until when it counts as one that speaks HTTP/1.1, as it has said itself.
        var plainUntil: Int64 = 0
        /// Streams that may be promised on a new connection: as many as it allowed on the last. Before it has said how many, as many as RFC 9113
        /// §6.5.2 recommends at least.
        var streamsAllowed = 100
    }

    /// By their numbers in the pool. A number that goes to another server begins anew.
    private var servers: [Server] = []
    /// Which of the pool's servers a configured one stands for.
    private var numbers: [[Int]] = []
    private let resolve: NameResolution?
    private var nextResolve = Int64.max

    init(_ settings: UpstreamSettings, on proxy: ProxyLoop, resolve: NameResolution?, known: [String: [SocketAddress]]) {
        self.settings = settings
        self.proxy = proxy
        self.resolve = resolve
        forwarding = settings.forwarding
        // Replaced, never appended to; also dropped where the app is told nothing.
        var replaced = TokenSet.forwarding
        if !settings.forwarding.contains(.via) { replaced.remove(.via) }
        replacedFields = replaced
        viaLineEnd = Array((settings.viaPseudonym + "\r\n").utf8)
        pool = UpstreamPool(serverCount: settings.servers.count, limits: settings.pool, seed: UInt64(proxy.loop.index))
        super.init(on: proxy.loop)
        for (index, server) in settings.servers.enumerated() {
            numbers.append([index])
            let address: SocketAddress? = if case .address(let address) = server { address } else { nil }
            servers.append(Server(address: address, configured: index))
        }
        _ = loop.register(self, watch: .nothing)
        var hasNames = false
        for (index, server) in settings.servers.enumerated() {
            guard case .name = server else { continue }
            hasNames = true
            resolved(index, known[server.text] ?? [])
        }
        if hasNames { nextResolve = resolveTime }
        updateDeadline()
    }

    // MARK: Leases

    /// What a holder gets when it asks for a connection.
    enum Grant {
        /// An open connection, leased.
        case connection(Uncounted<AppConnection>)
        /// One is being opened; `LeaseHolder.connectionStands` or `connectFailed` follows.
        case connecting(Uncounted<AppConnection>)
        case waiting(WaiterTicket)
        /// A place among the connections, for one that `connect` is yet to open.
        case place(ConnectionID, server: Int)
        case failed(Reason, server: Int?)
    }

    func lease(for holder: LeaseHolder, excluding tried: ServerSet) -> Grant {
        switch pool.lease(for: UInt64(holder.number), excluding: tried, now: loop.now) {
        case .reuse(let id, _):
            guard let connection = connections[Int(id.index)] else { preconditionFailure("the pool named a connection that is gone") }
            connection.lend {
                $0.state = .leased
                $0.holder = holder
            }
            return .connection(connection)
        case .connect(let id, let server, let closing):
            if let closing { closeConnection(closing) }
            return connect(id, server: server, for: holder)
        case .queued(let ticket):
            updateDeadline()
            return .waiting(ticket)
        case .refuse(.queueFull): return .failed(.upstreamQueueFull, server: nil)
        case .refuse(.noServer): return .failed(.upstreamConnectFailed, server: nil)
        }
    }

    /// A fresh connection in place of `dead`, which is closed.
    func replace(_ dead: AppConnection, for holder: LeaseHolder, excluding tried: ServerSet) -> Grant {
        let id = dead.id
        switch pool.replace(id, excluding: tried, now: loop.now) {
        case .connect(let fresh, let server):
            forget(id)
            dead.close()
            return connect(fresh, server: server, for: holder)
        case .noServer:
            release(dead, reusable: false)
            return .failed(.upstreamConnectFailed, server: nil)
        }
    }

    /// Opens the connection that the pool has given a place.
    func connect(_ id: ConnectionID, server: Int, for holder: LeaseHolder) -> Grant {
        proxy.counters.appConnectionsOpened &+= 1
        guard let address = servers[server].address else {
            return failAtOnce(id, server: server, reason: .upstreamResolveFailed)
        }
        if usesStreams(of: server, for: holder) { return connectStream(id, server: server, address: address, for: holder) }
        switch ByteStream.connecting(to: address) {
        case .failure(let error):
            if error.isShortage { proxy.shortage?(error, loop.now) }
            return failAtOnce(id, server: server, reason: Self.reason(forConnect: error.code))
        case .success(let descriptor):
            let connection = AppConnection(descriptor: descriptor, id: id, server: server, upstream: self)
            guard loop.register(connection, descriptor: descriptor, watch: .edges) == nil else {
                connection.close()
                return failAtOnce(id, server: server, reason: .upstreamConnectFailed)
            }
            keep(connection)
            connection.holder = holder
            loop.setDeadline(connection, loop.now &+ settings.connectTimeout)
            return unsafe .connecting(Uncounted(connection))
        }
    }

    private func failAtOnce(_ id: ConnectionID, server: Int, reason: Reason) -> Grant {
        proxy.counters.appConnectionsFailed &+= 1
        pool.connectFailed(id, now: loop.now)
        giveUp(id)
        return .failed(reason, server: server)
    }

    static func reason(forConnect code: Int32) -> Reason {
        SystemError.isRefusal(code) ? .upstreamConnectRefused : SystemError.isTimeout(code) ? .upstreamConnectTimeout : .upstreamConnectFailed
    }

    /// Gives a lease back.
    func release(_ connection: AppConnection, reusable: Bool, keepAliveTimeout: Int64? = nil) {
        connection.holder = nil
        let action = pool.release(connection.id, reusable: reusable, keepAliveTimeout: keepAliveTimeout, now: loop.now)
        carryOut(action, of: connection)
    }

    private func carryOut(_ action: ReleaseAction, of connection: AppConnection?) {
        switch action {
        case .keep:
            guard let connection else { preconditionFailure("a connection that was never made cannot be kept") }
            connection.state = .idle
            connection.stream.canReceive = false
            connection.wasUsed = true
            connection.clearBuffers()
            loop.clearDeadline(connection)
            // One that is above the number which is kept expires soon.
            if deadline > loop.now &+ UpstreamPool.excessTimeout { updateDeadline() }
        case .close:
            if let connection {
                forget(connection.id)
                connection.close()
            }
        case .handTo(let waiter):
            guard let connection else { preconditionFailure("a connection that was never made cannot be handed on") }
            connection.wasUsed = true
            connection.stream.canReceive = false
            connection.clearBuffers()
            let holder = proxy.leaseHolder(numbered: waiter)
            connection.holder = holder
            holder.granted(unsafe .connection(Uncounted(connection)))
        case .closeAndConnect(let id, let server, let waiter):
            if let connection {
                forget(connection.id)
                connection.close()
            }
            // On the waiter's own turn: an app that refuses at once would fail all who wait in one another's calls.
            proxy.leaseHolder(numbered: waiter).granted(.place(id, server: server))
        }
    }

    /// Gives up a place that no connection was opened for.
    func giveUp(_ id: ConnectionID) { carryOut(pool.release(id, reusable: false, now: loop.now), of: nil) }

    func cancel(_ ticket: WaiterTicket) { pool.cancel(ticket) }

    private func forget(_ id: ConnectionID) {
        if Int(id.index) < connections.count { connections[Int(id.index)] = nil }
    }

    private func closeConnection(_ id: ConnectionID) {
        let connection = connections[Int(id.index)]
        forget(id)
        connection?.lend { $0.close() }
    }

    // MARK: Events of connections that no exchange reads

    func connectEnded(_ connection: AppConnection, error: Int32) {
        guard error == 0 else {
            connectFailed(connection, reason: Self.reason(forConnect: error))
            return
        }
        if let security = settings.security {
            guard let tls = secure(connection.stream.descriptor, server: connection.server, security.http1) else {
                return connectFailed(connection, reason: .upstreamTLSFailed)
            }
            connection.stream.secure(by: tls)
            connection.state = .securing
            return shakeHands(connection)
        }
        connectionStands(connection)
    }

    /// Begins TLS on a connection to a server; nil if there is no memory for it.
    ///
    /// - Parameter context: one of `settings.security`.
    func secure(_ descriptor: Int32, server: Int, _ context: TLSClientContext?) -> TLSConnection? {
        try? context?.connect(
            descriptor: descriptor, to: settings.security?.name ?? serverName(server), sessions: servers[server].sessions,
            workspace: proxy.tlsWorkspace)
    }

    // MARK: Connections that carry many streams

    /// Those of all servers.
    private var multiplexed: [MultiplexedConnection] = []
    /// Milliseconds after which a server that speaks HTTP/1.1 is asked again.
    private static let askAgain: Int64 = 300_000

    /// The next connection to a server is one that carries many streams, or will be if the server says so.
    private func usesStreams(of server: Int, for holder: LeaseHolder) -> Bool {
        switch settings.spoken {
        case .http1: false
        case .http2: true
        // An upgrade is HTTP/1.1's.
        case .negotiated: !holder.needsHTTP1 && servers[server].plainUntil <= loop.now
        }
    }

    /// A server has said that it speaks HTTP/1.1.
    func speaksHTTP1(_ server: Int) { servers[server].plainUntil = loop.now &+ Self.askAgain }

    /// What a server allows on a connection.
    func allows(_ server: Int, streams: Int) { servers[server].streamsAllowed = streams }

    /// Streams that may be promised on a new connection to a server.
    func streamsUnasked(of server: Int) -> Int { max(1, servers[server].streamsAllowed) }

    /// Who was promised a stream of a connection which has none gets a connection of its own, in the same place.
    func connectAgain(_ stream: AppConnection) {
        let (id, server) = (stream.id, stream.server)
        let holder = stream.holder
        forget(id)
        stream.close()
        if let holder { holder.mustConnectAgain(id, server: server) } else { giveUp(id) }
    }

    /// A stream on a connection that has room for one, or on a new one.
    private func connectStream(_ id: ConnectionID, server: Int, address: SocketAddress, for holder: LeaseHolder) -> Grant {
        let carrier: MultiplexedConnection
        if let known = multiplexed.first(where: { $0.server == server && $0.hasRoom }) {
            carrier = known
        } else {
            switch ByteStream.connecting(to: address) {
            case .failure(let error):
                if error.isShortage { proxy.shortage?(error, loop.now) }
                return failAtOnce(id, server: server, reason: Self.reason(forConnect: error.code))
            case .success(let descriptor):
                carrier = MultiplexedConnection(descriptor: descriptor, server: server, upstream: self)
                guard loop.register(carrier, descriptor: descriptor, watch: .edges) == nil else {
                    carrier.stream.close()
                    return failAtOnce(id, server: server, reason: .upstreamConnectFailed)
                }
                loop.setDeadline(carrier, loop.now &+ settings.connectTimeout)
                multiplexed.append(carrier)
            }
        }
        let stream = AppConnection(over: carrier, id: id, upstream: self)
        keep(stream)
        stream.holder = holder
        stream.wasUsed = carrier.isOpen
        carrier.add(stream)
        guard carrier.isOpen else { return unsafe .connecting(Uncounted(stream)) }
        stream.state = .leased
        pool.connected(id)
        return unsafe .connection(Uncounted(stream))
    }

    private func keep(_ connection: AppConnection) {
        let index = Int(connection.id.index)
        while connections.count <= index { connections.append(nil) }
        connections[index] = unsafe Uncounted(connection)
    }

    /// The connection that carries it stands.
    func streamStands(_ stream: AppConnection) { connectionStands(stream) }

    func streamFailed(_ stream: AppConnection, _ reason: Reason) { connectFailed(stream, reason: reason) }

    func forget(_ carrier: MultiplexedConnection) { multiplexed.removeAll { $0 === carrier } }

    // MARK: TLS

    /// Goes on with the TLS handshake of a connection that is being made.
    func shakeHands(_ connection: AppConnection) {
        switch connection.stream.shakeHands() {
        case .wouldBlock: return
        case .done: connectionStands(connection)
        case .failed(let fault): connectFailed(connection, reason: fault.appReason)
        }
    }

    private func connectionStands(_ connection: AppConnection) {
        connection.state = .leased
        loop.clearDeadline(connection)
        pool.connected(connection.id)
        connection.holder?.connectionStands(connection)
    }

    func connectTimedOut(_ connection: AppConnection) {
        connectFailed(connection, reason: connection.state == .securing ? .upstreamTLSTimeout : .upstreamConnectTimeout)
    }

    private func connectFailed(_ connection: AppConnection, reason: Reason) {
        proxy.counters.appConnectionsFailed &+= 1
        pool.connectFailed(connection.id, now: loop.now)
        if let holder = connection.holder {
            holder.connectFailed(connection, reason: reason)
        } else {
            release(connection, reusable: false)
        }
    }

    /// The app closed an idle connection, or sent what nobody asked for: either way it cannot be used again.
    func idleSpoke(_ connection: AppConnection, _ readiness: Readiness) {
        guard readiness.isReadable else { return }
        // A server may send tickets for later sessions whenever it likes; and the loop may tell late of bytes that were read in the same turn.
        guard !connection.stream.isAliveAndSilent() else {
            connection.stream.canReceive = false
            return
        }
        pool.idleClosed(connection.id)
        forget(connection.id)
        connection.close()
    }

    // MARK: Time

    private func updateDeadline() {
        let next = min(pool.nextDeadline ?? .max, nextResolve)
        if next != .max { loop.setDeadline(self, max(next, loop.now)) }
    }

    public override func deadlinePassed() {
        while let id = pool.takeExpired(now: loop.now) { closeConnection(id) }
        while let waiter = pool.takeTimedOut(now: loop.now) {
            proxy.leaseHolder(numbered: waiter).granted(.failed(.upstreamQueueTimeout, server: nil))
        }
        if nextResolve <= loop.now { resolveNames() }
        updateDeadline()
    }

    /// Keeps no idle connection from now on.
    func drain() {
        pool.drain()
        while let id = pool.takeExpired(now: loop.now) { closeConnection(id) }
        for carrier in multiplexed { carrier.drain() }
    }

    // MARK: Texts

    /// The address of a server, for logs.
    func serverText(_ server: Int) -> String { servers[server].address?.text ?? "" }

    /// The name or address of a server as configured, for its certificate.
    private func serverName(_ server: Int) -> String {
        switch settings.servers[servers[server].configured] {
        case .address(let address): address.ipText
        case .name(let host, _): host
        }
    }

    /// The `Host` of a server that gets its own: as configured.
    func hostText(of server: Int) -> String {
        switch settings.servers[servers[server].configured] {
        case .address(let address): return address.family == .unix ? "localhost" : address.text
        case .name(let host, let port): return port == (settings.security == nil ? 80 : 443) ? host : "\(host):\(port)"
        }
    }

    // MARK: Names

    /// Milliseconds until a name that did not resolve at the start is tried again.
    private static let firstResolve: Int64 = 1000

    private var resolveTime: Int64 { loop.now &+ (servers.contains { $0.address == nil } ? Self.firstResolve : settings.resolveEvery) }

    private func resolveNames() {
        nextResolve = resolveTime
        guard let resolve else { return }
        for (index, server) in settings.servers.enumerated() {
            guard case .name(let host, let port) = server else { continue }
            let reference = UpstreamReference(self)
            resolve(host, port) { [loop] found in
                loop.post { reference.upstream?.resolved(index, found) }
            }
        }
    }

    /// Takes over what a name resolved to. A name that does not resolve any more keeps its addresses.
    private func resolved(_ index: Int, _ found: [SocketAddress]) {
        guard !found.isEmpty else { return }
        var kept: [Int] = []
        for number in numbers[index] {
            if let address = servers[number].address, !found.contains(address) {
                // Below, after the new ones stand, so that the pool never runs out of servers.
                continue
            }
            kept.append(number)
        }
        let removed = numbers[index].filter { !kept.contains($0) }
        for address in found where !kept.contains(where: { servers[$0].address == address }) {
            if let empty = kept.first(where: { servers[$0].address == nil }) {
                servers[empty].address = address
                continue
            }
            let number = pool.addServer()
            let server = Server(address: address, configured: index)
            if number < servers.count { servers[number] = server } else { servers.append(server) }
            kept.append(number)
        }
        for number in removed { pool.removeServer(number) }
        // The pool knows of streams only. A number may be given to another server.
        for carrier in multiplexed where removed.contains(carrier.server) { carrier.leave() }
        numbers[index] = kept
        while let id = pool.takeExpired(now: loop.now) { closeConnection(id) }
    }
}

/// Lets a closure that crosses threads name an upstream; it is only followed on the upstream's own loop.
private final class UpstreamReference: @unchecked Sendable {
    weak var upstream: Upstream?
    init(_ upstream: Upstream) { self.upstream = upstream }
}
