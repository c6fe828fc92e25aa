import Testing

@testable import EventLoops

@Suite struct SideThreadsTests {
    /// Work that says when it begins, and waits to be let go.
    private final class Gate: Sendable {
        let begun = Happenings<Int>()
        private let open = Happenings<Int>()

        func work(_ number: Int) -> @Sendable () -> Void {
            { [self] in
                begun.add(number)
                open.wait { $0.contains(number) }
            }
        }

        func letGo(_ numbers: Int...) { for number in numbers { open.add(number) } }
    }

    @Test func worksRunInTheirOrderOnAsManyThreadsAsAreAllowed() {
        let gate = Gate()
        let threads = SideThreads(maxThreads: 2, queueLength: 10)
        defer { threads.stop() }
        for number in 1...4 { #expect(threads.submit(gate.work(number)) != nil) }
        #expect(Set(gate.begun.wait(for: 2)) == [1, 2])
        gate.letGo(1)
        #expect(gate.begun.wait(for: 3).last == 3)
        gate.letGo(2, 3)
        #expect(gate.begun.wait(for: 4).last == 4)
        gate.letGo(4)
    }

    @Test func aFullQueueRefusesAtOnceAndTakesMoreWhenThereIsRoom() {
        let gate = Gate()
        let threads = SideThreads(maxThreads: 1, queueLength: 2)
        defer { threads.stop() }
        #expect(threads.submit(gate.work(1)) != nil)
        gate.begun.wait(for: 1)
        #expect(threads.submit(gate.work(2)) != nil)
        #expect(threads.submit(gate.work(3)) != nil)
        #expect(threads.submit(gate.work(4)) == nil)
        gate.letGo(1)
        gate.begun.wait(for: 2)
        #expect(threads.submit(gate.work(5)) != nil)
        gate.letGo(2, 3, 5)
        #expect(gate.begun.wait(for: 4) == [1, 2, 3, 5])
    }

    @Test func whatIsCancelledLeavesTheQueue() throws {
        let gate = Gate()
        let threads = SideThreads(maxThreads: 1, queueLength: 1)
        defer { threads.stop() }
        let running = try #require(threads.submit(gate.work(1)))
        gate.begun.wait(for: 1)
        let waiting = try #require(threads.submit(gate.work(2)))
        #expect(threads.submit(gate.work(3)) == nil)
        #expect(threads.cancel(waiting))
        #expect(!threads.cancel(waiting))
        #expect(!threads.cancel(running))
        #expect(threads.submit(gate.work(4)) != nil)
        gate.letGo(1, 4)
        #expect(gate.begun.wait(for: 2) == [1, 4])
    }

    @Test func nothingIsTakenBehindTheEnd() {
        let gate = Gate()
        let threads = SideThreads(maxThreads: 1, queueLength: 1)
        #expect(threads.submit(gate.work(1)) != nil)
        gate.begun.wait(for: 1)
        #expect(threads.submit(gate.work(2)) != nil)
        threads.stop()
        #expect(threads.submit(gate.work(3)) == nil)
        gate.letGo(1)
        #expect(gate.begun.all == [1])
    }
}
