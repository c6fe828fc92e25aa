import CAllocations
import FilterAllocationCounts
import FilterTesting
import RateLimit
import Testing

@Suite struct AllocationTests {
    @Test(arguments: [
        "rate = 1000000/s\nburst = 1000000",
        "fields-on = all\nexempt = 10.0.0.0/8\ncost = 3 method=POST\nlimit = 1000000/s key=client-address+header:x-key+cookie:sid\nlimit = 900000/s key=path:/a/{b}+host+method",
    ])
    func `a request that passes allocates nothing`(_ options: String) throws {
        let harness = try limiter(options)
        let exchange = harness.send("GET /a/b%63 HTTP/1.1\nHost: Example.org:80\nX-Key: some-key\nX-Strange: x\nCookie: a=b; sid=77\n")
        #expect(exchange.allocations(passing: 1000) <= 0)
    }

    @Test func `a refusal like one before allocates nothing`() throws {
        let harness = try limiter("limit = 1/s key=host")
        let exchange = harness.send(plain)
        for _ in 0..<10 { #expect(!exchange.passAgain()) }
        allocations_start()
        for _ in 0..<1000 { _ = exchange.passAgain() }
        let allocations = allocations_stop()
        #expect(allocations <= 0, "\(allocations) allocations for 1000 refusals")
    }
}
