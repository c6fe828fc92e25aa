import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTP2
import HTTPMessage
import Routing
import TLS
import Telemetry
import Transport
import Upstreams

/// One client's connection, plain or by TLS. Over HTTP/1.1 it reads heads, carries one exchange after the other in the order they came (RFC 9112 §9.3), and
/// ends in a known state; over HTTP/2 it carries streams. Loop-confined; the loop keeps it alive while it is open.
final class ClientConnection: ClientSide {
    enum Phase {
        /// Filters read what stands before TLS and HTTP.
        case prologue
        /// The TLS handshake is under way.
        case securing
        /// It carries streams of HTTP/2 (`streams`).
        case streams
        /// Between exchanges, without a byte of the next.
        case idle
        /// Some of a head is there.
        case head
        case exchange
        /// The exchange is over, the rest of its request body is thrown away, and then comes the next.
        case discarding
        /// The last response is sent; what still comes is thrown away until the client has read it and closes.
        case lingering
        case closed
    }

    /// The proxy's.
    private let slabs: SlabPool
    var phase = Phase.idle
    /// The present exchange, or one for the next. The loop's `ProxyLoop` keeps every exchange.
    private var held: Uncounted<Exchange>?
    private var exchange: Exchange? { held?.object }
    private var parser: RequestParser
    /// Filters of the listener that have read their prologue.
    var prologuesRead = 0
    /// Who has really connected, while a prologue is awaited.
    var peerEnd: ConnectionEnd?
    private var requestCount: UInt32 = 0
    /// It is one of the listener's `max-connections`, and not one that was turned away.
    private var holdsPlace = false
    /// Microseconds: accept, or the first byte of the present request.
    var began: Int64
    private var discarded = 0
    /// A step of the TLS handshake waits in `HandshakeTurns`.
    var awaitsHandshakeTurn = false
    /// The exchanges of HTTP/2, while it carries them.
    var streams: StreamConnection?
    /// What streams wrote goes out at the end of the loop's turn.
    var flushesSoon = false
    /// By when the client must take some of what was written, while it takes nothing; and by when it must send a request, while there is none.
    var takesBy = Int64.max
    var asksBy = Int64.max

    /// Bytes of a request body that are thrown away to keep the connection; behind more it is closed.
    private static let mostDiscarded = 256 * 1024
    /// Milliseconds that a closing connection may go on sending before it is reset.
    private static let lingerTime: Int64 = 2_000
    /// Milliseconds for which a client that has sent its request, and waits for the app, is not looked at.
    private static let unwatchedTime: Int64 = 50
    /// Milliseconds for which the ticket of a TLS session waits for a response to go along with.
    static let ticketDelay: Int64 = 20
    /// A client that ends its side so soon after its request (milliseconds) wants the answer; later it has gone away.
    static let halfCloseGrace: Int64 = 1_000

    init(descriptor: Int32, address: SocketAddress, listener: Listener, proxy: ProxyLoop) {
        slabs = proxy.slabs
        parser = RequestParser(limits: listener.settings.limits)
        began = proxy.loop.nowNanoseconds / 1000
        super.init(ByteStream(descriptor: descriptor), address: address, listener: listener, proxy: proxy)
    }

    /// Takes the connection into its loop, or turns it away.
    func start() {
        // Without a descriptor: nothing that could fail.
        _ = loop.register(self, watch: .nothing)
        proxy.opened(self)
        holdsPlace = listener.connections.take()
        // Most clients have sent their request by now; a read that finds nothing costs less than a turn of the loop.
        stream.canReceive = true
        if !holdsPlace {
            proxy.counters.connectionsRefused &+= 1
            // Behind TLS an answer would cost a handshake, and before a prologue nobody waits for one.
            if listener.terminator != nil || !listener.prologues.isEmpty { return close() }
            refuse(.gatewayConnectionsFull)
        } else if let first = listener.prologues.first {
            awaitPrologue(first)
        } else if let terminator = listener.terminator {
            guard secure(by: terminator) else { return close() }
        }
        run()
        if phase == .idle && requestCount == 0 && stream.tls == nil { loop.setDeadline(self, loop.now &+ listener.settings.headTimeout) }
    }

    // MARK: Events

    override func ready(_ readiness: Readiness) {
        stream.note(readiness)
        if readiness.peerEnded, phase == .exchange, let exchange { peerEnded(exchange, isBroken: readiness.isBroken) }
        run()
    }

    override func resume() { run() }

    /// The client has ended its side, or is gone, while an exchange is under way.
    private func peerEnded(_ exchange: Exchange, isBroken: Bool) {
        switch exchange.phase {
        case .tunnel, .ended: return
        default: break
        }
        // While a filter asks, nothing of a body is read: the head is what the client has sent.
        let isAsking = exchange.phase == .asking
        let sentAt = isAsking ? exchange.record.marks.headRead / 1000 : requestEndedAt
        if isBroken {
            exchange.abort(.clientReset)
        } else if (exchange.requestDone || isAsking) && loop.now &- sentAt > Self.halfCloseGrace {
            exchange.abort(.clientClosed)
        } else {
            // The end is reported once. Whether the client has gone away shows later.
            watchPace(until: min(deadline, loop.now &+ Self.halfCloseGrace))
        }
    }

    override func deadlinePassed() {
        switch phase {
        case .prologue:
            refusePrologue(.prologueTimeout)
        case .securing:
            endHandshake(.tlsHandshakeTimeout)
        case .streams: return streamDeadlinePassed()
        case .idle:
            if let tls = stream.tls, tls.holdsDeferred {
                stream.flushDeferred()
                loop.setDeadline(self, loop.now &+ listener.settings.headTimeout &- Self.ticketDelay)
            } else {
                close()
            }
        case .head:
            refuse(.requestHeadTimeout)
        case .exchange:
            if !isWatched { watch() }
            guard phase == .exchange, let exchange else { return }
            exchange.clientDeadlinePassed()
        case .discarding, .lingering: close()
        case .closed: return
        }
        run()
    }

    // MARK: Going on

    /// Every event ends here; nothing below calls it again while it runs.
    override func run() {
        guard !isRunning else { return }
        isRunning = true
        while step() {}
        isRunning = false
        if !isWatched { watchIfNeeded() }
        if !stream.canSend && !watchesSending && phase != .closed {
            watchesSending = true
            loop.watchSending(self, descriptor: stream.descriptor)
        }
    }
    private(set) var isRunning = false
    private var watchesSending = false

    /// Has epoll watch the client as soon as something is awaited of it, or the app takes its time. A connection for one request that is
    /// answered soon is never watched: two calls of the kernel less, the one that adds it and what its close has to undo.
    private func watchIfNeeded() {
        if phase == .closed { return }
        if phase == .exchange && stream.canSend && held?.lend({ $0.awaitsOnlyApp }) ?? false {
            if deadline == .max { loop.setDeadline(self, loop.now &+ Self.unwatchedTime) }
        } else {
            watch()
        }
    }

    private func watch() {
        isWatched = true
        if loop.watchReading(self, descriptor: stream.descriptor) != nil { abort(.gatewayError) }
    }
    private var isWatched = false

    /// One step. False: something must be waited for, or the connection is closed.
    private func step() -> Bool {
        switch phase {
        case .prologue: return readPrologue()
        case .securing: return secure()
        case .streams: return carryStreams()
        case .idle, .head: return readHead()
        case .exchange: return held?.lend { carryOn($0) } ?? false
        case .discarding: return discard()
        case .lingering: return linger()
        case .closed: return false
        }
    }

    private func carryOn(_ exchange: Exchange) -> Bool {
        exchange.advance(for: self)
        return exchange.hasEnded && settle(exchange)
    }

    /// Parses what is there of a head. True: it is complete, or refused.
    private func parseHead(into exchange: Exchange) -> Bool {
        let outcome = input.withReceived { bytes in Self.parse(bytes, from: input.rawStart, &parser, into: &exchange.message) }
        switch outcome {
        case .complete: begin(exchange)
        case .failed(let reason): refuse(requestCount == 0 && meansHTTP2 ? .requestVersionUnsupported : reason)
        case .incomplete: return false
        }
        return true
    }

    private static func parse(
        _ bytes: Span<UInt8>, from start: Int, _ parser: inout RequestParser, into message: inout Request
    ) -> ParseOutcome {
        parser.parse(bytes, from: start, into: &message.head, fields: &message.fields.lines)
    }

    /// Parses what is there and reads more until a head is complete.
    private func readHead() -> Bool {
        var isUnclear = false
        if input.rawCount > 0, requestCount == 0, stream.tls == nil, listener.settings.protocols != [.http1, .http2] {
            switch opening {
            case .http2:
                beginStreams()
                return true
            case .http1 where !listener.settings.protocols.contains(.http1):
                refuse(.requestVersionUnsupported)
                return true
            case .http1: break
            case .unknown: isUnclear = true
            }
        }
        if input.rawCount > 0 && !isUnclear {
            let exchange = held ?? proxy.takeExchange()
            held = exchange
            if exchange.lend({ parseHead(into: $0) }) { return true }
            if phase == .idle {
                phase = .head
                loop.setDeadline(self, loop.now &+ listener.settings.headTimeout)
            }
        }
        guard stream.canReceive else {
            if input.isEmpty {
                waitIdle()
            }
            return false
        }
        if phase == .idle && requestCount > 0 { began = loop.nowNanoseconds / 1000 }
        guard makeRoom() else {
            refuse(.requestHeadTooLarge)
            return true
        }
        switch stream.receive(into: &input, pool: slabs) {
        case .bytes: return true
        case .wouldBlock:
            if input.isEmpty { waitIdle() }
            return false
        case .end, .failed:
            if phase == .head { logRefusal(.clientClosed) }
            close()
            return false
        }
    }

    /// Waits for the next request without holding a buffer.
    private func waitIdle() {
        // What TLS says beside, new keys or records without a byte, is no request, and buys no time.
        let isWaiting = held == nil
        letGo()
        if output.isAttached { output.detach() }
        input.clear()
        phase = .idle
        if requestCount > 0 {
            if proxy.isDraining { return close() }
            if !isWaiting { loop.setDeadline(self, loop.now &+ listener.settings.keepAliveTimeout) }
        }
    }

    /// Gives the exchange back to the loop's stock.
    func letGo() {
        guard let exchange = held.take() else { return }
        exchange.lend {
            $0.reset()
            proxy.recycle($0)
        }
    }

    /// A head is complete: its bytes go to the exchange, what stands behind them stays.
    private func begin(_ exchange: Exchange) {
        requestCount &+= 1
        phase = .exchange
        loop.clearDeadline(self)
        let headEnd = exchange.request.end
        let leftover = input.end &- headEnd
        exchange.record = ExchangeRecord(began: began)
        exchange.record.tlsVersion = tlsVersion
        exchange.record.clientBytesIn = UInt64(headEnd &- input.rawStart)
        exchange.record.exchangesBefore = requestCount &- 1
        if leftover == 0 {
            swap(&exchange.headSlab, &input.slab)
            input.clear()
        } else {
            // The body, or the next request, stays where it is; the head is the smaller part to move.
            // At the same offset, which a large slab may have put beyond the end of a small one.
            exchange.headSlab = headEnd <= slabs.slabSize ? slabs.take() : proxy.bodySlabs.take()
            exchange.headSlab.copy(from: input.slab, at: input.rawStart, count: headEnd &- input.rawStart)
            input.consumeRaw(headEnd &- input.rawStart)
        }
        exchange.start(for: self)
    }

    /// Answers a request that could not be parsed, or a connection that is one too many, and closes.
    func refuse(_ reason: Reason) {
        let exchange = blankExchange()
        exchange.record.clientBytesIn = UInt64(input.end)
        phase = .exchange
        input.clear()
        exchange.keepsClient = false
        exchange.requestAbandoned = true
        exchange.fail(reason)
    }

    func logRefusal(_ reason: Reason) { logRefusal { $0.abort(reason) } }

    func logRefusal(_ end: (Exchange) -> Void) {
        let exchange = blankExchange()
        exchange.record.end.clientConnection = .closed
        end(exchange)
        exchange.finishRecord()
        letGo()
    }

    /// An exchange for a connection whose request is not known. Of the one that it carried before, and of a head that did not come whole,
    /// nothing is in it: their bytes are elsewhere, or gone.
    private func blankExchange() -> Exchange {
        let held = self.held ?? proxy.takeExchange()
        self.held = held
        let exchange = held.object
        exchange.request = RequestHead()
        exchange.fields.removeAll()
        exchange.record = ExchangeRecord(began: began)
        exchange.record.tlsVersion = tlsVersion
        exchange.client = self
        exchange.clientAddress = addressText
        return exchange
    }

    /// An exchange is over: the next one, or the end. False: there is nothing to do now.
    private func settle(_ exchange: Exchange) -> Bool {
        let keeps = exchange.keepsClient && !resetsOnClose
        let requestIsRead = exchange.requestIsRead
        exchange.record.end.clientConnection =
            exchange.record.end.clientConnection == .tunnel ? .tunnel : keeps ? .kept : .closed
        exchange.finishRecord()
        if keeps && requestIsRead {
            if input.isEmpty && !stream.canReceive {
                waitIdle()
                return false
            }
            exchange.reset()
            phase = .idle
            if output.isAttached { output.detach() }
            began = loop.nowNanoseconds / 1000
            loop.setDeadline(self, loop.now &+ listener.settings.headTimeout)
            return true
        }
        output.detach()
        if keeps {
            phase = .discarding
            discarded = 0
            loop.setDeadline(self, loop.now &+ listener.settings.bodyIdleTimeout)
            return true
        }
        let tunnelled = exchange.record.end.clientConnection == .tunnel
        // All that was sent has been read: the kernel has no reason for a reset, and the close need not wait for the client's.
        let isDone =
            requestIsRead && exchange.record.reason == nil && input.isEmpty && !stream.canReceive
            && (isWatched || stream.hasNothingUnread())
        letGo()
        if resetsOnClose || tunnelled || isDone || stream.peerEnded {
            close()
            return false
        }
        beginLingering()
        return true
    }

    // MARK: The last bytes

    /// Closing with unread bytes would make the kernel send a reset, which can overtake the response: so the sending side is ended, and
    /// what still comes is read for a moment (RFC 9112 §9.6).
    func beginLingering() {
        stream.shutdownSending()
        input.clear()
        phase = .lingering
        discarded = 0
        loop.setDeadline(self, loop.now &+ Self.lingerTime)
    }

    private func linger() -> Bool {
        while stream.canReceive {
            _ = makeRoom()
            switch stream.receive(into: &input, pool: slabs) {
            case .bytes(let count):
                input.clear()
                discarded &+= count
                if discarded > Self.mostDiscarded {
                    close()
                    return false
                }
            case .wouldBlock:
                input.clear()
                return false
            case .end, .failed:
                close()
                return false
            }
        }
        return false
    }

    /// Throws the rest of a request body away, within a bound, so that the next request can be read behind it.
    private func discard() -> Bool {
        guard let exchange else { return false }
        while !exchange.requestIsRead {
            switch exchange.discardRequestBody(of: self) {
            case .progress(let count):
                discarded &+= count
                if discarded > Self.mostDiscarded {
                    letGo()
                    beginLingering()
                    return true
                }
            case .waiting: return false
            case .over:
                close()
                return false
            }
        }
        exchange.reset()
        phase = .idle
        began = loop.nowNanoseconds / 1000
        loop.setDeadline(self, loop.now &+ listener.settings.headTimeout)
        return true
    }

    // MARK: The end

    /// Closes a connection that carries nothing: the gateway drains.
    func closeIfIdle() {
        if phase == .idle || phase == .securing || phase == .prologue { close() }
        if phase == .streams { drainStreams() }
    }

    /// Ends whatever it carries, at once.
    func abort(_ reason: Reason) {
        if phase == .exchange, let exchange {
            exchange.abort(reason)
            run()
        }
        streams?.close(reason)
        close()
    }

    func close() {
        guard phase != .closed else { return }
        phase = .closed
        streams?.endLeftOver(.clientClosed)
        streams = nil
        letGo()
        clearBuffers()
        if resetsOnClose { stream.resetOnClose() }
        loop.retire(self)
        stream.close()
        if holdsPlace { listener.connections.giveBack() }
        proxy.closed(self)
    }
}
