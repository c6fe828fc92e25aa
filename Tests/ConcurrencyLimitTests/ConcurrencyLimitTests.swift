import CAllocations
import ConcurrencyLimit
import FilterAPI
import FilterTesting
import Testing

private let plain = "GET /a HTTP/1.1\nHost: example.org\n"

@Suite struct ConcurrencyLimitTests {
    private func limiter(_ options: String, loops: Int = 1) throws -> FilterHarness { try FilterHarness(ConcurrencyLimit.self, options, loops: loops) }

    @Test func `so many requests of a key are under way at once, on all loops`() throws {
        let harness = try limiter("max = 2", loops: 3)
        let first = harness.send(plain, on: 0)
        let second = harness.send(plain, on: 1)
        #expect(first.isForwarded && second.isForwarded)
        let refused = harness.send(plain, on: 2)
        let reply = try #require(refused.reply)
        #expect(reply.status == 429)
        #expect(reply.reason == "limit.concurrency")
        #expect(reply.field("Retry-After") == "1")
        #expect(reply.field("RateLimit-Policy") == "\"f0\";q=2;qu=\"concurrent-requests\"")
        #expect(reply.text.contains("#quota-exceeded\""))
        #expect(harness.send(plain, from: "192.0.2.2", on: 2).isForwarded)
        // The end of a refused exchange gives nobody a place.
        refused.finish()
        #expect(harness.send(plain, on: 0).reply != nil)
        first.finish()
        #expect(harness.send(plain, on: 2).isForwarded)
        #expect(harness.send(plain, on: 2).reply != nil)
    }

    @Test(arguments: [(200, true), (499, false), (101, true), (502, false)])
    func `however an exchange ends, its place is free`(_ status: UInt16, _ isComplete: Bool) throws {
        let harness = try limiter("max = 1")
        for _ in 0..<20 {
            let exchange = harness.send(plain)
            #expect(exchange.isForwarded)
            exchange.finish(status: status, isComplete: isComplete)
        }
    }

    @Test func `a filter that stands twice in an exchange's way counts it once`() throws {
        // As two pipelines in a row with one filter do: the state of the exchange is the same.
        let harness = try limiter("max = 1")
        let exchange = harness.send(plain)
        #expect(exchange.passAgain())
        exchange.finish()
        let next = harness.send(plain)
        #expect(next.isForwarded)
        #expect(harness.send(plain).reply != nil)
    }

    private func shadow(_ exchange: TestExchange) -> String? { exchange.respond("HTTP/1.1 204 No Content\n").field("Gateway-Shadow") }

    @Test func `shadow mode counts and says so, and lets everything pass`() throws {
        let harness = try limiter("max = 1\nqueue = 1\nmode = shadow\nempty-key = reject\nkey = header:X-Team")
        let head = plain + "X-Team: a\n"
        let exchanges = (0..<4).map { _ in harness.send(head) }
        #expect(exchanges.allSatisfy { $0.isForwarded })
        #expect(harness.explain(head).notes == ["key a, 2 of 1 under way, 0 waiting; refused; only counted"])
        #expect(exchanges.map(shadow) == [nil, "limit.concurrency;waits", "limit.concurrency", "limit.concurrency"])
        // Those that would have been refused have no place to give back.
        exchanges[3].finish()
        exchanges[2].finish()
        #expect(shadow(harness.send(head)) == "limit.concurrency")
        exchanges[0].finish()
        exchanges[1].finish()
        #expect(shadow(harness.send(head)) == nil)
        #expect(harness.send(plain).isForwarded)
    }

    @Test func `off does nothing`() throws {
        let harness = try limiter("max = 1\nmode = off")
        let exchanges = (0..<3).map { _ in harness.send(plain) }
        #expect(exchanges.map(shadow) == [nil, nil, nil])
    }

    @Test func `those who wait get places in their order`() throws {
        let harness = try limiter("max = 1\nqueue = 3\nqueue-timeout = 5s", loops: 2)
        let first = harness.send(plain, on: 0)
        let waiting = (0..<3).map { harness.send(plain, on: $0 & 1) }
        #expect(waiting.allSatisfy { $0.patience == 5000 })
        #expect(harness.send(plain).reply?.status == 429)
        first.finish()
        #expect(harness.settle(waiting[0]))
        #expect(waiting[0].isForwarded)
        #expect(waiting[1].event?.hasHappened == false)
        // The second goes away: the third is next.
        waiting[1].finish(status: 499, isComplete: false)
        waiting[0].finish()
        #expect(harness.settle(waiting[2]))
        #expect(waiting[2].isForwarded)
        waiting[2].finish()
        #expect(harness.send(plain).isForwarded)
    }

    @Test func `who waits for too long is refused, and takes no place`() throws {
        let harness = try limiter("max = 1\nqueue = 1")
        let first = harness.send(plain)
        let waiting = harness.send(plain)
        #expect(waiting.patience == 1000)
        waiting.goOn()
        #expect(waiting.reply?.reason == "limit.concurrency")
        waiting.finish()
        let other = harness.send(plain)
        #expect(other.patience == 1000)
        first.finish()
        #expect(harness.settle(other))
        #expect(other.isForwarded)
    }

    @Test func `a place that comes while its waiter goes is not lost`() throws {
        let harness = try limiter("max = 1\nqueue = 2")
        let first = harness.send(plain)
        let waiting = harness.send(plain)
        let late = harness.send(plain)
        // The place is handed over, but the loop of the waiter has not heard of it.
        first.finish()
        waiting.finish(status: 499, isComplete: false)
        #expect(harness.settle(late))
        #expect(late.isForwarded)
        // The same with the time that runs out: it has the place.
        let second = harness.send(plain)
        late.finish()
        second.goOn()
        #expect(second.isForwarded)
    }

    final class Shared: @unchecked Sendable {
        let harness: FilterHarness
        init(_ harness: FilterHarness) { self.harness = harness }
    }

    @Test func `loops that take and leave at once never have more than max, and lose no place`() async throws {
        let shared = Shared(try limiter("max = 5\nkey = all", loops: 4))
        await withTaskGroup(of: Void.self) { group in
            for loop in 0..<4 {
                group.addTask {
                    for round in 0..<400 {
                        let exchanges = (0..<3).map { _ in shared.harness.send(plain, on: loop) }
                        let passed = exchanges.count { $0.isForwarded }
                        #expect(passed <= 5)
                        for exchange in exchanges { exchange.finish(status: 200, isComplete: round & 1 == 0) }
                    }
                }
            }
        }
        let last = (0..<6).map { shared.harness.send(plain, on: $0 % 4).isForwarded }
        #expect(last == [true, true, true, true, true, false])
    }

    @Test func `a request that passes allocates nothing`() throws {
        let harness = try limiter("max = 100")
        let exchange = harness.send(plain)
        for _ in 0..<10 { exchange.passAgainAndFinish() }
        allocations_start()
        for _ in 0..<1000 { exchange.passAgainAndFinish() }
        let allocations = allocations_stop()
        #expect(allocations <= 0, "\(allocations) allocations for 1000 requests")
    }

    @Test func `explaining takes no place`() throws {
        let harness = try limiter("max = 1\nkey = header:x-key")
        let head = plain + "X-Key: k\n"
        for _ in 0..<3 { #expect(harness.explain(head).notes == ["key k, 0 of 1 under way, 0 waiting"]) }
        let exchange = harness.send(head)
        #expect(exchange.isForwarded)
        #expect(harness.explain(head).notes == ["key k, 1 of 1 under way, 0 waiting; refused"])
        #expect(harness.explain(plain).notes == ["the key header:x-key is empty"])
        for _ in 0..<3 { #expect(harness.send(plain).isForwarded) }
        let reject = try limiter("max = 1\nkey = header:x-key\nempty-key = reject")
        #expect(reject.send(plain).reply?.reason == "limit.concurrency.key-missing")
        let shared = try limiter("max = 1\nkey = header:x-key\nempty-key = shared")
        let one = shared.send(plain)
        #expect(one.isForwarded && !shared.send(plain).isForwarded)
        let exempt = try limiter("max = 1\nexempt = 192.0.2.0/24")
        let passed = (0..<3).map { _ in exempt.send(plain) }
        #expect(passed.allSatisfy { $0.isForwarded })
    }

    @Test(arguments: [
        ("", "needs the option `max`"), ("max = 0", "too small"), ("max = 1\nkey = nobody", "is not a key"), ("max = 1\nqueue-timeout = 2s", "without a `queue`"),
        ("max = 1\nqueue = 20000", "too large"),
    ])
    func `wrong options are refused`(_ options: String, _ message: String) {
        do {
            _ = try limiter(options)
            Issue.record("taken: \(options)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }
}
