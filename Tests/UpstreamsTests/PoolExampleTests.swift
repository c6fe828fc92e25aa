import Testing
import Upstreams

@Suite struct PoolExampleTests {
    /// Leases a connection that the pool has to open, and completes it.
    private func opened(_ pool: inout UpstreamPool, now: Int64 = 0) throws -> ConnectionID {
        guard case .connect(let id, _, _) = pool.lease(for: 0, now: now) else { throw Unexpected() }
        pool.connected(id)
        return id
    }
    private struct Unexpected: Error {}

    @Test(arguments: [(7, 3, [3, 2, 2]), (2, 4, [1, 1, 1, 1]), (0, 2, [0, 0]), (1024, 2, [512, 512]), (1, 1, [1])])
    func connectionsAreSharedOutOverTheLoops(_ most: Int, _ loops: Int, _ shares: [Int]) {
        let limits = PoolLimits(maxConnections: most, maxIdle: 5, queueLength: 9)
        let parts = (0..<loops).map { limits.share(ofLoop: $0, among: loops) }
        #expect(parts.map(\.maxConnections) == shares)
        #expect(parts.allSatisfy { $0.maxIdle == 5 && $0.queueLength == 9 })
    }

    @Test func theMostRecentlyUsedConnectionIsReused() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits())
        let first = try opened(&pool)
        let second = try opened(&pool)
        #expect(pool.release(second, reusable: true, now: 1) == .keep)
        #expect(pool.release(first, reusable: true, now: 2) == .keep)
        #expect(pool.lease(for: 1, now: 3) == .reuse(first, server: 0))
        #expect(pool.lease(for: 2, now: 3) == .reuse(second, server: 0))
        #expect(pool.check() == nil)
    }

    @Test func serversTakeTurns() {
        var pool = UpstreamPool(serverCount: 3, limits: PoolLimits())
        var servers: [Int] = []
        for exchange in 0..<6 {
            if case .connect(let id, let server, _) = pool.lease(for: UInt64(exchange), now: 0) {
                pool.connected(id)
                servers.append(server)
            }
        }
        #expect(servers == [0, 1, 2, 0, 1, 2])
    }

    @Test func atTheMaximumAnyServersIdleConnectionWillDo() throws {
        var pool = UpstreamPool(serverCount: 2, limits: PoolLimits(maxConnections: 2))
        let first = try opened(&pool)
        let second = try opened(&pool)
        _ = pool.release(second, reusable: true, now: 0)
        // It is server 0's turn, which has no idle connection; the maximum is reached.
        #expect(pool.lease(for: 1, now: 0) == .reuse(second, server: 1))
        _ = pool.release(first, reusable: true, now: 0)
        #expect(pool.check() == nil)
    }

    @Test func waitersAreServedInOrderAndNobodyOvertakes() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits(maxConnections: 1, queueLength: 2, queueTimeout: 100))
        let only = try opened(&pool)
        guard case .queued = pool.lease(for: 7, now: 0), case .queued = pool.lease(for: 8, now: 1) else { throw Unexpected() }
        #expect(pool.lease(for: 9, now: 2) == .refuse(.queueFull))
        #expect(pool.nextDeadline == 100)
        #expect(pool.release(only, reusable: true, now: 3) == .handTo(waiter: 7))
        guard case .queued(let ticket) = pool.lease(for: 10, now: 4) else { throw Unexpected() }
        // A closed connection's place goes to the next in the queue.
        guard case .closeAndConnect(let fresh, 0, waiter: 8) = pool.release(only, reusable: false, now: 5) else { throw Unexpected() }
        pool.connected(fresh)
        #expect(pool.cancel(ticket) == true)
        #expect(pool.cancel(ticket) == false)
        #expect(pool.release(fresh, reusable: true, now: 6) == .keep)
        #expect(pool.check() == nil)
    }

    @Test func whoWaitsTooLongIsTold() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits(maxConnections: 1, queueTimeout: 100))
        let only = try opened(&pool)
        guard case .queued(let ticket) = pool.lease(for: 7, now: 50) else { throw Unexpected() }
        #expect(pool.takeTimedOut(now: 149) == nil)
        #expect(pool.takeTimedOut(now: 150) == 7)
        #expect(pool.takeTimedOut(now: 150) == nil)
        #expect(pool.cancel(ticket) == false)
        #expect(pool.release(only, reusable: true, now: 151) == .keep)
    }

    @Test func idleConnectionsExpireAndAreNotHandedOut() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits(idleTimeout: 1_000))
        let id = try opened(&pool)
        _ = pool.release(id, reusable: true, now: 10)
        #expect(pool.nextDeadline == 1_010)
        #expect(pool.takeExpired(now: 1_009) == nil)
        // The timer is late: the connection is there but must not be used.
        guard case .connect(let fresh, _, nil) = pool.lease(for: 1, now: 1_010) else { throw Unexpected() }
        #expect(fresh.index != id.index)
        #expect(pool.takeExpired(now: 1_010) == id)
        #expect(pool.takeExpired(now: 1_010) == nil)
        #expect(pool.openCount == 1)
        #expect(pool.nextDeadline == nil)
    }

    @Test(arguments: [(5_000, 4_000), (1_001, 1), (1_000, nil), (0, nil), (-1, nil), (Int64.min, nil), (Int64.max, 60_000)] as [(Int64, Int64?)])
    func theAppsKeepAliveTimeoutIsHonouredWithAMargin(_ announced: Int64, _ lifetime: Int64?) throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits(idleTimeout: 60_000))
        let id = try opened(&pool)
        let action = pool.release(id, reusable: true, keepAliveTimeout: announced, now: 0)
        #expect(action == (lifetime == nil ? .close : .keep))
        #expect(pool.nextDeadline == lifetime)
    }

    @Test func connectionsAboveTheNumberThatIsKeptStayForASecond() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits(maxIdle: 2))
        let ids = [try opened(&pool), try opened(&pool), try opened(&pool)]
        for id in ids { #expect(pool.release(id, reusable: true, now: 0) == .keep) }
        #expect(pool.idleCount == 3 && pool.nextDeadline == 1_000)
        // A load that needs all three keeps all three.
        for now in [Int64(900), 1_800] {
            for id in ids.reversed() {
                guard case .reuse(let reused, 0) = pool.lease(for: 0, now: now) else { throw Unexpected() }
                #expect(reused == id)
            }
            for id in ids { #expect(pool.release(id, reusable: true, now: now) == .keep) }
            #expect(pool.takeExpired(now: now) == nil)
        }
        #expect(pool.takeExpired(now: 2_800) == ids[2])
        #expect(pool.takeExpired(now: 50_000) == nil && pool.idleCount == 2)
        var none = UpstreamPool(serverCount: 1, limits: PoolLimits(maxIdle: 0))
        let id = try opened(&none)
        #expect(none.release(id, reusable: true, now: 0) == .close)
    }

    @Test func aServerThatFailsRestsLongerEachTimeButNeverWhenAllFail() throws {
        var pool = UpstreamPool(serverCount: 2, limits: PoolLimits(), seed: 42)
        var now: Int64 = 0
        var rests: [Int64] = []
        for _ in 0..<8 {
            while true {
                guard case .connect(let id, let server, _) = pool.lease(for: 0, now: now) else { throw Unexpected() }
                if server == 0 { pool.connectFailed(id, now: now) } else { pool.connected(id) }
                _ = pool.release(id, reusable: false, now: now)
                if server == 0 { break }
            }
            let failed = now
            while pool.rests(server: 0, now: now) {
                guard case .connect(let id, let server, _) = pool.lease(for: 0, now: now) else { throw Unexpected() }
                #expect(server == 1)
                _ = pool.release(id, reusable: false, now: now)
                now += 1
            }
            rests.append(now - failed)
        }
        for (rest, longest) in zip(rests, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000] as [Int64]) {
            #expect(rest >= longest - longest / 4 && rest <= longest)
        }
        #expect(Set(rests.map { $0 % 1_000 }).count > 1, "the rests are spread")

        var alone = UpstreamPool(serverCount: 1, limits: PoolLimits())
        guard case .connect(let id, _, _) = alone.lease(for: 0, now: 0) else { throw Unexpected() }
        alone.connectFailed(id, now: 0)
        #expect(alone.rests(server: 0, now: 0) == true)
        guard case .connect(let again, 0) = alone.replace(id, now: 0) else { throw Unexpected() }
        alone.connected(again)
        #expect(alone.rests(server: 0, now: 0) == false, "a good connect ends the rest")
    }

    @Test func aBurstOfFailuresCountsOnce() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits())
        var ids: [ConnectionID] = []
        for _ in 0..<20 {
            guard case .connect(let id, _, _) = pool.lease(for: 0, now: 0) else { throw Unexpected() }
            ids.append(id)
        }
        for id in ids { pool.connectFailed(id, now: 5) }
        #expect(pool.rests(server: 0, now: 1_005) == false)
    }

    @Test func anExchangeThatTriesAgainKeepsItsTurn() throws {
        var pool = UpstreamPool(serverCount: 2, limits: PoolLimits(maxConnections: 1))
        guard case .connect(let id, let server, _) = pool.lease(for: 1, now: 0) else { throw Unexpected() }
        guard case .queued = pool.lease(for: 2, now: 0) else { throw Unexpected() }
        pool.connectFailed(id, now: 1)
        var tried = ServerSet.none
        tried.insert(server)
        guard case .connect(let second, 1) = pool.replace(id, excluding: tried, now: 1) else { throw Unexpected() }
        pool.connectFailed(second, now: 2)
        tried.insert(1)
        #expect(pool.replace(second, excluding: tried, now: 2) == .noServer)
        guard case .closeAndConnect(_, _, waiter: 2) = pool.release(second, reusable: false, now: 2) else { throw Unexpected() }
        #expect(pool.check() == nil)
    }

    @Test func anIdleConnectionThatMayNotBeUsedGivesWay() throws {
        var pool = UpstreamPool(serverCount: 2, limits: PoolLimits(maxConnections: 1))
        let id = try opened(&pool)
        _ = pool.release(id, reusable: true, now: 0)
        var tried = ServerSet.none
        tried.insert(0)
        guard case .connect(let fresh, server: 1, closing: id) = pool.lease(for: 1, excluding: tried, now: 0) else { throw Unexpected() }
        #expect(fresh.index != id.index)
        tried.insert(1)
        #expect(pool.lease(for: 2, excluding: tried, now: 0) != .refuse(.queueFull))
        #expect(pool.check() == nil)
    }

    @Test func triedServersAreNotTriedAgain() {
        var pool = UpstreamPool(serverCount: 2, limits: PoolLimits())
        var tried = ServerSet.none
        tried.insert(0)
        tried.insert(1)
        #expect(pool.lease(for: 1, excluding: tried, now: 0) == .refuse(.noServer))
        #expect(pool.isEmpty == true)
    }

    @Test func aRemovedServersConnectionsEnd() throws {
        var pool = UpstreamPool(serverCount: 2, limits: PoolLimits())
        let ids = [try opened(&pool), try opened(&pool), try opened(&pool), try opened(&pool)]
        _ = pool.release(ids[0], reusable: true, now: 0)
        _ = pool.release(ids[1], reusable: true, now: 0)
        pool.removeServer(0)
        #expect(pool.nextDeadline == .min)
        #expect(pool.takeExpired(now: 0) == ids[0])
        #expect(pool.takeExpired(now: 0) == nil)
        #expect(pool.addServer() == 2, "a server with a lease keeps its number")
        #expect(pool.release(ids[2], reusable: true, now: 0) == .close)
        #expect(pool.addServer() == 0)
        #expect(pool.check() == nil)
    }

    @Test func aDrainedPoolKeepsNothing() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits())
        let ids = [try opened(&pool), try opened(&pool)]
        _ = pool.release(ids[0], reusable: true, now: 0)
        pool.drain()
        #expect(pool.isEmpty == false)
        #expect(pool.takeExpired(now: 0) == ids[0])
        #expect(pool.release(ids[1], reusable: true, now: 0) == .close)
        #expect(pool.isEmpty == true)
        #expect(pool.nextDeadline == nil)
    }

    @Test func idleClosedByTheAppIsForgotten() throws {
        var pool = UpstreamPool(serverCount: 1, limits: PoolLimits())
        let ids = [try opened(&pool), try opened(&pool), try opened(&pool)]
        for id in ids { _ = pool.release(id, reusable: true, now: 0) }
        pool.idleClosed(ids[1])
        pool.drain()
        pool.idleClosed(ids[0])
        #expect(pool.takeExpired(now: 0) == ids[2])
        #expect(pool.isEmpty == true)
        #expect(pool.check() == nil)
    }

    @Test func theSetForgetsTheOldest() {
        var set = ServerSet.none
        #expect(set.isEmpty)
        for server in 0...ServerSet.capacity { set.insert(server) }
        #expect(!set.contains(0))
        #expect((1...ServerSet.capacity).allSatisfy { set.contains($0) })
        #expect(!set.isEmpty)
    }

    @Test func aStaleNameTraps() async {
        await #expect(processExitsWith: .failure) {
            var pool = UpstreamPool(serverCount: 1, limits: PoolLimits())
            if case .connect(let id, _, _) = pool.lease(for: 0, now: 0) {
                _ = pool.release(id, reusable: false, now: 0)
                _ = pool.lease(for: 1, now: 0)
                _ = pool.release(id, reusable: false, now: 0)
            }
        }
    }
}
