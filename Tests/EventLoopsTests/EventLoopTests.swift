import Glibc
import Synchronization
import Testing

@testable import EventLoops

@Suite("The event loop")
struct EventLoopTests {
    /// Notes what the loop says.
    private final class Probe: EventSource {
        var readiness: [Readiness] = []
        var deadlines: [Int64] = []
        var resumed = 0
        var onReady: (() -> Void)?

        override func ready(_ readiness: Readiness) {
            self.readiness.append(readiness)
            onReady?()
        }
        override func deadlinePassed() { deadlines.append(loop.now) }
        override func resume() { resumed += 1 }
    }

    private static func pair() -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        let type = [SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC].reduce(0) { $0 | Int32($1.rawValue) }
        #expect(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    @Test("says an edge once, and the next change again")
    func edges() throws {
        let loop = try EventLoop(index: 0)
        let (mine, other) = Self.pair()
        defer { close(mine); close(other) }
        let probe = Probe(on: loop)
        #expect(loop.register(probe, descriptor: mine, watch: .reading) == nil)
        _ = unsafe write(other, "a", 1)
        loop.turn()
        #expect(probe.readiness.count == 1)
        // Nothing was read and nothing is new: only the posted work ends the wait.
        loop.post {}
        loop.turn()
        #expect(probe.readiness.count == 1)
        _ = unsafe write(other, "b", 1)
        loop.turn()
        #expect(probe.readiness.count == 2)
        shutdown(other, Int32(SHUT_RDWR))  // a mere close would wait for a child that another test starts just now
        loop.turn()
        #expect(probe.readiness.last?.peerEnded == true)
    }

    @Test("says what waited already when a source's descriptor is watched later, and is silent before")
    func watchedLater() throws {
        let loop = try EventLoop(index: 0)
        let (mine, other) = Self.pair()
        defer { close(mine); close(other) }
        let probe = Probe(on: loop)
        #expect(loop.register(probe, watch: .nothing) == nil)
        _ = unsafe write(other, "a", 1)
        loop.post {}
        loop.turn()
        #expect(probe.readiness.isEmpty)
        #expect(loop.watchReading(probe, descriptor: mine) == nil)
        loop.turn()
        #expect(probe.readiness.count == 1 && probe.readiness[0].isReadable)
        #expect(loop.watchReading(probe, descriptor: mine) != nil, "it is watched already")
    }

    @Test("drops the event of a source that another one retired in the same turn")
    func retiredInTheSameTurn() throws {
        let loop = try EventLoop(index: 0)
        let (first, firstOther) = Self.pair()
        let (second, secondOther) = Self.pair()
        defer { for descriptor in [first, firstOther, second, secondOther] { close(descriptor) } }
        let one = Probe(on: loop)
        let two = Probe(on: loop)
        // Whoever comes first ends the other, and a third takes its place in the table.
        let third = Probe(on: loop)
        one.onReady = { loop.retire(two); _ = loop.register(third, watch: .nothing) }
        two.onReady = { loop.retire(one); _ = loop.register(third, watch: .nothing) }
        #expect(loop.register(one, descriptor: first, watch: .reading) == nil)
        #expect(loop.register(two, descriptor: second, watch: .reading) == nil)
        _ = unsafe write(firstOther, "a", 1)
        _ = unsafe write(secondOther, "a", 1)
        loop.turn()
        #expect(one.readiness.count + two.readiness.count == 1)
        #expect(third.readiness.isEmpty)
    }

    @Test("keeps a deadline that was moved away, and never calls early")
    func deadlines() throws {
        let loop = try EventLoop(index: 0)
        let probe = Probe(on: loop)
        #expect(loop.register(probe, watch: .nothing) == nil)
        let wanted = loop.now + 60
        loop.setDeadline(probe, loop.now + 10)
        loop.setDeadline(probe, wanted)
        while probe.deadlines.isEmpty { loop.turn() }
        #expect(probe.deadlines[0] >= wanted)
        #expect(probe.deadline == .max)
        loop.setDeadline(probe, loop.now + 10)
        loop.clearDeadline(probe)
        let end = loop.now + 40
        let other = Probe(on: loop)
        #expect(loop.register(other, watch: .nothing) == nil)
        loop.setDeadline(other, end)
        while other.deadlines.isEmpty { loop.turn() }
        #expect(probe.deadlines.count == 1)
    }

    @Test("resumes on the next turn, once, and not a source that is gone")
    func resumes() throws {
        let loop = try EventLoop(index: 0)
        let probe = Probe(on: loop)
        let gone = Probe(on: loop)
        #expect(loop.register(probe, watch: .nothing) == nil)
        #expect(loop.register(gone, watch: .nothing) == nil)
        loop.runAgain(probe)
        loop.runAgain(gone)
        loop.retire(gone)
        loop.turn()
        loop.post {}
        loop.turn()
        #expect(probe.resumed == 1)
        #expect(gone.resumed == 0)
    }

    @Test("runs tasks on its own thread, before and after they wait")
    func taskExecutor() async throws {
        let loop = try EventLoop(index: 0)
        let thread = Mutex<pthread_t?>(nil)
        loop.post { thread.withLock { $0 = pthread_self() } }
        let running = try LoopThread(name: "loop-test") { loop.run() }
        let threads = await Task(executorPreference: loop.executor) {
            let before = pthread_self()
            await Task.yield()
            return (before, pthread_self())
        }.value
        loop.stop()
        running.join()
        let own = thread.withLock { $0 }
        #expect(threads.0 == own)
        #expect(threads.1 == own)
    }
}
