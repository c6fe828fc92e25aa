import FilterAPI
import FilterTesting
import Foundation
import Testing
import VersionNegotiation

/// `compatibility = glance`, against what Glance's own filter did with the same requests.
@Suite struct GlanceTests {
    /// The versions that Glance has with an image cache and several stores, as its list has them. `v2` itself is their common path.
    static let options = """
        compatibility = glance
        version = v2.16 status=current
        version = v2.15
        version = v2.14
        version = v2.13
        version = v2.12
        version = v2.11
        version = v2.10
        versions = v2.9 v2.8 v2.7 v2.6 v2.5 v2.4 v2.3 v2.2 v2.1 v2.0
        """

    private func harness(_ more: String = "") throws -> FilterHarness { try FilterHarness(VersionNegotiation.self, Self.options + "\n" + more) }

    /// What became of a request: the path that the app gets, or the status.
    private static func outcome(_ exchange: TestExchange) -> String { exchange.reply.map { "\($0.status)" } ?? exchange.target }

    private static func head(_ path: String, _ accept: String?, method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\nHost: host:9292\n" + (accept.map { "Accept: \($0)\n" } ?? "")
    }

    private static let vendor = "application/vnd.openstack.images-"

    /// The table that the filter was specified by.
    @Test(arguments: [
        ("/v2/images", nil, "/v2/images"),
        ("/v2.15/images?x=1", nil, "/v2/images?x=1"),
        ("/v2", nil, "/v2"),
        ("/v2/", nil, "/v2/"),
        ("//v2//images", nil, "/v2//images"),
        ("/", nil, "300"),
        ("/images", nil, "300"),
        ("/2/images", nil, "300"),
        ("/v1/images", nil, "300"),
        ("/v3", nil, "300"),
        ("/v2.99/images", nil, "300"),
        ("/v2.0.0/images", nil, "300"),
        ("/V2/images", nil, "300"),
        ("/versions", nil, "200"),
        ("/versions/", nil, "200"),
        ("/versions/foo", nil, "200"),
        ("//versions", nil, "200"),
        ("/versions", vendor + "v2", "200"),
        ("/versions", "text/html", "200"),
        ("/images", vendor + "v2", "/v2/images"),
        ("/images", vendor + "v2.15", "/v2/images"),
        ("/", vendor + "v2", "/v2/"),
        ("/v2/images", vendor + "v2", "/v2/v2/images"),
        ("/v2/images", vendor + "v9", "300"),
        ("/images", vendor + "v2+json", "300"),
        ("/images", vendor + "v2;q=0.9", "300"),
        ("/images", vendor + "v2, application/json", "300"),
        ("/v2/images", "application/json, " + vendor + "v2", "/v2/images"),
        ("/images", "application/json, " + vendor + "v2", "300"),
        ("/images", "APPLICATION/vnd.openstack.images-v2", "300"),
        ("/images", "application/vnd.other-v2", "300"),
        ("/v2/images", ";;not a media range", "/v2/images"),
    ] as [(String, String?, String)])
    func theTable(path: String, accept: String?, expected: String) throws {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "PURGE"] {
            let exchange = try harness().send(Self.head(path, accept, method: method))
            #expect(Self.outcome(exchange) == expected, "\(method) \(path) \(accept ?? "-")")
            if let reply = exchange.reply {
                #expect(reply.field("Vary") == nil && reply.field("Location") == nil && reply.field("Allow") == nil)
                #expect(reply.field("Content-Type") == "application/json")
                #expect(reply.text.isEmpty == (method == "HEAD"))
            } else {
                #expect(exchange.head.hasPrefix("\(method) \(expected) HTTP/1.1\n"))
            }
        }
    }

    /// Requests that were sent through `glance/api/middleware/version_negotiation.py` of Glance 25.1 under WebOb 1.8, and what came of them:
    /// the handmade ones and a few hundred random values of Accept.
    @Test func behavesAsGlanceDid() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Golden/version-negotiation/glance.tsv"), encoding: .utf8)
        let harness = try harness()
        var count = 0
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else {
                Issue.record("not three columns: \(line)")
                continue
            }
            // Neither filters nor apps get a path with several slashes at its beginning.
            if parts[0].hasPrefix("//") && parts[2].hasPrefix("/v2//") { continue }
            let accept = parts[1] == "-" ? nil : parts[1].replacing("<TAB>", with: "\t")
            let outcome = Self.outcome(harness.send(Self.head(parts[0], accept)))
            #expect(outcome.removingPercentEncoding == parts[2], "\(line)")
            count += 1
        }
        #expect(count > 500)
    }

    /// What stands in several lines was joined by a comma before Glance saw it.
    @Test(arguments: [
        ("Accept: application/vnd.openstack.images-v2\nAccept: application/json\n", "300"),
        ("Accept: application/json\nAccept: application/vnd.openstack.images-v2\n", "/v2/images"),
        ("Accept: ,\nAccept: application/vnd.openstack.images-v2\n", "/v2/v2/images"),
        ("Accept: application/vnd.openstack.images-v2\nAccept: ,\n", "/v2/v2/images"),
    ])
    func linesAreJoined(fields: String, expected: String) throws {
        #expect(Self.outcome(try harness().send("GET /v2/images HTTP/1.1\nHost: h\n\(fields)")) == expected)
    }

    @Test func `the list is Glance's, byte for byte`() throws {
        let ids = [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
        let members = ids.map {
            "{\"id\": \"v2.\($0)\", \"status\": \"\($0 == 16 ? "CURRENT" : "SUPPORTED")\", \"links\": [{\"rel\": \"self\", \"href\": \"https://image.example.org:9292/v2/\"}]}"
        }
        let expected = "{\"versions\": [\(members.joined(separator: ", "))]}"
        let harness = try harness("public-endpoint = https://image.example.org:9292/")
        for (path, status) in [("/versions", 200), ("/", 300), ("/v1/images", 300)] {
            let reply = try #require(harness.send("GET \(path) HTTP/1.1\nHost: evil.example\n").reply)
            #expect(reply.status == status)
            #expect(reply.text == expected)
        }
    }

    /// Glance takes the Host of anybody into the list; that alone is not copied.
    @Test func aHostThatIsNotAllowedIsNotInTheList() throws {
        let harness = try harness("hosts = image.example.org:9292")
        func href(_ host: String, https: Bool = false) throws -> String? {
            let text = try #require(harness.send("GET /versions HTTP/1.1\nHost: \(host)\n", https: https).reply).text
            return text.split(separator: "\"href\": \"").last.map { String($0.prefix { $0 != "\"" }) }
        }
        #expect(try href("Image.Example.org:9292") == "http://image.example.org:9292/v2/")
        #expect(try href("image.example.org:9292", https: true) == "https://image.example.org:9292/v2/")
        #expect(try href("evil.example") == "/v2/")
        #expect(try href("image.example.org") == "/v2/")
    }

    @Test func theAppIsToldAndAClientsOwnWordIsNot() throws {
        let exchange = try harness().send("GET /v2.3/images HTTP/1.1\nHost: h\nX-API-Version: 9\nx_api_version: 9\nX-Api-Version-Major: 9\nX.Api.Version: 9\n")
        #expect(exchange.head == "GET /v2/images HTTP/1.1\nHost: h\nX-API-Version: 2.3\nX-API-Version-Major: 2\n")
        #expect(exchange.respond("HTTP/1.1 200 OK\nContent-Length: 0\n").head == "HTTP/1.1 200 OK\n")
    }

    @Test(arguments: [
        "sources = path", "default = min", "unknown = 404", "list = nova", "app-path = keep", "on-conflict = first", "query-parameter = v", "match = exact",
        "list-path = /v", "version-document = on", "header = X-V", "media-type = a/b c/d", "version = v3.0 microversions=3.0..3.5",
    ])
    func optionsThatMeanNothingAreRefused(option: String) {
        #expect(throws: HarnessError.self) { try harness(option) }
    }
}
