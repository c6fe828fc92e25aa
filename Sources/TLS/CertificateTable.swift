/// Which certificates a client gets for the server name that it asks for (SNI, RFC 6066 §3). Immutable: a change of certificates makes another.
///
/// An exact name goes before a wildcard of one label, and both before the default. All certificates of different kinds of keys under one name
/// make one entry, of which OpenSSL picks what the client can use; of two with the same kind the first in the list stands.
public struct CertificateTable: Sendable {
    /// One certificate, as far as the table goes.
    public struct Member: Sendable {
        public var names: [CertificateName]
        public var keyKind: KeyKind
        /// The rules that connections under its names obey, such as about clients' certificates: a number of the caller's, which outlives a change of
        /// certificates.
        public var policy: Int

        public init(names: [CertificateName], keyKind: KeyKind, policy: Int = 0) {
            self.names = names
            self.keyKind = keyKind
            self.policy = policy
        }

        public init(_ pair: CertificatePair, policy: Int = 0) { self.init(names: pair.leaf.names, keyKind: pair.keyKind, policy: policy) }
    }

    /// What a server's context is made of.
    public struct Entry: Sendable, Equatable {
        /// Indexes of the members, at most one of each kind of key.
        public var members: [Int]
        public var policy: Int
    }

    public let entries: [Entry]
    /// The entry of clients that ask for no name; unless the table is strict, also of those that ask for one that it does not have.
    public let defaultEntry: Int
    /// Whether clients that ask for a name that the table does not have are refused.
    public let isStrict: Bool
    /// Indexes of members of which no name is served, because others before them have them all.
    public let unused: [Int]

    private let names: ServerNames

    /// - Parameters:
    ///   - members: at least one.
    ///   - defaultMember: the index of the one that stands for the names that the table does not have.
    public init(_ members: [Member], default defaultMember: Int = 0, isStrict: Bool) throws(CertificateTableFault) {
        guard !members.isEmpty else { throw .empty }
        var byName: [CertificateName: [Int]] = [:]
        var order: [CertificateName] = []
        for (index, member) in members.enumerated() {
            for name in member.names {
                guard let others = byName[name] else {
                    byName[name] = [index]
                    order.append(name)
                    continue
                }
                guard members[others[0]].policy == member.policy else { throw .conflict(name, first: others[0], second: index) }
                if !others.contains(where: { members[$0].keyKind == member.keyKind }) { byName[name]?.append(index) }
            }
        }
        var entries: [Entry] = []
        var places: [[Int]: Int] = [:]
        func place(_ indexes: [Int]) -> Int {
            if let place = places[indexes] { return place }
            entries.append(Entry(members: indexes, policy: members[indexes[0]].policy))
            places[indexes] = entries.count - 1
            return entries.count - 1
        }
        var served: [(name: CertificateName, entry: Int32)] = []
        for name in order { served.append((name, Int32(place(byName[name] ?? [])))) }
        let firstName = members[defaultMember].names.first { byName[$0]?.contains(defaultMember) == true }
        defaultEntry = place(firstName.flatMap { byName[$0] } ?? [defaultMember])
        names = ServerNames(served)
        let used = Set(entries.flatMap(\.members))
        unused = members.indices.filter { !used.contains($0) }
        self.entries = entries
        self.isStrict = isStrict
    }

    /// The entry for a server name as the client sent it, in any letter case, with or without a dot at its end. Nil if the client is to be refused
    /// (alert unrecognized_name, RFC 6066 §3). Without allocation, in time that grows with the name only.
    public func entry(for name: Span<UInt8>) -> Int? {
        if let entry = names.find(name, 0..<name.count) { return Int(entry) }
        return isStrict ? nil : defaultEntry
    }
}

/// Why a table cannot be made.
public enum CertificateTableFault: Error, Equatable, CustomStringConvertible {
    case empty
    /// Two members, by their indexes, have the same name under different policies.
    case conflict(CertificateName, first: Int, second: Int)

    public var description: String {
        switch self {
        case .empty: "there is no certificate"
        case .conflict(let name, _, _):
            "two certificates have the name `\(name)`, and different rules about clients: leave the name out of one of them, or give both the same rules"
        }
    }
}
