import FilterAPI
import Synchronization
import TLS

/// The certificates, tickets and rules of one section, as all loops have them: read at the start, and again when a file changes.
final class ServedCertificates: Sendable {
    /// All that is made of the files.
    private struct State {
        var store: CertificateStore?
        var tickets: TicketKeys?
        var keyLog: KeyLog?
        var rules: TerminationRules?
        var context: TLSServerContext?
    }

    private let state = Mutex(State())
    /// Goes up when there is another context.
    private let published = Atomic<UInt64>(0)

    /// Which context is the present one: one load.
    var generation: UInt64 { published.load(ordering: .acquiring) }
    var context: TLSServerContext? { state.withLock { $0.context } }

    /// Reads all files; the second loop gets what the first has made. Errors: what is wrong with them.
    func begin(_ rules: TerminationRules, _ loop: LoopContext) throws(ConfigurationError) -> TLSServerContext {
        if let context { return context }
        let now = WallClock.seconds
        let sources = rules.sources.isEmpty ? [try Self.development(rules, loop, now)] : rules.sources
        do {
            let store = try CertificateStore(sources, now: now)
            let tickets = try rules.ticketKeys.map { try TicketKeys(file: $0) } ?? TicketKeys(period: rules.ticketLifetime, now: now)
            let keyLog = try rules.keyLog.map { try KeyLog(path: $0) }
            if let path = rules.keyLog { loop.tell("the secrets of all connections are written to \(path): whoever reads it reads all traffic") }
            let context = try Self.makeContext(rules, store, tickets, keyLog)
            for pair in store.snapshot.pairs {
                for warning in pair.warnings(at: now) where !rules.sources.isEmpty { loop.tell("\(warning)") }
            }
            state.withLock {
                $0.store = store
                $0.tickets = tickets
                $0.keyLog = keyLog
                $0.rules = rules
                $0.context = context
            }
            return context
        } catch let fault as ConfigurationError {
            throw fault
        } catch {
            throw ConfigurationError("\(error)", option: rules.sources.isEmpty ? nil : "certificate")
        }
    }

    /// The certificate that is made where none is given.
    private static func development(_ rules: TerminationRules, _ loop: LoopContext, _ now: Int64) throws(ConfigurationError) -> CertificateStore.Source {
        guard let directory = rules.developmentDirectory ?? DevelopmentCertificate.defaultDirectory else {
            throw ConfigurationError(
                "there is no place to keep a certificate for `localhost`: neither STATE_DIRECTORY nor HOME is set", option: "certificate",
                help: "give a `certificate`, or say `development-directory`")
        }
        do throws(CertificateFault) {
            let made = try DevelopmentCertificate.provide(in: directory, now: now)
            if made.made == .authority { loop.tell(made.trustInstructions(for: "https://localhost/")) }
            return CertificateStore.Source(name: "localhost", certificate: made.pair.path, key: made.pair.keyPath)
        } catch {
            throw ConfigurationError("no certificate for `localhost` could be made: \(error)", option: nil)
        }
    }

    /// A context with what the store has now.
    private static func makeContext(
        _ rules: TerminationRules, _ store: CertificateStore, _ tickets: TicketKeys, _ keyLog: KeyLog?
    ) throws -> TLSServerContext {
        let pairs = store.snapshot.pairs
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
    func reload() throws(ConfigurationError) {
        let (store, tickets, keyLog, rules) = state.withLock { ($0.store, $0.tickets, $0.keyLog, $0.rules) }
        guard let store, let tickets, let rules else { return }
        var faults: [String] = []
        for outcome in store.reload(now: WallClock.seconds) {
            if case .kept(let fault) = outcome.change { faults.append("\(fault)") }
        }
        do {
            let context = try Self.makeContext(rules, store, tickets, keyLog)
            state.withLock { $0.context = context }
            published.wrappingAdd(1, ordering: .releasing)
        } catch {
            faults.append("\(error)")
        }
        if !faults.isEmpty { throw ConfigurationError(faults.joined(separator: "; "), option: nil) }
    }

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
