import FilterAPI
import Testing

@Suite struct ByteSetTests {
    private func contains(_ set: ByteSet, _ text: String) -> Bool {
        let bytes = Array("x\(text)x".utf8)
        return set.contains(bytes.span, ByteRange(start: 1, count: text.utf8.count))
    }

    @Test func hasWhatWasInserted() {
        var set = ByteSet()
        #expect(set.isEmpty && !contains(set, ""))
        for number in 0..<1000 { set.insert(Array("Member-\(number)".utf8)) }
        set.insert([])
        #expect((0..<1000).allSatisfy { contains(set, "Member-\($0)") } && contains(set, ""))
        #expect(!contains(set, "member-1") && !contains(set, "Member-1000") && !contains(set, "Member") && !set.isEmpty)
    }

    @Test func letterCaseMayNotMatter() {
        var set = ByteSet(ignoringCase: true)
        set.insert(Array("Example.ORG".utf8))
        #expect(contains(set, "example.org") && contains(set, "EXAMPLE.org") && !contains(set, "example-org"))
    }
}
