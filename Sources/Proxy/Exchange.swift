// unsafe: refers to both connections and the upstream, which their loop keeps
import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Pipeline
import Routing
import Telemetry
import Transport
import Upstreams

/// One request and its response: what was parsed, where it goes, how far both bodies are, and what it waits for. Taken from the
/// loop's stock and given back, so that a request allocates none.
///
/// It never calls back into its client's connection: `advance` does what can be done now and leaves the phase for the connection to
/// read. Only the connection starts the next exchange.
final class Exchange: LeaseHolder {
    enum Phase {
        case idle
        /// In the upstream's queue.
        case queued
        /// The upstream has decided; to be carried out on the loop's next turn.
        case granted
        /// A connection is being made for it (`app`).
        case connecting
        /// A filter waits for an answer, or for time (`question`).
        case asking
        /// The request is being sent, or its response head is awaited.
        case request
        /// The response head is there, and filters wait for the beginning of the body (`held`).
        case holding
        /// The response head is with the client's output; the body is passed on.
        case response
        case tunnel
        /// The gateway's own answer, of which the client's output holds all or the beginning (`local`), is being sent.
        case reply
        /// The demo app reads the request body.
        case echo
        case ended
    }

    /// What the exchange cannot go on without. Each has its time-out.
    struct Waits: OptionSet {
        let rawValue: UInt8
        static let clientBody = Waits(rawValue: 1)
        static let clientTakes = Waits(rawValue: 2)
        static let appTakes = Waits(rawValue: 4)
        static let appHead = Waits(rawValue: 8)
        static let appBody = Waits(rawValue: 16)
    }

    // The loop keeps connections until the end of the turn in which they are closed, and a connection that closes ends its exchange.
    private(set) var clientReference: Uncounted<ClientSide>?
    var client: ClientSide? {
        get { clientReference?.object }
        set { clientReference = newValue.map { unsafe Uncounted($0) } }
    }
    /// Who the request comes from: the peer, or whom trusted proxies name. What the log and filters see.
    var clientAddress = AddressText()

    /// The request as filters see it: its head, its fields, and the slab that holds their bytes until the exchange ends.
    var message: Request
    var request: RequestHead {
        _read { yield message.head }
        _modify { yield &message.head }
    }
    var fields: FieldTable {
        _read { yield message.fields.lines }
        _modify { yield &message.fields.lines }
    }
    var headSlab: Slab {
        _read { yield message.fields.slab }
        _modify { yield &message.fields.slab }
    }
    /// The pipelines that the request has entered.
    var passage = Passage()
    /// Its times, where its listener tells them.
    var stopwatch: Stopwatch?
    /// What a filter waits for.
    var question: WaitingQuestion?
    /// Bodies that filters transform; nil where none does.
    var requestTransform: TransformedBody?
    var responseTransform: TransformedBody?
    /// A head that waits for the beginning of its body, and that beginning until it is passed on.
    var held: HeldHead?
    /// What filters allow a body of the app.
    var mostResponseBytes = UInt64.max
    /// The rest of an answer of the gateway's own.
    var local: LocalBody?
    /// Bytes of the path that the app does not get, and what stands for them.
    var strippedPath = 0
    var replacement: [UInt8]?

    var phase = Phase.idle
    var waits: Waits = []
    var requestReader = BodyReader()
    var requestWriter = BodyWriter()
    /// The request is with the app's kernel to the last byte.
    var requestDone = false
    var requestWriterEnded = false
    var responseWriterEnded = false
    /// The app takes no more of it; what still comes from the client is thrown away.
    var requestAbandoned = false
    var response = ResponseHead()
    var responseReader = BodyReader()
    var responseWriter = BodyWriter()
    var requestTrailers = OutputBuffer()
    var responseTrailers = OutputBuffer()
    var pipe: SplicePipeBox?
    /// Where the whole body lies in the client's buffer, if it came with the head: it can be sent again.
    private var replayableBody: ByteRange?
    /// The client's connection may carry another exchange after this one.
    var keepsClient = false
    var asksUpgrade = false
    var interimCount = 0
    /// A 100 (Continue) was passed on: the client sends its body.
    var sawContinue = false
    /// Times on the loop's clock by which the app must take and send something.
    var appTakesBy = Int64.max
    var appSpeaksBy = Int64.max
    /// When its silence is a pause, where that makes a difference.
    var pausesAt = Int64.max
    /// It has paused, and has not gone on.
    var hasPaused = false
    /// Bytes that a client which ended its side had been sent when it was looked at last.
    var sentAtLook: UInt64 = 0
    /// How fast the client sends its body, and takes the response.
    var bodyPace = ClientPace()
    var takePace = ClientPace()
    /// The response to the client ends with its connection: a cut one must end in a reset.
    var responseEndsWithClose = false
    /// It was ended before its response was complete.
    private(set) var isCut = false
    /// The server the exchange went to last, for the log.
    var lastServer = -1
    var upEnded = false
    var downEnded = false
    var record = ExchangeRecord(began: 0)
    var echo: EchoBody?

    override init(number: Int, proxy: ProxyLoop) {
        message = Request(table: FieldTable(proxy.tableSlabs.take()), state: StateBlock(proxy.stateLayout))
        super.init(number: number, proxy: proxy)
    }

    /// Microseconds on the loop's clock, for the record's marks.
    var microseconds: Int64 { loop.nowNanoseconds / 1000 }

    var hasEnded: Bool {
        phase == .ended
    }

    /// All that is awaited now comes from the app, its upstream or a filter.
    var awaitsOnlyApp: Bool {
        switch phase {
        case .queued, .granted, .asking, .connecting, .request, .holding, .response: waits.isDisjoint(with: [.clientBody, .clientTakes])
        case .idle, .tunnel, .reply, .echo, .ended: false
        }
    }

    /// Makes it as new. Buffers go back to their pools.
    func reset() {
        clientReference = nil
        resetLease()
        message.fields.slab = Slab()
        message.fields.lines.removeAll()
        if passage.count > 0 { leavePassage() }
        if replacement != nil { replacement = nil }
        if stopwatch != nil { stopwatch = nil }
        strippedPath = 0
        phase = .idle
        waits = []
        requestDone = false
        requestWriterEnded = false
        responseWriterEnded = false
        requestAbandoned = false
        if requestTrailers.isAttached { requestTrailers.detach() }
        if responseTrailers.isAttached { responseTrailers.detach() }
        if pipe != nil { pipe = nil }
        replayableBody = nil
        keepsClient = false
        asksUpgrade = false
        interimCount = 0
        sawContinue = false
        sentAtLook = 0
        appTakesBy = .max
        appSpeaksBy = .max
        endPause()
        upEnded = false
        downEnded = false
        bodyPace = ClientPace()
        takePace = ClientPace()
        responseEndsWithClose = false
        isCut = false
        lastServer = -1
        response = ResponseHead()
        if echo != nil { echo = nil }
        if local != nil { local = nil }
        if held != nil { held = nil }
    }

    /// Makes as new what only requests with filters use.
    private func leavePassage() {
        passage = Passage()
        mostResponseBytes = .max
        message.reset()
        requestTransform?.stages.abandon()
        responseTransform?.stages.abandon()
        requestTransform = nil
        responseTransform = nil
    }

    // MARK: Events

    /// The app's connection is ready for something.
    override func appReady() { clientReference?.lend { $0.run() } }

    override func appDeadlinePassed() { checkAppDeadlines() }

    override func goOn() { client?.run() }

    override func leaseMoved(to step: LeaseStep) {
        switch step {
        case .queued: phase = .queued
        case .granted:
            phase = .granted
            if let client { loop.runAgain(client) }
        case .connecting:
            record.marks.granted = microseconds
            phase = .connecting
        }
    }

    // MARK: Going on

    /// Does all that can be done for its client without waiting.
    func advance(for client: ClientSide) {
        switch phase {
        case .idle, .queued, .asking, .connecting, .ended: return
        case .granted: takeGrant()
        default: break
        }
        // Once more when another connection has taken the place of one that failed: nothing was sent on it yet.
        while phase == .request || phase == .holding || phase == .response, let app = appReference, app.lend({ pump($0, client) }) {}
        // What comes of it, an error for instance, is sent at once.
        if phase == .echo { pumpEcho() }
        switch phase {
        case .tunnel: pumpTunnel()
        case .reply: if local == nil { flushReply() } else { pumpLocal() }
        default: break
        }
    }

    /// Moves bytes both ways. True: the exchange has got another connection.
    private func pump(_ app: AppConnection, _ client: ClientSide) -> Bool {
        if !requestDone && !requestAbandoned { pumpRequest(app, client) }
        if phase == .request && holds(app) { pumpHead(app, client) }
        if phase == .holding && holds(app) { pumpHeld(app, client) }
        if phase == .response && holds(app) {
            if !requestDone && !requestAbandoned { pumpRequest(app, client) }
            if phase == .response { pumpResponse(app, client) }
        }
        return phase == .request && !holds(app)
    }

    // MARK: The lease

    override var needsHTTP1: Bool { asksUpgrade }
    override var isIdempotent: Bool { request.method.isIdempotent }
    override var isReplayable: Bool {
        // What went through a transform is gone, and that of an empty body may have come out, too.
        if let requestTransform { return !requestTransform.hasBegun }
        return requestReader.payloadBytes == 0 || replayableBody != nil
    }

    /// Starts to send the request on a leased connection.
    override func begin(on connection: AppConnection) {
        record.marks.granted = record.marks.granted == ExchangeMarks.notReached ? microseconds : record.marks.granted
        record.marks.connected = microseconds
        if stopwatch != nil { stopwatch?.ask(at: loop.clockNanoseconds()) }
        record.tries &+= 1
        record.end.appConnection = connection.wasUsed ? .reused : record.tries > 1 ? .freshAfterRetry : .new
        lastServer = connection.server
        requestDone = false
        requestWriterEnded = false
        phase = .request
        clientReference?.lend {
            prepareBody($0)
            writeRequestHead(to: connection, for: $0)
        }
    }

    override func willTryAgain() {
        // The connection that took no more of it is gone.
        requestAbandoned = false
        waits = []
        appTakesBy = .max
        appSpeaksBy = .max
    }

    /// Notes a body that is there as a whole, or puts it back for another try. Nothing is received behind it until the exchange is over,
    /// so its bytes stay where they are.
    func prepareBody(_ client: ClientSide) {
        if !message.transforms.isEmpty {
            if requestTransform == nil { requestTransform = TransformedBody(message.transforms, pool: slabs) }
        } else if let body = replayableBody, requestReader.payloadBytes > 0 {
            client.input.start = body.lower
            client.input.payloadEnd = body.upper
            client.input.rawStart = body.upper
        } else if case .length(let count) = request.framing, count > 0, requestReader.payloadBytes == 0,
            UInt64(client.input.rawCount) >= count
        {
            replayableBody = ByteRange(start: client.input.rawStart, count: Int(count))
        }
    }

    override func take(trailers: borrowing FieldTable, in text: Span<UInt8>) {
        responseTrailers.attach(slabs)
        HeadWriter.writeTrailers(trailers, in: text, to: &responseTrailers)
    }

    // MARK: Ends

    /// Gives the app's connection back. It can be used again only if everything on it ended cleanly.
    func releaseApp(reusable: Bool) { endLease(reusable: reusable && requestDone, keepAliveTimeout: response.keepAliveTimeout) }

    /// Ends the exchange for `reason`: with an answer where none has begun, else by cutting the client's connection off.
    override func fail(_ reason: Reason) {
        noteEnd(reason)
        switch phase {
        case .response, .tunnel, .ended: abort(reason)
        default:
            leaveUpstream()
            writeReply(reason)
        }
    }

    /// Ends the exchange without an answer; the client's connection is closed.
    func abort(_ reason: Reason) {
        if hasEnded { return }
        noteEnd(reason)
        leaveUpstream()
        keepsClient = false
        isCut = true
        if record.status == 0 { record.status = reason.status }
        // A body that ends with the connection would look complete: a reset says that it is not (RFC 9112 §8).
        if phase == .response || phase == .reply, responseEndsWithClose, let client { client.resetsOnClose = true }
        phase = .ended
    }

    /// Ends it before it has begun: a filter refuses the connection.
    func turnAway(_ reason: ReplyReason) {
        noteReply(reason)
        keepsClient = false
        record.status = Reason.clientClosed.status
        phase = .ended
    }

    private func leaveUpstream() {
        endQuestion()
        dropLease()
        pipe = nil
        held = nil
        waits = []
    }

    /// Notes that a filter answered.
    func noteReply(_ reason: ReplyReason) {
        guard record.reasonCode == nil else { return }
        record.replyReason = reason.code
        proxy.account?.reason = reason.code
        record.end.party = .gateway
        record.end.phase = .requestHead
    }

    /// Notes who ended it and when, the first time.
    private func noteEnd(_ reason: Reason) {
        guard record.reasonCode == nil else { return }
        record.reason = reason
        proxy.account?.reason = reason.code
        record.end.party = EndState.Party(reason)
        record.end.phase = endPhase
    }

    private var endPhase: EndState.Phase {
        switch phase {
        case .idle: .requestHead
        case .queued, .granted, .asking: .queue
        case .connecting: .connect
        case .request: requestDone ? .responseHead : .requestBody
        case .holding, .response: .responseBody
        case .tunnel: .tunnel
        case .echo: .requestBody
        case .reply, .ended: .complete
        }
    }
}
