import FilterAPI
import FilterAllocationCounts
import FilterTesting
import SizeLimit
import Testing

@Suite struct SizeLimitTests {
    private func send(_ options: String, _ head: String) throws -> TestExchange { try FilterHarness(SizeLimit.self, options).send(head) }

    @Test(arguments: [
        // The length of the target counts path, `?` and query.
        ("max-target = 10B", "GET /12345678", nil), ("max-target = 10B", "GET /123456789", nil), ("max-target = 10B", "GET /1234567890", "limit.target"),
        ("max-target = 10B", "GET /1234?5678", nil), ("max-target = 10B", "GET /1234?56789", "limit.target"), ("max-target = 10B", "GET http://h/x", nil),
        ("max-target = 10B", "GET http://host/", "limit.target"), ("max-target = 1B", "OPTIONS *", nil),
        ("max-query = 4B", "GET /a/long/path?1234", nil), ("max-query = 4B", "GET /?12345", "limit.query"), ("max-query = 0B", "GET /?", nil), ("max-query = 0B", "GET /?a", "limit.query"),
        ("max-query = 0B", "GET /", nil),
    ] as [(String, String, String?)])
    func targetsAndQueries(_ options: String, _ line: String, _ reason: String?) throws {
        let exchange = try send(options, "\(line) HTTP/1.1\nHost: h\n".replacing("http://host/ HTTP/1.1\nHost: h", with: "http://host/ HTTP/1.1\nHost: host"))
        #expect(exchange.reply?.reason == reason)
        #expect(exchange.reply?.status == (reason == nil ? nil : 414))
    }

    @Test(arguments: [
        // `Host: h` counts 4 + 1 + 4, `A: b` 1 + 1 + 4.
        ("max-fields = 9B", "", false), ("max-fields = 8B", "", true), ("max-fields = 15B", "A: b\n", false), ("max-fields = 14B", "A: b\n", true),
        ("max-fields = 15B", "A:   b  \n", false), ("max-field = 3B", "A: bcd\nE: fgh\n", false), ("max-field = 3B", "A: bcde\n", true),
        ("max-field-count = 2", "A: b\n", false), ("max-field-count = 2", "A: b\nA: b\n", true), ("max-fields = 1KiB\nmax-field = 1B\nmax-field-count = 1", "", false),
    ])
    func fields(_ options: String, _ lines: String, _ isRefused: Bool) throws {
        let exchange = try send(options, "GET / HTTP/1.1\nHost: h\n\(lines)")
        #expect(exchange.isForwarded != isRefused)
        #expect(exchange.reply?.status == (isRefused ? 431 : nil))
        #expect(exchange.reply?.reason == (isRefused ? "limit.fields" : nil))
    }

    @Test func responsesAreLimitedByTheLowestLimit() throws {
        let harness = try FilterHarness([(SizeLimit.self, "max-response-body = 10B"), (SizeLimit.self, "max-response-body = 20B"), (SizeLimit.self, "max-body = 5B")])
        let exchange = harness.send("GET / HTTP/1.1\nHost: h\n")
        #expect(exchange.respond("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n").bodyLimit == 10)
        // Without the option it sees no response.
        let other = try send("max-body = 5B", "GET / HTTP/1.1\nHost: h\n")
        #expect(other.respond("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n").bodyLimit == .max)
    }

    @Test func fieldsThatAreGoneDoNotCount() throws {
        let harness = try FilterHarness([(WithoutCookies.self, ""), (SizeLimit.self, "max-fields = 20B")])
        #expect(harness.send("GET / HTTP/1.1\nHost: h\nCookie: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n").isForwarded)
    }

    /// The gateway counts the body: SizeLimitScenarioTests.
    @Test func bodiesAreLimitedAndTheSmallerLimitCounts() throws {
        #expect(try send("max-body = 10B", "POST / HTTP/1.1\nHost: h\nContent-Length: 10\n").bodyLimit == 10)
        #expect(try send("max-body = 0B", "GET / HTTP/1.1\nHost: h\n").bodyLimit == 0)
        #expect(try send("max-query = 1B", "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n").bodyLimit == .max)
        let two = try FilterHarness([(SizeLimit.self, "max-body = 1KiB"), (SizeLimit.self, "max-body = 2KiB")])
        #expect(two.send("POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n").bodyLimit == 1024)
    }

    @Test(arguments: [
        ("", "limits nothing"), ("max-body = off", "limits nothing"), ("max-target = 10B\nmax-query = 10B", "no query gets that long"), ("max-fields = 10B\nmax-field = 10B", "no field gets that large"),
        ("max-body = 10", "10"), ("max-body = -1B", "-1B"), ("max-target = 0B", "too small"), ("max-field-count = 0", "too small"), ("max-target = 1MiB", "too large"),
    ])
    func wrongOptionsAreRefused(_ options: String, _ text: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(SizeLimit.self, options) }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("max-body = 10B", "POST / HTTP/1.1\nHost: h\nContent-Length: 11\n", "413: the body has 11 bytes, 10 are allowed"),
        ("max-target = 3B", "GET /abc HTTP/1.1\nHost: h\n", "414: the target has 4 bytes, 3 are allowed"), ("max-query = 3B", "GET /?abcd HTTP/1.1\nHost: h\n", "414: the query has 4 bytes, 3 are allowed"),
        ("max-fields = 3B", "GET / HTTP/1.1\nHost: h\n", "431: the fields have more than 3 bytes"), ("max-field = 1B", "GET / HTTP/1.1\nHost: hh\n", "431: a field has 2 bytes, 1 are allowed"),
        ("max-field-count = 1", "GET / HTTP/1.1\nHost: h\nA: b\n", "431: there are more than 1 field lines"),
    ])
    func explains(_ options: String, _ head: String, _ note: String) throws {
        #expect(try FilterHarness(SizeLimit.self, options).explain(head).notes == [note])
    }

    @Test func whatPassesAllocatesNothing() throws {
        let count = try FilterAllocations.count(
            SizeLimit.self, "max-body = 1MiB\nmax-target = 1KiB\nmax-query = 100B\nmax-fields = 1KiB\nmax-field = 100B\nmax-field-count = 10",
            "POST /a?b HTTP/1.1\nHost: h\nAccept: */*\nContent-Length: 5\n")
        #expect(count.request <= 0 && count.response <= 0, "\(count)")
    }
}

private final class WithoutCookies: FilterPlugin, RequestFilter {
    static let name = "without-cookies"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision {
        request.fields.remove(.cookie)
        return .forward
    }
}
