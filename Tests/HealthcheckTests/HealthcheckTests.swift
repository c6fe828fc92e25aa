import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Healthcheck
import Testing

@Suite struct HealthcheckTests {
    private func head(_ method: String = "GET", _ path: String = "/healthcheck", _ fields: String = "") -> String {
        "\(method) \(path) HTTP/1.1\nHost: h\n\(fields)"
    }

    @Test func saysOKUntilTheFileIsThere() throws {
        let harness = try FilterHarness(Healthcheck.self, "disable-by-file = /out")
        let well = try #require(harness.send(head()).reply)
        #expect(well.status == 200)
        #expect(well.text == "OK")
        #expect(well.field("Content-Type") == "text/plain; charset=UTF-8")
        #expect(well.field("Cache-Control") == "no-store")
        #expect(well.field("Vary") == "Accept")
        harness.files["/out"] = .text("")
        let out = try #require(harness.send(head()).reply)
        #expect(out.status == 503)
        #expect(out.text == "DISABLED BY FILE")
        #expect(out.reason == "healthcheck.disabled")
        #expect(out.field("Cache-Control") == "no-store")
        harness.files["/out"] = nil
        #expect(harness.send(head()).reply?.status == 200)
    }

    @Test func headHasNoBody() throws {
        let harness = try FilterHarness(Healthcheck.self, "disable-by-file = /out")
        let well = try #require(harness.send(head("HEAD")).reply)
        #expect(well.status == 204)
        #expect(well.body == [])
        harness.files["/out"] = .text("")
        let out = try #require(harness.send(head("HEAD")).reply)
        #expect(out.status == 503)
        #expect(out.body == [])
    }

    @Test func aFileThatMustBeThere() throws {
        let harness = try FilterHarness(Healthcheck.self, "enable-by-file = /in\ndisable-by-file = /out")
        #expect(harness.send(head()).reply?.text == "FILE PATH MISSING")
        harness.files["/in"] = .text("")
        #expect(harness.send(head()).reply?.text == "OK")
        harness.files = ["/out": .text("")]
        #expect(harness.send(head()).reply?.text == "DISABLED BY FILE\nFILE PATH MISSING")
    }

    @Test func aDrainingGatewaySaysSo() throws {
        let harness = try FilterHarness(Healthcheck.self)
        #expect(harness.send(head()).reply?.status == 200)
        harness.drain()
        let reply = try #require(harness.send(head()).reply)
        #expect(reply.status == 503)
        #expect(reply.text == "DRAINING")
        #expect(reply.reason == "healthcheck.draining")
    }

    @Test(arguments: [
        ("", "text/plain; charset=UTF-8"), ("Accept: */*\n", "text/plain; charset=UTF-8"),
        ("Accept: application/json\n", "application/json"), ("Accept: text/html,application/xhtml+xml,*/*;q=0.8\n", "text/html; charset=UTF-8"),
        ("Accept: image/png\n", "text/plain; charset=UTF-8"), ("Accept: text/html;q=0.5\nAccept: application/json;q=0.6\n", "application/json"),
    ])
    func theClientChoosesTheType(_ accept: String, _ type: String) throws {
        let reply = try #require(try FilterHarness(Healthcheck.self).send(head("GET", "/healthcheck", accept)).reply)
        #expect(reply.status == 200)
        #expect(reply.field("Content-Type") == type)
    }

    @Test func detailsNameTheFiles() throws {
        let harness = try FilterHarness(
            Healthcheck.self, "detailed = on\ndisable-by-file = \"/a<b\" /out", files: ["/out": .text("")])
        #expect(harness.send(head()).reply?.text == "OK: Path '/a<b' was not found\nDISABLED BY FILE: Path '/out' was found\n")
        #expect(
            harness.send(head("GET", "/healthcheck", "Accept: application/json\n")).reply?.text == """
                {"detailed":true,"reasons":[{"class":"disable-by-file","details":"Path '/a<b' was not found","reason":"OK"},\
                {"class":"disable-by-file","details":"Path '/out' was found","reason":"DISABLED BY FILE"}]}
                """)
        let page = try #require(harness.send(head("GET", "/healthcheck", "Accept: text/html\n")).reply?.text)
        #expect(page.contains("<td>Path '/a&lt;b' was not found</td>"))
        let plain = try FilterHarness(Healthcheck.self, "disable-by-file = /out")
        #expect(plain.send(head("GET", "/healthcheck", "Accept: application/json\n")).reply?.text == "{\"detailed\":false,\"reasons\":[\"OK\"]}")
    }

    @Test(arguments: ["/", "/healthcheck/", "/healthcheck/x", "/Healthcheck", "/%68ealthcheck", "/healthchec", "/healthcheck//"])
    func otherPathsPass(_ path: String) throws {
        #expect(try FilterHarness(Healthcheck.self).send(head("GET", path)).isForwarded)
    }

    @Test func thePathIsChosen() throws {
        let harness = try FilterHarness(Healthcheck.self, "path = /up")
        #expect(harness.send(head("GET", "/up?x=y")).reply?.status == 200)
        #expect(harness.send(head()).isForwarded)
        let root = try FilterHarness(Healthcheck.self, "path = /")
        #expect(root.send(head("GET", "/")).reply?.status == 200)
        #expect(root.send(head("OPTIONS", "*")).isForwarded)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PURGE"])
    func otherMethodsAreRefused(_ method: String) throws {
        let reply = try #require(try FilterHarness(Healthcheck.self).send(head(method)).reply)
        #expect(reply.status == 405)
        #expect(reply.field("Allow") == "GET, HEAD")
    }

    @Test(arguments: [("192.0.2.1", true), ("198.51.100.1", false), ("2001:db8::5", true), ("::ffff:192.0.2.9", true), ("", false)])
    func onlySomeClientsAreAnswered(_ client: String, _ isAnswered: Bool) throws {
        let harness = try FilterHarness(Healthcheck.self, "allowed-source-ranges = 192.0.2.0/24 2001:db8::/32")
        #expect(harness.send(head(), from: client).isForwarded != isAnswered)
        #expect(harness.send(head("POST"), from: client).isForwarded != isAnswered)
    }

    @Test(arguments: ["Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.1", "X-Forwarded-Proto: https"])
    func proxiedRequestsCanBeLeftOut(_ field: String) throws {
        let request = head("GET", "/healthcheck", field + "\n")
        #expect(try FilterHarness(Healthcheck.self).send(request).reply?.status == 200)
        let harness = try FilterHarness(Healthcheck.self, "ignore-proxied-requests = on")
        #expect(harness.send(request).isForwarded)
        #expect(harness.send(head()).reply?.status == 200)
    }

    @Test func explainsItself() throws {
        let harness = try FilterHarness(Healthcheck.self, "disable-by-file = /out\nallowed-source-ranges = 192.0.2.0/24", files: ["/out": .text("")])
        #expect(harness.explain(head()).notes == ["the health check answers DISABLED BY FILE"])
        #expect(harness.explain(head(), from: "198.51.100.1").notes == ["the client is in no network of allowed-source-ranges: no health check for it"])
        #expect(harness.explain(head("GET", "/")).notes == [])
    }

    @Test func aPassingRequestAllocatesNothing() throws {
        let harness = try FilterHarness(Healthcheck.self, "disable-by-file = /out\nallowed-source-ranges = 192.0.2.0/24")
        let exchange = harness.send(head("GET", "/images/healthcheck", "Accept: text/html\nX-Other: 1\n"))
        #expect(exchange.allocations() <= 0)
    }

    @Test(arguments: ["path = healthcheck", "path = /a?b", "path = \"/a b\"", "allowed-source-ranges = example.org", "detailed = maybe"])
    func wrongOptionsAreRefused(_ options: String) {
        #expect(throws: HarnessError.self) { try FilterHarness(Healthcheck.self, options) }
    }
}
