// unsafe: refers to the connection and the upstream, which their loop keeps
import Buffers
import EventLoops
import HTTP1
import HTTPMessage
import Transport
import Upstreams

/// Whoever sends a request to an app: asks the app's upstream for a connection, waits for it, tries again where the retry rule allows it, and
/// gives the connection back in a known state. An exchange does so for its client, a sub-exchange for a filter. Loop-confined: the loop's
/// `ProxyLoop` keeps every one.
class LeaseHolder {
    /// Names it in an upstream's queue.
    final let number: Int
    final let proxy: ProxyLoop
    // The proxy's, once more: what is read through another object's property counts a reference each time.
    final let loop: EventLoop
    final let slabs: SlabPool
    // The loop keeps connections until the end of the turn in which they are closed, and a connection that closes ends its lease.
    final private(set) var appReference: Uncounted<AppConnection>?
    /// The proxy keeps every upstream.
    private var upstreamReference: Uncounted<Upstream>?
    final var app: AppConnection? { appReference?.object }
    final var upstream: Upstream? { upstreamReference?.object }
    private var ticket: WaiterTicket?
    private var grant: Upstream.Grant?
    private var tried = ServerSet.none
    final private(set) var tries = 0
    /// Bytes that the kernel took for the app in this try.
    final var sentThisTry = 0

    init(number: Int, proxy: ProxyLoop) {
        self.number = number
        self.proxy = proxy
        loop = proxy.loop
        slabs = proxy.slabs
    }

    /// How far a lease is.
    enum LeaseStep {
        /// In the upstream's queue.
        case queued
        /// The upstream has decided: `takeGrant` is to be called on the loop's next turn.
        case granted
        /// A connection is being made.
        case connecting
    }

    // MARK: What holders do

    /// Its request may be sent twice (RFC 9110 §9.2.2).
    var isIdempotent: Bool { preconditionFailure("overridden") }
    /// Its request cannot go over HTTP/2.
    var needsHTTP1: Bool { false }
    /// What was sent of its request can be sent again.
    var isReplayable: Bool { preconditionFailure("overridden") }
    func leaseMoved(to step: LeaseStep) { preconditionFailure("overridden") }
    /// The connection is leased and new or clean: writes the request into its output.
    func begin(on connection: AppConnection) { preconditionFailure("overridden") }
    /// Forgets what is awaited of a connection that failed: another takes its place.
    func willTryAgain() { preconditionFailure("overridden") }
    /// There is no response, for this reason. Ends the lease.
    func fail(_ reason: Reason) { preconditionFailure("overridden") }
    /// Does what can be done now: the lease has moved.
    func goOn() { preconditionFailure("overridden") }
    /// The leased connection is ready for something.
    func appReady() { preconditionFailure("overridden") }
    /// A deadline of the leased connection has passed.
    func appDeadlinePassed() { preconditionFailure("overridden") }
    /// Trailers came that are not among the bytes of the response.
    func take(trailers: borrowing FieldTable, in text: Span<UInt8>) {}

    /// Makes it as new.
    final func resetLease() {
        appReference = nil
        upstreamReference = nil
        ticket = nil
        grant = nil
        tried = .none
        tries = 0
        sentThisTry = 0
    }

    // MARK: Events

    /// The upstream's answer to one that waited. Carried out on the next turn: this may be the end of another's lease.
    final func granted(_ grant: Upstream.Grant) {
        self.grant = grant
        ticket = nil
        leaseMoved(to: .granted)
    }

    /// The connection that was being made is gone, and its place is still the holder's.
    final func mustConnectAgain(_ id: ConnectionID, server: Int) {
        appReference = nil
        granted(.place(id, server: server))
    }

    final func takeGrant() { if let grant = grant.take() { carryOut(grant) } }

    final func connectionStands(_ connection: AppConnection) {
        attach(connection)
        goOn()
    }

    final func connectFailed(_ connection: AppConnection, reason: Reason) {
        tried.insert(connection.server)
        appReference = nil
        guard let upstream, tries < upstream.settings.retry.tries else {
            connection.upstream.release(connection, reusable: false)
            fail(reason)
            goOn()
            return
        }
        tries += 1
        switch upstream.replace(connection, for: self, excluding: tried) {
        case .failed(.upstreamConnectFailed, nil): fail(reason)
        case let grant: carryOut(grant)
        }
        goOn()
    }

    // MARK: The lease

    @inline(__always)
    final func holds(_ app: AppConnection) -> Bool { appReference?.refers(to: app) ?? false }

    /// Asks the upstream for a connection.
    final func lease(from upstream: Uncounted<Upstream>) {
        upstreamReference = upstream
        tries = 1
        carryOut(upstream.lend { $0.lease(for: self, excluding: tried) })
    }

    private func carryOut(_ first: Upstream.Grant) {
        var grant = first
        while true {
            switch grant {
            case .connection(let connection):
                connection.lend { attach($0) }
                return
            case .connecting(let connection):
                appReference = connection
                leaseMoved(to: .connecting)
                return
            case .place(let id, let server):
                guard let upstream else { return }
                grant = upstream.connect(id, server: server, for: self)
            case .waiting(let ticket):
                self.ticket = ticket
                leaseMoved(to: .queued)
                return
            case .failed(let reason, let server):
                guard let server, let upstream, tries < upstream.settings.retry.tries else {
                    fail(reason)
                    return
                }
                // This server failed at once; the next may not.
                tried.insert(server)
                tries += 1
                grant = upstream.lease(for: self, excluding: tried)
                if case .failed(_, nil) = grant {
                    fail(reason)
                    return
                }
            }
        }
    }

    private func attach(_ connection: AppConnection) {
        appReference = unsafe Uncounted(connection)
        if !isIdempotent && connection.wasUsed && !connection.stream.isAliveAndSilent() {
            // Found dead before one byte was sent: nothing is repeated.
            replaceDeadConnection(.upstreamResponseClosed)
            return
        }
        sentThisTry = 0
        connection.parser.reset()
        begin(on: connection)
    }

    /// The leased connection failed before one byte of a response: another one, or the end (design §6).
    final func failBeforeResponse(_ reason: Reason) {
        guard let app, let upstream else { return }
        let reason = app.streamBytes?.failure ?? reason
        // The app has ended this one request: it is no connection that had died before.
        if let bytes = app.streamBytes, bytes.isFaultOfStream { return fail(reason) }
        // A stream that was refused reached nobody (RFC 9113 §8.7).
        let wasRefused = app.streamBytes?.wasRefused ?? false
        let decision = RetryRule.decide(
            connectionWasReused: app.wasUsed || wasRefused, bytesAccepted: wasRefused ? 0 : sentThisTry, methodIsIdempotent: isIdempotent, bodyIsReplayable: isReplayable,
            triesSoFar: tries, allowed: upstream.settings.retry)
        switch decision {
        case .giveUp: fail(reason)
        case .retryFresh: replaceDeadConnection(reason)
        case .retryOtherServer:
            tried.insert(app.server)
            replaceDeadConnection(reason)
        }
    }

    private func replaceDeadConnection(_ reason: Reason) {
        guard let app, let upstream else { return }
        appReference = nil
        tries += 1
        willTryAgain()
        switch upstream.replace(app, for: self, excluding: tried) {
        case .failed(.upstreamConnectFailed, nil): fail(reason)
        case let grant: carryOut(grant)
        }
    }

    // MARK: Its end

    /// Gives the connection back. It can be used again only if everything on it ended cleanly.
    ///
    /// - Parameters:
    ///   - reusable: the request was sent and the response read to the end, and the app keeps the connection.
    ///   - keepAliveTimeout: seconds for which it said that it would.
    final func endLease(reusable: Bool, keepAliveTimeout: UInt32? = nil) {
        guard let connection = appReference.take() else { return }
        connection.lend { release($0, reusable: reusable, keepAliveTimeout) }
    }

    private func release(_ connection: AppConnection, reusable: Bool, _ keepAliveTimeout: UInt32?) {
        if let bytes = connection.streamBytes {
            // The connection that carries it goes on; the stream is over.
            bytes.isComplete = reusable
            return connection.upstream.release(connection, reusable: false)
        }
        let clean =
            reusable && connection.output.isEmpty && connection.input.isEmpty && !connection.stream.peerEnded
            // A read that filled its buffer says nothing of what is behind it, and no edge would come for bytes that wait already.
            && (!connection.stream.canReceive || connection.stream.isAliveAndSilent())
        connection.upstream.release(connection, reusable: clean, keepAliveTimeout: keepAliveTimeout.map { Int64($0) * 1000 })
    }

    /// Gives up whatever is held, being made or awaited.
    final func dropLease() {
        if let ticket = ticket.take() { upstream?.cancel(ticket) }
        switch grant.take() {
        case .connection(let connection), .connecting(let connection): appReference = connection
        case .place(let id, _): upstream?.giveUp(id)
        case .waiting, .failed, nil: break
        }
        endLease(reusable: false)
    }
}
