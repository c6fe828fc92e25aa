import CAllocations
import Testing

@testable import TLS

extension CertificateTable {
    func entry(named name: String) -> Int? { entry(for: Array(name.utf8).span) }
}

@Suite struct CertificateTableTests {
    private func member(_ names: String..., kind: KeyKind = .ecdsa, policy: Int = 0) -> CertificateTable.Member {
        CertificateTable.Member(names: names.map { CertificateName(dns: Array($0.utf8))! }, keyKind: kind, policy: policy)
    }

    private func members(_ table: CertificateTable, _ name: String) -> [Int]? {
        table.entry(named: name).map { table.entries[$0].members }
    }

    @Test func exactNamesGoBeforeWildcardsAndBothBeforeTheDefault() throws {
        let table = try CertificateTable([member("default.example"), member("*.example.org"), member("www.example.org", "example.org")], isStrict: false)
        #expect(members(table, "www.example.org") == [2])
        #expect(members(table, "example.org") == [2])
        #expect(members(table, "api.example.org") == [1])
        #expect(members(table, "a.b.example.org") == [0])
        #expect(members(table, "xexample.org") == [0])
        #expect(members(table, "other.example") == [0])
        #expect(table.entries[table.defaultEntry].members == [0])
    }

    @Test func letterCaseAndADotAtTheEndDoNotMatter() throws {
        let table = try CertificateTable([member("default.example"), member("WWW.example.org", "*.Example.net")], isStrict: true)
        for name in ["www.example.org", "WWW.EXAMPLE.ORG", "www.example.org.", "A.example.net", "a.EXAMPLE.net."] { #expect(members(table, name) == [1]) }
    }

    @Test(arguments: [
        "", ".", "..", "other.example", ".example.net", "example.net", "a.b.example.net", "www.example.org..", "*", "www.example.org\0", "192.0.2.1",
        String(repeating: "a", count: 254), String(repeating: "a", count: 300) + ".example.net",
    ])
    func aStrictTableRefusesWhatItDoesNotHave(_ name: String) throws {
        let table = try CertificateTable([member("www.example.org", "*.example.net")], isStrict: true)
        #expect(members(table, name) == nil)
        let open = try CertificateTable([member("www.example.org", "*.example.net")], isStrict: false)
        #expect(members(open, name) == [0])
    }

    @Test func whoAsksForNoNameGetsTheDefault() throws {
        let table = try CertificateTable([member("a.example"), member("b.example")], default: 1, isStrict: true)
        #expect(unsafe table.entry(for: nil) == table.defaultEntry)
        let name = Array("A.example".utf8)
        #expect(unsafe name.withUnsafeBufferPointer { unsafe table.entry(for: $0) } == 0)
    }

    @Test func differentKeysStandSideBySideUnderOneName() throws {
        let table = try CertificateTable(
            [member("a.example", "b.example"), member("a.example", kind: .rsa), member("a.example"), member("b.example", kind: .ed25519)], isStrict: true)
        #expect(members(table, "a.example") == [0, 1])
        #expect(members(table, "b.example") == [0, 3])
        #expect(table.entries[table.defaultEntry].members == [0, 1])
        // Another key of the same kind: the first stands.
        #expect(table.unused == [2])
        // Names with the same certificates share an entry.
        #expect(table.entries.count == 2)
    }

    @Test func theDefaultIsTheOneThatIsGiven() throws {
        let table = try CertificateTable([member("a.example"), member("b.example"), member("b.example", kind: .rsa)], default: 1, isStrict: false)
        #expect(members(table, "c.example") == [1, 2])
    }

    @Test func addressesAreNoServerNames() throws {
        let members = [
            CertificateTable.Member(names: [.address("192.0.2.1")], keyKind: .ecdsa), CertificateTable.Member(names: [.address("192.0.2.1")], keyKind: .rsa),
        ]
        let table = try CertificateTable(members, isStrict: true)
        #expect(table.entry(named: "192.0.2.1") == nil)
        #expect(table.entries[table.defaultEntry].members == [0, 1])
    }

    @Test func oneNameHasOnePolicy() {
        #expect(throws: CertificateTableFault.conflict(.dns("a.example"), first: 0, second: 1)) {
            try CertificateTable([member("a.example"), member("a.example", kind: .rsa, policy: 1)], isStrict: false)
        }
        #expect(throws: CertificateTableFault.empty) { try CertificateTable([], isStrict: false) }
    }

    // MARK: Size

    @Test func tenThousandNamesAreAllFound() throws {
        let members = (0..<10_000).map { member("host-\($0).example", "*.wild-\($0).example") }
        let table = try CertificateTable(members, isStrict: true)
        for index in 0..<10_000 {
            #expect(self.members(table, "HOST-\(index).example") == [index])
            #expect(self.members(table, "x.wild-\(index).example") == [index])
        }
        #expect(self.members(table, "host-10000.example") == nil)
    }

    @Test func lookingUpAllocatesNothing() throws {
        let table = try CertificateTable((0..<100).map { member("host-\($0).example", "*.wild-\($0).example", policy: $0 % 2) }, isStrict: false)
        let names = ["host-7.example", "A.wild-99.example", "unknown.example"].map { Array($0.utf8) }
        func findAll() -> Int {
            var found = 0
            // Without an iterator, which allocates in a debug build.
            var index = 0
            while index < names.count {
                let name = names[index]
                found += table.entry(for: name.span) ?? 0
                index += 1
            }
            return found
        }
        // The first time the runtime makes its own.
        _ = findAll()
        allocations_start()
        let found = findAll()
        let count = allocations_stop()
        #expect(found > 0)
        #expect(count <= 0)
    }
}
