import CORS
import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Seeded
import Testing

@Suite struct CORSTests {
    private static let site = "origins = https://app.example.org"
    private let ok = "HTTP/1.1 200 OK\nContent-Length: 0\n"

    private func get(_ options: String, _ lines: String, answer: String? = nil) throws -> TestResponse {
        let exchange = try FilterHarness(CORS.self, options).send("GET / HTTP/1.1\nHost: h\n\(lines)")
        #expect(exchange.isForwarded)
        return exchange.respond(answer ?? ok)
    }

    private func preflight(_ options: String, _ lines: String) throws -> TestResponse {
        try #require(try FilterHarness(CORS.self, options).send("OPTIONS /x HTTP/1.1\nHost: h\n\(lines)").reply)
    }

    // MARK: Which origins

    @Test(arguments: [
        // origins, Origin, is allowed
        ("https://app.example.org", "https://app.example.org", true), ("https://App.Example.ORG", "https://app.example.org", true),
        ("HTTPS://app.example.org:443", "https://app.example.org", true), ("http://app.example.org:80", "http://app.example.org", true),
        ("https://app.example.org:8443", "https://app.example.org:8443", true), ("https://app.example.org:80", "https://app.example.org:80", true),
        ("http://[::1]:3000", "http://[::1]:3000", true), ("https://192.0.2.1", "https://192.0.2.1", true), ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", true),
        ("chrome-extension://abcdef", "chrome-extension://abcdef", true), ("capacitor://localhost", "capacitor://localhost", true),
        ("https://a.example https://b.example", "https://b.example", true), ("null", "null", true),
        // Another scheme, host, port.
        ("https://app.example.org", "http://app.example.org", false), ("https://app.example.org", "https://app.example.org:8443", false),
        ("https://app.example.org", "https://app.example.org:443", false), ("https://app.example.org:8443", "https://app.example.org", false),
        ("https://app.example.org", "https://app.example.org.evil.org", false), ("https://app.example.org", "https://evil.org", false),
        ("https://app.example.org", "https://xapp.example.org", false), ("https://app.example.org", "https://app.example.or", false),
        ("https://app.example.org", "https://sub.app.example.org", false), ("https://app.example.org", "https://appxexample.org", false),
        // Not as browsers write it.
        ("https://app.example.org", "HTTPS://APP.EXAMPLE.ORG", false), ("https://app.example.org", "https://app.example.org/", false),
        ("https://app.example.org", "https://app.example.org.", false), ("https://app.example.org", "https://user@app.example.org", false),
        ("https://app.example.org", "app.example.org", false), ("https://app.example.org", "", false), ("https://app.example.org", "null", false),
        ("https://app.example.org", "https://app.example.org, https://evil.org", false), ("https://app.example.org", "https://app.example.org https://evil.org", false),
        ("https://app.example.org", "\"https://app.example.org\"", false), ("https://app.example.org", "NULL", false),
        // Everything below a name.
        ("https://*.example.org", "https://a.example.org", true), ("https://*.example.org", "https://a.b-c.d_e.example.org", true),
        ("https://*.example.org:8443", "https://a.example.org:8443", true), ("https://*.example.org:443", "https://a.example.org", true),
        ("https://*.example.org", "https://example.org", false), ("https://*.example.org", "https://.example.org", false), ("https://*.example.org", "https://a..example.org", false),
        ("https://*.example.org", "https://evilexample.org", false), ("https://*.example.org", "http://a.example.org", false), ("https://*.example.org", "https://a.example.org:1", false),
        ("https://*.example.org", "https://evil.org/.example.org", false), ("https://*.example.org", "https://evil.org#.example.org", false),
        ("https://*.example.org", "https://evil.org?.example.org", false), ("https://*.example.org", "https://evil.org\\.example.org", false),
        ("https://*.example.org", "https://evil.org:1.example.org", false), ("https://*.example.org", "https://a.example.org.evil.org", false),
        ("https://*.example.org", "https://u@a.example.org", false), ("https://*.example.org", "https://*.example.org", false), ("https://*.example.org", "null", false),
        // Every port.
        ("http://localhost:*", "http://localhost:3000", true), ("http://*.localhost:*", "http://a.localhost:3000", true), ("http://localhost:*", "http://localhost", true), ("http://localhost:*", "http://localhost:", false),
        ("http://localhost:*", "http://localhost:99999999", false), ("http://localhost:*", "http://localhost:1x", false), ("http://localhost:*", "http://localhost:0", false),
        ("http://localhost:*", "https://localhost:3000", false), ("http://localhost:*", "http://localhost.evil.org:3000", false),
    ])
    func originsAreComparedExactly(_ origins: String, _ origin: String, _ isAllowed: Bool) throws {
        let response = try get("origins = \(origins)", "Origin: \(origin)\n")
        #expect(response.field("Access-Control-Allow-Origin") == (isAllowed ? origin : nil))
        #expect(response.field("Vary") == "Origin")
        let answer = try preflight("origins = \(origins)", "Origin: \(origin)\nAccess-Control-Request-Method: GET\n")
        #expect(answer.status == (isAllowed ? 204 : 403))
        #expect(answer.field("Access-Control-Allow-Origin") == (isAllowed ? origin : nil))
    }

    @Test func twoOriginsAreNone() throws {
        let lines = "Origin: https://app.example.org\nOrigin: https://app.example.org\n"
        #expect(try get(Self.site, lines).field("Access-Control-Allow-Origin") == nil)
        #expect(try preflight(Self.site, "\(lines)Access-Control-Request-Method: GET\n").status == 403)
    }

    /// A strict reading of origins, against texts that look like them.
    @Test func noTextPassesForAnOriginThatIsNotOne() throws {
        let harness = try FilterHarness(CORS.self, "origins = https://app.example.org https://*.example.net http://localhost:*\ncredentials = on")
        let good = /https:\/\/app\.example\.org|https:\/\/([a-z0-9_-]+\.)+example\.net|http:\/\/localhost(:[1-9][0-9]{0,4})?/
        let parts = ["https://", "http://", "app.", "example", ".org", ".net", "example.net", "localhost", ":", "*", "a", ".", "..", "/", "@", "%2e", "#", "null", "A", "8080", ":0", "[::1]", " ", "-"]
        var random = SeededGenerator(seed: 3)
        var allowed = 0
        for _ in 0..<20_000 {
            var origin = ["https://app.example.org", "https://x.example.net", "http://localhost:1", ""].randomElement(using: &random)!
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let at = origin.index(origin.startIndex, offsetBy: Int.random(in: 0...origin.count, using: &random))
                if Bool.random(using: &random) || at == origin.endIndex { origin.insert(contentsOf: parts.randomElement(using: &random)!, at: at) } else { origin.remove(at: at) }
            }
            let value = String(origin.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            let response = harness.send("GET / HTTP/1.1\nHost: h\nOrigin: \(value)\n").respond(ok)
            let isGood = value.wholeMatch(of: good) != nil
            if isGood { allowed += 1 }
            #expect(response.field("Access-Control-Allow-Origin") == (isGood ? value : nil), "\(value)")
            #expect(response.field("Access-Control-Allow-Credentials") == (isGood ? "true" : nil))
            #expect(response.field("Vary") == "Origin")
        }
        #expect(allowed > 1_000 && allowed < 19_000)
    }

    // MARK: Answers to scripts

    @Test func aScriptReadsTheAnswer() throws {
        let response = try get("\(Self.site)\ncredentials = on\nexpose-fields = X-Request-ID ETag", "Origin: https://app.example.org\n")
        #expect(
            response.head
                == """
                HTTP/1.1 200 OK
                Vary: Origin
                Access-Control-Allow-Origin: https://app.example.org
                Access-Control-Allow-Credentials: true
                Access-Control-Expose-Headers: X-Request-ID, ETag

                """)
    }

    @Test(arguments: ["", "Origin: https://evil.org\n"])
    func othersGetNothingButVary(_ lines: String) throws {
        let response = try get("\(Self.site)\ncredentials = on\nexpose-fields = X", lines, answer: "HTTP/1.1 200 OK\nVary: Accept-Encoding\nContent-Length: 0\n")
        #expect(response.head == "HTTP/1.1 200 OK\nVary: Accept-Encoding\nVary: Origin\n")
    }

    @Test(arguments: ["", "Origin: https://evil.org\n", "Origin: null\n"])
    func anyOriginGetsOneAnswer(_ lines: String) throws {
        #expect(try get("origins = any\nexpose-fields = *", lines).head == "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: *\n")
    }

    @Test func errorsOfFiltersBehindItCanBeReadToo() throws {
        let exchange = try FilterHarness([(CORS.self, Self.site), (Refusal.self, "")]).send("POST / HTTP/1.1\nHost: h\nOrigin: https://app.example.org\n")
        #expect(exchange.reply?.status == 429)
        #expect(exchange.reply?.field("Access-Control-Allow-Origin") == "https://app.example.org")
    }

    @Test func whatFiltersBehindItDoToTheRequestChangesNothing() throws {
        let exchange = try FilterHarness([(CORS.self, Self.site), (WithoutOrigin.self, "")]).send("GET / HTTP/1.1\nHost: h\nOrigin: https://app.example.org\n")
        #expect(exchange.field("Origin") == nil)
        #expect(exchange.respond(ok).field("Access-Control-Allow-Origin") == "https://app.example.org")
    }

    private static let careless = """
        HTTP/1.1 200 OK
        Access-Control-Allow-Origin: *
        access-control-allow-credentials: true
        Access-Control-Allow-Methods: *
        Access-Control-Allow-Headers: *
        Access-Control-Max-Age: 1
        Access-Control-Expose-Headers: *
        Access-Control-Allow-Private-Network: true
        Content-Length: 0

        """

    @Test func theAppsOwnFieldsAreReplaced() throws {
        #expect(try get(Self.site, "Origin: https://evil.org\n", answer: Self.careless).head == "HTTP/1.1 200 OK\nVary: Origin\n")
        #expect(
            try get(Self.site, "Origin: https://app.example.org\n", answer: Self.careless).head
                == "HTTP/1.1 200 OK\nVary: Origin\nAccess-Control-Allow-Origin: https://app.example.org\n")
    }

    @Test func orKept() throws {
        let options = "\(Self.site)\napp-fields = keep"
        #expect(try get(options, "Origin: https://app.example.org\n", answer: Self.careless).field("Access-Control-Allow-Origin") == "*")
        #expect(try get(options, "Origin: https://app.example.org\n", answer: Self.careless).field("Access-Control-Max-Age") == "1")
        #expect(try get(options, "Origin: https://app.example.org\n").field("Access-Control-Allow-Origin") == "https://app.example.org")
    }

    // MARK: Preflights

    @Test func aPreflightIsAnswered() throws {
        let options = "\(Self.site)\nmethods = GET PUT\nallow-fields = Content-Type X-Token\nmax-age = 1h\ncredentials = on\nprivate-network = on"
        let answer = try preflight(
            options,
            "Origin: https://app.example.org\nAccess-Control-Request-Method: PUT\nAccess-Control-Request-Headers: content-type,x-token\nAccess-Control-Request-Private-Network: true\n")
        #expect(answer.reason == "cors.preflight")
        #expect(
            answer.head
                == """
                HTTP/1.1 204 No Content
                Access-Control-Allow-Origin: https://app.example.org
                Access-Control-Allow-Credentials: true
                Access-Control-Allow-Methods: GET, PUT
                Access-Control-Allow-Headers: Content-Type, X-Token
                Access-Control-Max-Age: 3600
                Access-Control-Allow-Private-Network: true
                Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network
                Gateway-Reason: cors.preflight

                """)
    }

    @Test(arguments: [
        // options, method and fields asked for, the reason
        ("", "GET", "", "cors.preflight"), ("", "POST", "", "cors.preflight"), ("", "PUT", "", "cors.method"), ("", "get", "", "cors.method"), ("methods = PUT", "GET", "", "cors.method"),
        ("methods = any", "PATCH", "", "cors.preflight"), ("methods = any", "PROPFIND", "", "cors.preflight"), ("methods = any", "TRACE", "", "cors.method"), ("methods = any", "track", "", "cors.method"),
        ("methods = any", "CONNECT", "", "cors.method"), ("methods = any", "A B", "", "cors.method"), ("methods = any", "", "", "cors.method"), ("methods = any", "GET\nAccess-Control-Request-Method: GET", "", "cors.method"),
        ("", "GET", "X-A", "cors.field"), ("allow-fields = X-A", "GET", "x-a", "cors.preflight"), ("allow-fields = X-A", "GET", "x-a, X-A ,x-a", "cors.preflight"),
        ("allow-fields = X-A", "GET", "x-a,x-b", "cors.field"), ("allow-fields = X-A X-B", "GET", "x-a\nAccess-Control-Request-Headers: x-b", "cors.preflight"),
        ("allow-fields = X-A", "GET", "x-a\nAccess-Control-Request-Headers: x-b", "cors.field"), ("allow-fields = any", "GET", "x-a,authorization", "cors.preflight"),
        ("allow-fields = any", "GET", "x a", "cors.field"), ("allow-fields = any", "GET", "\"x", "cors.field"), ("allow-fields = any", "GET", "x:y", "cors.field"),
        ("allow-fields = X-A", "GET", ",, ,", "cors.preflight"), ("allow-fields = any", "GET", (0..<101).map { "x\($0)" }.joined(separator: ","), "cors.field"),
    ])
    func whatPreflightsMayAskFor(_ options: String, _ method: String, _ fields: String, _ reason: String) throws {
        let lines = "Origin: https://app.example.org\nAccess-Control-Request-Method: \(method)\n" + (fields.isEmpty ? "" : "Access-Control-Request-Headers: \(fields)\n")
        let answer = try preflight("\(Self.site)\n\(options)", lines)
        #expect(answer.reason == reason)
        #expect(answer.status == (reason == "cors.preflight" ? 204 : 403))
        #expect(answer.field("Access-Control-Allow-Origin") == (reason == "cors.preflight" ? "https://app.example.org" : nil))
        #expect(answer.field("Access-Control-Allow-Methods") == nil || reason == "cors.preflight")
        #expect(answer.field("Vary")?.contains("Origin, Access-Control-Request-Method, Access-Control-Request-Headers") == true)
    }

    @Test func anyIsWhatWasAskedFor() throws {
        let answer = try preflight("origins = any\nmethods = any\nallow-fields = any\nmax-age = off", "Origin: https://x\nAccess-Control-Request-Method: PATCH\nAccess-Control-Request-Headers: x-a , x-b\n")
        #expect(answer.field("Access-Control-Allow-Origin") == "*")
        #expect(answer.field("Access-Control-Allow-Methods") == "PATCH")
        #expect(answer.field("Access-Control-Allow-Headers") == "x-a, x-b")
        #expect(answer.field("Access-Control-Max-Age") == nil)
        #expect(answer.field("Access-Control-Allow-Credentials") == nil)
    }

    @Test func aPrivateNetworkIsOpenedOnlyIfTheOperatorSaysSo() throws {
        let lines = "Origin: https://app.example.org\nAccess-Control-Request-Method: GET\nAccess-Control-Request-Private-Network: true\n"
        #expect(try preflight(Self.site, lines).field("Access-Control-Allow-Private-Network") == nil)
        #expect(try preflight("\(Self.site)\nprivate-network = on", lines).field("Access-Control-Allow-Private-Network") == "true")
        #expect(try preflight("\(Self.site)\nprivate-network = on", lines.replacing("Network: true", with: "Network: x")).field("Access-Control-Allow-Private-Network") == nil)
    }

    @Test(arguments: [
        "OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://app.example.org\n", "OPTIONS / HTTP/1.1\nHost: h\nAccess-Control-Request-Method: GET\n",
        "OPTIONS * HTTP/1.1\nHost: h\nOrigin: https://app.example.org\nAccess-Control-Request-Method: GET\n",
        "GET / HTTP/1.1\nHost: h\nOrigin: https://app.example.org\nAccess-Control-Request-Method: GET\n", "OPTIONS / HTTP/1.1\nHost: h\n",
    ])
    func whatIsNoPreflightGoesToTheApp(_ head: String) throws {
        #expect(try FilterHarness(CORS.self, Self.site).send(head).isForwarded)
    }

    // MARK: Options

    @Test(arguments: [
        ("", "`origins`"), ("origins = *", "every origin is `any`"), ("origins = any\ncredentials = on", "act with the cookies"), ("origins = null\ncredentials = on", "in a sandbox"),
        ("origins = any https://a.example", "`any`"), ("origins = app.example.org", "begins with a scheme"), ("origins = https://app.example.org/", "without a slash"),
        ("origins = https://app.example.org/path", "without a slash"), ("origins = https://*", "where none can"), ("origins = https://*.org", "a whole domain or of none"),
        ("origins = https://a.*.example.org", "where none can"), ("origins = https://a*.example.org", "where none can"), ("origins = https://b\u{fc}cher.example", "xn--"),
        ("origins = https://user@a.example", "is not an origin"), ("origins = https://a.example:99999999", "is not an origin"), ("origins = https://*.[::1]", "a whole domain or of none"),
        ("\(site)\nmethods = TRACE", "no script can use"), ("\(site)\nmethods = *", "`any`"), ("\(site)\nmethods = put", "did you mean `PUT`"), ("\(site)\nmethods = any PUT", "`any`"),
        ("\(site)\nallow-fields = *", "`any`"), ("\(site)\nallow-fields = any X-A", "`any`"), ("\(site)\ncredentials = on\nexpose-fields = *", "take `*` for a name"),
        ("\(site)\nmax-age = 2d", "too long"),
    ])
    func wrongOptionsAreRefused(_ options: String, _ text: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(CORS.self, options) }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test func explains() throws {
        let harness = try FilterHarness(CORS.self, Self.site)
        #expect(harness.explain("GET / HTTP/1.1\nHost: h\nOrigin: https://app.example.org\n").notes == ["the origin is allowed to read the answer"])
        #expect(harness.explain("GET / HTTP/1.1\nHost: h\nOrigin: https://x\n").notes == ["the origin is not allowed: its scripts cannot read the answer"])
        #expect(harness.explain("OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://app.example.org\nAccess-Control-Request-Method: PUT\n").notes == ["preflight refused: the method is not allowed"])
    }

    @Test(arguments: ["https://app.example.org", "https://a.b.example.org", "https://evil.org", "null"])
    func whatPassesAllocatesNothing(_ origin: String) throws {
        let count = try FilterAllocations.count(
            CORS.self, "\(Self.site) https://*.example.org https://*.example.net\ncredentials = on\nexpose-fields = X-Request-ID",
            "GET / HTTP/1.1\nHost: h\nOrigin: \(origin)\n", answer: "HTTP/1.1 200 OK\nVary: Accept\nAccess-Control-Allow-Origin: *\nContent-Length: 0\n")
        #expect(count.request <= 0 && count.response <= 0, "\(count)")
    }
}

/// Answers everything.
private final class Refusal: FilterPlugin, RequestFilter {
    static let name = "refusal"
    private static let reason = ReplyReason("test.refused", "Refused", fault: .client, happened: "It is refused.", advice: "None.")
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision { .respond(Reply(429, Self.reason)) }
}

/// Hides the origin from the app.
private final class WithoutOrigin: FilterPlugin, RequestFilter {
    static let name = "without-origin"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision {
        request.fields.remove(.origin)
        return .forward
    }
}
