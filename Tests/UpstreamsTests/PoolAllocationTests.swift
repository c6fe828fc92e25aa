import CAllocations
import Testing
import Upstreams

@Suite struct PoolAllocationTests {
    @Test func aWarmPoolAllocatesNothing() {
        var pool = UpstreamPool(serverCount: 3, limits: PoolLimits(maxConnections: 8))
        // Warm: as many connections, waiters and servers as there will ever be.
        var sum = life(&pool, rounds: 50, now: 0)
        allocations_start()
        sum += life(&pool, rounds: 1_000, now: 1_000)
        let allocations = allocations_stop()
        #expect(allocations <= 0, "\(allocations) allocations in 1000 rounds")
        #expect(sum > 1_000)
        #expect(pool.check() == nil)
    }

    @Test func theCounterCounts() {
        allocations_start()
        let array = [UInt8](repeating: 0, count: 100_000 + Int.random(in: 0...1))
        let allocations = allocations_stop()
        #expect(array.count >= 100_000)
        #expect(allocations != 0)
    }

    /// Everything that happens often: leases, returns, waiting, timing out, cancelling, retries. Returns the number of leases.
    private func life(_ pool: inout UpstreamPool, rounds: Int, now start: Int64) -> Int {
        var leased = InlineArray<8, ConnectionID?>(repeating: nil)
        var leases = 0
        for round in 0..<rounds {
            let now = start + Int64(round) * 100
            for index in leased.indices {
                switch pool.lease(for: UInt64(index), now: now) {
                case .reuse(let id, _): leased[index] = id
                case .connect(let id, _, _):
                    pool.connected(id)
                    leased[index] = id
                case .queued, .refuse: break
                }
                leases += 1
            }
            if case .queued(let ticket) = pool.lease(for: 100, now: now) { pool.cancel(ticket) }
            _ = pool.lease(for: 101, now: now)
            while pool.takeTimedOut(now: now + 10_000) != nil {}
            for index in leased.indices {
                guard let id = leased[index] else { continue }
                if round % 10 == 3, case .connect(let fresh, _) = pool.replace(id, now: now) {
                    pool.connectFailed(fresh, now: now)
                    _ = pool.release(fresh, reusable: false, now: now)
                } else {
                    _ = pool.release(id, reusable: true, now: now)
                }
                leased[index] = nil
            }
            if round % 7 == 0 { while pool.takeExpired(now: now + 70_000) != nil {} }
        }
        return leases
    }
}
