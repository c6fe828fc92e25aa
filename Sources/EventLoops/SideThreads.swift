import CPlatform
import Glibc

/// A few threads beside the loops, for work that would hold a loop up: the hash of a password, say. Started when the first work comes, and
/// never more than they were allowed to be; what waits for them is bounded too. They yield to the loops when both want a core.
public final class SideThreads: Sendable {
    /// Names work that was taken.
    public struct Ticket: Sendable, Equatable {
        public let number: UInt64
        public init(number: UInt64) { self.number = number }
    }

    private struct State {
        var queue: [(number: UInt64, work: @Sendable () -> Void)] = []
        var threads = 0
        /// Threads that are at work.
        var running = 0
        var lastNumber: UInt64 = 0
        var isStopped = false
    }

    private let monitor = Monitor(State())
    private let maxThreads: Int
    private let queueLength: Int

    /// Half of the cores, at least one: the loops need theirs.
    public static var usualThreads: Int { max(1, Int(sluice_cpu_count()) / 2) }

    /// - Parameter queueLength: works that may wait while all threads are busy.
    public init(maxThreads: Int = SideThreads.usualThreads, queueLength: Int = 256) {
        precondition(maxThreads > 0 && queueLength >= 0)
        self.maxThreads = maxThreads
        self.queueLength = queueLength
    }

    /// Runs `work` on one of the threads, the first come first. Any thread may call it. Nil when the queue is full, no thread can be
    /// started, or `stop` was called: then it is never run.
    public func submit(_ work: @escaping @Sendable () -> Void) -> Ticket? {
        monitor.change { state in
            let pending = state.running + state.queue.count
            guard !state.isStopped, pending < maxThreads + queueLength else { return nil }
            if pending >= state.threads, state.threads < maxThreads,
                (try? LoopThread(name: "sluice-side") { [self] in runWork() }) != nil
            {
                state.threads += 1
            }
            guard state.threads > 0 else { return nil }
            state.lastNumber += 1
            state.queue.append((state.lastNumber, work))
            return Ticket(number: state.lastNumber)
        }
    }

    /// Takes work that waits out of the queue. False if it runs already, or has run.
    @discardableResult
    public func cancel(_ ticket: Ticket) -> Bool {
        monitor.change { state in
            guard let place = state.queue.firstIndex(where: { $0.number == ticket.number }) else { return false }
            state.queue.remove(at: place)
            return true
        }
    }

    /// Drops what waits, and ends the threads when they have done what they are at. Does not wait for them.
    public func stop() {
        monitor.change { state in
            state.isStopped = true
            state.queue.removeAll()
        }
    }

    private func runWork() {
        LoopThread.leaveSignalsToOthers()
        LoopThread.yieldToOthers()
        while let work = next() {
            work()
            monitor.change { $0.running -= 1 }
        }
    }

    /// Waits for work; nil at the end.
    private func next() -> (@Sendable () -> Void)? {
        monitor.wait { state -> (@Sendable () -> Void)?? in
            if state.isStopped { return .some(nil) }
            guard !state.queue.isEmpty else { return nil }
            state.running += 1
            return .some(state.queue.removeFirst().work)
        }
    }
}
