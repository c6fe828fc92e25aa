import FilterTesting
import RateLimit
import Testing

/// What clients and operators are told.
@Suite struct AnswerTests {
    @Test func `a refusal says how long to wait and which limit it was`() throws {
        let harness = try limiter("limit = 1/m burst=2 key=client-address name=per-client\nlimit = 100/s burst=200 key=host name=site")
        #expect(harness.passing(2) == 2)
        harness.advance(by: .milliseconds(100))
        let reply = try #require(harness.send(plain).reply)
        #expect(reply.status == 429)
        #expect(reply.reason == "limit.rate")
        #expect(reply.field("Retry-After") == "60")
        #expect(reply.field("RateLimit") == "\"per-client\";r=0;t=60")
        #expect(reply.field("RateLimit-Policy") == "\"per-client\";q=2;w=120, \"site\";q=200;w=2")
        #expect(reply.field("Content-Type") == "application/problem+json")
        #expect(reply.field("Cache-Control") == "no-store")
        #expect(
            reply.text
                == "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",\"title\":\"Too Many Requests\",\"status\":429,"
                + "\"detail\":\"There were too many requests\",\"reason\":\"limit.rate\",\"violated-policies\":[\"per-client\"]}\n")
        harness.advance(by: .milliseconds(58_901))
        #expect(harness.send(plain).reply?.field("Retry-After") == "1")
        harness.advance(by: .milliseconds(999))
        #expect(harness.passing(2) == 1)
    }

    @Test func `after Retry-After a client is let through`() throws {
        for rate in ["1/s", "3/s", "7/m", "100/s", "11/h"] {
            let harness = try limiter("rate = \(rate)\nburst = 3")
            #expect(harness.passing(3) == 3)
            for _ in 0..<5 {
                harness.advance(by: .milliseconds(137))
                guard let reply = harness.send(plain).reply else { continue }
                let seconds = try #require(reply.field("Retry-After").flatMap { Int64($0) })
                #expect(seconds >= 1)
                harness.advance(by: .seconds(seconds))
                #expect(harness.send(plain).isForwarded)
            }
        }
    }

    @Test func `several limits that refuse are all named`() throws {
        let harness = try limiter("limit = 1/s key=client-address name=a\nlimit = 1/m key=host name=b")
        #expect(harness.passing(1) == 1)
        let reply = try #require(harness.send(plain).reply)
        #expect(reply.field("Retry-After") == "60")
        #expect(reply.field("RateLimit") == "\"a\";r=0;t=60, \"b\";r=0;t=60")
        #expect(reply.text.contains("\"violated-policies\":[\"a\",\"b\"]"))
    }

    @Test(arguments: [
        ("", "RateLimit: \"f0\";r=0;t=1\nRateLimit-Policy: \"f0\";q=2;w=1"),
        ("fields = legacy-3", "RateLimit-Limit: 2\nRateLimit-Remaining: 0\nRateLimit-Reset: 1"),
        ("fields = x-ratelimit", "X-RateLimit-Limit: 2\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1"), ("fields = off", ""),
    ])
    func `the fields of refusals`(_ options: String, _ expected: String) throws {
        let harness = try limiter("rate = 2/s\n\(options)")
        #expect(harness.send(plain).respond("HTTP/1.1 204 No Content\n").head == "HTTP/1.1 204 No Content\n")
        #expect(harness.passing(1) == 1)
        let reply = try #require(harness.send(plain).reply)
        let lines = reply.head.split(separator: "\n").filter { $0.lowercased().contains("ratelimit") }
        #expect(lines.joined(separator: "\n") == expected)
        #expect(reply.field("Retry-After") == "1")
    }

    @Test func `the fields of all responses`() throws {
        let ietf = try limiter("fields-on = all\nlimit = 1/s burst=3 key=client-address name=a\nlimit = 1/s burst=9 key=header:x-key name=b")
        #expect(
            ietf.send(plain).respond("HTTP/1.1 204 No Content\n").head
                == "HTTP/1.1 204 No Content\nRateLimit: \"a\";r=2;t=1\nRateLimit-Policy: \"a\";q=3;w=3, \"b\";q=9;w=9\n")
        #expect(
            ietf.send(plain + "X-Key: k\n").respond("HTTP/1.1 204 No Content\n").field("RateLimit") == "\"a\";r=1;t=2, \"b\";r=8;t=1")
        let three = try limiter("fields-on = all\nfields = x-ratelimit\nlimit = 1/s burst=3 key=client-address\nlimit = 1/s burst=2 key=host")
        let response = three.send(plain).respond("HTTP/1.1 204 No Content\nX-RateLimit-Remaining: 40\nX-RateLimit-Limit: 50\n")
        #expect(response.head == "HTTP/1.1 204 No Content\nX-RateLimit-Limit: 2\nX-RateLimit-Remaining: 1\nX-RateLimit-Reset: 1\n")
        // What is tighter stays.
        let tighter = three.send(plain).respond("HTTP/1.1 204 No Content\nX-RateLimit-Remaining: 0\n")
        #expect(tighter.head == "HTTP/1.1 204 No Content\nX-RateLimit-Remaining: 0\n")
    }

    @Test func `shadow mode counts and says so, and lets everything pass`() throws {
        let harness = try limiter("rate = 1/s\nmode = shadow\ndelay = 2")
        #expect(harness.send(plain).respond("HTTP/1.1 204 No Content\n").field("Gateway-Shadow") == nil)
        for _ in 0..<2 { #expect(harness.send(plain).delay == nil) }
        let exchange = harness.send(plain)
        #expect(exchange.respond("HTTP/1.1 204 No Content\n").field("Gateway-Shadow") == "limit.rate")
        let off = try limiter("rate = 1/h\nmode = off")
        #expect(off.passing(9) == 9)
    }

    @Test func `an explained request consumes nothing and says what is left`() throws {
        let harness = try limiter("limit = 1/s burst=3 key=client-address name=a\nlimit = 2/s burst=1 key=header:x-key name=b\nipv6-prefix = 56")
        for _ in 0..<9 {
            #expect(
                harness.explain(plain, from: "2001:db8:0:1ff::1").notes
                    == ["a: key 2001:db8:0:100::/56, 3 of 3 left, then 1/s", "b: the key header:x-key is empty, so the limit does not apply"])
        }
        #expect(harness.passing(2, plain + "X-Key: k\n", from: "2001:db8:0:1ff::1") == 1)
        let notes = harness.explain(plain + "X-Key: k\n", from: "2001:db8:0:101::1").notes
        #expect(notes == ["a: key 2001:db8:0:100::/56, 2 of 3 left, then 1/s", "b: key k, 0 of 1 left, then 2/s; refused"])
    }

    @Test(arguments: [
        ("", "no limit"), ("burst = 5", "without a `rate`"), ("rate = 1/s\nlimit = 2/s", "exclude each other"), ("rate = 5", "did you mean `5/s`?"),
        ("rate = 0/s", "lets nothing pass"), ("rate = 2000000/s", "cannot be kept"), ("rate = 1/h\nburst = 1000000", "cannot be kept"),
        ("rate = 1/h\nburst = 1\ndelay = 3", "would wait 10800 s"), ("rate = 1/s\nkey = adress", "is not a key"),
        ("rate = 1/s\nkey = header:", "not the name of a field"), ("rate = 1/s\nkey = host+host", "stands twice"), ("rate = 1/s\nkey = path:x", "is not the shape"),
        ("rate = 1/s\nkey = path:/**/x", "before the end"), ("rate = 1/s\nkey = client-address+", "is not a key"), ("rate = 1/s\nipv6-prefix = 129", "too large"),
        ("rate = 5/s\ncost = 6", "can never pass"), ("rate = 5/s\ncost = 2 path=x", "is not the shape"), ("limit = 1/s\nlimit = 60/m", "counts the same"),
        ("limit = 1/s name=a\nlimit = 2/s name=a", "are called `a`"), ("limit = 1/s key=nothing", "is not a key"), ("rate = 1/s\nmax-keys = 0", "too small"),
        ("rate = 1/s\nmode = dry", "choice"), ("limit = 1/s\nlimit = 2/s\nlimit = 3/s\nlimit = 4/s\nlimit = 5/s\nlimit = 6/s\nlimit = 7/s\nlimit = 8/s\nlimit = 9/s", "more than 8"),
    ])
    func `wrong options are refused`(_ options: String, _ message: String) {
        do {
            _ = try FilterHarness(RateLimit.self, options)
            Issue.record("taken: \(options)")
        } catch {
            #expect(error.description.contains(message), "\(error)")
        }
    }
}
