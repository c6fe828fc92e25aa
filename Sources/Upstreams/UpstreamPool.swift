/// One app's connections on one loop: which are open, in use or idle, which server the next one goes to, and which exchanges wait.
///
/// A value without sockets and without a clock: every call passes the time (milliseconds of any steady clock, never going back) and
/// returns what to do. A connection is leased to one exchange at a time, and every lease ends in exactly one `release` (after a
/// `replace`, that of the new connection).
///
/// Order: servers take turns; of the chosen server the most recently used idle connection is reused, else a new one is opened. At the
/// maximum, any other server's idle connection is used, and if there is none the exchange waits, first come first served.
/// While one waits, no connection is idle and the maximum is reached, so nobody overtakes.
///
/// Leasing an idle connection and giving it back allocate nothing.
public struct UpstreamPool: ~Copyable {
    public let limits: PoolLimits
    private var table: ConnectionTable
    private var servers: ServerRotation
    private var queue = WaiterQueue()
    private var isDraining = false

    /// How much earlier than the app announced (`Keep-Alive: timeout=5`) an idle connection is given up, in milliseconds: the app
    /// counts from its own last byte, and a request needs time to arrive.
    public static var keepAliveMargin: Int64 { 1_000 }
    /// How long a connection above `maxIdle` may stay idle, in milliseconds. To close it at once would mean to open and close one for each
    /// request of a load that needs more than `maxIdle` of them: of 256 requests at a time, half got a new connection each.
    public static var excessTimeout: Int64 { 1_000 }

    /// - Parameters:
    ///   - serverCount: servers are numbered from 0; at least one.
    ///   - seed: spreads the rests of failing servers; give each loop its own.
    public init(serverCount: Int, limits: PoolLimits, seed: UInt64 = 0) {
        self.limits = limits
        table = ConnectionTable(serverCount: serverCount)
        servers = ServerRotation(count: serverCount, seed: seed)
    }

    // MARK: State

    /// Connections that are open or being opened.
    public var openCount: Int { table.openCount }
    /// Of those, the idle ones.
    public var idleCount: Int { table.idleCount }
    /// Exchanges in the queue.
    public var waitingCount: Int { queue.count }
    /// True when a drained pool holds nothing any more and may be dropped.
    public var isEmpty: Bool { table.openCount == 0 && queue.isEmpty }
    /// Whether the server is passed over because it failed to connect a short while ago.
    public func rests(server: Int, now: Int64) -> Bool { servers.rests(server, now: now) }

    /// When `takeExpired` and `takeTimedOut` have something to do next, at the earliest. Nil: never, as things stand.
    public var nextDeadline: Int64? {
        if table.hasDoomed { return .min }
        switch (table.nextExpiry, queue.firstDeadline) {
        case (let expiry?, let deadline?): return min(expiry, deadline)
        case (let expiry, let deadline): return expiry ?? deadline
        }
    }

    // MARK: Leases

    /// Asks for a connection for an exchange.
    /// - Parameters:
    ///   - waiter: the caller's number for the exchange, told back if it has to wait.
    ///   - tried: servers not to use. An exchange that has to wait may be given one of them all the same, but only by a connection
    ///     that has just served another exchange, or when its turn comes again after its rest.
    public mutating func lease(for waiter: UInt64, excluding tried: ServerSet = .none, now: Int64) -> LeaseAction {
        if queue.isEmpty {
            guard let server = servers.next(excluding: tried, now: now) else { return .refuse(.noServer) }
            if let id = table.takeNewest(of: server, now: now) { return .reuse(id, server: server) }
            if hasRoom { return .connect(open(server, now), server: server, closing: nil) }
            if let id = table.takeNewest(excluding: tried, now: now) { return .reuse(id, server: table.server(id)) }
            if let oldest = table.takeOldest() {
                // Opened before the other is closed, so that their indexes differ.
                let id = open(server, now)
                close(oldest)
                return .connect(id, server: server, closing: oldest)
            }
        }
        guard queue.count < limits.queueLength else { return .refuse(.queueFull) }
        return .queued(queue.append(waiter, deadline: now.later(by: limits.queueTimeout)))
    }

    /// An exchange does not want to wait any more. False if it is not in the queue: it was handed a connection or timed out before.
    @discardableResult
    public mutating func cancel(_ ticket: WaiterTicket) -> Bool { queue.cancel(ticket) }

    /// The connection that `lease`, `replace` or `release` asked for is there, and is its exchange's.
    public mutating func connected(_ id: ConnectionID) {
        precondition(table.state(id) == .connecting, "a connection is connected once")
        servers.connected(table.server(id))
        table.connected(id)
    }

    /// It could not be made: its server rests for a while. The exchange still holds its place: go on with `replace` or `release`.
    public mutating func connectFailed(_ id: ConnectionID, now: Int64) {
        precondition(table.state(id) == .connecting, "only a connect in progress can fail")
        servers.failed(table.server(id), begunAt: table.time(id), now: now)
    }

    /// Exchanges a dead connection, or one that could not be made, for a new one in the same place: an exchange that tries again
    /// keeps its turn. Never returns an idle connection.
    public mutating func replace(_ id: ConnectionID, excluding tried: ServerSet = .none, now: Int64) -> ReplaceAction {
        precondition(table.state(id) == .leased || table.state(id) == .connecting, "only a lease can be replaced")
        guard let server = servers.next(excluding: tried, now: now) else { return .noServer }
        let fresh = open(server, now)
        close(id)
        return .connect(fresh, server: server)
    }

    /// Ends a lease, or gives up a connect in progress.
    /// - Parameters:
    ///   - reusable: the response ended cleanly and both sides want to keep the connection.
    ///   - keepAliveTimeout: how long the app said it would, in milliseconds, if it did (`Keep-Alive: timeout=`, RFC 2068 §19.7.1.1).
    public mutating func release(
        _ id: ConnectionID, reusable: Bool, keepAliveTimeout: Int64? = nil, now: Int64
    ) -> ReleaseAction {
        let state = table.state(id)
        precondition(state == .leased || state == .connecting, "a lease ends once")
        let announced = max(0, keepAliveTimeout ?? .max)
        let isUsable = reusable && state == .leased && announced > 0 && servers.isInUse(table.server(id))
        if let waiter = queue.takeFirst() {
            if isUsable { return .handTo(waiter: waiter) }
            // The last server is never removed, and here none is excluded.
            guard let server = servers.next(excluding: .none, now: now) else { preconditionFailure("an app keeps a server") }
            let fresh = open(server, now)
            close(id)
            return .closeAndConnect(fresh, server: server, waiter: waiter)
        }
        let isExcess = table.idleCount >= limits.maxIdle
        let lifetime = min(limits.idleTimeout, announced - UpstreamPool.keepAliveMargin, isExcess ? UpstreamPool.excessTimeout : .max)
        guard isUsable, !isDraining, lifetime > 0, limits.maxIdle > 0 else {
            close(id)
            return .close
        }
        table.park(id, until: now.later(by: lifetime))
        return .keep
    }

    // MARK: Idle connections and waiters

    /// The app closed an idle connection, or sent something on it: forget it, and close it.
    public mutating func idleClosed(_ id: ConnectionID) {
        switch table.state(id) {
        case .idle: table.takeIdle(id)
        case .doomed: table.takeDoomed(id)
        case .connecting, .leased, .free: preconditionFailure("a connection in use was reported as idle")
        }
        close(id)
    }

    /// The next idle connection to close: its time is over, its server was removed or the pool is drained. Call until nil.
    public mutating func takeExpired(now: Int64) -> ConnectionID? {
        if !table.hasDoomed { table.sweep(now: now) }
        guard let id = table.takeDoomed() else { return nil }
        close(id)
        return id
    }

    /// The next exchange that has waited too long. It is out of the queue. Call until nil.
    public mutating func takeTimedOut(now: Int64) -> UInt64? {
        guard let deadline = queue.firstDeadline, deadline <= now else { return nil }
        return queue.takeFirst()
    }

    // MARK: Changes

    /// Adds a server, after its name was resolved again, and returns its number. The number of a removed server is used again once
    /// its last connection is closed.
    public mutating func addServer() -> Int {
        let server = servers.add()
        table.grow(serverCount: server + 1)
        return server
    }

    /// Takes a server out of use: its idle connections come out of `takeExpired`, leased ones are closed on return. The last server
    /// cannot be removed: when a name resolves to nothing, the old addresses are the better guess.
    public mutating func removeServer(_ server: Int) {
        servers.remove(server)
        table.doomIdle(of: server)
    }

    /// Keeps no connection from now on: idle ones come out of `takeExpired`, others are closed on return. Exchanges in flight may
    /// still lease, wait and try again.
    public mutating func drain() {
        isDraining = true
        table.doomAllIdle()
    }

    // MARK: -

    private var hasRoom: Bool { limits.maxConnections == 0 || table.openCount < limits.maxConnections }

    private mutating func open(_ server: Int, _ now: Int64) -> ConnectionID {
        servers.opened(server)
        return table.open(server: server, now: now)
    }

    private mutating func close(_ id: ConnectionID) {
        servers.closed(table.server(id))
        table.close(id)
    }

    /// What is wrong with the pool, or nil if all holds that should. For tests: as slow as the pool is large.
    public func check() -> String? {
        if let flaw = table.flaw() ?? queue.flaw() { return flaw }
        for server in 0..<servers.count where servers.openConnections(server) != table.count(of: server) {
            return "server \(server) counts \(servers.openConnections(server)) connections, the table \(table.count(of: server))"
        }
        if limits.maxConnections > 0, table.openCount > limits.maxConnections { return "more connections than the maximum" }
        if limits.maxIdle == 0, table.idleCount > 0 { return "an idle connection where none is kept" }
        if queue.count > limits.queueLength { return "the queue is too long" }
        if !queue.isEmpty, table.idleCount > 0 || table.hasDoomed || hasRoom { return "an exchange waits although it need not" }
        if isDraining, table.idleCount > 0 { return "a drained pool keeps an idle connection" }
        return nil
    }
}
