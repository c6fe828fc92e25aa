import FilterAPI
import FilterTesting
import Testing
import VersionNegotiation

/// From the announcement that a version will end to its end. The harness's calendar begins at 2026-01-01 00:00:00 UTC, 1767225600.
@Suite struct LifecycleTests {
    static let options = """
        version = v1 deprecated-at=2026-02-01 sunset-at=2026-12-31T23:59:59Z successor=v2 deprecation-link=https://example.org/v1-ends \
        sunset-link=/policy brown-out=2026-06-01T10:00Z/2h brown-out=2026-07-01/1d
        version = v2
        default = min
        """
    private let harness: FilterHarness
    private let day: Int64 = 86_400
    private let start: Int64 = 1_767_225_600

    init() throws { harness = try FilterHarness(VersionNegotiation.self, Self.options) }

    private func get(_ path: String, method: String = "GET") -> TestExchange { harness.send("\(method) \(path) HTTP/1.1\nHost: h\n") }

    private func listed() throws -> String {
        let text = try #require(get("/versions").reply).text
        return text.split(separator: "\"id\": \"").dropFirst().map { part in
            let words = part.split(separator: "\"")
            return "\(words[0]) \(words[4])"
        }.joined(separator: ", ")
    }

    @Test func everyResponseOfADeprecatedVersionSaysSo() throws {
        for status in ["200 OK", "500 Internal Server Error"] {
            let response = get("/v1/x").respond("HTTP/1.1 \(status)\nLink: <a>; rel=\"next\"\nContent-Length: 0\n")
            #expect(response.field("Deprecation") == "@1769904000")
            #expect(response.field("Sunset") == "Thu, 31 Dec 2026 23:59:59 GMT")
            #expect(response.field("Link") == """
                <a>; rel="next", <https://example.org/v1-ends>; rel="deprecation", </policy>; rel="sunset", </v2/>; rel="successor-version"
                """)
            #expect(response.field("X-API-Version") == "1")
        }
        let response = get("/v2/x").respond("HTTP/1.1 200 OK\nContent-Length: 0\n")
        #expect(response.head == "HTTP/1.1 200 OK\nX-API-Version: 2\n")
    }

    /// The operator's word counts, and two would count for nothing.
    @Test func theAppsOwnDatesAreReplaced() throws {
        let response = get("/v1/x").respond("HTTP/1.1 200 OK\nDeprecation: @1\nSunset: Thu, 01 Jan 1970 00:00:00 GMT\nContent-Length: 0\n")
        #expect(response.field("Deprecation") == "@1769904000")
        #expect(response.field("Sunset") == "Thu, 31 Dec 2026 23:59:59 GMT")
        #expect(get("/v2/x").respond("HTTP/1.1 200 OK\nSunset: x\nContent-Length: 0\n").field("Sunset") == "x")
    }

    @Test func theStatusFollowsTheCalendar() throws {
        #expect(try listed() == "v1 SUPPORTED, v2 CURRENT")
        harness.setWallClock(start + 31 * day - 1)
        #expect(try listed() == "v1 SUPPORTED, v2 CURRENT")
        harness.setWallClock(start + 31 * day)
        #expect(try listed() == "v1 DEPRECATED, v2 CURRENT")
        harness.setWallClock(start + 365 * day)
        #expect(try listed() == "v2 CURRENT")
        // A clock that was set back makes no difference to what is right.
        harness.setWallClock(start)
        #expect(try listed() == "v1 SUPPORTED, v2 CURRENT")
    }

    @Test func afterItsEndAVersionIsGone() throws {
        harness.setWallClock(start + 365 * day - 2)
        #expect(get("/v1/x").isForwarded)
        harness.setWallClock(start + 365 * day - 1)
        for method in ["GET", "POST", "OPTIONS"] {
            let reply = try #require(get("/v1/x", method: method).reply)
            #expect(reply.status == 410)
            #expect(reply.reason == "version.sunset")
            #expect(reply.field("Sunset") == "Thu, 31 Dec 2026 23:59:59 GMT")
            #expect(reply.field("Link")?.contains("</v2/>; rel=\"successor-version\"") == true)
            #expect(reply.field("Retry-After") == nil)
            #expect(reply.text.contains("\"versions\":[\"v2\"]"))
        }
        // `min` is now the other.
        #expect(get("/x").target == "/v2/x")
    }

    @Test func aBrownOutIsAnEndForAWhile() throws {
        let brownOut = start + 151 * day + 10 * 3600
        harness.setWallClock(brownOut - 1)
        #expect(get("/v1/x").isForwarded)
        #expect(try listed().hasPrefix("v1 "))
        harness.setWallClock(brownOut)
        let reply = try #require(get("/v1/x").reply)
        #expect(reply.status == 410)
        #expect(reply.reason == "version.brown-out")
        #expect(reply.field("Retry-After") == "Mon, 01 Jun 2026 12:00:00 GMT")
        #expect(try !listed().hasPrefix("v1 "))
        #expect(get("/x").target == "/v2/x")
        harness.setWallClock(brownOut + 7200)
        #expect(get("/v1/x").isForwarded)
        harness.setWallClock(start + 181 * day + 100)
        #expect(get("/v1/x").reply?.field("Retry-After") == "Thu, 02 Jul 2026 00:00:00 GMT")
    }

    @Test func theNewestOfAFamilyThatCanBeHadHasItsPath() throws {
        let harness = try FilterHarness(
            VersionNegotiation.self, "version = v2.0\nversion = v2.1\nversion = v2.2 sunset-at=2026-03-01\nversion = v2.3 status=experimental")
        #expect(harness.send("GET /v2/x HTTP/1.1\nHost: h\n").field("X-API-Version") == "2.2")
        #expect(harness.send("GET /v2.3/x HTTP/1.1\nHost: h\n").field("X-API-Version") == "2.3")
        harness.setWallClock(start + 100 * day)
        #expect(harness.send("GET /v2/x HTTP/1.1\nHost: h\n").field("X-API-Version") == "2.1")
    }

    @Test func glanceToo() throws {
        let harness = try FilterHarness(VersionNegotiation.self, "compatibility = glance\nversion = v1 sunset-at=2026-03-01\nversion = v2")
        #expect(harness.send("GET /v1/x HTTP/1.1\nHost: h\n").respond("HTTP/1.1 200 OK\n").field("Sunset") != nil)
        harness.setWallClock(start + 100 * day)
        #expect(harness.send("GET /v1/x HTTP/1.1\nHost: h\n").reply?.status == 410)
    }

    @Test func aVersionMayHaveAnAppOfItsOwn() throws {
        let harness = try FilterHarness(VersionNegotiation.self, "version = v1 app=old\nversion = v2", apps: ["new", "old"])
        #expect(harness.send("GET /v1/x HTTP/1.1\nHost: h\n").chosenApp == 2)
        #expect(harness.send("GET /v2/x HTTP/1.1\nHost: h\n").chosenApp == nil)
        #expect(throws: HarnessError.self) { try FilterHarness(VersionNegotiation.self, "version = v1 app=none") }
    }
}
