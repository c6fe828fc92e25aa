import Seeded
import Testing
import Upstreams

/// Runs the pool and the model through the same random life on a virtual clock, and compares every answer.
@Suite struct PoolScheduleTests {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func poolAndModelAgree(_ block: UInt64) throws {
        for seed in block * 500..<(block + 1) * 500 {
            var run = PoolRun(seed: seed)
            do {
                for _ in 0..<150 { try run.step() }
                try run.finish()
            } catch let disagreement as Disagreement {
                Issue.record("seed \(seed), step \(run.steps): \(disagreement.text)")
                return
            }
        }
    }
}

struct Disagreement: Error {
    var text: String
}

struct PoolRun: ~Copyable {
    private var pool: UpstreamPool
    private var model: PoolModel
    private var random: SeededGenerator
    private var now: Int64 = 1_000
    private var nextNumber: UInt64 = 1
    private var tickets: [(number: UInt64, ticket: WaiterTicket)] = []
    private var spent: [WaiterTicket] = []
    private(set) var steps = 0

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let limits = PoolLimits(
            maxConnections: random.below(3) == 0 ? 0 : 1 + random.below(6), maxIdle: random.below(5),
            idleTimeout: Int64(random.below(20)) * 500, queueLength: random.below(5), queueTimeout: Int64(random.below(10)) * 300)
        let servers = 1 + random.below(4)
        pool = UpstreamPool(serverCount: servers, limits: limits, seed: seed)
        model = PoolModel(serverCount: servers, limits: limits)
    }

    private func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        if !condition { throw Disagreement(text: text()) }
    }

    mutating func step() throws {
        steps += 1
        if random.below(3) == 0 { now += Int64(random.below(700)) }
        switch random.below(20) {
        case 0...6: try lease()
        case 7...11: try release()
        case 12, 13: try settle()
        case 14: try replace()
        case 15: try cancel()
        case 16: try idleClosed()
        case 17: try timer()
        case 18: random.below(4) == 0 ? try changeServers() : ()
        default: if random.below(60) == 0 { drain() }
        }
        try compare()
    }

    private func compare() throws {
        try require(pool.check() == nil, pool.check() ?? "")
        try require(pool.openCount == model.connections.count, "open: \(pool.openCount), model \(model.connections.count)")
        let idle = model.connections.count { $0.state == .idle }
        try require(pool.idleCount == idle, "idle: \(pool.idleCount), model \(idle)")
        try require(pool.waitingCount == model.waiters.count, "waiting: \(pool.waitingCount)")
        if let earliest = model.earliestDeadline {
            try require((pool.nextDeadline ?? .max) <= earliest, "the next deadline is missed")
        }
    }

    private func chosen(_ states: [PoolModel.State], _ number: Int) -> PoolModel.Connection? {
        let candidates = model.connections.filter { states.contains($0.state) }
        return candidates.isEmpty ? nil : candidates[number % candidates.count]
    }

    private mutating func triedServers() -> ([Int], ServerSet) {
        var list: [Int] = []
        var set = ServerSet.none
        while random.below(4) == 0 {
            let server = random.below(model.inUse.count)
            list.append(server)
            set.insert(server)
        }
        return (list, set)
    }

    /// Takes over a new connection's name, which only the pool can know.
    private mutating func add(_ id: ConnectionID, server: Int) throws {
        try require(model.connections.allSatisfy { $0.id.index != id.index }, "the index of an open connection is given away")
        model.connections.append(.init(id: id, server: server, state: .connecting))
    }

    private mutating func remove(_ id: ConnectionID) throws {
        guard let index = model.index(id) else { throw Disagreement(text: "a connection that is not open is closed") }
        model.connections.remove(at: index)
    }

    private mutating func lease() throws {
        let number = nextNumber
        nextNumber += 1
        let (list, set) = triedServers()
        let resting = (0..<model.inUse.count).map { pool.rests(server: $0, now: now) }
        let expected = model.lease(tried: list, now: now) { resting[$0] }
        let action = pool.lease(for: number, excluding: set, now: now)
        switch (action, expected) {
        case (.reuse(let id, let server), .reuse(let expectedID)):
            guard id == expectedID, let index = model.index(id) else { throw Disagreement(text: "lease: \(action), model \(expected)") }
            try require(model.connections[index].server == server, "a connection changed its server")
            model.connections[index].state = .leased
        case (.connect(let id, let server, let closing), .connect(let expectedServer, let expectedClosing)):
            let closesRightly =
                switch expectedClosing {
                case .none: closing == nil
                case .exactly(let other): closing == other
                case .anyDoomed: closing.flatMap(model.index).map { model.connections[$0].state } == .doomed
                }
            try require(server == expectedServer && closesRightly, "lease: \(action), model \(expected)")
            try add(id, server: server)
            if let closing { try remove(closing) }
        case (.queued(let ticket), .queued):
            tickets.append((number, ticket))
            model.waiters.append(.init(number: number, deadline: now + model.limits.queueTimeout))
        case (.refuse(.queueFull), .queueFull), (.refuse(.noServer), .noServer): break
        default: throw Disagreement(text: "lease: \(action), model \(expected)")
        }
    }

    private mutating func settle() throws {
        guard let connection = chosen([.connecting], random.below(100)), let index = model.index(connection.id) else { return }
        if random.below(3) > 0 {
            pool.connected(connection.id)
            try require(!pool.rests(server: connection.server, now: now), "a server rests after a good connect")
            model.connections[index].state = .leased
        } else {
            pool.connectFailed(connection.id, now: now)
            try release(connection.id, reusable: false)
        }
    }

    private mutating func release() throws {
        guard let connection = chosen([.leased, .leased, .connecting], random.below(100)) else { return }
        try release(connection.id, reusable: random.below(4) > 0)
    }

    private mutating func release(_ id: ConnectionID, reusable: Bool) throws {
        guard let index = model.index(id) else { return }
        let connection = model.connections[index]
        let keepAlive: Int64? = random.below(3) == 0 ? Int64(random.below(5)) * 700 : nil
        let isUsable = reusable && connection.state == .leased && keepAlive != 0 && model.inUse[connection.server]
        let resting = (0..<model.inUse.count).map { pool.rests(server: $0, now: now) }
        let action = pool.release(id, reusable: reusable, keepAliveTimeout: keepAlive, now: now)
        switch action {
        case .handTo(let waiter):
            try require(isUsable && model.waiters.first?.number == waiter, "handed to the wrong exchange")
            forget(model.waiters.removeFirst().number)
        case .closeAndConnect(let fresh, let server, let waiter):
            try require(!isUsable && model.waiters.first?.number == waiter, "opened for the wrong exchange")
            try require(model.nextServer([], { resting[$0] }) == server, "not that server's turn")
            forget(model.waiters.removeFirst().number)
            try add(fresh, server: server)
            try remove(id)
        case .close:
            try require(model.waiters.isEmpty && !(isUsable && model.lifetime(keepAlive) != nil), "a good connection was closed")
            try remove(id)
        case .keep:
            guard model.waiters.isEmpty, isUsable, let lifetime = model.lifetime(keepAlive) else {
                throw Disagreement(text: "a connection was kept that must be closed or handed over")
            }
            model.uses += 1
            model.connections[index].state = .idle
            model.connections[index].expiry = now + lifetime
            model.connections[index].lastUse = model.uses
        }
    }

    private mutating func replace() throws {
        guard let connection = chosen([.leased, .connecting], random.below(100)) else { return }
        let (list, set) = triedServers()
        let resting = (0..<model.inUse.count).map { pool.rests(server: $0, now: now) }
        let expected = model.nextServer(list) { resting[$0] }
        switch pool.replace(connection.id, excluding: set, now: now) {
        case .connect(let fresh, let server):
            try require(expected == server, "replace: server \(server), model \(expected.debugDescription)")
            try add(fresh, server: server)
            try remove(connection.id)
        case .noServer: try require(expected == nil, "replace: no server, model \(expected.debugDescription)")
        }
    }

    private mutating func forget(_ number: UInt64) {
        guard let index = tickets.firstIndex(where: { $0.number == number }) else { return }
        spent.append(tickets.remove(at: index).ticket)
    }

    private mutating func cancel() throws {
        if let old = spent.last { try require(!pool.cancel(old), "a spent ticket cancelled another waiter") }
        guard !tickets.isEmpty else { return }
        let (number, ticket) = tickets[random.below(tickets.count)]
        try require(pool.cancel(ticket), "a waiter could not be cancelled")
        model.waiters.removeAll { $0.number == number }
        forget(number)
    }

    private mutating func idleClosed() throws {
        guard let connection = chosen([.idle, .doomed], random.below(100)) else { return }
        pool.idleClosed(connection.id)
        try remove(connection.id)
    }

    private mutating func timer() throws {
        // What is doomed comes first; the sweep of what has expired follows once nothing is doomed.
        var due = Set(model.connections.filter { $0.state == .doomed || $0.state == .idle && $0.expiry <= now }.map(\.id))
        while let id = pool.takeExpired(now: now) {
            try require(due.remove(id) != nil, "a connection expired that had not")
            try remove(id)
        }
        try require(due.isEmpty, "\(due.count) connections did not expire")
        while let number = pool.takeTimedOut(now: now) {
            try require(model.waiters.first.map { $0.number == number && $0.deadline <= now } ?? false, "the wrong exchange timed out")
            model.waiters.removeFirst()
            forget(number)
        }
        try require(model.waiters.allSatisfy { $0.deadline > now }, "an exchange did not time out")
        try require((pool.nextDeadline ?? .max) > now, "the timer would fire again at once")
        try require((pool.nextDeadline == nil) == (model.earliestDeadline == nil), "a timer for nothing, or none for something")
    }

    private mutating func changeServers() throws {
        if random.below(2) == 0 {
            let server = pool.addServer()
            if server == model.inUse.count {
                model.inUse.append(true)
            } else {
                try require(!model.inUse[server] && !model.connections.contains { $0.server == server }, "a number is given twice")
                model.inUse[server] = true
            }
            return
        }
        let candidates = model.inUse.indices.filter { model.inUse[$0] }
        guard candidates.count > 1 else { return }
        let server = candidates[random.below(candidates.count)]
        pool.removeServer(server)
        model.inUse[server] = false
        model.doom { $0.server == server }
    }

    private mutating func drain() {
        pool.drain()
        model.drains = true
        model.doom { _ in true }
    }

    /// Everything ends: nothing may be left over.
    mutating func finish() throws {
        drain()
        while let ticket = tickets.popLast() {
            try require(pool.cancel(ticket.ticket), "a waiter could not be cancelled")
            model.waiters.removeAll { $0.number == ticket.number }
        }
        while let connection = chosen([.leased, .connecting], 0) { try release(connection.id, reusable: true) }
        try timer()
        try compare()
        try require(pool.isEmpty && pool.nextDeadline == nil, "something is left over")
    }
}
