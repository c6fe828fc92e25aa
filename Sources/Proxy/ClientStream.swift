// unsafe: refers to the exchange, which its loop keeps
import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTP2
import HTTPMessage
import Telemetry
import Transport

/// One stream of a client's HTTP/2 connection, as the client's side of its exchange. Used again for the next stream of its slot.
final class ClientStream: ClientSide {
    // The connection owns its streams.
    private unowned(unsafe) let session: StreamConnection
    let bytes: ClientStreamBytes
    /// It is among those that the connection will run.
    var isAwake = false
    private var held: Uncounted<Exchange>?
    private var isRunning = false
    var hasExchange: Bool { held != nil }

    init(of session: StreamConnection, on connection: ClientConnection) {
        unsafe self.session = session
        bytes = ClientStreamBytes(session, connection.proxy.slabs)
        super.init(of: connection, ByteStream(bytes))
    }

    // MARK: Begin

    func open(_ stream: HTTP2Stream) {
        bytes.open(stream)
        self.stream = ByteStream(bytes)
        resetsOnClose = false
        requestEndedAt = 0
        // Without a descriptor: nothing that could fail.
        _ = loop.register(self, watch: .nothing)
    }

    func begin(_ exchange: Uncounted<Exchange>, hasBody: Bool) {
        held = exchange
        stream.canReceive = hasBody
        exchange.lend {
            bytes.answersHead = $0.request.method == .head
            $0.start(for: self)
        }
        unsafe session.wake(self)
    }

    /// Answers a request that was understood and cannot be taken.
    func refuse(_ exchange: Uncounted<Exchange>, _ reason: Reason) {
        held = exchange
        exchange.lend {
            $0.client = self
            $0.clientAddress = addressText
            $0.requestAbandoned = true
            $0.fail(reason)
        }
        unsafe session.wake(self)
    }

    func take(trailers: borrowing FieldTable, in text: Span<UInt8>) {
        guard let exchange = held?.object, !exchange.message.fields.hasStrippedNames else { return }
        exchange.requestTrailers.attach(proxy.slabs)
        HeadWriter.writeTrailers(trailers, in: text, to: &exchange.requestTrailers)
    }

    /// The session has taken the framing off: the body ends where the client says so.
    override func reader(of framing: BodyFraming) -> BodyReader { BodyReader(framing == .chunked ? .untilClose : framing) }

    // MARK: Events

    override func resume() { run() }

    override func deadlinePassed() {
        held?.lend { $0.clientDeadlinePassed() }
        run()
    }

    override func run() {
        guard !isRunning, let held else { return }
        isRunning = true
        held.lend {
            $0.advance(for: self)
            if $0.hasEnded { settle($0) }
        }
        isRunning = false
        unsafe session.flushSoon()
    }

    /// The exchange is over: what it wrote is still to be sent.
    private func settle(_ exchange: Exchange) {
        let isCut = exchange.isCut || resetsOnClose
        exchange.record.end.clientConnection = isCut ? .closed : .kept
        exchange.finishRecord()
        if !isCut && !exchange.responseTrailers.isEmpty { swap(&bytes.outbox.trailers, &exchange.responseTrailers) }
        letGo()
        if bytes.stream == nil {
            unsafe session.outlived(self)
            release()
        } else if isCut {
            bytes.reset()
            release()
        } else {
            bytes.finish()
        }
    }

    /// Its stream is over, with all that either side has to say, and its tunnel has not passed on all of that yet. It is not used again then.
    func outlivesStream() -> Bool {
        guard let held, held.lend({ $0.phase == .tunnel }) else { return false }
        bytes.leave()
        stream.canReceive = true
        return true
    }

    /// The stream is over, whatever is left.
    func closed(_ reason: Reason?) {
        held?.lend {
            $0.abort(reason ?? .clientReset)
            $0.record.end.clientConnection = .closed
            $0.finishRecord()
        }
        letGo()
        release()
    }

    private func letGo() {
        guard let exchange = held.take() else { return }
        exchange.lend {
            $0.reset()
            proxy.recycle($0)
        }
    }

    private func release() {
        bytes.close()
        clearBuffers()
        loop.retire(self)
    }
}
