import FilterAPI
import TLS

/// What the files of a section hold: its certificates, and the authorities of its clients. A value; what connections are made of is made of it.
struct ServedFiles {
    /// Why something that files hold is not taken.
    struct Fault {
        /// The same as long as it is the same fault.
        let message: String
        /// With what is to be done.
        let text: String

        init(_ message: String, remedy: String) {
            self.message = message
            text = "\(message); \(remedy)"
        }

        init(_ fault: CertificateFault) { self.init(fault.message, remedy: fault.remedy) }

        init(_ fault: TicketKeyFault) {
            switch fault {
            case .file(_, let message, let remedy): self.init(message, remedy: remedy)
            case .noMemory: self.init("\(fault)", remedy: "the keys before stay")
            }
        }
    }

    /// In the order of the lines.
    private(set) var pairs: [CertificatePair]
    /// By path.
    private var authorities: [String: Authorities] = [:]

    /// Reads all. Errors: what is wrong with each file that is not good.
    ///
    /// - Parameters:
    ///   - development: the certificate, where none is given.
    ///   - now: seconds since 1970.
    init(_ rules: TerminationRules, development: CertificatePair?, now: Int64) throws(ConfigurationError) {
        pairs = development.map { [$0] } ?? []
        var faults: [(text: String, option: String)] = []
        for source in rules.sources {
            do throws(CertificateFault) {
                pairs.append(try CertificatePair.load(certificate: source.certificate, key: source.key, now: now, covering: source.names))
            } catch {
                faults.append(("\(error)", "certificate"))
            }
        }
        for path in rules.clientRules.compactMap(\.authorities) where authorities[path] == nil {
            do throws(CertificateFault) {
                authorities[path] = try Authorities.load(path)
            } catch {
                faults.append(("\(error)", rules.sources.isEmpty ? "client-authorities" : "certificate"))
            }
        }
        if let first = faults.first { throw ConfigurationError(faults.map(\.text).joined(separator: "\n"), option: first.option) }
    }

    // MARK: Changes

    /// Reads all again, each file for itself: what is not good stays as it is here.
    ///
    /// - Parameter development: the certificate, where none is given.
    func reloaded(_ rules: TerminationRules, development: CertificatePair?, now: Int64) -> (files: ServedFiles, faults: [Fault]) {
        var new = self
        var faults: [Fault] = []
        if let development { new.pairs = [development] }
        for index in rules.sources.indices {
            do throws(CertificateFault) {
                new.pairs[index] = try pairs[index].reloaded(now: now)
            } catch {
                faults.append(Fault(error))
            }
        }
        for (path, present) in authorities.sorted(by: { $0.key < $1.key }) {
            do throws(CertificateFault) {
                new.authorities[path] = try present.reloaded()
            } catch {
                faults.append(Fault(error))
            }
        }
        faults += new.holdBack(after: self, rules)
        return (new, faults)
    }

    /// Leaves out new certificates by which a name would come under another rule about clients than before: they may be half of what is being changed,
    /// and what an app believes would hang on which half came first.
    private mutating func holdBack(after before: ServedFiles, _ rules: TerminationRules) -> [Fault] {
        guard rules.clientRules.count > 1, let old = try? before.table(rules, isStrict: true) else { return [] }
        var faults: [Fault] = []
        // Each turn leaves out one, and with none of them all is as before.
        while true {
            do throws(CertificateTableFault) {
                let new = try table(rules, isStrict: true)
                guard let name = nameUnderAnotherRule(before, old, new, rules) else { return faults }
                let isChanged = pairs.indices.map { pairs[$0].leaf.names.contains(name) != before.pairs[$0].leaf.names.contains(name) }
                guard let index = isChanged.firstIndex(of: true) else { return faults }
                let has = pairs[index].leaf.names.contains(name) ? "is for" : "is not for"
                faults.append(
                    Fault(
                        "the new certificate in `\(pairs[index].path)` \(has) `\(name)`, which would come under another rule about clients' certificates",
                        remedy: "request one with the names of the one before; if it is meant, start the gateway anew"))
                pairs[index] = before.pairs[index]
            } catch {
                guard case .conflict(_, let first, let second) = error else { return faults }
                let index = pairs[second] !== before.pairs[second] ? second : first
                faults.append(Fault("the new certificate in `\(pairs[index].path)` cannot be served beside the others: \(error)", remedy: "meanwhile the one before is"))
                pairs[index] = before.pairs[index]
            }
        }
    }

    /// One that was served to clients that are asked for certificates, and would not be by the same rule. What no certificate had counts as new.
    private func nameUnderAnotherRule(_ before: ServedFiles, _ old: CertificateTable, _ new: CertificateTable, _ rules: TerminationRules) -> CertificateName? {
        for (pair, present) in zip(pairs, before.pairs) where pair !== present {
            for name in present.leaf.names + pair.leaf.names {
                guard case .dns(let text) = name else { continue }
                // A wildcard is found by its own text: a star is a label like others.
                let bytes = Array(text.utf8)
                guard let entry = old.entry(for: bytes.span) else { continue }
                let policy = old.entries[entry].policy
                if rules.clientRules[policy].asks, new.entries[new.entry(for: bytes.span) ?? new.defaultEntry].policy != policy { return name }
            }
        }
        return nil
    }

    /// How many are others.
    func changes(since before: ServedFiles) -> Int {
        zip(pairs, before.pairs).count { $0 !== $1 } + authorities.count { $0.value !== before.authorities[$0.key] }
    }

    /// Names that were served and are not any more, a line for each certificate that had them.
    func namesLost(since before: ServedFiles, isStrict: Bool) -> [String] {
        zip(before.pairs, pairs).compactMap { old, new in
            guard old !== new else { return nil }
            let lost = old.leaf.names.filter { name in !pairs.contains { $0.leaf.covers(name) } }
            guard !lost.isEmpty else { return nil }
            let names = lost.map { "`\($0)`" }.joined(separator: ", ")
            return "the new certificate in `\(new.path)` is not for \(names), as the one before was, nor is another: clients that ask for it "
                + (isStrict ? "are refused" : "get the first certificate")
        }
    }

    // MARK: What is made of them

    private func table(_ rules: TerminationRules, isStrict: Bool) throws(CertificateTableFault) -> CertificateTable {
        try CertificateTable(zip(pairs, rules.policies).map { CertificateTable.Member($0, policy: $1) }, isStrict: isStrict)
    }

    func context(_ rules: TerminationRules, _ tickets: TicketKeys, _ keyLog: KeyLog?) throws -> TLSServerContext {
        let table = try table(rules, isStrict: rules.isStrict)
        let clientRules = rules.clientRules.map { $0.rule(authorities) }
        let entries = table.entries.map { entry in
            TLSServerContext.Entry(entry.members.map { pairs[$0] }, tickets: tickets, rule: clientRules[entry.policy])
        }
        return try TLSServerContext(policy: rules.policy, entries: entries, table: table, keyLog: keyLog)
    }
}
