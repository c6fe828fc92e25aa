import FilterAPI
import FilterTesting
import Testing
import VersionNegotiation

/// Microversions as Nova has them: the path names the version, a field a point in its range.
@Suite struct MicroversionTests {
    private let harness: FilterHarness

    init() throws { harness = try FilterHarness(VersionNegotiation.self, ListTests.nova.replacing("version-document = on", with: "")) }

    @Test(arguments: [
        ("/v2.1/servers", [], "/v2.1/servers", "2.1"),
        ("/v2.1/servers", ["OpenStack-API-Version: compute 2.27"], "/v2.1/servers", "2.27"),
        ("/v2.1/servers", ["OpenStack-API-Version: compute 2.93"], "/v2.1/servers", "2.93"),
        ("/v2.1/servers", ["OpenStack-API-Version: compute latest"], "/v2.1/servers", "2.93"),
        ("/v2.1/servers", ["OpenStack-API-Version: compute 2.1, volume 3.5"], "/v2.1/servers", "2.1"),
        ("/v2.1/servers", ["X-OpenStack-Nova-API-Version: 2.4"], "/v2.1/servers", "2.4"),
        ("/v2.1/servers", ["X-OpenStack-Nova-API-Version: 2.4", "OpenStack-API-Version: compute 2.5"], "/v2.1/servers", "2.5"),
        ("/v2.1/servers", ["Accept: application/vnd.openstack.compute+json;version=2.1"], "/v2.1/servers", "2.1"),
        ("/servers", ["OpenStack-API-Version: compute 2.27"], "/v2.1/servers", "2.27"),
        ("/v2/servers", [], "/v2/servers", "2.0"),
        ("/v2.0/servers", [], "/v2/servers", "2.0"),
        ("/v2/servers", ["OpenStack-API-Version: volume 3.5"], "/v2/servers", "2.0"),
    ] as [(String, [String], String, String)])
    func chosen(path: String, fields: [String], target: String, version: String) throws {
        let exchange = harness.send("GET \(path) HTTP/1.1\nHost: h\n" + fields.map { $0 + "\n" }.joined())
        #expect(exchange.isForwarded, "\(exchange.reply?.head ?? "")")
        guard exchange.isForwarded else { return }
        #expect(exchange.target == target)
        #expect(exchange.field("X-API-Version") == version)
        // Both forms are echoed, on errors of the app too.
        for status in ["200 OK", "404 Not Found", "503 Service Unavailable"] {
            let response = exchange.respond("HTTP/1.1 \(status)\nVary: Accept-Language, OpenStack-API-Version\nContent-Length: 0\n")
            #expect(response.field("OpenStack-API-Version") == "compute \(version)")
            #expect(response.field("X-OpenStack-Nova-API-Version") == version)
            #expect(response.field("Vary") == "Accept-Language, OpenStack-API-Version, X-OpenStack-Nova-API-Version, Accept")
        }
    }

    @Test(arguments: [
        ("compute 2.94", 406), ("compute 2.0", 406), ("compute 3.1", 406), ("compute 2.999999999999", 400), ("compute 02.1", 400), ("compute 2.01", 400),
        ("compute 2", 400), ("compute 2.1.1", 400), ("compute abc", 400), ("compute", 400), ("compute 2.-1", 400),
    ])
    func refused(value: String, status: Int) throws {
        for method in ["GET", "POST"] {
            let exchange = harness.send("\(method) /v2.1/servers HTTP/1.1\nHost: h\nOpenStack-API-Version: \(value)\n")
            let reply = try #require(exchange.reply)
            #expect(Int(reply.status) == status)
            #expect(reply.field("Vary") == "OpenStack-API-Version, X-OpenStack-Nova-API-Version, Accept")
            #expect(reply.field("Cache-Control") == "no-store")
            #expect(reply.text.contains("\"versions\":[\"v2.0\",\"v2.1\"],\"min_version\":\"2.1\",\"max_version\":\"2.93\""))
        }
    }

    @Test func oneMicroversionCanBeTakenOut() throws {
        let harness = try FilterHarness(
            VersionNegotiation.self, "version = v1 microversions=1.0..1.20 except=1.5 except=1.7 default=1.10\nheader = X-V\ndefault = latest")
        func version(_ fields: String, path: String = "/v1/x") -> String {
            let exchange = harness.send("GET \(path) HTTP/1.1\nHost: h\n\(fields)")
            return exchange.reply.map { "\($0.status)" } ?? exchange.field("X-API-Version") ?? "-"
        }
        #expect(version("X-V: 1.4\n") == "1.4")
        #expect(version("X-V: 1.5\n") == "406")
        #expect(version("X-V: 1.7\n") == "406")
        #expect(version("X-V: 1.20\n") == "1.20")
        #expect(version("") == "1.10")
        #expect(version("", path: "/x") == "1.20")
    }

    @Test(arguments: ["microversions=2", "microversions=2.1", "microversions=2.1..", "microversions=2.9..2.1", "microversions=2.1...2.3", "microversions=2.1..2.9 except=2.1",
        "microversions=2.1..2.9 except=2.99", "microversions=2.1..2.9 default=3.0", "microversions=2.1..2.9 except=2.4 default=2.4", "except=2.1", "default=2.1"])
    func wrongRangesAreRefused(attributes: String) {
        #expect(throws: HarnessError.self) { try FilterHarness(VersionNegotiation.self, "version = v2 \(attributes)") }
    }
}
