import FilterAPI
import Synchronization
import TLS

/// The certificates, tickets and rules of one section, as all loops have them: read at the start, and again when a file changes.
final class ServedCertificates: Sendable {
    /// Why files are not good.
    private struct Fault {
        /// The same as long as it is the same fault.
        let message: String
        /// With what is to be done.
        let text: String
    }

    /// All that is made of the files.
    private struct State {
        var tickets: TicketKeys?
        var keyLog: KeyLog?
        var rules: TerminationRules?
        var context: TLSServerContext?
        /// Those that `context` has, in the order of the lines.
        var pairs: [CertificatePair] = []
        var development: DevelopmentCertificate?
        /// What is wrong with files now, as the operator was told; and how often something was, and was not.
        var faults: [Fault] = []
        var refusedCount = 0
        var swapCount = 0
    }

    private let state = Mutex(State())
    /// Held while files are read and a context is made of them: a change that comes in the meantime is looked at afterwards, and an older reading
    /// never takes the place of a newer one.
    private let reading = Mutex(())
    /// Goes up when there is another context.
    private let published = Atomic<UInt64>(0)

    /// Which context is the present one: one load.
    var generation: UInt64 { published.load(ordering: .acquiring) }
    var context: TLSServerContext? { state.withLock { $0.context } }
    /// The certificate that was made because none is given.
    var development: DevelopmentCertificate? { state.withLock { $0.development } }

    /// Reads all files; the second loop gets what the first has made. Errors: what is wrong with them.
    func begin(_ rules: TerminationRules, _ loop: LoopContext) throws(ConfigurationError) -> TLSServerContext {
        try reading.withLock { (_) throws(ConfigurationError) in try read(rules, loop) }
    }

    private func read(_ rules: TerminationRules, _ loop: LoopContext) throws(ConfigurationError) -> TLSServerContext {
        if let context { return context }
        let now = WallClock.seconds
        let development = rules.sources.isEmpty ? try Self.makeDevelopment(rules, now) : nil
        do {
            let pairs = try development.map { [$0.pair] } ?? Self.load(rules.sources, now)
            let tickets = try Self.naming("ticket-keys") { try rules.ticketKeys.map { try TicketKeys(file: $0) } ?? TicketKeys(period: rules.ticketLifetime, now: now) }
            let keyLog = try Self.naming("key-log") { try rules.keyLog.map { try KeyLog(path: $0) } }
            let context = try Self.makeContext(rules, pairs, tickets, keyLog)
            for pair in pairs {
                for warning in pair.warnings(at: now) where !rules.sources.isEmpty { loop.tell("\(warning)") }
            }
            state.withLock {
                $0.tickets = tickets
                $0.keyLog = keyLog
                $0.rules = rules
                $0.context = context
                $0.pairs = pairs
                $0.development = development
            }
            return context
        } catch let fault as ConfigurationError {
            throw fault
        } catch {
            throw ConfigurationError("\(error)", option: rules.sources.isEmpty ? nil : "certificate")
        }
    }

    /// Has errors name the option that they are about.
    private static func naming<Value>(_ option: String, _ body: () throws -> Value) throws(ConfigurationError) -> Value {
        do {
            return try body()
        } catch {
            throw ConfigurationError("\(error)", option: option)
        }
    }

    /// All pairs. Errors: what is wrong with each that is not good.
    private static func load(_ sources: [TerminationRules.Source], _ now: Int64) throws(ConfigurationError) -> [CertificatePair] {
        var pairs: [CertificatePair] = []
        var faults: [String] = []
        for source in sources {
            do throws(CertificateFault) {
                pairs.append(try CertificatePair.load(certificate: source.certificate, key: source.key, now: now, covering: source.names))
            } catch {
                faults.append("\(error)")
            }
        }
        guard faults.isEmpty else { throw ConfigurationError(faults.joined(separator: "\n"), option: "certificate") }
        return pairs
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

    /// A context with the store's pairs.
    private static func makeContext(
        _ rules: TerminationRules, _ pairs: [CertificatePair], _ tickets: TicketKeys, _ keyLog: KeyLog?
    ) throws -> TLSServerContext {
        var policies: [ClientCertificateRule] = []
        let members = pairs.enumerated().map { index, pair in
            let rule = rules.clientRules[index]
            if !policies.contains(rule) { policies.append(rule) }
            return CertificateTable.Member(pair, policy: policies.firstIndex(of: rule)!)
        }
        let table = try CertificateTable(members, isStrict: rules.isStrict)
        let entries = try table.entries.map { entry in
            let rule = policies[entry.policy]
            return try TLSServerContext.Entry(
                entry.members.map { pairs[$0] }, tickets: tickets, rule: rule, ruleIdentity: rule.content())
        }
        return try TLSServerContext(policy: rules.policy, entries: entries, table: table, keyLog: keyLog)
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
        let (tickets, keyLog, rules, before) = state.withLock { ($0.tickets, $0.keyLog, $0.rules, $0.pairs) }
        guard let tickets, let rules else { return }
        var faults: [Fault] = []
        var swapCount = 0
        var pairs = before
        for index in pairs.indices {
            do throws(CertificateFault) {
                pairs[index] = try before[index].reloaded(now: now)
            } catch {
                faults.append(Fault(message: error.message, text: "\(error)"))
            }
        }
        do {
            let context = try Self.makeContext(rules, pairs, tickets, keyLog)
            state.withLock {
                $0.context = context
                $0.pairs = pairs
            }
            published.wrappingAdd(1, ordering: .releasing)
            swapCount = zip(before, pairs).count { $0 !== $1 }
            let lost = Self.namesLost(from: before, to: pairs, isStrict: rules.isStrict)
            if !lost.isEmpty { tell(lost) }
        } catch {
            faults.append(Fault(message: "\(error)", text: "\(error)"))
        }
        let news = state.withLock { state in
            let news = faults.filter { fault in !state.faults.contains { $0.message == fault.message } }
            state.faults = faults
            state.refusedCount += news.count
            state.swapCount += swapCount
            return news
        }
        if !news.isEmpty { throw ConfigurationError(news.map(\.text).joined(separator: "; "), option: nil) }
    }

    /// Looks again at what was not good, also where no file has changed: a certificate may have become valid. As `reload`, but for errors, which are
    /// lines too.
    func retry(now: Int64) -> [String] {
        guard state.withLock({ !$0.faults.isEmpty }) else { return [] }
        var lines: [String] = []
        do throws(ConfigurationError) {
            try reload(now: now) { lines += $0 }
        } catch {
            lines.append(error.message)
        }
        return lines
    }

    // MARK: For the operator

    /// Names that were served and are not any more, a line for each certificate that had them.
    private static func namesLost(from before: [CertificatePair], to after: [CertificatePair], isStrict: Bool) -> [String] {
        zip(before, after).compactMap { old, new in
            guard old !== new else { return nil }
            let lost = old.leaf.names.filter { name in !after.contains { $0.leaf.covers(name) } }
            guard !lost.isEmpty else { return nil }
            let names = lost.map { "`\($0)`" }.joined(separator: ", ")
            return "the new certificate in `\(new.path)` is not for \(names), as the one before was, nor is another: clients that ask for it "
                + (isStrict ? "are refused" : "get the first certificate")
        }
    }

    /// Certificates that expire soon, or have expired.
    func expiries(now: Int64) -> [String] { pairs.flatMap { $0.warnings(at: now) }.filter { $0.kind == .expiresSoon }.map(\.text) }

    /// What is served and until when, how often files changed it, and what is wrong with them now.
    var statusLines: [String] {
        let now = WallClock.seconds
        let (swapCount, refusedCount, faults) = state.withLock { ($0.swapCount, $0.refusedCount, $0.faults) }
        return pairs.map { $0.summary(at: now) } + ["certificates taken over \(swapCount), not good \(refusedCount)"] + faults.map { "not good: \($0.text)" }
    }

    private var pairs: [CertificatePair] { state.withLock { $0.pairs } }

    // MARK: Tickets

    /// Makes another key for tickets if it is time, or reads their file again. Errors: as for `reload`.
    func refreshTickets() throws(ConfigurationError) {
        guard let tickets = state.withLock({ $0.tickets }) else { return }
        do throws(TicketKeyFault) {
            _ = try tickets.refresh(now: WallClock.seconds)
        } catch {
            throw ConfigurationError("\(error)", option: nil)
        }
    }
}
