import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Redirect
import Seeded
import Testing

@Suite struct RedirectTests {
    private func send(_ options: String, _ target: String, host: String = "example.org", https: Bool = false) throws -> TestExchange {
        try FilterHarness(Redirect.self, options).send("GET \(target) HTTP/1.1\nHost: \(host)\n", https: https)
    }

    private func location(_ options: String, _ target: String, host: String = "example.org", https: Bool = false) throws -> String? {
        try send(options, target, host: host, https: https).reply?.field("Location")
    }

    // MARK: https

    @Test(arguments: [
        ("/a?b=c", "example.org", "https://example.org/a?b=c"), ("/", "EXAMPLE.org:8080", "https://example.org/"), ("/", "example.org.", "https://example.org/"),
        ("/", "a.b.example.org", "https://a.b.example.org/"), ("//x/%2e%2e/y", "example.org", "https://example.org//x/%2e%2e/y"),
        ("/a\\b\"<>^`{|}", "example.org", "https://example.org/a%5Cb%22%3C%3E%5E%60%7B%7C%7D"), ("http://example.org?q", "example.org", "https://example.org/?q"),
        ("http://example.org/a/b?q", "example.org", "https://example.org/a/b?q"), ("http://example.org", "example.org", "https://example.org/"),
        ("/?", "example.org", "https://example.org/?"), ("/", "[2001:db8::1]:80", "https://[2001:db8::1]/"),
    ])
    func plainRequestsGoToHTTPS(_ target: String, _ host: String, _ expected: String) throws {
        let exchange = try send("https = on\nhosts = example.org *.example.org [2001:db8::1]", target, host: host)
        #expect(exchange.reply?.field("Location") == expected)
        #expect(exchange.reply?.status == 308)
        #expect(exchange.reply?.reason == "redirect.https")
        #expect(exchange.reply?.text == "")
    }

    @Test func whatComesOverTLSPasses() throws {
        #expect(try send("https = on\nhosts = example.org", "/", https: true).isForwarded)
        #expect(try send("https = on\nhosts = example.org", "/", host: "other.org", https: true).isForwarded)
    }

    @Test(arguments: ["evil.org", "example.org.evil.org", "notexample.org", "example.orgevil", "a.example.org", "[::1]", "192.0.2.1"])
    func otherHostsAreNotNamed(_ host: String) throws {
        let exchange = try send("https = on\nhosts = example.org *.sub.example.org", "/", host: host)
        #expect(exchange.reply?.status == 421)
        #expect(exchange.reply?.reason == "redirect.host.unknown")
        #expect(exchange.reply?.field("Location") == nil)
    }

    @Test func aWildcardIsNotForItsOwnEnding() throws {
        #expect(try send("https = on\nhosts = *.example.org", "/", host: "example.org").reply?.status == 421)
    }

    @Test func anyHostIfTheOperatorSaysSo() throws {
        #expect(try location("https = on\nhosts = any", "/", host: "what.ever:81") == "https://what.ever/")
    }

    @Test func aRequestWithoutAHostCannotBeSentToOne() throws {
        let request = "GET / HTTP/1.0\n"
        #expect(try FilterHarness(Redirect.self, "https = on\nhosts = any").send(request).reply?.status == 421)
        #expect(try FilterHarness(Redirect.self, "https = on\nhost = example.org").send(request).reply?.field("Location") == "https://example.org/")
    }

    @Test func portsAreTheOperators() throws {
        #expect(try location("https = on\nhosts = example.org\nhttps-port = 8443", "/", host: "example.org:8080") == "https://example.org:8443/")
        #expect(try location("https = on\nhost = example.org\nhttps-port = 8443", "/") == "https://example.org:8443/")
        #expect(try location("https = on\nhost = example.org:9443", "/") == "https://example.org:9443/")
    }

    @Test(arguments: [
        ("/.well-known/acme-challenge/token", true), ("/.well-known/acme-challenge", true), ("/.well-known/acme-challenge/", true),
        ("/%2ewell-known/acme-challenge/x", true), ("/.well-known/acme-challenge/a.b/.c", true), ("/.well-known/acme-challenge/...", true),
        ("/.well-known/acme-challenges", false), ("/.well-known", false), ("/.well-known/acme-challenge/../../admin", false),
        ("/.well-known/acme-challenge/%2e%2E/x", false), ("/.well-known/acme-challenge/.", false), ("/.well-known/acme-challenge/..", false),
        ("/.well-known/acme-challenge/..%2fadmin", false), ("/.well-known/acme-challenge/..\\admin", false), ("/.well-known/acme-challenge/a%5cb", false),
    ])
    func exemptPathsPass(_ target: String, _ passes: Bool) throws {
        let options = "https = on\nhosts = example.org\nexcept = /.well-known/acme-challenge/"
        #expect(try send(options, target).isForwarded == passes)
    }

    // MARK: host

    @Test(arguments: [
        ("example.org", "http://www.example.org/a?b"), ("WWW.Example.org", nil), ("www.example.org:8080", nil), ("www.example.org.", nil),
        ("www.example.org.evil.org", "http://www.example.org/a?b"), ("[::1]", "http://www.example.org/a?b"),
    ] as [(String, String?)])
    func otherHostsGoToTheOne(_ host: String, _ expected: String?) throws {
        #expect(try location("host = www.example.org", "/a?b", host: host) == expected)
        #expect(try location("host = www.example.org", "/a?b", host: host, https: true) == expected?.replacing("http:", with: "https:"))
    }

    @Test func aHostWithAPortIsThatPort() throws {
        #expect(try location("host = example.org:81", "/", host: "example.org") == "http://example.org:81/")
        #expect(try location("host = example.org:81", "/", host: "example.org:82") == "http://example.org:81/")
        #expect(try location("host = example.org:81", "/", host: "example.org:81") == nil)
        #expect(try location("host = example.org:81", "/", host: "example.org:081") == nil)
    }

    // MARK: rules

    @Test(arguments: [
        // rule, target, Location
        ("/old to=/new", "/old", "/new"), ("/old to=/new", "/old?a=b", "/new?a=b"), ("/old to=/new", "/%6Fl%64", "/new"), ("/old to=/new", "/old/", nil),
        ("/old to=/new", "/OLD", nil), ("/old to=/new", "/old/x", nil), ("/ to=/home", "/", "/home"), ("/ to=/home", "http://example.org", "/home"),
        ("/old to=/new?x=1", "/old?a=b", "/new?x=1&a=b"), ("/old to=/new?x=1", "/old", "/new?x=1"), ("/old to=/new#part", "/old?a", "/new?a#part"),
        ("/old to=/new query=drop", "/old?a=b", "/new"), ("/old to=/new", "/old?", "/new"),
        ("/old to=HTTPS://Other.Example:8443", "/old?q", "https://other.example:8443/?q"), ("/old to=https://other.example?x", "/old", "https://other.example/?x"),
        ("/old/* to=/new/*", "/old", "/new"), ("/old/* to=/new/*", "/old/", "/new/"), ("/old/* to=/new/*", "/old/a/b?c", "/new/a/b?c"),
        ("/old/* to=/new/*", "/older", nil), ("/old/* to=/new/*", "/old%2fx", nil), ("/old/* to=/new", "/old/a/b", "/new"),
        ("/old/* to=https://cdn.example/*", "/old", "https://cdn.example/"), ("/old/* to=https://cdn.example/*", "/old/a", "https://cdn.example/a"),
        ("/* to=https://cdn.example/v/*", "/", "https://cdn.example/v/"), ("/* to=https://cdn.example/v/*", "http://example.org", "https://cdn.example/v"),
        ("/u/{id}/photo to=/p/{id}", "/u/7/photo", "/p/7"), ("/u/{id}/photo to=/p/{id}", "/u//photo", nil), ("/u/{id}/photo to=/p/{id}", "/u/7/8/photo", nil),
        ("/u/{id} to=/p/{id}", "/u/a%2Fb", "/p/a%2Fb"), ("/u/{id} to=/p?id={id}", "/u/a&b=c+d%20e", "/p?id=a%26b%3Dc%2Bd%20e"),
        ("/{a}/{b}/* to=https://o.example/{b}-{a}/*", "/1/2/3/4", "https://o.example/2-1/3/4"), ("/{a}/x to=/{a}/y/{a}", "/q/x", "/q/y/q"),
        ("/\u{25}6Fld to=/new", "/old", "/new"), ("/a%2Fb to=/new", "/a%2fb", "/new"), ("/a%2Fb to=/new", "/a/b", nil),
    ] as [(String, String, String?)])
    func pathsAreSentToWhereTheyMoved(_ rule: String, _ target: String, _ expected: String?) throws {
        let exchange = try send("rule = \(rule)", target)
        #expect(exchange.reply?.field("Location") == expected)
        #expect(exchange.isForwarded == (expected == nil))
    }

    @Test func anExactPathComesBeforePatternsAndOfThoseTheFirst() throws {
        let rules = "rule = /a/{x}/c to=/first\nrule = /a/* to=/second/*\nrule = /a/b to=/exact\nrule = /{x} to=/third"
        #expect(try location(rules.replacing("/third", with: "/t/t/t"), "/a/b") == "/exact")
        #expect(try location(rules.replacing("/third", with: "/t/t/t"), "/a/b/c") == "/first")
        #expect(try location(rules.replacing("/third", with: "/t/t/t"), "/a/d") == "/second/d")
        #expect(try location(rules.replacing("/third", with: "/t/t/t"), "/d") == "/t/t/t")
    }

    @Test(arguments: ["301", "302", "303", "307", "308"])
    func statusesAreTheRulesOrTheSections(_ status: String) throws {
        #expect(try send("rule = /a to=/b status=\(status)", "/a").reply?.status == UInt16(status))
        #expect(try send("status = \(status)\nrule = /a to=/b", "/a").reply?.status == UInt16(status))
    }

    @Test func onePlaceForAllThatApplies() throws {
        let options = "https = on\nhost = www.example.org\nrule = /old/* to=/new/*\nrule = /away to=https://other.example/"
        #expect(try location(options, "/old/x?q") == "https://www.example.org/new/x?q")
        #expect(try location(options, "/old/x?q", host: "www.example.org", https: true) == "/new/x?q")
        #expect(try location(options, "/away") == "https://other.example/")
        #expect(try location(options, "/x", host: "www.example.org") == "https://www.example.org/x")
        #expect(try location(options, "/x", host: "www.example.org", https: true) == nil)
    }

    @Test func theClientsOwnPathIsKeptWhereARouteTookAPartOff() throws {
        let harness = try FilterHarness([(Cutting.self, ""), (Redirect.self, "host = www.example.org\nrule = /b to=/c")])
        #expect(harness.send("GET /cut/a?q HTTP/1.1\nHost: h\n").reply?.field("Location") == "http://www.example.org/cut/a?q")
        #expect(harness.send("GET /cut/b HTTP/1.1\nHost: www.example.org\n").reply?.field("Location") == "/c")
    }

    @Test func optionsOfTheServerAsAWholePass() throws {
        #expect(try FilterHarness(Redirect.self, "https = on\nhosts = any").send("OPTIONS * HTTP/1.1\nHost: h\n").isForwarded)
    }

    // MARK: What clients may try

    @Test(arguments: [
        ("/old/* to=/*", "/old//evil.org", "/evil.org"), ("/old/* to=/*", "/old///evil.org/x", "/evil.org/x"), ("/old/* to=/*", "/old/\\evil.org", "/%5Cevil.org"),
        ("/old/* to=/*", "/old//\\evil.org", "/%5Cevil.org"), ("/old/* to=/*", "/old/%2fevil.org", "/%2fevil.org"), ("/old/* to=/*", "/old", "/"),
        ("/go/{x} to=/{x}", "/go/\\evil.org", "/%5Cevil.org"), ("/go/{x} to=/{x}", "/go/https:evil.org", "/https:evil.org"),
        ("/go/{x} to=/{x}", "/go/%2F%2Fevil.org", "/%2F%2Fevil.org"), ("/go/* to=https://other.example/*", "/go/@evil.org", "https://other.example/@evil.org"),
        ("/go/* to=https://other.example/*", "/go//evil.org", "https://other.example//evil.org"), ("/go/* to=/*", "/go/%0d%0aSet-Cookie:a=b", "/%0d%0aSet-Cookie:a=b"),
    ])
    func noRedirectionIsOpen(_ rule: String, _ target: String, _ expected: String) throws {
        #expect(try location("rule = \(rule)", target) == expected)
    }

    /// Whatever the path and host: a browser stays on the host that the configuration names, and no line ends early.
    @Test func anyPathStaysOnItsHost() throws {
        let sections = [
            "rule = /old/* to=/*", "rule = /{a} to=/x/../{a}\nrule = /{a}/{b} to=/x/{b}/{a}/z", "rule = /* to=https://fixed.example/*", "rule = /old/* to=https://fixed.example/?next={n}",
            "https = on\nhosts = fixed.example", "host = fixed.example", "https = on\nhost = fixed.example\nrule = /old/* to=/*",
        ].map { $0.replacing("?next={n}", with: "") }
        let harnesses = try sections.map { try FilterHarness(Redirect.self, $0) }
        var random = SeededGenerator(seed: 11)
        let parts = ["/", "//", "\\", "@", ":", "evil.org", "%2f", "%5c", "%0d%0a", "..", ".", "old", "?", "&", "http:", "%00", ";", "|", "a", "%", "{", "^", "[", "]"]
        let hosts = ["fixed.example", "FIXED.example:99", "evil.org", "fixed.example.evil.org", "evil.org:80", "[::1]"]
        for _ in 0..<3_000 {
            var target = "/" + (Bool.random(using: &random) ? "old/" : "")
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let part = parts.randomElement(using: &random)!
                target += part == "%" ? "%41" : part
            }
            let host = hosts.randomElement(using: &random)!
            for harness in harnesses {
                guard let location = harness.send("GET \(target) HTTP/1.1\nHost: \(host)\n").reply?.field("Location") else { continue }
                #expect(location.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }, "\(target) → \(location)")
                let isOwn = location.hasPrefix("/") && !location.hasPrefix("//")
                let isFixed = ["http://fixed.example/", "https://fixed.example/"].contains { location.hasPrefix($0) }
                #expect(isOwn || isFixed, "\(target) at \(host) → \(location)")
            }
        }
    }

    /// The worst path there is costs no more than its length: many variables do not multiply.
    @Test func longPathsAreMatchedInLinearTime() throws {
        let harness = try FilterHarness(Redirect.self, "rule = /{a}/{b}/{c}/{d}/{e}/{f}/{g}/end to=/x/{a}/{b}/{c}/{d}/{e}/{f}/{g}/z/z")
        let path = String(repeating: "/a", count: 30_000)
        let start = ContinuousClock.now
        for _ in 0..<20 { #expect(harness.send("GET \(path) HTTP/1.1\nHost: h\n").isForwarded) }
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    // MARK: Options

    @Test(arguments: [
        ("", "redirects nothing"), ("https = on", "needs to know the hosts"), ("hosts = a.example", "no use here"), ("https-port = 8443\nhost = a", "no use here"),
        ("https = on\nhost = a:1\nhttps-port = 8443", "a port of its own"), ("https = on\nhost = a\nhosts = b", "no use here"),
        ("https = on\nhosts = any example.org", "`any`"), ("https = on\nhosts = a.example:80", "without a port"), ("https = on\nhosts = *", "is not a host"),
        ("https = on\nhosts = http://a", "is not a host"), ("rule = old to=/new", "is not a path"), ("rule = /old", "needs `to`"), ("rule = /old to=new", "neither a path nor a URL"),
        ("rule = /old to=//evil.org", "neither a path nor a URL"), ("rule = /old to=ftp://x/", "neither a path nor a URL"),
        ("rule = /old to=javascript:alert(1)", "neither a path nor a URL"), ("rule = /old to=https://user@x/", "is not a host"), ("rule = /{h} to=https://{h}/", "is not a host"),
        ("rule = /{h} to=https://x.{h}/", "is not a host"), ("rule = /old to=https:///x", "is not a host"), ("rule = /old to=/a\\b", "cannot have"),
        ("rule = /a/*/b to=/x", "inside"), ("rule = /a* to=/x", "neither a name nor a variable"), ("rule = /a{b} to=/x", "neither a name nor a variable"),
        ("rule = /{} to=/x", "neither a name nor a variable"), ("rule = /{a}/{a} to=/x", "twice"), ("rule = /old to=/{a}", "is not in"), ("rule = /old to=/new/*", "nothing to stand for"),
        ("rule = /old?x to=/new", "cannot have `?`"), ("rule = /{a} to=/x#{a}", "behind `#`"), ("rule = /{a} to=/x{a", "without its"), ("rule = /{a} to=/x/a}", "without its"),
        ("rule = /a to=/b status=200", "`301`"), ("rule = /a to=/b\nrule = /%61 to=/c", "no request gets to this rule"), ("rule = /a/* to=/b\nrule = /a/{x} to=/c", "no request gets to this rule"),
        ((0..<257).map { "rule = /a\($0)/{x} to=/b" }.joined(separator: "\n"), "more than 256 rules"),
        ("https = on\nhosts = a\nexcept = x", "is not a path"), ("https = on\nhosts = a\nexcept = /{x}", "variable"),
    ])
    func wrongOptionsAreRefused(_ options: String, _ text: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(Redirect.self, options) }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("rule = /a to=/a", "`/a` → `/a`"), ("rule = /a to=/b\nrule = /b to=/a", "`/a` → `/b` → `/a`"), ("rule = /a/* to=/a/b/*", "`/a/*` → `/a/*`"),
        ("rule = /{x} to=/home", "`/{x}` → `/{x}`"), ("rule = /x to=/a\nrule = /a/* to=/b/*\nrule = /b to=/c\nrule = /c to=/a", "`/a/*` → `/b` → `/c` → `/a/*`"),
        ("host = example.org\nrule = /a to=https://example.org/a", "`/a` → `/a`"), ("https = on\nhosts = *.example.org\nrule = /a to=https://www.example.org/a", "`/a` → `/a`"),
        ("rule = /a to=/%61", "`/a` → `/a`"),
    ])
    func circlesAreFound(_ options: String, _ text: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(Redirect.self, options) }
        #expect(error?.description.contains("in a circle: \(text)") == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "rule = /a to=/b\nrule = /b to=/c", "rule = /a to=https://other.example/a", "rule = /old/* to=/new/*\nrule = /new to=/new/start", "rule = /a to=/b\nrule = /b to=/a\nexcept = /b",
        "rule = /{x}/y to=/{x}/y/z",
    ])
    func whatIsNoCircleIsNot(_ options: String) throws {
        _ = try FilterHarness(Redirect.self, options)
    }

    @Test func explains() throws {
        let harness = try FilterHarness(Redirect.self, "https = on\nhosts = example.org\nrule = /a to=/b\nexcept = /open")
        #expect(harness.explain("GET /a HTTP/1.1\nHost: example.org\n", https: true).notes == ["308 to /b"])
        #expect(harness.explain("GET /c HTTP/1.1\nHost: example.org\n").notes == ["308 to https://example.org/c"])
        #expect(harness.explain("GET /c HTTP/1.1\nHost: other.org\n").notes == ["421: the host is not one of the listed"])
        #expect(harness.explain("GET /open HTTP/1.1\nHost: other.org\n").notes == ["the path is never redirected"])
    }

    @Test func whatPassesAllocatesNothing() throws {
        var options = "host = example.org\nexcept = /open\n"
        for index in 0..<200 { options += "rule = /old\(index) to=/new\nrule = /p\(index)/{x}/* to=/new/*\n" }
        let count = try FilterAllocations.count(Redirect.self, options, "GET /some/path/that/passes?q HTTP/1.1\nHost: Example.org:80\n")
        #expect(count.request <= 0 && count.response <= 0, "\(count)")
    }
}

/// Takes `/cut` off the path, as a route does.
private final class Cutting: FilterPlugin, RequestFilter {
    static let name = "cutting"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision {
        request.replacePathPrefix(4, with: Span())
        return .forward
    }
}
