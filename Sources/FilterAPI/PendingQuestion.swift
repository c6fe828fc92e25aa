/// A request's reason to wait: a question to somebody else, or only time. Whoever runs the pipeline starts it once, on the loop of the
/// request, and decides once the answer is there.
public final class PendingQuestion {
    package enum Kind {
        /// A task of the filter's.
        case question
        /// A request to an app.
        case subRequest(SubRequest, to: AppReference)
        /// Milliseconds to wait.
        case delay(Int64)
        /// An event, or so many milliseconds.
        case event(LoopEvent, Int64)
        /// Nothing: it has failed already.
        case unanswered
    }

    package let kind: Kind
    private let ask: (any TaskExecutor, @escaping @Sendable (Bool) -> Void) -> Task<Void, Never>?
    private var task: Task<Void, Never>?
    private let answerAndDecide: (inout Request) -> RequestDecision
    private let decideByResponse: (inout Request, borrowing SubResponse) -> RequestDecision

    init<Answer: Sendable>(
        _ question: @escaping @Sendable () async throws -> Answer, _ decide: @escaping (inout Request, Answer) -> RequestDecision
    ) {
        kind = .question
        let slot = AnswerSlot<Answer>()
        ask = { executor, done in
            Task(executorPreference: executor) {
                do {
                    slot.answer = try await question()
                    done(true)
                } catch {
                    done(false)
                }
            }
        }
        answerAndDecide = { request in
            guard let answer = slot.answer.take() else { preconditionFailure("decided before the answer was there") }
            return decide(&request, answer)
        }
        decideByResponse = Self.noResponse
    }

    init(_ request: SubRequest, to app: AppReference, _ decide: @escaping (inout Request, borrowing SubResponse) -> RequestDecision) {
        var request = request
        request.endTarget()
        kind = .subRequest(request, to: app)
        ask = { _, _ in nil }
        answerAndDecide = Self.noAnswer
        decideByResponse = decide
    }

    init(delay: Int64, _ decide: @escaping (inout Request) -> RequestDecision) {
        kind = .delay(max(0, delay))
        ask = { _, _ in nil }
        answerAndDecide = decide
        decideByResponse = Self.noResponse
    }

    init(event: LoopEvent, atMost milliseconds: Int64, _ decide: @escaping (inout Request) -> RequestDecision) {
        kind = .event(event, max(0, milliseconds))
        ask = { _, _ in nil }
        answerAndDecide = decide
        decideByResponse = Self.noResponse
    }

    /// A question that is not even asked.
    init() {
        kind = .unanswered
        ask = { _, _ in nil }
        answerAndDecide = Self.noAnswer
        decideByResponse = Self.noResponse
    }

    private static func noAnswer(_: inout Request) -> RequestDecision { preconditionFailure("decided without an answer") }
    private static func noResponse(_: inout Request, _: borrowing SubResponse) -> RequestDecision { preconditionFailure("no app was asked") }

    /// Starts the question as a task on `executor`. `done` is called there, once: true if there is an answer, false if the question
    /// threw. For anything but a task of the filter's nothing is started.
    package func start(on executor: any TaskExecutor, _ done: @escaping @Sendable (Bool) -> Void) { task = ask(executor, done) }

    /// The answer is not wanted any more.
    package func cancel() { task?.cancel() }

    /// Decides, once: after `done(true)`, after the delay, or when the event has happened or its time is up.
    package func decide(_ request: inout Request) -> RequestDecision { answerAndDecide(&request) }

    /// Decides by an app's response, once.
    package func decide(_ request: inout Request, by response: borrowing SubResponse) -> RequestDecision {
        decideByResponse(&request, response)
    }
}

/// Written and read on the loop of the request only: the task runs on its executor.
private final class AnswerSlot<Answer: Sendable>: @unchecked Sendable {
    var answer: Answer?
}
