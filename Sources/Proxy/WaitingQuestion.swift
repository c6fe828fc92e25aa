import EventLoops
import FilterAPI
import HTTPMessage

/// A request that waits for a filter: its timer, and what is asked. Loop-confined.
final class WaitingQuestion: EventSource {
    private let question: PendingQuestion
    /// Of the pipeline: the filter that asks.
    let step: Int
    private weak var exchange: Exchange?
    /// The request to an app, where one is asked.
    private var subExchange: SubExchange?
    /// Its place among those who wait for an event.
    private var eventWait: LoopEvent.Waiting?

    init(_ question: PendingQuestion, step: Int, of exchange: Exchange) {
        self.question = question
        self.step = step
        self.exchange = exchange
        super.init(on: exchange.loop)
    }

    /// - Parameter askTimeout: milliseconds that an answer may take.
    func start(askTimeout: Int64) {
        _ = loop.register(self, watch: .nothing)
        switch question.kind {
        case .delay(let milliseconds): loop.setDeadline(self, loop.now &+ max(1, milliseconds))
        case .event(let event, let milliseconds):
            loop.setDeadline(self, loop.now &+ max(1, milliseconds))
            if event.hasHappened { loop.runAgain(self) } else { eventWait = event.wait { [weak self] in self?.happened() } }
        case .question:
            loop.setDeadline(self, loop.now &+ max(1, askTimeout))
            let reference = WaitingReference(self)
            question.start(on: loop.executor) { isAnswered in reference.waiting?.answered(isAnswered) }
        case .subRequest(let request, let app):
            loop.setDeadline(self, loop.now &+ max(1, askTimeout))
            guard let exchange else { return }
            let made = exchange.proxy.takeSubExchange().object
            subExchange = made
            made.start(request, to: app.index, of: exchange, for: self)
        case .unanswered: loop.runAgain(self)
        }
    }

    private func answered(_ isAnswered: Bool) {
        if isAnswered { exchange?.answered(self) } else { exchange?.unanswered(self, .filterAskFailed, cause: cause) }
    }

    /// Why there is no answer; nil where only the filter's own task knows.
    private var cause: Reason? {
        if case .unanswered = question.kind { .filterAskAnswer } else { nil }
    }

    /// The filter may be in the midst of something: the request goes on afterwards.
    private func happened() { loop.runAgain(self) }

    /// The event has happened; or the request to the app has an outcome, or its turn to go on.
    override func resume() {
        if case .event = question.kind { return answered(true) }
        guard let subExchange else { return answered(false) }
        switch subExchange.outcome {
        case .answered: exchange?.answered(self)
        case .failed(let reason): exchange?.unanswered(self, Self.isOfRequest(reason) ? reason : .filterAskFailed, cause: reason)
        case nil:
            subExchange.takeGrant()
            subExchange.goOn()
        }
    }

    /// The client's request is why nobody could be asked: it gets the answer that it would get for itself, and never passes.
    private static func isOfRequest(_ reason: Reason) -> Bool {
        switch reason {
        case .gatewayHeadTooLarge, .requestTargetAmbiguous, .requestTargetMalformed: true
        default: false
        }
    }

    override func deadlinePassed() {
        switch question.kind {
        case .delay, .event: return answered(true)
        case .question, .subRequest, .unanswered: break
        }
        // It is answered, and told of that in this turn.
        if subExchange?.outcome != nil { return }
        // What the head says counts, however long the body takes.
        if let subExchange, subExchange.hasHead { return subExchange.breakOff() }
        exchange?.unanswered(self, .filterAskTimeout, cause: subExchange?.patienceReason)
    }

    /// Has the filter decide, once.
    func decide(_ request: inout Request) -> RequestDecision {
        guard let subExchange else { return question.decide(&request) }
        return question.decide(&request, by: subExchange.response)
    }

    func end() {
        loop.retire(self)
        if case .event(let event, _) = question.kind, let eventWait = eventWait.take() { event.forget(eventWait) }
        question.cancel()
        if let subExchange = subExchange.take() {
            subExchange.end()
            subExchange.proxy.recycle(subExchange)
        }
    }
}

/// Lets a task's closure name a waiting request; it runs on the request's own loop.
private final class WaitingReference: @unchecked Sendable {
    weak var waiting: WaitingQuestion?
    init(_ waiting: WaitingQuestion) { self.waiting = waiting }
}
