import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Testing
import VersionNegotiation

/// Kinds of requests, and what holds for all of them.
@Suite struct RequestKindTests {
    private let harness: FilterHarness

    init() throws { harness = try FilterHarness(VersionNegotiation.self, SourceTests.all) }

    @Test func aRequestAboutTheServerPassesAsItIs() throws {
        let exchange = harness.send("OPTIONS * HTTP/1.1\nHost: h\nX-API-Version: 9\nX-Image-Version: 9\n")
        #expect(exchange.head == "OPTIONS * HTTP/1.1\nHost: h\nX-Image-Version: 9\n")
        #expect(exchange.respond("HTTP/1.1 204 No Content\n").head == "HTTP/1.1 204 No Content\n")
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
    func everyMethodIsNegotiated(method: String) throws {
        let exchange = harness.send("\(method) /v2.1/x HTTP/1.1\nHost: h\nContent-Length: 0\n")
        #expect(exchange.head.hasPrefix("\(method) /v2/x HTTP/1.1\n"))
        let refused = try #require(harness.send("\(method) /v9/x HTTP/1.1\nHost: h\nContent-Length: 0\n").reply)
        #expect(refused.status == (method == "GET" || method == "HEAD" ? 300 : 404))
        #expect(refused.text.isEmpty == (method == "HEAD"))
    }

    @Test func aTunnelIsNegotiatedAndItsAnswerTellsTheVersion() throws {
        let upgrade = "Connection: upgrade\nUpgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n"
        let exchange = harness.send("GET /v2.1/ws HTTP/1.1\nHost: h\n\(upgrade)")
        #expect(exchange.target == "/v2/ws")
        #expect(exchange.field("Sec-WebSocket-Key") != nil)
        let response = exchange.respond("HTTP/1.1 101 Switching Protocols\nConnection: upgrade\nUpgrade: websocket\n")
        #expect(response.status == 101)
        #expect(response.field("X-Image-Version") == "2.1")
        #expect(harness.send("GET /v9/ws HTTP/1.1\nHost: h\n\(upgrade)").reply?.status == 300)
    }

    @Test func expectationsAreLeftToTheGateway() throws {
        let fields = "Host: h\nExpect: 100-continue\nContent-Length: 5\n"
        #expect(harness.send("PUT /v2.1/x HTTP/1.1\n\(fields)").isForwarded)
        #expect(harness.send("PUT /v9/x HTTP/1.1\n\(fields)").reply?.status == 404)
    }

    @Test func everyAnswerSaysOnWhatItDepends() throws {
        let vary = "OpenStack-API-Version, X-Image-Version, Accept"
        for head in ["GET /", "GET /v9", "POST /v9", "GET /versions", "GET /v2.1/x?v=1.0", "GET /v2.1?v=?"] {
            #expect(harness.send("\(head) HTTP/1.1\nHost: h\n").reply?.field("Vary") == vary, "\(head)")
        }
        let exchange = harness.send("GET /v2.1/x HTTP/1.1\nHost: h\n")
        #expect(exchange.respond("HTTP/1.1 502 Bad Gateway\nContent-Length: 0\n").field("Vary") == vary)
        #expect(exchange.respond("HTTP/1.1 200 OK\nVary: *\nContent-Length: 0\n").field("Vary") == "*")
    }

    /// What an app says of the version itself is replaced.
    @Test func theClientIsToldOnce() throws {
        let response = harness.send("GET /v2.1/x HTTP/1.1\nHost: h\n").respond("HTTP/1.1 200 OK\nOpenStack-API-Version: image 9\nX-Image-Version: 9\nContent-Length: 0\n")
        #expect(response.field("OpenStack-API-Version") == "image 2.1")
        #expect(response.field("X-Image-Version") == "2.1")
    }

    @Test(arguments: [
        ("response-fields = X-Selected", "X-Selected: 2.1"), ("response-fields = off", ""), ("response-fields = X-A OpenStack-API-Version", "X-A: 2.1\nOpenStack-API-Version: image 2.1"),
    ])
    func responseFields(option: String, expected: String) throws {
        let options = SourceTests.plain + "\n\(option)\nheader = OpenStack-API-Version service=image"
        let response = try FilterHarness(VersionNegotiation.self, options).send("GET /v2.1/x HTTP/1.1\nHost: h\n").respond("HTTP/1.1 200 OK\n")
        #expect(response.head == "HTTP/1.1 200 OK\nVary: OpenStack-API-Version\n" + (expected.isEmpty ? "" : expected + "\n"))
    }

    @Test func theAppsFieldMayBeTheClientsOwn() throws {
        let options = SourceTests.plain + "\nheader = OpenStack-API-Version service=image\napp-field = OpenStack-API-Version\napp-major-field = off"
        let exchange = try FilterHarness(VersionNegotiation.self, options).send("GET /x HTTP/1.1\nHost: h\nOpenStack-API-Version: image latest\nOPENSTACK_API_VERSION: image 1.0\n")
        #expect(exchange.head == "GET /v2/x HTTP/1.1\nHost: h\nOpenStack-API-Version: image 2.15\n")
    }

    @Test func decisionsAreExplained() throws {
        #expect(harness.explain("GET /v2.1/x HTTP/1.1\nHost: h\n").notes == ["version v2.1, from path"])
        #expect(harness.explain("GET /x HTTP/1.1\nHost: h\n").notes == ["no version is named"])
        #expect(harness.explain("GET /v9 HTTP/1.1\nHost: h\n").notes == ["path names no version that there is"])
        #expect(harness.explain("GET /v2.1?v=2.0 HTTP/1.1\nHost: h\n").notes == ["path and query contradict each other"])
        #expect(harness.explain("OPTIONS * HTTP/1.1\nHost: h\n").notes == ["the request is about the server as a whole: no version"])
    }

    // MARK: Cost

    /// A version in the path that is rewritten, one that stays, and one in a field.
    @Test(arguments: [
        ("/v2.15/images", ""), ("/v2/images", "X-Image-Version: 2.1\n"), ("/images", "OpenStack-API-Version: compute 2.1, image 2.1\n"),
        ("/v2.1/images", "Accept: application/vnd.example-v2.1+json, */*;q=0.1\nOpenStack-API-Version: image 2\n"), ("/images?v=2.0", ""),
    ])
    func aRequestThatPassesAllocatesNothing(path: String, fields: String) throws {
        let head = "GET \(path) HTTP/1.1\nHost: h\nUser-Agent: x\n\(fields)"
        try expectNoAllocations(SourceTests.all, head)
        if path.hasPrefix("/v2") {
            try expectNoAllocations(GlanceTests.options, head)
        }
    }

    @Test func microversionsAndDatesAllocateNothingEither() throws {
        let nova = "GET /v2.1/servers HTTP/1.1\nHost: h\nOpenStack-API-Version: compute 2.27\n"
        try expectNoAllocations(ListTests.nova, nova)
        try expectNoAllocations(LifecycleTests.options, "GET /v1/x HTTP/1.1\nHost: h\n")
        try expectNoAllocations(LifecycleTests.options, "GET /x HTTP/1.1\nHost: h\n")
        let accept = "GET /images HTTP/1.1\nHost: h\nAccept: application/vnd.openstack.images-v2.1\n"
        try expectNoAllocations(GlanceTests.options, accept)
    }

    private func expectNoAllocations(_ options: String, _ head: String) throws {
        let allocations = try FilterAllocations.count(VersionNegotiation.self, options, head)
        #expect(allocations.request <= 0 && allocations.response <= 0, "\(allocations): \(head)")
    }
}
