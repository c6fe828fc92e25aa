import FilterAPI
import FilterTesting
import RateLimit
import Testing

/// A store that has gone mad takes no more from the gateway than the limits that it holds.
@Suite struct HostileStoreTests {
    private func state(_ harness: FilterHarness) -> String { harness.explain(plain).notes.first ?? "" }

    private func gateway(_ store: ScriptedStore, _ options: String) throws -> FilterHarness {
        let harness = try limiter("\(store.option)\n\(options)")
        harness.advance(by: .milliseconds(10))
        try #require(harness.run { state(harness).contains("decides") }, "\(state(harness))")
        return harness
    }

    static let floods: [(String, String, Int)] = [
        ("a text without end", "$500000000\r\n" + String(repeating: "x", count: 65_536), 500),
        ("an array that nests", String(repeating: "*2\r\n", count: 16_384), 500),
        ("an array without end", "*60\r\n" + String(repeating: "*60\r\n:1\r\n", count: 6_000), 500),
        ("an array of two thousand million", "*2000000000\r\n:1\r\n", 1),
        ("a line without end", ":" + String(repeating: "1", count: 65_536), 500),
        ("answers that nobody asked for", String(repeating: "*3\r\n:0\r\n:0\r\n:0\r\n", count: 4_000), 500),
    ]

    @Test(arguments: floods) func `a flood ends the connection, and the gateway goes on alone`(_ what: String, _ answer: String, _ times: Int) throws {
        let store = try ScriptedStore(answer, times: times)
        defer { store.stop() }
        let harness = try gateway(store, "rate = 1/h\nburst = 2")
        let start = ContinuousClock.now
        let exchange = harness.send(plain)
        #expect(exchange.event != nil)
        #expect(harness.settle(exchange))
        #expect(exchange.isForwarded)
        #expect(harness.run { state(harness).contains("is down") }, "\(state(harness))")
        // All of it was not read, by far, and what is read is no longer than it takes to see that.
        #expect(store.sent < 8 << 20, "\(what): \(store.sent)")
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(harness.send(plain).event == nil)
    }

    static let replies: [(String, String)] = [
        ("-MOVED 3999 127.0.0.1:6381\r\n", "MOVED"), ("-NOAUTH Authentication required.\r\n", "NOAUTH"), ("-LOADING\r\n", "LOADING"), ("+OK\r\n", ""),
        ("*2\r\n:1\r\n:2\r\n", ""), ("*3\r\n:1\r\n$1\r\nx\r\n:0\r\n", ""), ("*-1\r\n", ""), ("$-1\r\n", ""), (":5\r\n", ""), ("*3\r\n*0\r\n*0\r\n*0\r\n", ""),
    ]

    @Test(arguments: replies) func `answers that are none count as failures: after five the store is left alone`(_ answer: String, _ word: String) throws {
        let store = try ScriptedStore(answer)
        defer { store.stop() }
        let harness = try gateway(store, "rate = 1/h\nburst = 1")
        for client in 1...5 {
            let exchange = harness.send(plain, from: "192.0.2.\(client)")
            #expect(exchange.event != nil)
            #expect(harness.settle(exchange))
            #expect(exchange.isForwarded)
        }
        #expect(state(harness).contains("is down") && state(harness).contains(word), "\(state(harness))")
        #expect(harness.send(plain, from: "192.0.2.9").event == nil)
        // And it counts by itself.
        #expect(harness.send(plain, from: "192.0.2.9").reply?.status == 429)
    }

    @Test func `a store that is always too late is left alone, too`() throws {
        let store = try ScriptedStore("*3\r\n:0\r\n:0\r\n:0\r\n")
        defer { store.stop() }
        let harness = try gateway(store, "rate = 1/h\nburst = 3")
        store.holdBack()
        for client in 1...5 {
            let exchange = harness.send(plain, from: "192.0.2.\(client)")
            #expect(exchange.event != nil)
            harness.advance(by: .milliseconds(20))
            exchange.goOn()
            #expect(exchange.isForwarded)
            _ = harness.run(upTo: .milliseconds(20)) { false }
            store.release()
            _ = harness.run(upTo: .milliseconds(20)) { false }
        }
        #expect(harness.send(plain, from: "192.0.2.9").event == nil)
        #expect(state(harness).contains("no answer in time"), "\(state(harness))")
    }

    @Test func `no answer locks a client out for longer than its burst takes to come back`() throws {
        let store = try ScriptedStore("*3\r\n:0\r\n:9000000000000000000\r\n:9223372036854775807\r\n")
        defer { store.stop() }
        let harness = try gateway(store, "rate = 1/s\nburst = 5")
        let exchange = harness.send(plain)
        #expect(harness.settle(exchange))
        #expect(exchange.reply?.status == 429)
        // What it remembers of that is gone after five seconds: the store is asked again.
        #expect(harness.send(plain).reply?.status == 429)
        harness.advance(by: .seconds(6))
        #expect(harness.send(plain).event != nil)
    }
}
