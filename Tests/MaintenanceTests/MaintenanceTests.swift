import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Maintenance
import Testing

@Suite struct MaintenanceTests {
    private func head(_ method: String = "GET", _ target: String = "/", host: String = "example.org", _ fields: String = "") -> String {
        "\(method) \(target) HTTP/1.1\nHost: \(host)\n\(fields)"
    }

    private func harness(_ options: String) throws -> FilterHarness { try FilterHarness(Maintenance.self, "active = on\n" + options) }

    // MARK: When

    @Test func isOffUntilTheFileIsThere() throws {
        let harness = try FilterHarness(Maintenance.self, "active-file = /one /two")
        #expect(harness.send(head()).isForwarded)
        harness.files["/two"] = .text("")
        let reply = try #require(harness.send(head()).reply)
        #expect(reply.status == 503)
        #expect(reply.reason == "maintenance.down")
        #expect(reply.field("Retry-After") == "300")
        #expect(reply.field("Cache-Control") == "no-store")
        harness.files = [:]
        #expect(harness.send(head()).isForwarded)
    }

    @Test func isOnInItsPeriods() throws {
        // The harness begins at 2026-01-01T00:00:00Z. The first two periods touch.
        let harness = try FilterHarness(
            Maintenance.self, "active-during = 2026-01-01T00:10Z/5m 2026-01-01T00:01Z/1m\nactive-during = 2026-01-01T00:02:00Z/60s")
        #expect(harness.send(head()).isForwarded)
        harness.advance(by: .seconds(59))
        #expect(harness.send(head()).isForwarded)
        harness.advance(by: .seconds(1))
        #expect(harness.send(head()).reply?.field("Retry-After") == "Thu, 01 Jan 2026 00:03:00 GMT")
        harness.advance(by: .seconds(119))
        #expect(harness.send(head()).reply?.status == 503)
        harness.advance(by: .seconds(1))
        #expect(harness.send(head()).isForwarded)
        harness.advance(by: .seconds(420))
        #expect(harness.send(head()).reply?.field("Retry-After") == "Thu, 01 Jan 2026 00:15:00 GMT")
    }

    @Test func saysWhenItIsExpectedToEndWhileThatIsToCome() throws {
        let harness = try harness("until = 2026-01-01T02:00:00Z\nretry-after = 90s")
        #expect(harness.send(head()).reply?.field("Retry-After") == "Thu, 01 Jan 2026 02:00:00 GMT")
        #expect(harness.send(head()).reply?.text.contains("\"until\":\"2026-01-01T02:00:00Z\"") == true)
        harness.advance(by: .seconds(7200))
        #expect(harness.send(head()).reply?.field("Retry-After") == "90")
        #expect(try self.harness("retry-after = none").send(head()).reply?.field("Retry-After") == nil)
    }

    // MARK: Which requests

    @Test(arguments: [
        ("", "GET", "/", "example.org", true),
        ("paths = /api /admin", "GET", "/api/x", "example.org", true), ("paths = /api /admin", "GET", "/admin", "example.org", true),
        ("paths = /api", "GET", "/apis", "example.org", false), ("paths = /api", "GET", "/%61pi", "example.org", true),
        ("paths = /api", "OPTIONS", "*", "example.org", false),
        ("except-paths = /status", "GET", "/status", "example.org", false), ("except-paths = /status", "GET", "/statuses", "example.org", true),
        ("paths = /api\nexcept-paths = /api/ping", "GET", "/api/ping", "example.org", false),
        ("methods = POST PURGE", "POST", "/", "example.org", true), ("methods = POST PURGE", "PURGE", "/", "example.org", true),
        ("methods = POST PURGE", "GET", "/", "example.org", false), ("methods = POST", "PURGE", "/", "example.org", false),
        ("hosts = example.org", "GET", "/", "EXAMPLE.org.:8080", true), ("hosts = example.org", "GET", "/", "www.example.org", false),
        ("hosts = *.example.org", "GET", "/", "a.b.example.org:1", true), ("hosts = *.example.org", "GET", "/", "example.org", false),
        ("hosts = *.example.org", "GET", "/", "badexample.org", false), ("hosts = [2001:db8::1]", "GET", "/", "[2001:DB8::1]:443", true),
        ("hosts = [2001:db8::1]", "GET", "/", "[2001:db8::1]", true), ("hosts = [2001:db8::1]", "GET", "/", "[2001:db8::11]", false),
        ("hosts = a.test b.test\npaths = /x", "GET", "/x", "b.test", true), ("hosts = a.test\npaths = /x", "GET", "/y", "a.test", false),
        ("refuse = writes", "GET", "/", "a", false), ("refuse = writes", "HEAD", "/", "a", false), ("refuse = writes", "OPTIONS", "/", "a", false),
        ("refuse = writes", "POST", "/", "a", true), ("refuse = writes", "PATCH", "/", "a", true), ("refuse = writes", "DELETE", "/", "a", true),
        ("refuse = writes", "PROPFIND", "/", "a", true), ("refuse = writes", "get", "/", "a", true),
    ])
    func refusesWhatItIsFor(_ options: String, _ method: String, _ target: String, _ host: String, _ isRefused: Bool) throws {
        let exchange = try harness(options).send(head(method, target, host: host))
        #expect(exchange.isForwarded != isRefused)
        if isRefused { #expect(exchange.reply?.status == 503) }
    }

    @Test func aWebSocketMayWrite() throws {
        let upgrade = head("GET", "/ws", "Connection: Upgrade\nUpgrade: websocket\n")
        let reply = try #require(try harness("refuse = writes").send(upgrade).reply)
        #expect(reply.reason == "maintenance.read-only")
        #expect(try harness("paths = /api").send(upgrade).isForwarded)
    }

    @Test(arguments: [("192.0.2.9", false), ("::ffff:192.0.2.9", false), ("198.51.100.1", true), ("", true)])
    func someClientsAreServed(_ client: String, _ isRefused: Bool) throws {
        #expect(try harness("except-addresses = 192.0.2.0/24").send(head(), from: client).isForwarded != isRefused)
    }

    @Test(arguments: [
        ("X-Pass: let-me-in-now\n", true), ("x-pass:   let-me-in-now  \n", true), ("X-Pass: let-me-in-no\n", false), ("X-Pass: let-me-in-noW\n", false),
        ("X-Pass: let-me-in-now2\n", false), ("X-Pass:\n", false), ("", false), ("X_Pass: let-me-in-now\n", false),
        ("X-Pass: wrong\nX-Pass: let-me-in-now\n", true),
    ])
    func aSecretLetsPassAndIsNotPassedOn(_ field: String, _ passes: Bool) throws {
        let options = "except-field = \"X-Pass: let-me-in-now\""
        let exchange = try harness(options).send(head("GET", "/", field))
        #expect(exchange.isForwarded == passes)
        // In quiet times the app does not get it either.
        let quiet = try FilterHarness(Maintenance.self, options + "\nactive-file = /x").send(head("GET", "/", field))
        #expect(quiet.head == "GET / HTTP/1.1\nHost: example.org\n")
        if passes { #expect(exchange.head == quiet.head) }
    }

    // MARK: What clients get

    @Test func theBodyIsAsTheClientWantsIt() throws {
        let harness = try harness("message = \"Back at <noon> & \\\"rested\\\"\"")
        let problem = try #require(harness.send(head()).reply)
        #expect(problem.field("Content-Type") == "application/problem+json")
        #expect(problem.field("Vary") == "Accept")
        #expect(
            problem.text == """
                {"type":"about:blank","title":"Service Unavailable","status":503,"detail":"The service is being maintained",\
                "reason":"maintenance.down","message":"Back at <noon> & \\"rested\\""}

                """)
        let page = try #require(harness.send(head("GET", "/", "Accept: text/html,application/xml;q=0.9,*/*;q=0.8\n")).reply)
        #expect(page.field("Content-Type") == "text/html; charset=UTF-8")
        #expect(page.text.contains("<h1>Back at &lt;noon&gt; &amp; \"rested\"</h1>"))
        let plain = try #require(harness.send(head("GET", "/", "Accept: text/plain\n")).reply)
        #expect(plain.text == "Back at <noon> & \"rested\"\n")
        #expect(plain.field("Cache-Control") == "no-store")
        #expect(harness.send(head("HEAD")).reply?.body == [])
    }

    @Test func bodiesComeFromFilesThatMayChange() throws {
        let options = "active = on\nhtml-file = /page\njson-file = /json\ntext-file = /text"
        let harness = try FilterHarness(
            Maintenance.self, options, files: ["/page": .text("<p>1</p>"), "/json": .text("{}"), "/text": .text("one")])
        func body(_ accept: String) -> String? { harness.send(head("GET", "/", "Accept: \(accept)\n")).reply?.text }
        #expect(body("text/html") == "<p>1</p>")
        #expect(body("text/plain") == "one")
        #expect(body("application/json") == "{}")
        #expect(harness.send(head()).reply?.field("Content-Type") == "application/json")
        harness.files["/page"] = .text("<p>2</p>")
        #expect(body("text/html") == "<p>2</p>")
        harness.files = [:]
        #expect(body("text/html") == "<p>2</p>")
        #expect(harness.complaints.count == 3)
        harness.files["/page"] = .text(String(repeating: "x", count: 256 * 1024 + 1))
        #expect(body("text/html") == "<p>2</p>")
        #expect(throws: HarnessError("makeFilter: there is no file `/page`")) { try FilterHarness(Maintenance.self, options) }
    }

    @Test func explainsItself() throws {
        let harness = try FilterHarness(
            Maintenance.self,
            "active-file = /on\nactive-during = 2026-01-01T00:01Z/1m\nexcept-addresses = 198.51.100.0/24\npaths = /a\nexcept-field = \"X-Pass: let-me-in-now\"")
        let request = head("GET", "/a")
        #expect(harness.explain(request).notes == ["no maintenance now"])
        harness.advance(by: .seconds(60))
        #expect(harness.explain(request).notes == ["maintenance until 2026-01-01T00:02:00Z"])
        harness.files["/on"] = .text("")
        #expect(harness.explain(request).notes == ["maintenance, as /on is there"])
        #expect(harness.explain(head()).notes == ["maintenance, but not of what this request is for"])
        #expect(harness.explain(request, from: "198.51.100.1").notes == ["maintenance, but not for this client"])
        #expect(harness.explain(request + "X-Pass: let-me-in-now\n").notes == ["maintenance, but the request has the field that lets it pass"])
    }

    @Test(arguments: [
        "active-file = /on\nactive-during = 2026-02-01/1h 2026-03-01/1h",
        "active = on\nhosts = other.test *.other.test\npaths = /api /admin\nexcept-paths = /api/ping\nmethods = GET",
        "active = on\nrefuse = writes", "active = on\nexcept-addresses = 192.0.2.0/24", "active-file = /on\nexcept-field = \"X-Pass: let-me-in-now\"",
    ])
    func aPassingRequestAllocatesNothing(_ options: String) throws {
        let exchange = try FilterHarness(Maintenance.self, options).send(head("GET", "/images/logo.png", "Accept: text/html\nX-Other: 1\n"))
        #expect(exchange.allocations() <= 0)
    }

    @Test(arguments: [
        ("", "this maintenance never begins"), ("active-during = tomorrow/1h", "is not a date"), ("active = on\npaths = api", "`api` is not a path"),
        ("active = on\nexcept-paths = /a/../b", "`/a/../b` is not a path"), ("active = on\nhosts = a.test:80", "`a.test:80` is not a host"),
        ("active = on\nhosts = a.*", "`a.*` is not a host"), ("active = on\nmethods = post", "did you mean `POST`?"),
        ("active = on\nmethods = POST\nrefuse = writes", "leave one of them out"), ("active = on\nexcept-field = X-Pass", "`except-field` is no field"),
        ("active = on\nexcept-field = \"Authorization: Basic YTpiYmJiYmI=\"", "`Authorization` has a meaning of its own"),
        ("active = on\nexcept-field = \"cookie: pass=let-me-in-now\"", "`cookie` has a meaning of its own"),
        ("active = on\nexcept-field = \"X-Pass: short\"", "the secret is too short"), ("active = on\nretry-after = 0s", "too short"),
    ])
    func wrongOptionsAreRefused(_ options: String, _ message: String) {
        do {
            _ = try FilterHarness(Maintenance.self, options)
            Issue.record("accepted: \(options)")
        } catch {
            #expect(error.description.contains(message), "\(error)")
        }
    }
}
