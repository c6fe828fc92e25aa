import Testing

@testable import Configuration

@Suite struct SuggestionTests {
    private func distance(_ left: String, _ right: String, atMost limit: Int = 9) -> Int? {
        editDistance(Array(left.utf8), Array(right.utf8), atMost: limit)
    }

    @Test func distancesCountEdits() {
        #expect(distance("", "") == 0)
        #expect(distance("abc", "") == 3)
        #expect(distance("listen", "listen") == 0)
        #expect(distance("lisen", "listen") == 1)
        #expect(distance("lsiten", "listen") == 1)
        #expect(distance("kitten", "sitting") == 3)
        #expect(distance("kitten", "sitting", atMost: 2) == nil)
        #expect(distance("ca", "abc") == 3)
    }

    /// Against the textbook's definition, for all words of three letters over two, and prefixes of them.
    @Test func distancesAgreeWithTheDefinition() {
        func slow(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int {
            guard let x = a.last, let y = b.last else { return a.count + b.count }
            var best = min(
                slow(a.dropLast(), b) + 1, slow(a, b.dropLast()) + 1, slow(a.dropLast(), b.dropLast()) + (x == y ? 0 : 1))
            if a.count > 1, b.count > 1, x == b[b.endIndex - 2], y == a[a.endIndex - 2] {
                best = min(best, slow(a.dropLast(2), b.dropLast(2)) + 1)
            }
            return best
        }
        var words: [[UInt8]] = [[]]
        for length in 1...4 { words += words.filter { $0.count == length - 1 }.flatMap { [$0 + [97], $0 + [98]] } }
        for a in words {
            for b in words {
                let expected = slow(a[...], b[...])
                for limit in 0...4 { #expect(editDistance(a, b, atMost: limit) == (expected <= limit ? expected : nil)) }
            }
        }
    }

    @Test(arguments: [
        ("lisen", "listen"), ("LISTEN", "listen"), ("keep_alive_timeout", "keep-alive-timeout"), ("keepalive-timeout", "keep-alive-timeout"),
        ("timeout-connect", "connect-timeout"), ("max-connection", "max-connections"), ("retry", "retry-idempotent"),
        ("connect-timeout-ms", "connect-timeout"),
    ])
    func theNearestNameIsFound(_ text: String, _ expected: String) {
        var budget = SuggestionBudget()
        let names = ["listen", "keep-alive-timeout", "connect-timeout", "max-connections", "retry-idempotent"]
        #expect(budget.nearest(to: text, among: { names }) == expected)
    }

    @Test(arguments: ["", "xyzzy", "colour", "q", String(repeating: "listen", count: 20)])
    func nothingNearIsNothing(_ text: String) {
        var budget = SuggestionBudget()
        #expect(budget.nearest(to: text, among: { ["listen", "serve"] }) == nil)
    }

    @Test func theBudgetEnds() {
        var budget = SuggestionBudget()
        let names = (0..<1000).map { "name-\($0)" }
        var asked = 0
        for index in 0..<1000 {
            _ = budget.nearest(
                to: "nome-\(index)",
                among: {
                    asked += 1
                    return names
                })
        }
        #expect(asked < 300)
        #expect(budget.nearest(to: "name-x", among: { ["name-y"] }) == nil)
    }
}
