/// A request's reason to wait: a question to somebody else, or only time. Whoever runs the pipeline starts it once, on the loop of the
/// request, and decides once the answer is there.
public final class PendingQuestion {
    package enum Kind {
        case question
        /// Milliseconds to wait.
        case delay(Int64)
        /// An event, or so many milliseconds.
        case event(LoopEvent, Int64)
    }

    package let kind: Kind
    private let ask: (any TaskExecutor, @escaping @Sendable (Bool) -> Void) -> Task<Void, Never>?
    private var task: Task<Void, Never>?
    private let answerAndDecide: (inout Request) -> RequestDecision

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
    }

    init(delay: Int64, _ decide: @escaping (inout Request) -> RequestDecision) {
        kind = .delay(max(0, delay))
        ask = { _, _ in nil }
        answerAndDecide = decide
    }

    init(event: LoopEvent, atMost milliseconds: Int64, _ decide: @escaping (inout Request) -> RequestDecision) {
        kind = .event(event, max(0, milliseconds))
        ask = { _, _ in nil }
        answerAndDecide = decide
    }

    /// Starts the question as a task on `executor`. `done` is called there, once: true if there is an answer, false if the question
    /// threw. For a delay or an event nothing is started.
    package func start(on executor: any TaskExecutor, _ done: @escaping @Sendable (Bool) -> Void) { task = ask(executor, done) }

    /// The answer is not wanted any more.
    package func cancel() { task?.cancel() }

    /// Decides, once: after `done(true)`, after the delay, or when the event has happened or its time is up.
    package func decide(_ request: inout Request) -> RequestDecision { answerAndDecide(&request) }
}

/// Written and read on the loop of the request only: the task runs on its executor.
private final class AnswerSlot<Answer: Sendable>: @unchecked Sendable {
    var answer: Answer?
}
