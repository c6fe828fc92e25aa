// unsafe: refers to the question that waits for it, whose exchange keeps it
import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import Transport
import Upstreams

/// A request of a filter's own and the app's response to it. Taken from the loop's stock for one question and given back with it.
///
/// It never calls its exchange: it notes the outcome and has the question told on the loop's next turn. Whatever becomes of it, the app's
/// connection goes back to the pool clean, or is closed.
final class SubExchange: LeaseHolder {
    enum Outcome {
        /// `response` has at least its head.
        case answered
        case failed(Reason)
    }

    private enum Phase {
        case idle, leasing, head, body, ended
    }

    private var phase = Phase.idle
    private var request: SubRequest?
    /// On whose behalf it is, and who waits for it; nobody any more once it is given up.
    private var exchange: Exchange?
    private var waiting: Uncounted<WaitingQuestion>?
    private(set) var outcome: Outcome?
    var response: SubResponse
    private var reader = BodyReader()
    private var interimCount = 0
    /// The app took no more of the request: its connection is not used again.
    private var isCutShort = false
    /// No connection to the app is free, and none may be made.
    private var isQueued = false

    /// Interim responses that an app may send.
    private static let mostInterimResponses = 16

    override init(number: Int, proxy: ProxyLoop) {
        response = SubResponse(table: FieldTable(proxy.tableSlabs.take()))
        super.init(number: number, proxy: proxy)
    }

    /// The head of the response is there, and its body is awaited.
    var hasHead: Bool { phase == .body }

    /// What it was waiting for, should it have waited for too long.
    var patienceReason: Reason {
        guard phase == .leasing else { return app?.output.isEmpty == false ? .upstreamSendTimeout : .upstreamResponseTimeout }
        return isQueued ? .upstreamQueueTimeout : .upstreamConnectTimeout
    }

    /// Sets out. The outcome is told later, never from inside.
    func start(_ request: SubRequest, to app: Int, of exchange: Exchange, for waiting: WaitingQuestion) {
        self.request = request
        self.exchange = exchange
        self.waiting = unsafe Uncounted(waiting)
        phase = .leasing
        guard let upstream = proxy.upstreams[app] else { return echo() }
        if let fault = upstream.lend({ fault(of: request, $0) }) { return fail(fault) }
        lease(from: upstream)
        goOn()
    }

    /// Why the app does not get such a path, if it does not: as for a client's request.
    private func fault(of request: SubRequest, _ upstream: Upstream) -> Reason? {
        let target = request.bytes.span.extracting(first: request.targetCount)
        var end = 0
        while end < target.count, target[end] != UInt8(ascii: "?") { end += 1 }
        switch PathPolicy(allowsEscapedSeparators: upstream.settings.takesEscapedSeparators).examine(target.extracting(first: end)) {
        case .accepted: return nil
        case .refused(let fault): return fault.isAmbiguity ? .requestTargetAmbiguous : .requestTargetMalformed
        }
    }

    /// Forgets everything: there is an outcome, or it is not wanted any more.
    func end() {
        dropLease()
        resetLease()
        response.reset()
        phase = .idle
        request = nil
        exchange = nil
        waiting = nil
        outcome = nil
        interimCount = 0
        isCutShort = false
        isQueued = false
    }

    private func tell(_ outcome: Outcome) {
        phase = .ended
        self.outcome = outcome
        waiting?.lend { loop.runAgain($0) }
    }

    // MARK: The lease

    override var isIdempotent: Bool { request?.method.isIdempotent ?? false }
    override var isReplayable: Bool { true }

    override func leaseMoved(to step: LeaseStep) {
        phase = .leasing
        isQueued = step == .queued
        if step == .granted { waiting?.lend { loop.runAgain($0) } }
    }

    override func begin(on connection: AppConnection) {
        guard let request, let exchange else { return }
        phase = .head
        connection.output.attach(proxy.slabs)
        connection.output.removeAll()
        exchange.writeHead(of: request, to: connection)
        if connection.output.overflowed {
            connection.output.removeAll()
            return fail(.gatewayHeadTooLarge)
        }
        loop.setDeadline(connection, loop.now &+ connection.upstream.settings.sendIdleTimeout)
    }

    override func willTryAgain() {}

    override func fail(_ reason: Reason) {
        dropLease()
        tell(.failed(reason))
    }

    // MARK: Going on

    override func appReady() { goOn() }

    override func goOn() {
        // Once more when another connection has taken the place of one that failed.
        while phase == .head || phase == .body, let app, pump(app) {}
    }

    /// True: it has got another connection.
    private func pump(_ app: AppConnection) -> Bool {
        if !app.output.isEmpty && app.stream.canSend { send(app) }
        if phase == .head && holds(app) { readHead(app) }
        if phase == .body && holds(app) { readBody(app) }
        return phase == .head && !holds(app)
    }

    private func send(_ app: AppConnection) {
        let before = app.output.count
        let outcome = app.stream.send(&app.output)
        sentThisTry &+= before &- app.output.count
        switch outcome {
        case .done:
            app.output.detach()
            app.streamBytes?.end()
            if phase == .head { loop.setDeadline(app, loop.now &+ app.upstream.settings.responseTimeout) }
        case .wouldBlock:
            if app.output.count < before { loop.setDeadline(app, loop.now &+ app.upstream.settings.sendIdleTimeout) }
        case .failed:
            // It may have answered before it closed.
            app.output.removeAll()
            app.stream.canReceive = true
            isCutShort = true
        }
    }

    override func appDeadlinePassed() {
        switch phase {
        case .head: fail(app?.output.isEmpty == false ? .upstreamSendTimeout : .upstreamResponseTimeout)
        case .body: breakOff()
        case .idle, .leasing, .ended: break
        }
    }

    // MARK: The response

    private func readHead(_ app: AppConnection) {
        while true {
            if app.input.rawCount > 0 {
                switch parse(app) {
                case .complete where response.head.status >= 200: return takeHead(app)
                case .complete:
                    interimCount += 1
                    if response.head.status == 101 { return fail(.upstreamResponseUpgradeUnexpected) }
                    if interimCount > Self.mostInterimResponses { return fail(.upstreamResponseInterimFlood) }
                    app.input.consumeRaw(response.head.end &- app.input.rawStart)
                    continue
                case .failed(let reason): return fail(reason)
                case .incomplete: break
                }
            }
            guard app.stream.canReceive else { return }
            guard app.makeRoom() else { return fail(.upstreamResponseHeadTooLarge) }
            switch app.stream.receive(into: &app.input, pool: proxy.slabs) {
            // A part of a head is no progress: who drips one must not put its time-out off.
            case .bytes: break
            case .wouldBlock: return
            case .end: return connectionEnded(app, .upstreamResponseClosed)
            case .failed(let code): return connectionEnded(app, Reason(beforeResponse: code))
            }
        }
    }

    private func connectionEnded(_ app: AppConnection, _ reason: Reason) {
        if app.input.isEmpty && interimCount == 0 { failBeforeResponse(reason) } else { fail(reason) }
    }

    private func parse(_ app: AppConnection) -> ParseOutcome {
        // The table is only this one's: reading goes on where it ended.
        let method = request?.method ?? .get
        return app.input.withReceived { bytes in
            Self.parse(bytes, from: app.input.rawStart, &app.parser, answering: method, into: &response)
        }
    }

    private static func parse(
        _ bytes: Span<UInt8>, from start: Int, _ parser: inout ResponseParser, answering method: Method, into response: inout SubResponse
    ) -> ParseOutcome {
        parser.parse(bytes, from: start, answering: method, into: &response.head, fields: &response.fields.lines)
    }

    /// The bytes of the head are copied, at their offsets: the body comes into the buffer in which it stands.
    private func takeHead(_ app: AppConnection) {
        let head = response.head
        response.fields.slab = head.end <= proxy.slabs.slabSize ? proxy.slabs.take() : Slab(byteCount: head.end)
        response.fields.slab.copy(from: app.input.slab, at: app.input.rawStart, count: head.end &- app.input.rawStart)
        response.fields.end = head.end
        app.input.consumeRaw(head.end &- app.input.rawStart)
        reader = BodyReader(head.framing)
        phase = .body
        loop.setDeadline(app, loop.now &+ app.upstream.settings.bodyIdleTimeout)
        if let length = reader.lengthLeft, length > UInt64(bodyLimit) { return finish(.tooLarge) }
    }

    private var bodyLimit: Int { request?.bodyLimit ?? 0 }

    private func readBody(_ app: AppConnection) {
        while true {
            if app.input.payloadCount > 0 {
                guard reader.payloadBytes <= UInt64(bodyLimit) else { return finish(.tooLarge) }
                keep(app)
            }
            if reader.isFinished { return finish(.whole) }
            switch reader.decode(&app.input) {
            case .payload, .finished: continue
            case .malformed: return breakOff()
            case .trailers:
                switch readTrailers(app) {
                case .complete:
                    reader.finish()
                    continue
                case .incomplete: break
                case .failed: return breakOff()
                }
            case .needsMore: break
            }
            guard app.stream.canReceive else { return }
            guard app.makeRoom() else { return breakOff() }
            switch app.stream.receive(into: &app.input, pool: proxy.slabs) {
            case .bytes: loop.setDeadline(app, loop.now &+ app.upstream.settings.bodyIdleTimeout)
            case .wouldBlock: return
            case .end where reader.endsWithClose: reader.finish()
            case .end, .failed: return breakOff()
            }
        }
    }

    private func keep(_ app: AppConnection) {
        let count = app.input.payloadCount
        if !response.keptBody.isAttached {
            let most = min(bodyLimit, count &+ Int(clamping: reader.lengthLeft ?? UInt64(reader.isFinished ? 0 : bodyLimit)))
            let pool = most <= proxy.slabs.slabSize ? proxy.slabs : proxy.bodySlabs
            response.keptBody = OutputBuffer(most <= pool.slabSize ? pool.take() : Slab(byteCount: most))
        }
        app.input.withReceived { response.keptBody.append($0, ByteRange(start: app.input.start, count: count)) }
        app.input.consumePayload(count)
    }

    /// Trailers are read to find the end of the body. Nobody sees them.
    private func readTrailers(_ app: AppConnection) -> ParseOutcome {
        var end = 0
        let outcome = app.input.withReceived { bytes in
            proxy.responseTrailerParser.reset()
            return proxy.responseTrailerParser.parse(bytes, from: app.input.rawStart, fields: &proxy.trailerFields, end: &end)
        }
        if outcome == .complete { app.input.consumeRaw(end &- app.input.rawStart) }
        return outcome
    }

    /// There will be no more of the body.
    func breakOff() { finish(.brokenOff) }

    private func finish(_ state: SubResponse.BodyState) {
        response.bodyState = state
        let head = response.head
        let isClean = state == .whole && head.keepsAlive && head.framing != .untilClose && !isCutShort
        endLease(reusable: isClean, keepAliveTimeout: head.keepAliveTimeout)
        tell(.answered)
    }

    // MARK: The demo app

    /// A demo app answers with the request, as it does a client.
    private func echo() {
        guard let request else { return }
        response.head.status = 200
        response.fields.append(FieldName(.contentType), text: "application/json")
        response.keptBody = OutputBuffer(proxy.slabs.take())
        let json = EchoBody.json(of: request)
        response.keptBody.append(json.span)
        // Never in part.
        if response.keptBody.overflowed { response.bodyState = .tooLarge }
        tell(.answered)
    }
}
