// unsafe: hands an array of its own to poll
import FilterAPI
import Glibc
import Synchronization

/// Stands in for a loop: real descriptors, a virtual clock.
final class TestLoop: LoopServices {
    private final class Engine: LoopWatchEngine {
        var onReady: (() -> Void)?
        var onTime: (() -> Void)?
        var descriptor: Int32 = -1
        /// Nanoseconds; nil for none.
        var due: Int64?
        weak var loop: TestLoop?

        init(_ loop: TestLoop) { self.loop = loop }

        func open(_ descriptor: Int32) -> Bool {
            self.descriptor = descriptor
            return true
        }
        func close(_ descriptor: Int32) { self.descriptor = -1 }
        func setTimer(_ milliseconds: Int64) { due = (loop?.now ?? 0) + milliseconds * 1_000_000 }
        func clearTimer() { due = nil }
        func end() { loop?.engines.removeAll { $0 === self } }
    }

    private final class Inbox: Sendable {
        let work = Mutex<[@Sendable () -> Void]>([])
    }

    private var engines: [Engine] = []
    private let inbox = Inbox()
    private var now: Int64

    init(now: Int64) { self.now = now }

    func makeWatchEngine() -> any LoopWatchEngine {
        let engine = Engine(self)
        engines.append(engine)
        return engine
    }

    var post: @Sendable (@escaping @Sendable () -> Void) -> Void {
        { [inbox] work in inbox.work.withLock { $0.append(work) } }
    }

    /// Calls the timers that have run out, the oldest first.
    func runTimers(to nanoseconds: Int64) {
        now = nanoseconds
        while let engine = engines.filter({ ($0.due ?? .max) <= now }).min(by: { $0.due ?? 0 < $1.due ?? 0 }) {
            engine.due = nil
            engine.onTime?()
        }
    }

    /// One turn of all loops: waits a little for descriptors, tells of those that are ready, and does what other threads want done.
    static func turn(_ loops: [TestLoop]) {
        for loop in loops {
            let work = loop.inbox.work.withLock { work in
                defer { work = [] }
                return work
            }
            for item in work { item() }
        }
        let watched = loops.flatMap(\.engines).filter { $0.descriptor >= 0 }
        var polls = watched.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN | POLLOUT), revents: 0) }
        guard unsafe poll(&polls, nfds_t(polls.count), 5) >= 0 else { return }
        for (engine, result) in zip(watched, polls) where result.revents != 0 && engine.descriptor == result.fd {
            engine.onReady?()
        }
    }
}
