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

    init(descriptor: Int32, id: ConnectionID, server: Int, upstream: Upstream) {
        self.id = id
        self.server = server
        self.upstream = upstream
        parser = ResponseParser(limits: upstream.settings.limits)
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
        case .leased: holder?.appDeadlinePassed()
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
    }
}
