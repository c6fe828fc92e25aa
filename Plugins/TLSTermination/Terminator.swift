import FilterAPI
import TLS

/// TLS on one loop.
final class Terminator: ConnectionFilter, TLSTerminating, StatusReporter {
    private var present: TLSServerContext
    private var generation: UInt64
    private let served: ServedCertificates
    private let clock: LoopClock
    /// Kept: files are watched as long as somebody has them.
    private var files: WatchedFile<Void>?
    let handshakeTimeout: Int64
    let strictTransport: [UInt8]?
    let forwardsClientCertificate: Bool
    private let rotatesTickets: Bool
    /// Nanoseconds on the loop's clock at which keys of tickets are looked at again.
    private var nextTickets: Int64 = 0

    /// How often that is: far more often than they change.
    private static let ticketCheck: Int64 = 10_000_000_000

    /// On one loop: looks each minute at what was not good, and each day whether certificates expire.
    private var minutely: LoopWatch?
    private var minutes = 0
    private static let minute: Int64 = 60_000

    init(_ rules: TerminationRules, _ served: ServedCertificates, on loop: LoopContext) throws(ConfigurationError) {
        self.served = served
        clock = loop.clock
        handshakeTimeout = rules.handshakeTimeout
        strictTransport = rules.strictTransport
        forwardsClientCertificate = rules.clientRules.contains { $0.asks }
        rotatesTickets = rules.ticketKeys == nil
        var paths: [String] = []
        for source in rules.sources { paths += [source.certificate, source.key] }
        paths += rules.clientRules.compactMap(\.authorities) + [rules.ticketKeys].compactMap(\.self)
        var seen: Set<String> = []
        paths.removeAll { !seen.insert($0).inserted }
        // Before they are read, so that no change is missed.
        let work = loop.sideWork(atOnce: 2)
        if !paths.isEmpty {
            files = try Self.watch(paths, loop) { () throws(ConfigurationError) in try served.reload { lines in _ = work.begin { lines } } }
        }
        generation = served.generation
        present = try served.begin(rules, loop)
        if loop.index == 0 { lookEachMinute(loop.makeWatch(), work) }
    }

    private func lookEachMinute(_ watch: LoopWatch, _ work: SideWork) {
        watch.onTime = { [unowned self, unowned watch, served] in
            minutes += 1
            let now = clock.wallSeconds
            if served.isWanting(at: now) { _ = work.begin { served.retry(now: now) } }
            // Whoever renews certificates may have failed in silence.
            if minutes % (24 * 60) == 0 { _ = work.begin { served.expiries(now: now) } }
            watch.setTimer(milliseconds: Self.minute)
        }
        watch.setTimer(milliseconds: Self.minute)
        minutely = watch
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
            served.rotateTickets(now: clock.seconds)
        }
        return present
    }
}
