import Foundation
import Testing

@testable import TLS

@Suite struct CertificateStoreTests {
    private let forge: Forge

    init() throws {
        forge = try Forge()
        let shared = Forge.shared
        for name in ["middle.pem", "middle.key", "root.pem", "fullchain-rsa.pem", "leaf-rsa.key"] { try forge.copy(name, from: shared, as: name) }
        try put(1)
    }

    /// Makes another certificate for `example.org` and puts it in its place.
    private func put(_ number: Int) throws {
        try make(number)
        try forge.copy("new-\(number).chain", from: forge, as: "chain.pem")
        try forge.copy("new-\(number).key", from: forge, as: "key.pem")
    }

    private func make(_ number: Int) throws {
        try forge.certificate("new-\(number)", by: "middle", names: "DNS:example.org")
        try forge.join(["new-\(number)", "middle"], as: "new-\(number).chain")
    }

    private func source(_ name: String, _ certificate: String, _ key: String, served: [CertificateName] = []) -> CertificateStore.Source {
        CertificateStore.Source(name: name, certificate: forge.path(certificate), key: forge.path(key), served: served)
    }

    private func store() throws -> CertificateStore {
        try CertificateStore([source("ecdsa", "chain.pem", "key.pem"), source("rsa", "fullchain-rsa.pem", "leaf-rsa.key")], now: Forge.now)
    }

    /// One word for each source.
    private func reload(_ store: CertificateStore, now: Int64 = Forge.now) -> [String] {
        store.reload(now: now).map { outcome in
            switch outcome.change {
            case .unchanged: "\(outcome.name) unchanged"
            case .swapped(let pair): "\(outcome.name) now \(pair.leaf.subject)"
            case .kept(let fault): "\(outcome.name) kept: \(fault.kind)"
            }
        }
    }

    private func subjects(_ store: CertificateStore) -> [String] { store.snapshot.pairs.map(\.leaf.subject) }

    @Test func swapsWhatHasChanged() throws {
        let store = try store()
        let before = store.snapshot
        #expect(store.generation == 1 && before.generation == 1)
        #expect(reload(store) == ["ecdsa unchanged", "rsa unchanged"])
        #expect(store.generation == 1)
        try put(2)
        #expect(reload(store) == ["ecdsa now CN=new-2", "rsa unchanged"])
        #expect(store.generation == 2 && store.snapshot.generation == 2)
        #expect(subjects(store) == ["CN=new-2", "CN=leaf-rsa"])
        // Whoever has the snapshot before keeps it.
        #expect(before.pairs.map(\.leaf.subject) == ["CN=new-1", "CN=leaf-rsa"])
        #expect(before.pairs[1] === store.snapshot.pairs[1])
    }

    @Test func aPairThatIsHalfWrittenIsKeptOutAndTakenWhenItIsWhole() throws {
        let store = try store()
        try make(2)
        try forge.copy("new-2.chain", from: forge, as: "chain.pem")
        #expect(reload(store) == ["ecdsa kept: keyMismatch", "rsa unchanged"])
        #expect(subjects(store)[0] == "CN=new-1" && store.generation == 1)
        let key = try forge.bytes("new-2.key")
        try forge.write(key.prefix(key.count / 2), to: "key.pem")
        #expect(reload(store)[0] == "ecdsa kept: malformedKey")
        try forge.write(key, to: "key.pem")
        #expect(reload(store)[0] == "ecdsa now CN=new-2")
    }

    @Test func aBadPairKeepsTheOldOneAndDoesNotHoldUpTheOthers() throws {
        let store = try store()
        try put(2)
        try forge.write("damaged", to: "fullchain-rsa.pem")
        #expect(reload(store) == ["ecdsa now CN=new-2", "rsa kept: noCertificate"])
        #expect(reload(store) == ["ecdsa unchanged", "rsa kept: noCertificate"])
        #expect(subjects(store) == ["CN=new-2", "CN=leaf-rsa"])
        try FileManager.default.removeItem(atPath: forge.path("chain.pem"))
        #expect(reload(store)[0] == "ecdsa kept: unreadable")
        try forge.copy("fullchain-rsa.pem", from: Forge.shared, as: "fullchain-rsa.pem")
        // The file is what it was, and what is served is what it holds.
        #expect(reload(store)[1] == "rsa unchanged")
    }

    @Test func anExpiredPairDoesNotReplaceAGoodOne() throws {
        let store = try store()
        try forge.certificate("new-2", by: "middle", names: "DNS:example.org", days: 1)
        try forge.join(["new-2", "middle"], as: "chain.pem")
        try forge.copy("new-2.key", from: forge, as: "key.pem")
        #expect(reload(store, now: Forge.now + 3 * Forge.day)[0] == "ecdsa kept: expired")
        #expect(reload(store)[0] == "ecdsa now CN=new-2")
    }

    @Test func aPairWithoutANameThatIsServedDoesNotReplaceOneWithIt() throws {
        let store = try CertificateStore([source("site", "chain.pem", "key.pem", served: [.dns("example.org")])], now: Forge.now)
        try forge.certificate("new-2", by: "middle", names: "DNS:example.com")
        try forge.join(["new-2", "middle"], as: "chain.pem")
        try forge.copy("new-2.key", from: forge, as: "key.pem")
        #expect(reload(store) == ["site kept: missingNames"])
    }

    /// As Kubernetes does it: the files are links through `..data`, which is put anew by one rename.
    @Test func linksThatLeadElsewhereAreFollowed() throws {
        let files = FileManager.default
        try make(2)
        for (folder, number) in [("..one", 1), ("..two", 2)] {
            try files.createDirectory(atPath: forge.path(folder), withIntermediateDirectories: false)
            try forge.copy("new-\(number).chain", from: forge, as: "\(folder)/tls.crt")
            try forge.copy("new-\(number).key", from: forge, as: "\(folder)/tls.key")
        }
        try files.createSymbolicLink(atPath: forge.path("..data"), withDestinationPath: "..one")
        for name in ["tls.crt", "tls.key"] { try files.createSymbolicLink(atPath: forge.path(name), withDestinationPath: "..data/\(name)") }
        let store = try CertificateStore([source("site", "tls.crt", "tls.key")], now: Forge.now)
        try files.createSymbolicLink(atPath: forge.path("..data_tmp"), withDestinationPath: "..two")
        #expect(unsafe rename(forge.path("..data_tmp"), forge.path("..data")) == 0)
        #expect(reload(store) == ["site now CN=new-2"])
    }

    @Test func theStartIsAllOrNothing() throws {
        try forge.write("damaged", to: "key.pem")
        let missing = source("other", "none.pem", "none.key")
        do throws(CertificateStoreFault) {
            _ = try CertificateStore([source("ecdsa", "chain.pem", "key.pem"), source("rsa", "fullchain-rsa.pem", "leaf-rsa.key"), missing], now: Forge.now)
            Issue.record("two pairs are bad")
        } catch {
            #expect(error.faults.map(\.name) == ["ecdsa", "other"])
            #expect(error.faults.map(\.fault.kind) == [.noKey, .unreadable])
        }
    }

    @Test func loopsReadWhilePairsAreSwapped() async throws {
        let store = try store()
        try make(2)
        let chains = try [forge.bytes("new-1.chain"), forge.bytes("new-2.chain")]
        let keys = try [forge.bytes("new-1.key"), forge.bytes("new-2.key")]
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var last: UInt64 = 0
                    while last < 20 {
                        let snapshot = store.snapshot
                        #expect(snapshot.generation >= last && snapshot.pairs.count == 2)
                        last = snapshot.generation
                    }
                }
            }
            for number in 1..<20 {
                #expect(throws: Never.self) {
                    try forge.write(chains[number % 2], to: "chain.pem")
                    try forge.write(keys[number % 2], to: "key.pem")
                }
                _ = store.reload(now: Forge.now)
            }
        }
        #expect(store.generation == 20)
    }

    @Test func bothKindsOfKeysServeOneName() throws {
        let store = try store()
        let table = try CertificateTable(store.snapshot.pairs.map { CertificateTable.Member($0) }, isStrict: true)
        let entry = try #require(table.entry(named: "example.org"))
        let pairs = table.entries[entry].members.map { store.snapshot.pairs[$0] }
        #expect(pairs.map(\.keyKind) == [.ecdsa, .rsa])
        let result = try HandshakeClient(trusting: "root.pem").handshake(with: HandshakeServer(pairs), 13)
        #expect(result.isDone && !result.isRSA)
        let other = try HandshakeClient(trusting: "root.pem").handshake(with: HandshakeServer([pairs[1]]), 12)
        #expect(other.isDone && other.isRSA)
    }
}
