/// Chooses a server for each new connection: round robin over the servers in use, passing over those that just failed to connect.
struct ServerRotation: ~Copyable {
    private struct Server {
        var isInUse = true
        /// Connections that are open or being opened.
        var open: Int32 = 0
        /// Failed connects since the last good one.
        var failures: UInt8 = 0
        /// When the last of them failed.
        var failedAt = Int64.min
        /// Passed over until then.
        var restUntil = Int64.min
    }

    private var servers: [Server]
    private var cursor = 0
    private var random: UInt64

    /// The first rest after a failed connect, and the longest, in milliseconds.
    static var firstRest: Int64 { 1_000 }
    static var longestRest: Int64 { 30_000 }

    init(count: Int, seed: UInt64) {
        precondition(count > 0 && count < Int(Int32.max), "an app has at least one server")
        servers = Array(repeating: Server(), count: count)
        random = seed
    }

    var count: Int { servers.count }
    func isInUse(_ server: Int) -> Bool { servers[server].isInUse }
    func rests(_ server: Int, now: Int64) -> Bool { servers[server].restUntil > now }
    func openConnections(_ server: Int) -> Int { Int(servers[server].open) }

    /// The next server in turn. If all that may be chosen rest, the next of them all the same: an app that has just come back must
    /// not be kept away. Nil if all are excluded.
    mutating func next(excluding tried: ServerSet, now: Int64) -> Int? {
        let count = servers.count
        let mayExclude = !tried.isEmpty
        var resting: Int? = nil
        var server = cursor
        for _ in 0..<count {
            if server >= count { server = 0 }
            if servers[server].isInUse, !(mayExclude && tried.contains(server)) {
                if servers[server].restUntil <= now {
                    cursor = server &+ 1
                    return server
                }
                if resting == nil { resting = server }
            }
            server &+= 1
        }
        if let resting { cursor = resting &+ 1 }
        return resting
    }

    mutating func opened(_ server: Int) { servers[server].open &+= 1 }
    mutating func closed(_ server: Int) { servers[server].open &-= 1 }

    mutating func connected(_ server: Int) {
        servers[server].failures = 0
        servers[server].restUntil = .min
    }

    /// Sends the server to rest: 1 s, then 2 s, up to 30 s, each up to a quarter shorter so that loops do not come back together.
    /// An attempt that was begun before the last failure says nothing new: a burst counts once.
    mutating func failed(_ server: Int, begunAt: Int64, now: Int64) {
        guard servers[server].failures == 0 || begunAt >= servers[server].failedAt else { return }
        let rest = min(ServerRotation.firstRest << Int64(min(servers[server].failures, 5)), ServerRotation.longestRest)
        servers[server].failures = min(servers[server].failures, 100) + 1
        servers[server].failedAt = now
        servers[server].restUntil = now.later(by: rest - Int64(nextRandom() % UInt64(rest / 4 + 1)))
    }

    /// A place for a new server: that of a removed one without connections, or a new one.
    mutating func add() -> Int {
        if let index = servers.firstIndex(where: { !$0.isInUse && $0.open == 0 }) {
            servers[index] = Server()
            return index
        }
        servers.append(Server())
        return servers.count - 1
    }

    mutating func remove(_ server: Int) {
        precondition(servers[server].isInUse, "a server is removed once")
        servers[server].isInUse = false
        precondition(servers.contains { $0.isInUse }, "an app keeps at least one server")
    }

    // SplitMix64.
    private mutating func nextRandom() -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var mixed = random
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
