import FilterAPI
import Synchronization
import Testing

@testable import Proxy

/// What filters get of the real system: threads beside the loops, whose work can be cancelled.
@Suite struct FilterSystemTests {
    /// Work that has begun, and what it waits for; tasks look again and again, threads of the system block.
    private final class Gate: Sendable {
        private let begun = Atomic(0)
        private let open = Atomic(false)

        func work() -> Int {
            begun.add(1, ordering: .sequentiallyConsistent)
            while !open.load(ordering: .sequentiallyConsistent) {}
            return 7
        }

        func letGo() { open.store(true, ordering: .sequentiallyConsistent) }

        func hasBegun(_ count: Int) async {
            while begun.load(ordering: .sequentiallyConsistent) < count { await Task.yield() }
        }

        var count: Int { begun.load(ordering: .sequentiallyConsistent) }
    }

    /// These tests watch nothing.
    private final class NoServices: LoopServices {
        func makeWatchEngine() -> any LoopWatchEngine { preconditionFailure("not needed") }
        var post: @Sendable (@escaping @Sendable () -> Void) -> Void { { $0() } }
    }

    private func work(_ system: KernelFilterSystem, atOnce: Int) -> SideWork {
        LoopContext(
            index: 0, count: 1, section: "f", clock: LoopClock(), sharing: SharedObjects(), state: LoopState(), apps: [],
            system: LoopSystem(system, files: SharedObjects(), services: NoServices()) { $0() }
        ).sideWork(atOnce: atOnce)
    }

    private func outcome(_ task: Task<Int, any Error>) async -> String {
        switch await task.result {
        case .success(let number): "\(number)"
        case .failure(let error): "\(error)"
        }
    }

    @Test func cancelledWorkLetsItsCallerGoAndLeavesTheQueue() async {
        let gate = Gate()
        let work = work(KernelFilterSystem(sideThreads: 1) { _ in }, atOnce: 2)
        let running = Task { try await work.run { gate.work() } }
        await gate.hasBegun(1)
        let waiting = Task { try await work.run { gate.work() } }
        for _ in 0..<100 { await Task.yield() }
        waiting.cancel()
        #expect(await outcome(waiting) == "cancelled")
        // Its place is free: two may be pending.
        let next = Task { try await work.run { 8 } }
        running.cancel()
        // Its caller is told while the thread is still at it.
        #expect(await outcome(running) == "cancelled")
        #expect(gate.count == 1)
        gate.letGo()
        #expect(await outcome(next) == "8")
        #expect(gate.count == 1)
    }

    @Test func moreThanMayBePendingIsRefusedAtOnce() async {
        let gate = Gate()
        let work = work(KernelFilterSystem(sideThreads: 2) { _ in }, atOnce: 1)
        let running = Task { try await work.run { gate.work() } }
        await gate.hasBegun(1)
        #expect(await outcome(Task { try await work.run { 1 } }) == "busy")
        gate.letGo()
        #expect(await outcome(running) == "7")
    }

    @Test func workThatIsCancelledBeforeItBeginsIsNeverDone() async {
        let work = work(KernelFilterSystem(sideThreads: 1) { _ in }, atOnce: 1)
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await work.run { 9 }
        }
        #expect(await outcome(task) == "cancelled")
        // Its place is free.
        #expect(await outcome(Task { try await work.run { 10 } }) == "10")
    }
}
