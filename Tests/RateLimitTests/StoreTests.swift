import FilterAPI
import FilterTesting
import Glibc
import RateLimit
import Testing

/// Limits that several gateways hold together, with a real redis-server.
@Suite(.serialized, .enabled(if: RedisServer.isHereOrMustBe, "redis-server is not installed: deploy/bootstrap --test"))
struct StoreTests {
    private func state(_ harness: FilterHarness) -> String { harness.explain(plain).notes.first ?? "" }

    /// A gateway that has connected to its store.
    private func gateway(_ server: RedisServer, _ options: String, loops: Int = 1) throws -> FilterHarness {
        let harness = try limiter("\(server.option())\n\(options)", loops: loops)
        harness.advance(by: .milliseconds(10))
        try #require(harness.run { state(harness).contains("decides") }, "\(state(harness))")
        return harness
    }

    /// Whether the store decides again in the end. It needs real time to answer; the patience with it is of the virtual clock.
    private func decides(_ harness: FilterHarness) -> Bool {
        for _ in 0..<400 {
            if harness.run(upTo: .milliseconds(50), until: { state(harness).contains("decides") }) { return true }
            harness.advance(by: .milliseconds(100))
        }
        return false
    }

    /// Sends a request, and waits for the store if it asks it.
    private func send(_ harness: FilterHarness, _ head: String = plain, from client: String = "192.0.2.1", on loop: Int = 0) throws -> TestExchange {
        let exchange = harness.send(head, from: client, on: loop)
        try #require(harness.settle(exchange))
        return exchange
    }

    private func passing(_ harness: FilterHarness, _ count: Int, _ head: String = plain, from client: String = "192.0.2.1") throws -> Int {
        try (0..<count).count { _ in try send(harness, head, from: client).isForwarded }
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `two gateways hold one limit between them`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way)
        let gateways = [try gateway(server, "rate = 1/h\nburst = 100"), try gateway(server, "rate = 1/h\nburst = 100", loops: 2)]
        var passed = 0
        for round in 0..<130 where try send(gateways[round & 1], on: round & 3 == 3 ? 1 : 0).isForwarded { passed += 1 }
        #expect(passed == 100)
        let refused = try send(gateways[0])
        #expect(refused.reply?.reason == "limit.rate")
        #expect(refused.reply?.field("Retry-After") == "3600")
        #expect(try send(gateways[1], from: "192.0.2.2").isForwarded)
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `many questions are under way at once`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way)
        let harness = try gateway(server, "rate = 1/h\nburst = 500")
        let exchanges = (0..<600).map { _ in harness.send(plain) }
        #expect(exchanges.allSatisfy { $0.patience == 20 })
        for exchange in exchanges { #expect(harness.settle(exchange)) }
        #expect(exchanges.count { $0.isForwarded } == 500)
        // In their order.
        #expect(exchanges.prefix(500).allSatisfy { $0.isForwarded })
    }

    @Test func `a key that is known to be over does not ask the store`() throws {
        let server = try RedisServer()
        let harness = try gateway(server, "rate = 1/h\nburst = 2")
        #expect(try passing(harness, 3) == 2)
        server.signal(SIGSTOP)
        defer { server.signal(SIGCONT) }
        for _ in 0..<50 { #expect(harness.send(plain).reply?.status == 429) }
        #expect(harness.send(plain, from: "192.0.2.2").event != nil)
    }

    @Test func `the store's time counts`() throws {
        let server = try RedisServer()
        let harness = try gateway(server, "rate = 1000/s\nburst = 5\nstore-timeout = 10s")
        #expect(try passing(harness, 5) == 5)
        // Whatever this gateway's clock says: a second of the store's must be enough.
        harness.advance(by: .seconds(3600))
        var passed = 0
        #expect(harness.run(upTo: .seconds(20)) {
            harness.advance(by: .milliseconds(1))
            if (try? send(harness).isForwarded) == true { passed += 1 }
            return passed >= 20
        })
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `several limits: what one refuses costs the others nothing`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way)
        let options = "limit = 1/h burst=3 key=client-address\nlimit = 1/h burst=5 key=host"
        let (one, two) = (try gateway(server, options), try gateway(server, options))
        #expect(try passing(one, 4, from: "192.0.2.1") == 3)
        // The gateway that does not know yet asks, and the host gets back what it gave.
        #expect(try passing(two, 4, from: "192.0.2.1") == 0)
        #expect(try passing(two, 9, from: "192.0.2.2") == 2)
        #expect(try passing(one, 3, from: "192.0.2.3") == 0)
        #expect(try passing(one, 4, "GET / HTTP/1.1\nHost: other\n", from: "192.0.2.3") == 3)
    }

    @Test func `delays and penalties are the same as without a store`() throws {
        let server = try RedisServer()
        let waiting = try gateway(server, "rate = 1/m\nburst = 1\ndelay = 1")
        #expect(try send(waiting).isForwarded)
        let delay = try #require(try send(waiting).delay)
        #expect(delay > 50_000 && delay <= 60_000)
        #expect(try send(waiting).reply?.status == 429)
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `a store that dies in the middle: this gateway goes on alone from what it knows, and comes back`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way)
        let harness = try gateway(server, "rate = 1/h\nburst = 10")
        #expect(try passing(harness, 4) == 4)
        server.kill()
        #expect(harness.run { state(harness).contains("is down") })
        // Nobody waits, and the four are not forgotten.
        let exchanges = (0..<10).map { _ in harness.send(plain) }
        #expect(exchanges.allSatisfy { $0.event == nil })
        #expect(exchanges.count { $0.isForwarded } == 6)
        try server.start()
        #expect(decides(harness))
        #expect(try send(harness, from: "192.0.2.7").isForwarded)
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `questions under way when the store dies go on without it`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way)
        let harness = try gateway(server, "rate = 1/h\nburst = 3")
        server.signal(SIGSTOP)
        let exchanges = (0..<5).map { _ in harness.send(plain) }
        #expect(exchanges.allSatisfy { $0.event != nil })
        server.kill()
        for exchange in exchanges { #expect(harness.settle(exchange)) }
        #expect(exchanges.count { $0.isForwarded } == 3)
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `a store that takes questions and does not answer is left alone after five`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way)
        let harness = try gateway(server, "rate = 1/h\nburst = 3")
        server.signal(SIGSTOP)
        for client in 10..<15 {
            let exchange = harness.send(plain, from: "192.0.2.\(client)")
            #expect(exchange.event != nil)
            harness.advance(by: .milliseconds(20))
            exchange.goOn()
            #expect(exchange.isForwarded)
        }
        let after = harness.send(plain, from: "192.0.2.99")
        #expect(after.event == nil && after.isForwarded)
        // While it is stopped, no try to connect ends well; requests do not wait for it.
        for _ in 0..<20 {
            harness.advance(by: .milliseconds(500))
            #expect(harness.send(plain, from: "192.0.2.98").event == nil)
        }
        server.signal(SIGCONT)
        #expect(decides(harness))
    }

    @Test(arguments: [("local", [true, true, false]), ("open", [true, true, true]), ("closed", [false, false, false])])
    func `without a store it is as the operator says`(_ choice: String, _ passes: [Bool]) throws {
        let harness = try limiter("rate = 1/h\nburst = 2\nstore = unix:///nowhere/redis.sock\non-store-failure = \(choice)")
        harness.advance(by: .seconds(1))
        let exchanges = passes.map { _ in harness.send(plain) }
        #expect(exchanges.map(\.isForwarded) == passes)
        if choice == "closed" {
            #expect(exchanges[0].reply?.status == 503)
            #expect(exchanges[0].reply?.reason == "limit.store")
        }
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `passwords and databases`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way, ["--requirepass", "p@ss:word"])
        let wrong = try limiter("rate = 1/h\n\(server.option(login: ":nonsense"))")
        wrong.advance(by: .milliseconds(10))
        #expect(wrong.run { state(wrong).contains("WRONGPASS") || state(wrong).contains("invalid password") })
        let none = try limiter("rate = 1/h\n\(server.option())")
        none.advance(by: .milliseconds(10))
        #expect(none.run { state(none).contains("NOAUTH") })
        // Databases are apart.
        for (database, passes) in [(3, 1), (4, 1), (3, 0)] {
            let right = try limiter("rate = 1/h\n\(server.option(login: ":p%40ss%3Aword", database: database))")
            right.advance(by: .milliseconds(10))
            #expect(right.run { state(right).contains("decides") })
            #expect(!state(right).contains("word"))
            #expect(try passing(right, 3) == passes)
        }
    }

    @Test(arguments: [("abc", "4771ba020f76cd1c96a1cc4b3eca7258"), (String(repeating: "k", count: 100), "0c722e59a8e24935dd4bc23d17fce1d3")])
    func `keys in the store are digests of the section, limit and key`(_ value: String, _ digest: String) throws {
        let server = try RedisServer()
        try server.command(["SET", "sluice:f0:f0:\(digest)", "9000000000000000"])
        let harness = try gateway(server, "rate = 1/h\nburst = 5\nkey = header:x-key")
        #expect(try passing(harness, 2, plain + "X-Key: \(value)\n") == 0)
        #expect(try passing(harness, 2, plain + "X-Key: other\n") == 2)
    }

    @Test(arguments: RedisServer.Way.allCases)
    func `scripts that the store has forgotten are loaded again`(_ way: RedisServer.Way) throws {
        let server = try RedisServer(way)
        let harness = try gateway(server, "rate = 1/h\nburst = 5")
        #expect(try passing(harness, 1) == 1)
        try server.command(["SCRIPT", "FLUSH"])
        #expect(try send(harness).isForwarded)
        #expect(decides(harness))
        #expect(try send(harness).event == nil)
    }

    @Test(arguments: [
        ("redis:/x", "not the address"), ("http://x", "not the address"), ("rediss://x", "without TLS"), ("redis://", "no host"), ("redis://h:0", "no valid port"),
        ("redis://h:99999", "no valid port"), ("redis://h/x", "not the number of a database"), ("unix://redis.sock", "absolute path"), ("redis://%zz@h", "malformed"),
        ("unix:///x?db=-1", "not a database"),
    ])
    func `wrong addresses are refused`(_ address: String, _ message: String) {
        do {
            _ = try limiter("rate = 1/s\nstore = \(address)")
            Issue.record("taken: \(address)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }
}
