/// The open connections of a pool and the order in which the idle ones were used. Every idle connection is in two lists, newest
/// first: its server's, from which it is reused, and the pool's, at whose end is the one to give up. Links are indexes: nothing is
/// allocated once the table has grown to the number of connections in use.
struct ConnectionTable: ~Copyable {
    enum State: UInt8 {
        case free, connecting, leased, idle
        /// Was idle, is to be closed, and is not in the lists any more.
        case doomed
    }

    struct Entry {
        var generation: UInt32 = 0
        var server: Int32 = 0
        var state = State.free
        /// Connecting: when that began. Idle: when it may not be used any more.
        var time: Int64 = 0
        // Idle: neighbours among the server's. Free and doomed: `olderOfServer` is the next in that chain.
        var newerOfServer: Int32 = -1
        var olderOfServer: Int32 = -1
        // Idle: neighbours among all.
        var newer: Int32 = -1
        var older: Int32 = -1
    }

    private var entries: [Entry] = []
    private var newestOfServer: [Int32]
    private var newest: Int32 = -1
    private var oldest: Int32 = -1
    private var free: Int32 = -1
    private var doomed: Int32 = -1
    /// Connections in any state but free.
    private(set) var openCount = 0
    private(set) var idleCount = 0
    /// No idle connection expires before this. Exact after a sweep; leasing one may leave it too early.
    private var earliestExpiry = Int64.max

    init(serverCount: Int) {
        newestOfServer = Array(repeating: -1, count: serverCount)
    }

    /// Makes room for servers with numbers below `count`.
    mutating func grow(serverCount count: Int) {
        while newestOfServer.count < count { newestOfServer.append(-1) }
    }

    var hasDoomed: Bool { doomed >= 0 }

    /// When to sweep next; nil if nothing is idle.
    var nextExpiry: Int64? { idleCount == 0 ? nil : earliestExpiry }

    /// Where a connection stands. Traps on one that is closed: its place may be another's by now.
    func state(_ id: ConnectionID) -> State {
        let entry = entries[Int(id.index)]
        precondition(entry.generation == id.generation && entry.state != .free, "a closed connection was used")
        return entry.state
    }

    func server(_ id: ConnectionID) -> Int { Int(entries[Int(id.index)].server) }
    func time(_ id: ConnectionID) -> Int64 { entries[Int(id.index)].time }

    private func id(_ index: Int32) -> ConnectionID {
        ConnectionID(index: index, generation: entries[Int(index)].generation)
    }

    /// A new connection in state connecting.
    mutating func open(server: Int, now: Int64) -> ConnectionID {
        let index: Int32
        if free >= 0 {
            index = free
            free = entries[Int(index)].olderOfServer
        } else {
            index = Int32(entries.count)
            entries.append(Entry())
        }
        entries[Int(index)].state = .connecting
        entries[Int(index)].server = Int32(server)
        entries[Int(index)].time = now
        openCount &+= 1
        return id(index)
    }

    mutating func connected(_ id: ConnectionID) {
        entries[Int(id.index)].state = .leased
    }

    /// Forgets a connection that is in no list.
    mutating func close(_ id: ConnectionID) {
        let index = Int(id.index)
        entries[index].state = .free
        entries[index].generation &+= 1
        entries[index].olderOfServer = free
        free = id.index
        openCount &-= 1
    }

    /// Leased becomes idle, the newest of all.
    mutating func park(_ id: ConnectionID, until expiry: Int64) {
        let index = Int(id.index)
        let server = Int(entries[index].server)
        let next = newestOfServer[server]
        entries[index].state = .idle
        entries[index].time = expiry
        entries[index].newerOfServer = -1
        entries[index].olderOfServer = next
        if next >= 0 { entries[Int(next)].newerOfServer = id.index }
        newestOfServer[server] = id.index
        entries[index].newer = -1
        entries[index].older = newest
        if newest >= 0 { entries[Int(newest)].newer = id.index } else { oldest = id.index }
        newest = id.index
        idleCount &+= 1
        if expiry < earliestExpiry { earliestExpiry = expiry }
    }

    /// Takes the server's most recently used connection that has not expired out of the lists, as leased.
    mutating func takeNewest(of server: Int, now: Int64) -> ConnectionID? {
        var index = newestOfServer[server]
        while index >= 0 {
            if entries[Int(index)].time > now { return lease(index) }
            index = entries[Int(index)].olderOfServer
        }
        return nil
    }

    /// The same over all servers that are not excluded.
    mutating func takeNewest(excluding tried: ServerSet, now: Int64) -> ConnectionID? {
        var index = newest
        while index >= 0 {
            let entry = entries[Int(index)]
            if entry.time > now, !tried.contains(Int(entry.server)) { return lease(index) }
            index = entry.older
        }
        return nil
    }

    private mutating func lease(_ index: Int32) -> ConnectionID {
        unlink(index)
        entries[Int(index)].state = .leased
        return id(index)
    }

    /// Takes the idle connection that matters least: one to be closed anyway, or the least recently used. It is in no list then;
    /// the caller closes it.
    mutating func takeOldest() -> ConnectionID? {
        if let doomed = takeDoomed() { return doomed }
        guard oldest >= 0 else { return nil }
        let index = oldest
        unlink(index)
        return id(index)
    }

    /// Takes an idle connection that the app has closed.
    mutating func takeIdle(_ id: ConnectionID) {
        unlink(id.index)
    }

    /// Dooms all idle connections whose time has come.
    mutating func sweep(now: Int64) {
        guard earliestExpiry <= now, idleCount > 0 else { return }
        var earliest = Int64.max
        var index = oldest
        while index >= 0 {
            let entry = entries[Int(index)]
            if entry.time <= now { doom(index) } else { earliest = min(earliest, entry.time) }
            index = entry.newer
        }
        earliestExpiry = earliest
    }

    /// Dooms a server's idle connections.
    mutating func doomIdle(of server: Int) {
        while newestOfServer[server] >= 0 { doom(newestOfServer[server]) }
    }

    mutating func doomAllIdle() {
        while oldest >= 0 { doom(oldest) }
    }

    private mutating func doom(_ index: Int32) {
        unlink(index)
        entries[Int(index)].state = .doomed
        entries[Int(index)].olderOfServer = doomed
        doomed = index
    }

    /// Takes a doomed connection out of its chain; the caller closes it.
    mutating func takeDoomed() -> ConnectionID? {
        guard doomed >= 0 else { return nil }
        let index = doomed
        doomed = entries[Int(index)].olderOfServer
        return id(index)
    }

    /// Takes a certain doomed connection out of its chain. As slow as the chain is long.
    mutating func takeDoomed(_ id: ConnectionID) {
        if doomed == id.index {
            doomed = entries[Int(id.index)].olderOfServer
            return
        }
        var index = doomed
        while index >= 0 {
            let next = entries[Int(index)].olderOfServer
            if next == id.index { entries[Int(index)].olderOfServer = entries[Int(next)].olderOfServer }
            index = next == id.index ? -1 : next
        }
    }

    private mutating func unlink(_ index: Int32) {
        let entry = entries[Int(index)]
        if entry.newerOfServer >= 0 {
            entries[Int(entry.newerOfServer)].olderOfServer = entry.olderOfServer
        } else {
            newestOfServer[Int(entry.server)] = entry.olderOfServer
        }
        if entry.olderOfServer >= 0 { entries[Int(entry.olderOfServer)].newerOfServer = entry.newerOfServer }
        if entry.newer >= 0 { entries[Int(entry.newer)].older = entry.older } else { newest = entry.older }
        if entry.older >= 0 { entries[Int(entry.older)].newer = entry.newer } else { oldest = entry.newer }
        idleCount &-= 1
        if idleCount == 0 { earliestExpiry = .max }
    }

    /// What is wrong with the table, or nil. For tests.
    func flaw() -> String? {
        var counts = [0, 0, 0, 0, 0]
        for entry in entries { counts[Int(entry.state.rawValue)] += 1 }
        guard openCount == entries.count - counts[0] else { return "openCount is \(openCount)" }
        guard idleCount == counts[3] else { return "idleCount is \(idleCount), but \(counts[3]) are idle" }
        guard chainLength(free, state: .free) == counts[0] else { return "the free chain misses a place" }
        guard chainLength(doomed, state: .doomed) == counts[4] else { return "the doomed chain misses a connection" }
        var (seen, newer, index) = (0, Int32(-1), newest)
        while index >= 0 {
            let entry = entries[Int(index)]
            guard entry.state == .idle, entry.newer == newer, seen <= idleCount else { return "the idle list's links do not agree" }
            guard entry.time >= earliestExpiry else { return "an idle connection expires before the next sweep" }
            (seen, newer, index) = (seen + 1, index, entry.older)
        }
        guard seen == idleCount, newer == oldest else { return "the idle list misses a connection" }
        seen = 0
        for server in newestOfServer.indices {
            (newer, index) = (-1, newestOfServer[server])
            while index >= 0 {
                let entry = entries[Int(index)]
                guard entry.state == .idle, Int(entry.server) == server, entry.newerOfServer == newer, seen <= idleCount else {
                    return "the links of server \(server)'s idle connections do not agree"
                }
                (seen, newer, index) = (seen + 1, index, entry.olderOfServer)
            }
        }
        return seen == idleCount ? nil : "a server's list misses an idle connection"
    }

    /// The open connections of a server. For tests.
    func count(of server: Int) -> Int {
        entries.count { $0.state != .free && Int($0.server) == server }
    }

    private func chainLength(_ start: Int32, state: State) -> Int? {
        var length = 0
        var index = start
        while index >= 0 {
            guard entries[Int(index)].state == state, length <= entries.count else { return nil }
            length += 1
            index = entries[Int(index)].olderOfServer
        }
        return length
    }
}
