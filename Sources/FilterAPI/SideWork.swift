import Synchronization

/// Runs work on threads beside the loops: for a filter that must compute for long, such as the hash of a password. Made by
/// `LoopContext.sideWork` and used inside of `RequestDecision.ask`; meanwhile the loop serves others.
///
/// ```swift
/// return .ask({ [work] in try await work.run { isRight(password) } }, then: { … })
/// ```
///
/// There are as many threads as half of the cores, for all filters, and they yield to the loops. What waits for them is bounded, here and in
/// all, so that a flood is refused instead of gathered.
public final class SideWork: Sendable {
    private let system: any FilterSystem
    private let section: String
    private let atOnce: Int
    private let pending = Mutex(0)

    init(_ system: any FilterSystem, section: String, atOnce: Int) {
        self.system = system
        self.section = section
        self.atOnce = atOnce
    }

    /// Runs `work`, which may take its time, and returns what it returns. When the task is cancelled it throws at once, and work that still
    /// waits is never run; what runs already runs to its end, and its result is dropped.
    public func run<Answer: Sendable>(_ work: @escaping @Sendable () -> Answer) async throws(SideWorkFailure) -> Answer {
        guard enter() else { throw .busy }
        let job = SideJob(system, work) { [self] in leave() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { job.start($0) }
        } onCancel: {
            job.cancel()
        }
        return try result.get()
    }

    /// Has `work` done that no request waits for. Lines that it returns are told to the operator, on standard error.
    ///
    /// - Returns: false, and it is not done, if too much of it waits already.
    public func begin(_ work: @escaping @Sendable () -> [String]) -> Bool {
        guard enter() else { return false }
        let isTaken = system.submit { [self] in
            for line in work() { system.complain("sluice: [filter:\(section)]: \(line)") }
            leave()
        }
        if isTaken == nil { leave() }
        return isTaken != nil
    }

    private func enter() -> Bool {
        pending.withLock { pending in
            guard pending < atOnce else { return false }
            pending += 1
            return true
        }
    }

    private func leave() { pending.withLock { $0 -= 1 } }
}

/// Why work beside the loops was not done.
public enum SideWorkFailure: Error, Sendable {
    /// Too much of it waits already.
    case busy
    /// Nobody wants the answer any more.
    case cancelled
}

/// One piece of work, from its caller to a thread and back.
private final class SideJob<Answer: Sendable>: Sendable {
    typealias Outcome = Result<Answer, SideWorkFailure>

    private struct State {
        /// Who waits; nil before the start, and when it was told.
        var waiting: CheckedContinuation<Outcome, Never>?
        var number: UInt64?
        var isCancelled = false
        var hasLeft = false
    }

    private let system: any FilterSystem
    private let work: @Sendable () -> Answer
    private let left: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter left: called once, when no thread is or will be at work on it.
    init(_ system: any FilterSystem, _ work: @escaping @Sendable () -> Answer, left: @escaping @Sendable () -> Void) {
        self.system = system
        self.work = work
        self.left = left
    }

    func start(_ waiting: CheckedContinuation<Outcome, Never>) {
        let isCancelled = state.withLock { state in
            state.waiting = waiting
            return state.isCancelled
        }
        if isCancelled { return end(.failure(.cancelled)) }
        guard let number = system.submit({ [self] in perform() }) else { return end(.failure(.busy)) }
        let isLate = state.withLock { state in
            state.number = number
            return state.isCancelled
        }
        if isLate { cancel() }
    }

    func cancel() {
        let (waiting, number) = state.withLock { state in
            state.isCancelled = true
            return (state.waiting.take(), state.number)
        }
        if let number, system.cancel(number) { leave() }
        waiting?.resume(returning: .failure(.cancelled))
    }

    private func perform() {
        if state.withLock({ $0.isCancelled }) { leave() } else { end(.success(work())) }
    }

    private func end(_ outcome: Outcome) {
        leave()
        state.withLock { $0.waiting.take() }?.resume(returning: outcome)
    }

    private func leave() {
        let isFirst = state.withLock { state in
            defer { state.hasLeft = true }
            return !state.hasLeft
        }
        if isFirst { left() }
    }
}

extension LoopContext {
    /// A way to have work done beside the loops. Only while the filter is made.
    ///
    /// - Parameter atOnce: pieces of it that may be at work or waiting at a time, on this loop; more are refused.
    public func sideWork(atOnce: Int) -> SideWork {
        precondition(atOnce > 0)
        return SideWork(system.system, section: section, atOnce: atOnce)
    }
}
