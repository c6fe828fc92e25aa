/// Something that happens once, later, on this loop, and that requests may wait for, one or many: the answer of a service that the filter talks to
/// itself, or a place that another exchange leaves. Made by `LoopContext.makeEvent`.
public final class LoopEvent: @unchecked Sendable {
    // @unchecked: but for `post`, all of it is touched on its loop only.
    public private(set) var hasHappened = false
    /// Those who wait for it.
    private var waiting: [Waiting] = []
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
        let told = waiting
        waiting = []
        for waiter in told { waiter.tell() }
    }

    /// Has it happen, soon. On any thread.
    public func happenSoon() { post { self.happen() } }

    /// One who waits for an event.
    package final class Waiting {
        fileprivate let tell: () -> Void
        fileprivate init(_ tell: @escaping () -> Void) { self.tell = tell }
    }

    /// Has `tell` called when it happens, which must not go on with a request inside of it.
    package func wait(_ tell: @escaping () -> Void) -> Waiting {
        let waiter = Waiting(tell)
        waiting.append(waiter)
        return waiter
    }

    /// Waits no longer. O(those who wait).
    package func forget(_ waiter: Waiting) { waiting.removeAll { $0 === waiter } }
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
