import FilterAPI
import FilterTesting
import RateLimit
import Testing

/// Which requests count together.
@Suite struct KeyTests {
    /// Whether two requests count as one key.
    func share(_ key: String, _ first: String, _ second: String, from clients: (String, String) = ("192.0.2.1", "192.0.2.1"), _ more: String = "") throws -> Bool {
        let harness = try limiter("rate = 1/h\nkey = \(key)\n\(more)")
        func head(_ text: String) -> String {
            var lines = text.split(separator: "\n").map(String.init)
            if lines.first?.hasSuffix(" HTTP/1.1") != true { lines.insert("GET / HTTP/1.1", at: 0) }
            if !lines.contains(where: { $0.hasPrefix("Host:") }) { lines.append("Host: h") }
            return lines.joined(separator: "\n") + "\n"
        }
        #expect(harness.send(head(first), from: clients.0).isForwarded)
        return !harness.send(head(second), from: clients.1).isForwarded
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "::ffff:192.0.2.1", true), ("192.0.2.1", "::ffff:c000:201", true),
        ("2001:db8::1", "2001:db8::2", true), ("2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff", true), ("2001:db8::1", "2001:DB8:0::1", true),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", false), ("", "", true), ("", "192.0.2.1", false), ("0.0.0.0", "::", false), ("0.0.0.0", "", false),
    ])
    func clients(_ first: String, _ second: String, _ isOne: Bool) throws {
        #expect(try share("client-address", "", "", from: (first, second)) == isOne)
    }

    @Test func `the prefixes of addresses can be chosen`() throws {
        #expect(try share("client-address", "", "", from: ("192.0.2.1", "192.0.2.250"), "ipv4-prefix = 24"))
        #expect(try !share("client-address", "", "", from: ("192.0.2.1", "192.0.3.1"), "ipv4-prefix = 24"))
        #expect(try share("client-address", "", "", from: ("2001:db8:1:2::1", "2001:db8:1:ffff::1"), "ipv6-prefix = 48"))
        #expect(try !share("client-address", "", "", from: ("2001:db8::1", "2001:db8::2"), "ipv6-prefix = 128"))
        #expect(try share("client-address", "", "", from: ("1.2.3.4", "200.1.1.1"), "ipv4-prefix = 0"))
    }

    @Test func `certificates are told apart, and who has shown none is not limited`() throws {
        let harness = try limiter("rate = 1/h\nkey = client-certificate")
        let head = "GET / HTTP/1.1\nHost: h\nClient-Cert: :AQID:\n"
        func isForwarded(_ certificate: String?) -> Bool { harness.send(head, https: true, certificate: certificate).isForwarded }
        #expect(isForwarded(":AQID:") && isForwarded(":AQIDBA==:"))
        #expect(!isForwarded(":AQID:") && !isForwarded(":AQIDBA==:"))
        // What a client writes is no certificate.
        for _ in 0..<3 { #expect(isForwarded(nil)) }
    }

    @Test func `fields that only claim an address change nothing`() throws {
        #expect(try share("client-address", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2\nForwarded: for=3.3.3.3\nX-Real-IP: 4.4.4.4"))
    }

    @Test(arguments: [
        // One key in many spellings.
        ("host", "Host: example.org", "Host: EXAMPLE.org:443", true), ("host", "Host: example.org.", "Host: example.org:8080", true),
        ("host", "Host: a.example.org", "Host: b.example.org", false), ("host", "Host: [2001:db8::1]:80", "Host: [2001:db8::1]", true),
        ("host", "Host: [::1]", "Host: [::2]", false),
        ("header:x-key", "X-Key: a", "x-KEY:   a  ", true), ("header:x-key", "X-Key: a", "X-Key: A", false),
        ("header:x-key", "X-Key: ab", "X-Key: a", false),
        ("header:authorization", "Authorization: Bearer x", "Authorization: bearer    x", true),
        ("header:authorization", "Authorization: Bearer x", "Authorization: Bearer X", false),
        ("cookie:sid", "Cookie: sid=1; b=2", "Cookie: b=3;sid=\"1\"", true), ("cookie:sid", "Cookie: sid=1", "Cookie: SID=1; sid=2", false),
        ("cookie:sid", "Cookie: xsid=1; sid=2", "Cookie: sid=2", true), ("cookie:sid", "Cookie: a=1\nCookie: sid=5", "Cookie: sid = 5 ; z", true),
        ("path", "GET /a/b HTTP/1.1", "GET //a/%62/ HTTP/1.1", true), ("path", "GET /a/b HTTP/1.1", "GET /a/b;x=1?q HTTP/1.1", true),
        ("path", "GET /a/b HTTP/1.1", "GET /ab HTTP/1.1", false), ("path", "GET /a HTTP/1.1", "GET /A HTTP/1.1", false),
        ("path:/u/{id}/**", "GET /u/1/x HTTP/1.1", "GET /u/1/y/z HTTP/1.1", true), ("path:/u/{id}/**", "GET /u/1/x HTTP/1.1", "GET /u/%31 HTTP/1.1", true),
        ("path:/u/{id}/**", "GET /u/1/x HTTP/1.1", "GET /u/2/x HTTP/1.1", false), ("path:/u/*", "GET /u/1 HTTP/1.1", "GET /u/2 HTTP/1.1", true),
        ("path:/{a}/{b}", "GET /ab/c HTTP/1.1", "GET /a/bc HTTP/1.1", false), ("method", "GET / HTTP/1.1", "GET /b HTTP/1.1", true),
        ("method", "GET / HTTP/1.1", "POST / HTTP/1.1", false),
        // Composites: what moves from one part to the other is another key.
        ("header:a+header:b", "A: xy\nB: z", "A: x\nB: yz", false), ("client-address+header:a", "A: 1", "A: 1", true), ("header:a+host", "A: 1", "A: 2", false),
    ] as [(String, String, String, Bool)])
    func spellings(_ key: String, _ first: String, _ second: String, _ isOne: Bool) throws {
        #expect(try share(key, first, second) == isOne)
    }

    @Test(arguments: [("header:x-key", "X-Key: {}"), ("cookie:sid", "Cookie: sid={}"), ("cookie:sid", "Cookie: a=b; sid={}; c")])
    func `a field or cookie that stands twice makes no new key`(_ key: String, _ line: String) throws {
        let harness = try limiter("rate = 1/h\nburst = 2\nkey = \(key)")
        func twice(_ other: String) -> String {
            "GET / HTTP/1.1\nHost: h\n" + line.replacing("{}", with: "mine") + "\n" + line.replacing("{}", with: other) + "\n"
        }
        #expect((0..<30).count { harness.send(twice("made-up-\($0)")).isForwarded } == 2)
    }

    @Test func `the app does not see another spelling of the field that counts`() throws {
        let harness = try limiter("rate = 1/h\nkey = header:x-api-key")
        let exchange = harness.send("GET / HTTP/1.1\nHost: h\nX-Api-Key: 1\nX_Api_Key: 2\nX-Other: 3\n")
        #expect(exchange.head == "GET / HTTP/1.1\nHost: h\nX-Api-Key: 1\nX-Other: 3\n")
    }

    @Test func `a request without the key is skipped, shares one key, or is rejected`() throws {
        let skip = try limiter("rate = 1/h\nkey = header:x-key")
        #expect(skip.passing(5) == 5)
        #expect(skip.passing(5, "GET / HTTP/1.1\nHost: h\nX-Key:\n") == 5)
        let shared = try limiter("rate = 1/h\nkey = header:x-key+client-address\nempty-key = shared")
        #expect(shared.passing(5, from: "192.0.2.1") == 1)
        #expect(shared.passing(5, from: "192.0.2.2") == 0)
        let reject = try limiter("rate = 1/h\nkey = cookie:sid\nempty-key = reject")
        let reply = try #require(reject.send(plain).reply)
        #expect(reply.status == 400)
        #expect(reply.reason == "limit.key.missing")
        // A limit for one kind of path leaves the others alone.
        let shape = try limiter("rate = 1/h\nkey = path:/login")
        #expect(shape.passing(3, "GET /login HTTP/1.1\nHost: h\n") == 1)
        #expect(shape.passing(3, "GET /login/x HTTP/1.1\nHost: h\n") == 3)
    }

    @Test func `exempt clients are not limited`() throws {
        let harness = try limiter("rate = 1/h\nexempt = 10.0.0.0/8 2001:db8::/32")
        #expect(harness.passing(3, from: "10.1.2.3") == 3)
        #expect(harness.passing(3, from: "::ffff:10.1.2.3") == 3)
        #expect(harness.passing(3, from: "2001:db8::1") == 3)
        #expect(harness.passing(3, from: "11.1.2.3") == 1)
        #expect(harness.passing(3, from: "") == 1)
    }
}
