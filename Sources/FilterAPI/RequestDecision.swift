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

    /// Lets the request wait without holding a thread, then decides.
    ///
    /// - Parameter milliseconds: at least this long, and up to 10 ms longer.
    public static func delay(
        milliseconds: Int64, then decide: @escaping (inout Request) -> RequestDecision = { _ in .forward }
    ) -> RequestDecision {
        .wait(PendingQuestion(delay: milliseconds, decide))
    }
}
