// unsafe: refers to its connection, which owns it
import Buffers
import EventLoops
import HTTP1
import HTTP2
import HTTPMessage
import Telemetry
import Transport

/// A client's HTTP/2 connection: the streams of its session, each with an exchange. Its `ClientConnection` reads and sends for it.
final class StreamConnection: ServerSession {
    private let owner: Uncounted<ClientConnection>
    private let proxy: ProxyLoop
    /// By the slots of the session's streams; used again for the next stream of the slot.
    private var clients: [ClientStream] = []
    /// Those whose exchanges can go on: after the session has returned, as it must not be called from within its own events.
    private var awake: [ClientStream] = []
    /// Those of streams that are over, with bytes of tunnels that the apps have not taken.
    private var leftOver: [ClientStream] = []
    var isDone: Bool { isOver && leftOver.isEmpty }
    private(set) var requestCount: UInt32 = 0

    init(of owner: ClientConnection) {
        self.owner = unsafe Uncounted(owner)
        proxy = owner.proxy
        var settings = SessionSettings()
        settings.heads = owner.listener.settings.limits
        settings.stallTime = owner.listener.settings.writeIdleTimeout
        super.init(settings: settings, slabs: owner.proxy.slabs, tables: owner.proxy.tableSlabs, spare: owner.proxy.spareWindow)
    }

    // MARK: What the connection calls

    /// Has the exchanges go on that can. False: there were none.
    func runAwake() -> Bool {
        guard !awake.isEmpty else { return false }
        while let client = awake.popLast() {
            client.isAwake = false
            client.run()
        }
        return true
    }

    func wake(_ client: ClientStream) {
        guard !client.isAwake else { return }
        client.isAwake = true
        awake.append(client)
    }

    /// An exchange has made progress outside of the connection's own events: what it wrote goes out at the end of the loop's turn, with what
    /// others write until then.
    func flushSoon() { owner.lend { $0.flushSoon() } }

    /// There is more of a response for the client, or its end.
    func sendMore(of stream: HTTP2Stream) { resume(stream, now: proxy.loop.now) }

    // MARK: Requests

    override func received(_ stream: HTTP2Stream, _ head: RequestHead, protocolName: ByteRange?, _ message: inout ReceivedFields) {
        let client = client(of: stream)
        let exchange = proxy.takeExchange()
        exchange.lend { exchange in
            swap(&exchange.headSlab, &message.slab)
            swap(&exchange.fields, &message.fields)
            exchange.request = head
            exchange.record = record()
            exchange.record.clientBytesIn = UInt64(head.end)
        }
        if let protocolName, !exchange.lend({ $0.becomeUpgrade(to: protocolName) }) { return client.refuse(exchange, .requestHeadTooLarge) }
        client.begin(exchange, hasBody: !stream.peerHasEnded)
    }

    override func mustRefuse(_ stream: HTTP2Stream, _ reason: Reason) {
        let client = client(of: stream)
        let exchange = proxy.takeExchange()
        exchange.lend { exchange in
            exchange.request = RequestHead()
            exchange.request.version = .http2
            exchange.fields.removeAll()
            exchange.record = record()
        }
        client.refuse(exchange, reason)
    }

    private func record() -> ExchangeRecord {
        var record = ExchangeRecord(began: proxy.loop.nowNanoseconds / 1000)
        record.tlsVersion = owner.lend { $0.tlsVersion }
        record.exchangesBefore = requestCount
        requestCount &+= 1
        let limit = owner.lend { $0.listener.settings.requestsAConnection }
        if limit > 0 && Int(requestCount) >= limit { drain() }
        return record
    }

    private func client(of stream: HTTP2Stream) -> ClientStream {
        while clients.count <= stream.slot { clients.append(owner.lend { ClientStream(of: self, on: $0) }) }
        let client = clients[stream.slot]
        client.open(stream)
        return client
    }

    // MARK: Bodies

    override func received(_ stream: HTTP2Stream, body: Span<UInt8>) {
        let client = clients[stream.slot]
        guard client.bytes.takeIn(body, proxy.bodySlabs) else { return consume(stream, body.count) }
        client.stream.canReceive = true
        wake(client)
    }

    override func received(_ stream: HTTP2Stream, trailers: borrowing FieldTable, in bytes: Span<UInt8>) {
        clients[stream.slot].take(trailers: trailers, in: bytes)
    }

    override func ended(_ stream: HTTP2Stream) {
        let client = clients[stream.slot]
        client.stream.canReceive = true
        wake(client)
    }

    override func closed(_ stream: HTTP2Stream, _ reason: Reason?) {
        let client = clients[stream.slot]
        // Its exchange may be over, and in the log, with the end of the response here.
        if reason == .clientWindowTooSlow && !client.hasExchange { owner.lend { $0.logRefusal(.clientWindowTooSlow) } }
        guard reason == nil, client.outlivesStream() else { return client.closed(reason) }
        leftOver.append(client)
        clients[stream.slot] = owner.lend { ClientStream(of: self, on: $0) }
        wake(client)
    }

    /// What was left over is with the app, or given up.
    func outlived(_ client: ClientStream) { leftOver.removeAll { $0 === client } }

    /// Ends what is left over: the connection goes.
    func endLeftOver(_ reason: Reason) {
        let clients = leftOver
        leftOver = []
        for client in clients { client.closed(reason) }
    }

    override func refused(_ number: Int32, _ reason: Reason) { owner.lend { $0.logRefusal(reason) } }

    override func outgoing(_ stream: HTTP2Stream, atMost most: Int) -> OutgoingBody { clients[stream.slot].bytes.outbox.outgoing(atMost: most) }

    override func write(_ stream: HTTP2Stream, _ count: Int, into output: inout OutputBuffer) {
        let client = clients[stream.slot]
        client.bytes.outbox.write(count, into: &output)
        if client.bytes.outbox.takeRoomAgain() {
            client.stream.canSend = true
            wake(client)
        }
    }

    override func writeTrailers(_ stream: HTTP2Stream, into list: inout HeadList) {
        clients[stream.slot].bytes.outbox.writeTrailers(into: &list)
    }
}
