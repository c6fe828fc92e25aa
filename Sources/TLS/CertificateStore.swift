import Synchronization

/// All pairs that the gateway serves, each under a name, as the files are now: read again when asked, swapped whole, published to all loops.
///
/// Nothing here watches files. Whoever does calls `reload`, on a thread that may wait for the file system.
public final class CertificateStore: Sendable {
    /// Where a pair comes from.
    public struct Source: Sendable, Equatable {
        public var name: String
        /// The files; see `CertificatePair.load`.
        public var certificate: String
        public var key: String
        /// Names that the certificate must cover.
        public var served: [CertificateName]

        public init(name: String, certificate: String, key: String, served: [CertificateName] = []) {
            self.name = name
            self.certificate = certificate
            self.key = key
            self.served = served
        }
    }

    /// What all loops see. Never changes.
    public struct Snapshot: Sendable {
        /// Goes up when a pair is swapped.
        public let generation: UInt64
        /// In the order of the sources.
        public let pairs: [CertificatePair]
    }

    /// What a reload did about one source.
    public struct Outcome: Sendable {
        public enum Change: Sendable {
            case unchanged
            /// The files' own pair took the place of the one before.
            case swapped(CertificatePair)
            /// The files have no good pair, so the one before stays.
            case kept(because: CertificateFault)
        }

        public let name: String
        public let change: Change
    }

    public let sources: [Source]
    private let current: Mutex<Snapshot>
    private let published: Atomic<UInt64>
    /// Held while files are read, so that an older reading never takes the place of a newer one.
    private let reloading = Mutex(())

    /// Reads all pairs. Blocks as long as the file system does.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: what is wrong with each pair that is not good. Then there is no store.
    public init(_ sources: [Source], now: Int64) throws(CertificateStoreFault) {
        var pairs: [CertificatePair] = []
        var faults: [CertificateStoreFault.One] = []
        for source in sources {
            do throws(CertificateFault) {
                pairs.append(try CertificatePair.load(certificate: source.certificate, key: source.key, now: now, covering: source.served))
            } catch {
                faults.append(CertificateStoreFault.One(name: source.name, fault: error))
            }
        }
        guard faults.isEmpty else { throw CertificateStoreFault(faults: faults) }
        self.sources = sources
        current = Mutex(Snapshot(generation: 1, pairs: pairs))
        published = Atomic(1)
    }

    /// The generation of the snapshot, for loops that look whether there is another: one load, no lock.
    public var generation: UInt64 { published.load(ordering: .acquiring) }

    public var snapshot: Snapshot { current.withLock { $0 } }

    /// Reads all files again, and swaps the pairs whose files have changed and are good, all at once. A file that is being replaced, or stays the old
    /// one beside a new one, makes no pair: it is kept out until a reload finds both. Blocks as long as the file system does.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: what became of each source, in their order.
    public func reload(now: Int64) -> [Outcome] {
        reloading.withLock { _ in
            var pairs = snapshot.pairs
            var hasChanged = false
            let outcomes = sources.enumerated().map { index, source in
                let change = Self.change(source, pairs[index], now)
                if case .swapped(let pair) = change {
                    pairs[index] = pair
                    hasChanged = true
                }
                return Outcome(name: source.name, change: change)
            }
            if hasChanged { publish(pairs) }
            return outcomes
        }
    }

    private func publish(_ pairs: [CertificatePair]) {
        current.withLock { current in
            current = Snapshot(generation: current.generation + 1, pairs: pairs)
            published.store(current.generation, ordering: .releasing)
        }
    }

    /// By what the files hold: their dates and inodes say nothing certain, and links may lead elsewhere than before.
    private static func change(_ source: Source, _ before: CertificatePair, _ now: Int64) -> Outcome.Change {
        do throws(CertificateFault) {
            let files = try PairFiles(certificate: source.certificate, key: source.key)
            if files.contents == before.contents { return .unchanged }
            return .swapped(try files.pair(now, covering: source.served))
        } catch {
            return .kept(because: error)
        }
    }
}

/// Why a store cannot be made: each pair that is not good.
public struct CertificateStoreFault: Error, Equatable, CustomStringConvertible {
    public struct One: Sendable, Equatable {
        /// Of the source.
        public let name: String
        public let fault: CertificateFault
    }

    public let faults: [One]

    public var description: String { faults.map { "\($0.name): \($0.fault)" }.joined(separator: "\n") }
}
