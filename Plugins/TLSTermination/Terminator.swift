import FilterAPI
import TLS

/// TLS on one loop.
final class Terminator: ConnectionFilter, TLSTerminating, StatusReporter {
    private var present: TLSServerContext
    private var generation: UInt64
    private let served: ServedCertificates
    private let clock: LoopClock
    /// Kept: files are watched as long as somebody has them.
    private var files: [WatchedFile<Void>] = []
    let handshakeTimeout: Int64
    let strictTransport: [UInt8]?
    let forwardsClientCertificate: Bool
    private let rotatesTickets: Bool
    /// Nanoseconds on the loop's clock at which keys of tickets are looked at again.
    private var nextTickets: Int64 = 0

    /// How often that is: far more often than they change.
    private static let ticketCheck: Int64 = 10_000_000_000

    /// On one loop: looks once a day whether certificates expire.
    private var daily: LoopWatch?
    private static let day: Int64 = 86_400_000

    init(_ rules: TerminationRules, _ served: ServedCertificates, on loop: LoopContext) throws(ConfigurationError) {
        self.served = served
        clock = loop.clock
        handshakeTimeout = rules.handshakeTimeout
        strictTransport = rules.strictTransport
        forwardsClientCertificate = rules.clientRules.contains { $0 != .none }
        rotatesTickets = rules.ticketKeys == nil
        var paths: [String] = []
        for source in rules.sources { paths += [source.certificate, source.key] }
        for rule in rules.clientRules { if let path = rule.authorities { paths.append(path) } }
        var seen: Set<String> = []
        paths.removeAll { !seen.insert($0).inserted }
        // Before they are read, so that no change is missed.
        if !paths.isEmpty { files.append(try Self.watch(paths, loop) { () throws(ConfigurationError) in try served.reload() }) }
        if let path = rules.ticketKeys { files.append(try Self.watch([path], loop) { () throws(ConfigurationError) in try served.refreshTickets() }) }
        generation = served.generation
        present = try served.begin(rules, loop)
        if loop.index == 0 && !rules.sources.isEmpty { warnDaily(loop) }
    }

    /// Whoever renews certificates may have failed in silence.
    private func warnDaily(_ loop: LoopContext) {
        let work = loop.sideWork(atOnce: 1)
        let daily = loop.makeWatch()
        daily.onTime = { [served, unowned daily] in
            _ = work.begin { served.expiries }
            daily.setTimer(milliseconds: Self.day)
        }
        daily.setTimer(milliseconds: Self.day)
        self.daily = daily
    }

    var statusLines: [String] { served.statusLines }

    var development: DevelopmentCertificate? { served.development }

    /// Calls `changed` when files have changed. They were read already when this is called.
    private static func watch(
        _ paths: [String], _ loop: LoopContext, _ changed: @escaping @Sendable () throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) -> WatchedFile<Void> {
        let isFirst = FirstTime()
        return try loop.watchFiles(paths) { (_) throws(ConfigurationError) in if !isFirst.isNow { try changed() } }
    }

    var context: TLSServerContext {
        if generation != served.generation {
            generation = served.generation
            present = served.context ?? present
        }
        if rotatesTickets && clock.nanoseconds >= nextTickets {
            nextTickets = clock.nanoseconds + Self.ticketCheck
            // Only for want of memory or randomness: the present keys go on.
            try? served.refreshTickets()
        }
        return present
    }
}
