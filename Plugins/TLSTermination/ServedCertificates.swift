import FilterAPI
import Synchronization
import TLS

/// The certificates, tickets and rules of one section, as all loops have them: read at the start, and again when a file changes.
final class ServedCertificates: Sendable {
    /// All that is made of the files.
    private struct State {
        var present: Present?
        /// What is wrong with files now, as the operator was told; and how often something was, and was not.
        var faults: [ServedFiles.Fault] = []
        var refusedCount = 0
        var takenCount = 0
    }

    /// What is served.
    private struct Present {
        let rules: TerminationRules
        let tickets: TicketKeys
        let keyLog: KeyLog?
        var development: DevelopmentCertificate?
        /// Those that `context` is made of.
        var files: ServedFiles
        var context: TLSServerContext
    }

    private let state = Mutex(State())
    /// Held while files are read and a context is made of them: a change that comes in the meantime is looked at afterwards, and an older reading
    /// never takes the place of a newer one.
    private let reading = Mutex(())
    /// Goes up when there is another context.
    private let published = Atomic<UInt64>(0)

    /// Which context is the present one: one load.
    var generation: UInt64 { published.load(ordering: .acquiring) }
    var context: TLSServerContext? { present?.context }
    /// The certificate that was made because none is given.
    var development: DevelopmentCertificate? { present?.development }
    private var present: Present? { state.withLock { $0.present } }

    /// Reads all files; the second loop gets what the first has made. Errors: what is wrong with them.
    func begin(_ rules: TerminationRules, _ loop: LoopContext) throws(ConfigurationError) -> TLSServerContext {
        try reading.withLock { (_) throws(ConfigurationError) in try read(rules, loop) }
    }

    private func read(_ rules: TerminationRules, _ loop: LoopContext) throws(ConfigurationError) -> TLSServerContext {
        if let context { return context }
        let now = WallClock.seconds
        let development = rules.sources.isEmpty ? try Self.makeDevelopment(rules, now) : nil
        let files = try ServedFiles(rules, development: development?.pair, now: now)
        let tickets = try Self.naming("ticket-keys") {
            try rules.ticketKeys.map { try TicketKeys(file: $0) } ?? TicketKeys(period: rules.ticketLifetime, now: loop.clock.seconds)
        }
        let keyLog = try Self.naming("key-log") { try rules.keyLog.map { try KeyLog(path: $0) } }
        let context = try Self.naming(rules.sources.isEmpty ? nil : "certificate") { try files.context(rules, tickets, keyLog) }
        for pair in files.pairs {
            for warning in pair.warnings(at: now) where !rules.sources.isEmpty { loop.tell("\(warning)") }
        }
        state.withLock {
            $0.present = Present(rules: rules, tickets: tickets, keyLog: keyLog, development: development, files: files, context: context)
        }
        return context
    }

    /// Has errors name the option that they are about.
    private static func naming<Value>(_ option: String?, _ body: () throws -> Value) throws(ConfigurationError) -> Value {
        do {
            return try body()
        } catch {
            throw ConfigurationError("\(error)", option: option)
        }
    }

    /// The certificate that is made where none is given.
    private static func makeDevelopment(_ rules: TerminationRules, _ now: Int64) throws(ConfigurationError) -> DevelopmentCertificate {
        guard let directory = rules.developmentDirectory ?? DevelopmentCertificate.defaultDirectory else {
            throw ConfigurationError(
                "there is no place to keep a certificate for `localhost`: neither STATE_DIRECTORY nor HOME is set", option: "certificate",
                help: "give a `certificate`, or say `development-directory`")
        }
        do throws(CertificateFault) {
            return try DevelopmentCertificate.provide(in: directory, now: now)
        } catch {
            throw ConfigurationError("no certificate for `localhost` could be made: \(error)", option: nil)
        }
    }

    // MARK: Changes

    /// Some file has changed: takes over what is good of it. On a thread that may wait. Errors: why something stays as it was.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - tell: takes what the operator should know of what was taken over.
    func reload(now: Int64 = WallClock.seconds, telling tell: ([String]) -> Void) throws(ConfigurationError) {
        try reading.withLock { (_) throws(ConfigurationError) in try readAgain(now, tell) }
    }

    private func readAgain(_ now: Int64, _ tell: ([String]) -> Void) throws(ConfigurationError) {
        guard let present else { return }
        var next = present
        var faults: [ServedFiles.Fault] = []
        do throws(CertificateFault) {
            next.development = try present.development?.renewed(now: now)
        } catch {
            faults.append(ServedFiles.Fault(error))
        }
        if present.rules.ticketKeys != nil {
            do throws(TicketKeyFault) {
                _ = try present.tickets.refresh(now: 0)
            } catch {
                faults.append(ServedFiles.Fault(error))
            }
        }
        let read = present.files.reloaded(present.rules, development: next.development?.pair, now: now)
        faults += read.faults
        next.files = read.files
        var takenCount = next.files.changes(since: present.files)
        do {
            if takenCount > 0 {
                try publish(next)
                tell(next.files.namesLost(since: present.files, isStrict: present.rules.isStrict))
                if let development = next.development, development.made == .authority { tell([development.authorityNotice]) }
            }
        } catch {
            faults.append(ServedFiles.Fault("\(error)", remedy: "nothing is taken over"))
            takenCount = 0
        }
        let news = state.withLock { [faults, takenCount] state in
            let news = faults.filter { fault in !state.faults.contains { $0.message == fault.message } }
            state.faults = faults
            state.refusedCount += news.count
            state.takenCount += takenCount
            return news
        }
        if !news.isEmpty { throw ConfigurationError(news.map(\.text).joined(separator: "; "), option: nil) }
    }

    /// Has new connections made of other files.
    private func publish(_ new: Present) throws {
        var new = new
        new.context = try new.files.context(new.rules, new.tickets, new.keyLog)
        state.withLock { [new] in $0.present = new }
        published.wrappingAdd(1, ordering: .releasing)
    }

    /// Something may be better now, though nobody has seen a file change: a certificate may have become valid, or is about to expire and made here; a
    /// file may have been unreadable for the moment in which it was read.
    func isWanting(at now: Int64) -> Bool {
        state.withLock { !$0.faults.isEmpty || $0.present?.development?.isDue(at: now) == true }
    }

    /// As `reload`, but for errors, which are lines too.
    func retry(now: Int64) -> [String] {
        var lines: [String] = []
        do throws(ConfigurationError) {
            try reload(now: now) { lines += $0 }
        } catch {
            lines.append(error.message)
        }
        return lines
    }

    // MARK: For the operator

    /// Certificates that expire soon, or have expired.
    func expiries(now: Int64) -> [String] { pairs.flatMap { $0.warnings(at: now) }.filter { $0.kind == .expiresSoon }.map(\.text) }

    /// What is served and until when, how often files changed it, and what is wrong with them now.
    var statusLines: [String] {
        let now = WallClock.seconds
        let (takenCount, refusedCount, faults) = state.withLock { ($0.takenCount, $0.refusedCount, $0.faults) }
        return pairs.map { $0.summary(at: now) } + ["certificates taken over \(takenCount), not good \(refusedCount)"] + faults.map { "not good: \($0.text)" }
    }

    private var pairs: [CertificatePair] { present?.files.pairs ?? [] }

    // MARK: Tickets

    /// Makes another random key for tickets if it is time.
    ///
    /// - Parameter now: seconds on the clock of loops.
    func rotateTickets(now: Int64) {
        // Only for want of memory or randomness: the present keys go on.
        _ = try? present?.tickets.refresh(now: now)
    }
}

extension LoopClock {
    /// On the clock that never goes back.
    var seconds: Int64 { nanoseconds / 1_000_000_000 }
}
