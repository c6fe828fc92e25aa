import Buffers
import EventLoops
import HTTP2
import HTTPMessage
import TLS
import Transport
import Upstreams

/// One HTTP/2 connection to an app's server, which carries the streams of many leases. Its upstream keeps it while it is open.
final class MultiplexedConnection: Peer {
    private enum State {
        case connecting, securing, open, closed
    }

    let upstream: Upstream
    let server: Int
    private var state = State.connecting
    private var streams: AppStreams?
    /// Those whose requests go over it, from when they were promised a place to when they gave it up.
    private var users: [AppConnection] = []
    private var isLeaving = false
    private var isRunning = false
    private var flushesSoon = false
    /// When something came last; milliseconds on the loop's clock.
    private var heardAt: Int64 = 0

    init(descriptor: Int32, server: Int, upstream: Upstream) {
        self.upstream = upstream
        self.server = server
        super.init(ByteStream(descriptor: descriptor), on: upstream.proxy.loop)
        stream.canSend = false
    }

    private var proxy: ProxyLoop { upstream.proxy }

    // MARK: Users

    /// Another stream may be promised a place.
    var hasRoom: Bool {
        guard state != .closed, !isLeaving else { return false }
        guard let streams, streams.hasSettings else { return users.count < upstream.streamsUnasked(of: server) }
        return streams.room > waitingCount
    }

    /// Users whose requests are still to come.
    private var waitingCount = 0

    var isOpen: Bool { state == .open }
    var isUnused: Bool { users.isEmpty }

    func add(_ user: AppConnection) {
        user.place = users.count
        users.append(user)
        waitingCount += 1
        guard state == .open else { return }
        if let streams { user.streamBytes?.attach(streams) }
        loop.clearDeadline(self)
    }

    func isUnderWay(_ user: AppConnection) {
        user.isUnderWay = true
        user.underWaySince = loop.now
        waitingCount -= 1
    }

    func remove(_ user: AppConnection) {
        guard user.place < users.count, users[user.place] === user else { return }
        if !user.isUnderWay { waitingCount -= 1 }
        users[users.count - 1].place = user.place
        users.swapAt(user.place, users.count - 1)
        users.removeLast()
        if users.isEmpty { becomeIdle() }
    }

    private func becomeIdle() {
        guard state == .open else { return }
        if isLeaving || proxy.isDraining { return close() }
        loop.setDeadline(self, loop.now &+ upstream.settings.pool.idleTimeout)
    }

    /// A stream got no answer in its time. Where nothing at all has come meanwhile, the way to the app may be dead, which nobody tells: further
    /// requests take another connection.
    func timedOut(_ user: AppConnection) {
        let settings = upstream.settings
        let shortest = min(settings.responseTimeout, settings.bodyIdleTimeout, settings.sendIdleTimeout)
        if loop.now &- max(heardAt, user.underWaySince) >= shortest { leave() }
    }

    /// It takes no new streams; the others finish.
    func leave() {
        isLeaving = true
        if users.isEmpty && state == .open { flushSoon() }
    }

    /// The gateway drains.
    func drain() {
        isLeaving = true
        if users.isEmpty { close() }
    }

    func settingsCame() {
        guard let streams else { return }
        upstream.allows(server, streams: streams.peerStreams)
        // Nobody could use it, and each request would find another such connection beside it.
        if streams.peerStreams == 0 { leave() }
    }

    // MARK: Events

    override func ready(_ readiness: Readiness) {
        stream.note(readiness)
        switch state {
        case .connecting:
            guard readiness.isWritable || readiness.isBroken else { return }
            let code = stream.connectError()
            if code != 0 { return fail(Upstream.reason(forConnect: code)) }
            connected()
        case .securing: shakeHands()
        case .open: run()
        case .closed: break
        }
    }

    override func resume() { run() }

    override func deadlinePassed() {
        switch state {
        case .connecting: fail(.upstreamConnectTimeout)
        case .securing: fail(.upstreamTLSTimeout)
        case .open:
            if users.isEmpty { close() }
        case .closed: break
        }
    }

    private func connected() {
        guard let security = upstream.settings.security else { return open(isSecure: false) }
        guard let tls = upstream.secure(stream.descriptor, server: server, security.multiplexed) else { return fail(.upstreamTLSFailed) }
        stream.secure(by: tls)
        state = .securing
        shakeHands()
    }

    private func shakeHands() {
        switch stream.shakeHands() {
        case .wouldBlock: return
        case .failed(let fault): fail(fault.appReason)
        case .done:
            if stream.tls?.speaks("h2") ?? false { return open(isSecure: true) }
            guard upstream.settings.spoken == .negotiated else { return fail(.upstreamProtocolBroken) }
            standAside()
        }
    }

    private func open(isSecure: Bool) {
        state = .open
        loop.clearDeadline(self)
        let streams = AppStreams(of: self, isSecure: isSecure)
        self.streams = streams
        for user in users {
            user.streamBytes?.attach(streams)
            upstream.streamStands(user)
        }
        if users.isEmpty { becomeIdle() }
        run()
    }

    /// The server speaks HTTP/1.1.
    private func standAside() {
        let waiting = users
        users = []
        close()
        upstream.speaksHTTP1(server)
        for user in waiting { upstream.connectAgain(user) }
    }

    /// It could not be made: nor can its streams.
    private func fail(_ reason: Reason) {
        let waiting = users
        users = []
        close()
        for user in waiting { upstream.streamFailed(user, reason) }
    }

    // MARK: Bytes

    /// Has what the streams wrote go out at the end of the loop's turn.
    func flushSoon() {
        guard !isRunning, !flushesSoon, state == .open else { return }
        flushesSoon = true
        loop.runAgain(self)
    }

    private func run() {
        guard !isRunning, state == .open, let streams else { return }
        isRunning = true
        flushesSoon = false
        let isOpen = receive(streams)
        // Also when the app has closed: what is wrong with its frames shows when they are answered.
        let goesOn = send(streams) && isOpen
        isRunning = false
        if !goesOn { return close() }
        if streams.isOver || (isLeaving && users.isEmpty && output.isEmpty) { return close() }
    }

    /// False: the connection is over.
    private func receive(_ streams: AppStreams) -> Bool {
        var slabsLeft = Exchange.slabsATurn
        defer { input.clear() }
        while stream.canReceive, streams.failure == nil {
            guard slabsLeft > 0 else {
                loop.runAgain(self)
                return true
            }
            slabsLeft &-= 1
            switch stream.receive(into: &input, pool: proxy.bodySlabs) {
            case .bytes:
                heardAt = loop.now
                input.withReceived { streams.receive($0, now: loop.now) }
                input.rewind()
            case .wouldBlock: return true
            case .end, .failed: return false
            }
        }
        return true
    }

    /// False: the connection is over.
    private func send(_ streams: AppStreams) -> Bool {
        while true {
            _ = streams.runAwake()
            output.attach(proxy.bodySlabs)
            let isFull = streams.send(into: &output, now: loop.now)
            if !isFull && streams.runAwake() && streams.wantsSend { continue }
            guard !output.isEmpty else { break }
            guard stream.canSend else { return true }
            switch stream.send(&output) {
            case .done: continue
            case .wouldBlock: return true
            case .failed: return false
            }
        }
        output.detach()
        return true
    }

    private func close() {
        guard state != .closed else { return }
        state = .closed
        isLeaving = true
        if let streams {
            streams.close(.upstreamResponseReset)
            streams.wakeAwaiting()
            // Whoever was told of it goes on without it.
            while streams.runAwake() {}
        }
        streams = nil
        clearBuffers()
        loop.retire(self)
        stream.close()
        upstream.forget(self)
    }
}
