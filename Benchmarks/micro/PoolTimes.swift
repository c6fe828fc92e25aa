import Upstreams

/// What leasing an idle connection and giving it back costs.
func measurePool() {
    for (servers, idle) in [(1, 1), (1, 64), (3, 64), (100, 1_000)] {
        measure("lease and release, \(servers) servers, \(idle) idle") { count in
            var pool = UpstreamPool(serverCount: servers, limits: PoolLimits(maxIdle: idle))
            var ids: [ConnectionID] = []
            for number in 0..<idle {
                if case .connect(let id, _, _) = pool.lease(for: UInt64(number), now: 0) {
                    pool.connected(id)
                    ids.append(id)
                }
            }
            for id in ids { _ = pool.release(id, reusable: true, now: 0) }
            var reused = 0
            for number in 0..<count {
                let now = Int64(truncatingIfNeeded: number &>> 10)
                if case .reuse(let id, _) = pool.lease(for: 0, now: now) {
                    reused &+= 1
                    _ = pool.release(id, reusable: true, now: now)
                }
            }
            return reused
        }
    }
}
