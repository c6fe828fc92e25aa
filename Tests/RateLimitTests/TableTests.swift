import FilterTesting
import RateLimit
import Testing

/// Many keys, many loops, no memory.
@Suite struct TableTests {
    @Test func `above max-keys the key goes that was not seen for longest`() throws {
        let harness = try limiter("rate = 1/h\nmax-keys = 3")
        for client in 1...3 { #expect(harness.passing(1, from: "192.0.2.\(client)") == 1) }
        // A refused request is a sight of its key, too.
        #expect(harness.passing(1, from: "192.0.2.1") == 0)
        #expect(harness.passing(1, from: "192.0.2.4") == 1)
        #expect(harness.passing(1, from: "192.0.2.1") == 0)
        #expect(harness.passing(1, from: "192.0.2.3") == 0)
        #expect(harness.passing(1, from: "192.0.2.2") == 1)
        #expect(harness.passing(1, from: "192.0.2.4") == 1)
    }

    @Test func `whoever makes up keys does not make room for ever, and an old key is not forgotten before it is full`() throws {
        let harness = try limiter("rate = 1/h\nmax-keys = 2000")
        for number in 0..<1999 { #expect(harness.passing(1, from: "10.0.\(number >> 8).\(number & 255)") == 1) }
        for number in 0..<1999 { #expect(harness.passing(1, from: "10.0.\(number >> 8).\(number & 255)") == 0) }
        for number in 0..<20_000 { _ = harness.send(plain, from: "2001:db8:\(String(number, radix: 16))::1") }
        // All of the first are gone: they pass again. The last are still there.
        #expect(harness.passing(1, from: "10.0.0.1") == 1)
        #expect(harness.passing(1, from: "2001:db8:\(String(19_999, radix: 16))::1") == 0)
    }

    @Test func `a key that another limit refuses is not remembered`() throws {
        let harness = try limiter("max-keys = 2\nlimit = 1/h burst=1 key=client-address\nlimit = 1/h burst=1 key=header:x-key")
        func head(_ key: Int) -> String { "GET / HTTP/1.1\nHost: h\nX-Key: \(key)\n" }
        #expect(harness.send(head(0), from: "192.0.2.9").isForwarded)
        // All of these fail at the client's limit; the table of the other keeps what it had.
        for key in 1...50 { #expect(!harness.send(head(key), from: "192.0.2.9").isForwarded) }
        #expect(!harness.send(head(0), from: "192.0.2.8").isForwarded)
    }

    /// A harness whose loops are used by one thread each.
    final class Shared: @unchecked Sendable {
        let harness: FilterHarness
        init(_ harness: FilterHarness) { self.harness = harness }
    }

    @Test func `the loops hold one limit between them, exactly`() async throws {
        let shared = Shared(try limiter("limit = 1/h burst=5000 key=host\nlimit = 1/h burst=3000 key=client-address", loops: 4))
        let passed = await withTaskGroup(of: Int.self) { group in
            for loop in 0..<4 {
                group.addTask { (0..<2500).count { shared.harness.send(plain, from: "192.0.2.\($0 & 1)", on: loop).isForwarded } }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 5000)
        // How the 5000 were divided between the two clients is chance; that each of them was counted once is not.
        let left = (0...1).map { client in
            let note = shared.harness.explain(plain, from: "192.0.2.\(client)").notes[1]
            return note.firstMatch(of: /([0-9]+) of 3000 left/).flatMap { Int($0.output.1) } ?? -1
        }
        #expect(left.allSatisfy { $0 >= 0 } && left.reduce(0, +) == 1000, "\(left)")
    }

    @Test func `many keys on many loops at once`() async throws {
        let shared = Shared(try limiter("rate = 1/h\nburst = 7\nmax-keys = 100000", loops: 4))
        let passed = await withTaskGroup(of: Int.self) { group in
            for loop in 0..<4 {
                group.addTask {
                    var passed = 0
                    for _ in 0..<3 {
                        for key in 0..<2000 {
                            let client = "10.1.\(key >> 8).\(key & 255)"
                            if shared.harness.send(plain, from: client, on: loop).isForwarded { passed += 1 }
                        }
                    }
                    return passed
                }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 7 * 2000)
    }
}
