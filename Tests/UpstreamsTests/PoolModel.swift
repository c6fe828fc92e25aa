import Upstreams

/// What `UpstreamPool` promises, written as simply as possible: arrays, searched from end to end.
struct PoolModel {
    enum State { case connecting, leased, idle, doomed }

    struct Connection {
        var id: ConnectionID
        var server: Int
        var state: State
        var expiry: Int64 = 0
        var lastUse = 0
    }

    struct Waiter {
        var number: UInt64
        var deadline: Int64
    }

    var limits: PoolLimits
    var inUse: [Bool]
    var turn = -1
    var connections: [Connection] = []
    var waiters: [Waiter] = []
    var uses = 0
    var drains = false

    init(serverCount: Int, limits: PoolLimits) {
        self.limits = limits
        inUse = Array(repeating: true, count: serverCount)
    }

    /// What a lease should be answered with, new connections' names left out.
    enum Expectation: Equatable {
        case reuse(ConnectionID)
        case connect(server: Int, closing: Closing)
        case queued
        case queueFull
        case noServer
    }

    enum Closing: Equatable {
        case none
        case exactly(ConnectionID)
        case anyDoomed
    }

    mutating func nextServer(_ tried: [Int], _ rests: (Int) -> Bool) -> Int? {
        let inTurn = (0..<inUse.count).map { ($0 + turn + 1) % inUse.count }.filter { inUse[$0] && !tried.contains($0) }
        guard let server = inTurn.first(where: { !rests($0) }) ?? inTurn.first else { return nil }
        turn = server
        return server
    }

    func newestIdle(now: Int64, where matches: (Connection) -> Bool) -> ConnectionID? {
        connections.filter { $0.state == .idle && $0.expiry > now && matches($0) }.max { $0.lastUse < $1.lastUse }?.id
    }

    mutating func lease(tried: [Int], now: Int64, rests: (Int) -> Bool) -> Expectation {
        if waiters.isEmpty {
            guard let server = nextServer(tried, rests) else { return .noServer }
            if let id = newestIdle(now: now, where: { $0.server == server }) { return .reuse(id) }
            if limits.maxConnections == 0 || connections.count < limits.maxConnections {
                return .connect(server: server, closing: .none)
            }
            if let id = newestIdle(now: now, where: { !tried.contains($0.server) }) { return .reuse(id) }
            if connections.contains(where: { $0.state == .doomed }) { return .connect(server: server, closing: .anyDoomed) }
            if let oldest = oldestIdle { return .connect(server: server, closing: .exactly(oldest)) }
        }
        return waiters.count < limits.queueLength ? .queued : .queueFull
    }

    var oldestIdle: ConnectionID? {
        connections.filter { $0.state == .idle }.min { $0.lastUse < $1.lastUse }?.id
    }

    func index(_ id: ConnectionID) -> Int? { connections.firstIndex { $0.id == id } }

    /// How long a released connection may stay idle, or nil if it is to be closed.
    func lifetime(_ keepAlive: Int64?) -> Int64? {
        guard !drains, limits.maxIdle > 0 else { return nil }
        let isExcess = connections.count { $0.state == .idle } >= limits.maxIdle
        let lifetime = min(limits.idleTimeout, keepAlive.map { $0 - 1_000 } ?? .max, isExcess ? 1_000 : .max)
        return lifetime > 0 ? lifetime : nil
    }

    mutating func doom(where matches: (Connection) -> Bool) {
        for index in connections.indices where connections[index].state == .idle && matches(connections[index]) {
            connections[index].state = .doomed
        }
    }

    var earliestDeadline: Int64? {
        let expiries = connections.filter { $0.state == .idle }.map(\.expiry)
        return (expiries + waiters.map(\.deadline)).min()
    }
}
