import FilterAPI
import HTTP1
import Pipeline

/// One request on its way through the filters of a harness, and its response on the way back.
public final class TestExchange {
    public enum Stage: Equatable {
        /// It has passed all filters and would go to an app.
        case forwarded
        /// A filter answered it.
        case answered
        /// A filter waits: for `answer()`, `delayIsOver()`, `goOn()`, or for an app that says nothing.
        case waiting
        case finished
    }

    private let filters: FilterHarness.LoopFilters
    private var request: Request
    private var responseStorage: Response
    private let pool = SlabPool(slabSize: 16 * 1024)
    private var question: (question: PendingQuestion, step: Int)?
    private var reached = 0
    public private(set) var stage = Stage.waiting
    /// The answer of a filter, after the response filters before it.
    public private(set) var reply: TestResponse?
    /// What filters asked apps, in their order.
    public private(set) var asked: [TestSubRequest] = []

    /// Nil if the bytes are no request head, or hold more than one.
    init?(
        _ bytes: [UInt8], client: String, destination: ConnectionEnd? = nil, https: Bool, certificate: String? = nil, isTrusted: Bool,
        filters: FilterHarness.LoopFilters, explanation: Explanation? = nil
    ) {
        self.filters = filters
        request = Request(table: FieldTable(Slab(byteCount: 512 * 16)), state: StateBlock(filters.state.layout))
        responseStorage = Response(table: FieldTable(Slab(byteCount: 512 * 16)))
        var slab = Slab(byteCount: max(bytes.count, 1) + 4096)
        _ = slab.write(bytes.span, at: 0)
        var parser = RequestParser(limits: HeadLimits(headBytes: 256 * 1024, targetBytes: 128 * 1024, fieldCount: 500))
        var parsed = RequestHead()
        let outcome = parser.parse(slab.bytes.extracting(0..<bytes.count), from: 0, into: &parsed, fields: &request.fields.lines)
        guard outcome == .complete, parsed.end == bytes.count else { return nil }
        request.head = parsed
        swap(&request.fields.slab, &slab)
        request.fields.end = bytes.count
        // Before any filter the gateway takes slashes off until one is left.
        let path = request.pathRange
        if path.count > 1, request.fields.bytes[path.lower &+ 1] == UInt8(ascii: "/") { request.replacePathPrefix(0, with: Span()) }
        request.isHTTPS = https
        if https { request.tlsVersion = "1.3" }
        request.clientCertificate = certificate.map { Array($0.utf8) }
        request.isFromTrustedProxy = isTrusted
        request.clientAddress = IPAddress(client)?.unmapped
        request.destination = destination
        request.explanation = explanation
        take(filters.pipeline.advance(&request))
    }

    private func take(_ outcome: RequestOutcome) {
        question = nil
        switch outcome {
        case .forward:
            stage = .forwarded
            reached = filters.pipeline.count
        case .wait(let pending, let step):
            stage = .waiting
            question = (pending, step)
            reached = filters.pipeline.reached(atStep: step)
            if case .unanswered = pending.kind { return unanswered(.filterAskFailed) }
            if case .subRequest(let asked, let app) = pending.kind { ask(asked, app) }
        case .reply(let answer, let reached):
            self.reached = reached
            show(answer, passed: reached - 1)
        }
    }

    private func show(_ answer: Reply, passed: Int) {
        stage = .answered
        responseStorage.become(answer, answering: request.method)
        filters.pipeline.processResponse(&responseStorage, for: request, passed: passed)
        let body = responseStorage.hasBody ? answer.content.body : []
        reply = TestResponse(responseStorage, head: Self.bytes(responseStorage, answering: request.method), outputs: [body], isComplete: true)
    }

    private func ask(_ asked: SubRequest, _ app: AppReference) {
        guard let (question, step) = question else { return }
        let shown = TestSubRequest(asked)
        self.asked.append(shown)
        // A request that is explained sends nothing.
        guard request.explanation == nil, let script = filters.answers.byApp[app.index] else { return }
        switch script(shown) {
        case .response(let head, let body): decide(question, TestAnswer.subResponse(head, body, to: asked), step)
        case .brokenOff(let head): decide(question, TestAnswer.subResponse(head, nil, to: asked), step)
        case .failure: unanswered(.filterAskFailed)
        case .silence: break
        }
    }

    private func decide(_ question: PendingQuestion, _ response: borrowing SubResponse, _ step: Int) {
        take(filters.pipeline.follow(question.decide(&request, by: response), of: &request, step: step))
    }

    /// Does what the section's `on-failure` says.
    private func unanswered(_ reason: Reason) {
        guard let (_, step) = question else { return }
        if filters.failsOpen[reached - 1] {
            take(filters.pipeline.advance(&request, from: step + 1))
        } else {
            // The filter that asked did not answer itself: it sees the response too.
            question = nil
            show(Reply(reason), passed: reached)
        }
    }

    /// The time is up that an app may take to answer (`ask-timeout`).
    public func askTimesOut() {
        guard case .subRequest? = question?.question.kind else { preconditionFailure("it asks no app") }
        unanswered(.filterAskTimeout)
    }

    public var isForwarded: Bool { stage == .forwarded }

    /// Sends the request through the request filters once more, as it stands now: for tests that count what a filter allocates, or measure
    /// it, without what the harness does around it.
    ///
    /// - Parameter client: who sends it now; nil for the same as before.
    /// - Returns: whether it passed all of them.
    public func passAgain(from client: IPAddress? = nil) -> Bool {
        if let client { request.clientAddress = client }
        if case .forward = filters.pipeline.advance(&request) { return true }
        return false
    }

    /// The same several times.
    ///
    /// - Returns: how often it has passed all of them.
    package func passAgain(times: Int) -> Int {
        var passed = 0
        for _ in 0..<times where passAgain() { passed += 1 }
        return passed
    }

    /// The same as a whole exchange: its state is as new, and at the end completion observers are told.
    public func passAgainAndFinish() {
        request.state.reset()
        _ = passAgain()
        let summary = ExchangeSummary(status: 200, reason: nil, isComplete: true, microseconds: 1000, bytesIn: 100, bytesOut: 100)
        filters.pipeline.finish(summary, for: request, reached: filters.pipeline.count)
    }

    /// Milliseconds that the request is to wait; nil if it does not, or asks somebody.
    public var delay: Int64? {
        if case .delay(let milliseconds)? = question?.question.kind { milliseconds } else { nil }
    }

    /// The time is up that the request waited for.
    public func delayIsOver() {
        guard let (question, step) = question, delay != nil else { preconditionFailure("it does not wait for time") }
        take(filters.pipeline.follow(question.decide(&request), of: &request, step: step))
    }

    /// What it waits for; nil if for nothing, for time, or for an answer.
    public var event: LoopEvent? {
        if case .event(let event, _)? = question?.question.kind { event } else { nil }
    }

    /// Milliseconds that it waits for the event at most.
    public var patience: Int64? {
        if case .event(_, let milliseconds)? = question?.question.kind { milliseconds } else { nil }
    }

    /// The event has happened that it waited for, or the time is up.
    public func goOn() {
        guard let (question, step) = question, event != nil else { preconditionFailure("it does not wait for an event") }
        take(filters.pipeline.follow(question.decide(&request), of: &request, step: step))
    }

    /// Waits for the answer of the task that a filter started, and goes on.
    ///
    /// - Returns: false if the question threw; the exchange then waits on, and the gateway would do what `on-failure` says.
    @discardableResult
    public func answer() async -> Bool {
        guard let (question, step) = question, case .question = question.kind else { preconditionFailure("it does not wait for a task") }
        let executor = TestExecutor()
        let isAnswered = await withCheckedContinuation { continuation in
            question.start(on: executor) { continuation.resume(returning: $0) }
        }
        if isAnswered { take(filters.pipeline.follow(question.decide(&request), of: &request, step: step)) }
        return isAnswered
    }

    /// The client goes away while a filter waits for an answer.
    public func cancel() {
        guard let (question, _) = question else { preconditionFailure("it does not wait") }
        question.cancel()
    }

    // MARK: The request as it stands

    /// The head as the app would get it, but for the gateway's own fields: request line and field lines, ended by LF.
    public var head: String { String(decoding: headBytes, as: UTF8.self).replacing("\r\n", with: "\n") }

    /// The same as it would be sent, but for the empty line at its end.
    package var headBytes: [UInt8] { Self.bytes(request) }

    /// A filter added more than a message can hold: the gateway answers with an error.
    package var isTooLarge: Bool { request.fields.overflowed }

    private static func bytes(_ request: borrowing Request) -> [UInt8] {
        var out = OutputBuffer(Slab(byteCount: 512 * 1024))
        HeadWriter.writeRequestLine(request.head, in: request.fields.bytes, to: &out)
        out.append("Host: ")
        out.append(request.fields.bytes, request.head.authority)
        out.appendCRLF()
        HeadWriter.writeRequestFields(request.fields.lines, in: request.fields.bytes, dropping: .forwarding, to: &out)
        return HeadText.copy(out.readable)
    }

    /// The path and query as the app would get them.
    public var target: String { String(head.split(separator: " ", maxSplits: 2)[1]) }

    /// The value of a field as it stands; nil without one.
    public func field(_ name: FieldName) -> String? { request.fields[name] }

    /// What the filters said of their decisions, where the request was sent by `explain`.
    public var notes: [String] { request.explanation?.notes.map(\.text) ?? [] }

    /// The id that a filter gave it; nil without one.
    public var id: String? { Self.id(request) }

    private static func id(_ request: borrowing Request) -> String? {
        request.idRange.isEmpty ? nil : request.fields.bytes.text(request.idRange)
    }

    /// The number of the app that a filter chose, counted from 1 in the harness's `apps`; nil for the pipeline's own.
    public var chosenApp: Int? { request.chosenApp }

    /// Bytes of a body above which the gateway answers with 413.
    public var bodyLimit: UInt64 { request.maxBodyBytes }

    /// Passes a request body through the transforms that filters asked for.
    ///
    /// - Returns: the outputs between two flushes, or nil if a transform failed.
    public func sendBody(_ pieces: [TestPiece], roomAtOnce room: Int = 16 * 1024) -> [[UInt8]]? {
        guard !request.transforms.isEmpty else { return TestPiece.outputs(pieces) }
        return BodyRun(request.transforms, pool: pool).run(pieces, room: room)
    }

    // MARK: The response

    /// Sends an app's response back through the filters.
    ///
    /// - Parameters:
    ///   - head: as it would come, with LF or CRLF at line ends.
    ///   - body: the body, as the app sends it but for its framing.
    ///   - room: bytes of room that transforms get at once.
    public func respond(_ head: String, _ body: [TestPiece] = [], roomAtOnce room: Int = 16 * 1024) -> TestResponse {
        guard let response = response(HeadText.wire(head), body, roomAtOnce: room) else { preconditionFailure("no response head: \(head)") }
        return response
    }

    /// The same with the bytes of a head; nil if they are none, or hold more than one.
    package func response(_ bytes: [UInt8], _ body: [TestPiece], roomAtOnce room: Int = 16 * 1024) -> TestResponse? {
        precondition(stage == .forwarded, "the request is not with an app")
        responseStorage.reset()
        var slab = Slab(byteCount: max(bytes.count, 1) + 4096)
        _ = slab.write(bytes.span, at: 0)
        var parser = ResponseParser(limits: HeadLimits(headBytes: 256 * 1024, targetBytes: 1, fieldCount: 500))
        var parsed = ResponseHead()
        let outcome = parser.parse(
            slab.bytes.extracting(0..<bytes.count), from: 0, answering: request.method, into: &parsed,
            fields: &responseStorage.fields.lines)
        guard outcome == .complete, parsed.end == bytes.count else { return nil }
        responseStorage.head = parsed
        swap(&responseStorage.fields.slab, &slab)
        responseStorage.fields.end = bytes.count
        responseStorage.answersHead = request.method == .head
        awaitLength(of: body)
        filters.pipeline.processResponse(&responseStorage, for: request, passed: reached)
        let outputs: [[UInt8]]?
        if !responseStorage.hasBody {
            outputs = [[]]
        } else if responseStorage.transforms.isEmpty {
            outputs = TestPiece.outputs(body)
        } else {
            outputs = BodyRun(responseStorage.transforms, pool: pool).run(body, room: room)
        }
        return TestResponse(
            responseStorage, head: Self.bytes(responseStorage, answering: request.method), outputs: outputs ?? [], isComplete: outputs != nil)
    }

    /// Does for a `LengthAwaitingFilter` what the gateway does: reads on until enough of the body is there, or its end, or the app pauses.
    private func awaitLength(of body: [TestPiece]) {
        guard responseStorage.hasOpenEnd else { return }
        let awaited = filters.pipeline.awaitedBytes(of: responseStorage, for: request, passed: reached)
        var count = 0
        for piece in body {
            guard count < awaited, case .bytes(let bytes) = piece else { return }
            count += bytes.count
        }
        if count < awaited { responseStorage.wholeLength = UInt64(count) }
    }

    private static func bytes(_ response: borrowing Response, answering method: Method) -> [UInt8] {
        var out = OutputBuffer(Slab(byteCount: 512 * 1024))
        HeadWriter.writeStatusLine(response.head, in: response.fields.bytes, to: &out)
        HeadWriter.writeResponseFields(
            response.fields.lines, of: response.head, answering: method, in: response.fields.bytes,
            dropping: response.lengthChanges ? [.contentLength] : TokenSet(), to: &out)
        return HeadText.copy(out.readable)
    }

    /// Ends the exchange: completion observers are told. Once.
    public func finish(status: UInt16 = 200, isComplete: Bool = true) {
        precondition(stage != .finished, "it has finished")
        stage = .finished
        let summary = ExchangeSummary(
            status: reply?.status ?? status, reason: nil, isComplete: isComplete, microseconds: 1000, bytesIn: 100, bytesOut: 100)
        filters.pipeline.finish(summary, for: request, reached: reached)
    }
}
