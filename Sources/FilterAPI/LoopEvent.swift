/// Something that happens once, later, on this loop, and that a request may wait for: the answer of a service that the filter talks to
/// itself, or a place that another exchange leaves. Made by `LoopContext.makeEvent`.
public final class LoopEvent: @unchecked Sendable {
    // @unchecked: but for `post`, all of it is touched on its loop only.
    public private(set) var hasHappened = false
    /// What the runner of the pipeline does then. It must not go on with the request inside of it.
    package var whenItHappens: (() -> Void)?
    private let post: @Sendable (@escaping @Sendable () -> Void) -> Void

    private let action: (() -> Void)?

    package init(post: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void, action: (() -> Void)?) {
        self.post = post
        self.action = action
    }

    /// It happens now. Only on its own loop; a second time nothing happens. Requests that wait go on later in this turn of the loop or in
    /// the next, never inside of this call.
    public func happen() {
        guard !hasHappened else { return }
        hasHappened = true
        action?()
        whenItHappens?()
        whenItHappens = nil
    }

    /// Has it happen, soon. On any thread.
    public func happenSoon() { post { self.happen() } }
}

extension RequestDecision {
    /// Lets the request wait for an event, without a task and without holding a thread, then decides.
    ///
    /// - Parameters:
    ///   - milliseconds: how long at most. The filter sees by `event.hasHappened` whether time has run out.
    ///   - decide: runs later on this loop, and may edit the request. It is not called if the client goes away; `CompletionObserver` learns
    ///     of that.
    public static func wait(
        for event: LoopEvent, atMost milliseconds: Int64, then decide: @escaping (inout Request) -> RequestDecision
    ) -> RequestDecision {
        .wait(PendingQuestion(event: event, atMost: milliseconds, decide))
    }
}
