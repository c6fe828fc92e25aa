// unsafe: a limit of the process
import Glibc

/// How many descriptors (files, sockets, pipes) the process may have: RLIMIT_NOFILE.
enum DescriptorLimit {
    /// The soft limit, which the kernel enforces.
    static var present: Int { read().map { Int(clamping: $0.rlim_cur) } ?? .max }

    /// Sets the soft limit to the hard one, which needs no right.
    static func raise() {
        guard var limit = read(), limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Says so when the operator asked for more connections than there may be.
    static func check(_ settings: GatewaySettings, loops: Int) {
        let needed = needed(settings, loops: loops)
        guard needed > present else { return }
        complain(
            """
            sluice: warning: \(present) descriptors (files and sockets) may be open, and \(needed) are needed for \
            \(settings.connectionsAskedFor > 0 ? "what `max-connections` allows" : "the listeners and a few connections"): raise \
            \(remedy)
            """)
    }

    static let remedy = "LimitNOFILE (systemd) or `ulimit -Hn`"

    /// Connections on both sides, and what the process has anyway. Pipes of large bodies come on top.
    static func needed(_ settings: GatewaySettings, loops: Int) -> Int {
        let addresses = settings.listeners.reduce(0) { $0 + $1.addresses.count }
        // epoll and the wake-up of each loop; standard streams, log and name look-up of the process.
        return settings.connectionsAskedFor + loops * (2 + addresses) + 32
    }

    private static func read() -> rlimit? {
        var limit = rlimit()
        return unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
