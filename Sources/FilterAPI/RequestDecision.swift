/// What becomes of a request.
public enum RequestDecision {
    /// It goes on.
    case forward
    /// It is answered here. The reply passes the response filters of those before this one.
    case respond(Reply)
    /// It waits. Made by `ask`, `delay` and `wait(for:atMost:then:)`.
    case wait(PendingQuestion)
}

extension RequestDecision {
    /// Asks somebody else first.
    ///
    /// - Parameters:
    ///   - question: runs as a task on this loop's thread. It sees no request: it captures copies. It is cancelled when the client goes
    ///     away or the time is up, and its answer is then dropped.
    ///   - decide: runs later on this loop, not concurrently with anything else of it, and may edit the request.
    ///
    /// How long it may take, and what happens when it throws or takes longer, is the operator's choice: `ask-timeout` and
    /// `on-failure = open | closed` of the section.
    public static func ask<Answer: Sendable>(
        _ question: @escaping @Sendable () async throws -> Answer,
        then decide: @escaping (inout Request, Answer) -> RequestDecision
    ) -> RequestDecision {
        .wait(PendingQuestion(question, decide))
    }

    /// Asks an app of the config, over this loop's pool of its connections: with its limits, time-outs and retries, as for a client's
    /// request. No task is started, and no thread waits.
    ///
    /// - Parameters:
    ///   - app: from `LoopContext.app(named:)`; name it in an option of type `.section`.
    ///   - request: what is asked.
    ///   - decide: runs later on this loop, once, with whatever the app answered, and may edit the request. It may ask again.
    ///
    /// `ask-timeout` and `on-failure` hold as above: a failure is a response that did not come, or whose head cannot be read. An answer
    /// whose body is too large or breaks off is one all the same: `SubResponse.bodyState` says so. When the client goes away, the
    /// request to the app is given up, and its connection closed.
    public static func ask(
        _ app: AppReference, _ request: SubRequest, then decide: @escaping (inout Request, borrowing SubResponse) -> RequestDecision
    ) -> RequestDecision {
        .wait(PendingQuestion(request, to: app, decide))
    }

    /// There is no answer to decide by, or it is none: the section's `on-failure` decides. For filters that ask.
    public static var unanswered: RequestDecision { .wait(PendingQuestion()) }

    /// Lets the request wait without holding a thread, then decides.
    ///
    /// - Parameter milliseconds: at least this long, and up to 10 ms longer.
    public static func delay(
        milliseconds: Int64, then decide: @escaping (inout Request) -> RequestDecision = { _ in .forward }
    ) -> RequestDecision {
        .wait(PendingQuestion(delay: milliseconds, decide))
    }
}
