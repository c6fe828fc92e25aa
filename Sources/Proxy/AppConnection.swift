// unsafe: refers to its lease's holder, which its loop keeps
import Buffers
import EventLoops
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

/// One connection to an app server: being made, idle in its pool, or leased. Loop-confined.
final class AppConnection: Peer {
    enum State {
        /// Being made: by TCP, then its TLS handshake.
        case connecting, securing
        case idle, leased, closed
    }

    /// Its name in the upstream's pool.
    var id: ConnectionID
    let upstream: Upstream
    /// The server's number in the pool.
    let server: Int
    var state = State.connecting
    var parser: ResponseParser
    /// Who holds the lease, or has it made. The loop's `ProxyLoop` keeps every one.
    private var holderReference: Uncounted<LeaseHolder>?
    var holder: LeaseHolder? {
        get { holderReference?.object }
        set { holderReference = newValue.map { unsafe Uncounted($0) } }
    }
    /// It served an exchange before this one.
    var wasUsed = false
    /// Where it is one stream of a connection of HTTP/2: its bytes, and the connection that carries it.
    let streamBytes: AppStreamBytes?
    private var carrier: MultiplexedConnection?
    /// Its place among the carrier's users.
    var place = 0
    /// Its request is with the carrier's session, since when; milliseconds on the loop's clock.
    var isUnderWay = false
    var underWaySince: Int64 = 0
    /// It is among those that the carrier will run.
    var isAwake = false

    /// A stream of a connection that carries many. The loop keeps it, without a descriptor.
    init(over carrier: MultiplexedConnection, id: ConnectionID, upstream: Upstream) {
        self.id = id
        server = carrier.server
        self.upstream = upstream
        self.carrier = carrier
        parser = ResponseParser(limits: upstream.settings.limits)
        let bytes = AppStreamBytes(upstream.proxy.slabs, upstream.proxy.bodySlabs)
        streamBytes = bytes
        super.init(ByteStream(bytes), on: upstream.proxy.loop)
        unsafe bytes.user = self
        // Its head is all that it has received.
        _ = loop.register(self, watch: .nothing)
    }

    /// Why it broke off within a response.
    var breakReason: Reason { streamBytes?.failure ?? .upstreamResponseReset }

    /// Something has come on its stream, or there is room again.
    func streamReady() { if state == .leased { holderReference?.lend { $0.appReady() } } }

    init(descriptor: Int32, id: ConnectionID, server: Int, upstream: Upstream) {
        self.id = id
        self.server = server
        self.upstream = upstream
        parser = ResponseParser(limits: upstream.settings.limits)
        streamBytes = nil
        super.init(ByteStream(descriptor: descriptor), on: upstream.proxy.loop)
        stream.canSend = false
    }

    override func ready(_ readiness: Readiness) {
        stream.note(readiness)
        switch state {
        case .leased: holderReference?.lend { $0.appReady() }
        case .connecting:
            if readiness.isWritable || readiness.isBroken { upstream.connectEnded(self, error: stream.connectError()) }
        case .securing: upstream.shakeHands(self)
        case .idle: upstream.idleSpoke(self, readiness)
        case .closed: break
        }
    }

    override func deadlinePassed() {
        switch state {
        case .leased:
            let carrier = carrier
            holder?.appDeadlinePassed()
            if state == .closed { carrier?.timedOut(self) }
        case .connecting, .securing: upstream.connectTimedOut(self)
        case .idle, .closed: break
        }
    }

    override func resume() { holder?.appReady() }

    /// Ends it for good. The pool must have been told, or be about to be.
    func close() {
        guard state != .closed else { return }
        state = .closed
        holder = nil
        clearBuffers()
        loop.retire(self)
        stream.close()
        carrier.take()?.remove(self)
    }
}
