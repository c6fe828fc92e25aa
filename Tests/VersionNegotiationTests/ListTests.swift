import FilterAPI
import FilterTesting
import Testing
import VersionNegotiation

/// Documents that list versions, in the shapes of OpenStack's services.
@Suite struct ListTests {
    private func reply(_ options: String, _ path: String, host: String = "h", method: String = "GET", https: Bool = false) throws -> TestResponse {
        let exchange = try FilterHarness(VersionNegotiation.self, options).send("\(method) \(path) HTTP/1.1\nHost: \(host)\n", https: https)
        return try #require(exchange.reply, "\(path) is forwarded as \(exchange.target)")
    }

    // MARK: Nova

    static let nova = """
        version = v2.0 path=/v2 status=supported updated=2011-01-21T11:33:21Z docs=http://docs.openstack.org/
        version = v2.1 path=/v2.1 status=current updated=2013-07-23T11:33:21Z docs=http://docs.openstack.org/ microversions=2.1..2.93
        header = OpenStack-API-Version service=compute
        header = X-OpenStack-Nova-API-Version
        media-type = application/vnd.openstack.compute
        list = nova
        version-document = on
        public-endpoint = http://openstack.example.com
        """

    @Test func novaListsItsVersions() throws {
        let reply = try reply(Self.nova, "/")
        #expect(reply.status == 200)
        #expect(reply.field("Content-Type") == "application/json")
        #expect(reply.text == """
            {"versions": [{"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z", \
            "links": [{"rel": "self", "href": "http://openstack.example.com/v2/"}]}, \
            {"id": "v2.1", "status": "CURRENT", "version": "2.93", "min_version": "2.1", "updated": "2013-07-23T11:33:21Z", \
            "links": [{"rel": "self", "href": "http://openstack.example.com/v2.1/"}]}]}
            """)
    }

    @Test(arguments: ["/images/1", "/v7/images/1", "/v2.0.0/images/1"])
    func novaOffersTheSameResourceInEachVersion(path: String) throws {
        let reply = try reply(Self.nova, path)
        #expect(reply.status == 300)
        #expect(reply.text == """
            {"choices": [{"id": "v2.0", "status": "SUPPORTED", "links": [{"rel": "self", "href": "http://openstack.example.com/v2/images/1"}], \
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.0"}]}, \
            {"id": "v2.1", "status": "CURRENT", "links": [{"rel": "self", "href": "http://openstack.example.com/v2.1/images/1"}], \
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]}]}
            """)
    }

    @Test func aLongPathIsNotRepeatedForEachVersion() throws {
        let reply = try reply(Self.nova, "/v9/" + String(repeating: "x", count: 5000))
        #expect(reply.text.utf8.count < 1000)
        #expect(reply.text.contains("\"href\": \"http://openstack.example.com/v2.1/\""))
    }

    @Test(arguments: ["/v2.1", "/v2.1/"])
    func novaDescribesAVersion(path: String) throws {
        #expect(try reply(Self.nova, path).text == """
            {"version": {"id": "v2.1", "status": "CURRENT", "version": "2.93", "min_version": "2.1", "updated": "2013-07-23T11:33:21Z", \
            "links": [{"rel": "self", "href": "http://openstack.example.com/v2.1/"}, \
            {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}], \
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]}}
            """)
    }

    // MARK: Keystone

    static let keystone = """
        version = v3.14 status=current updated=2020-04-07
        media-type = application/vnd.openstack.identity
        list = keystone
        version-document = on
        hosts = identity.example.org:5000
        """

    private static let v3 = """
        {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z", \
        "links": [{"rel": "self", "href": "https://identity.example.org:5000/v3/"}], \
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]}
        """

    @Test func keystoneListsItsVersions() throws {
        let reply = try reply(Self.keystone, "/", host: "identity.example.org:5000", https: true)
        #expect(reply.status == 300)
        #expect(reply.field("Location") == "https://identity.example.org:5000/v3/")
        #expect(reply.text == "{\"versions\": {\"values\": [\(Self.v3)]}}")
    }

    @Test func keystoneDescribesAVersion() throws {
        let reply = try reply(Self.keystone, "/v3", host: "identity.example.org:5000", https: true)
        #expect(reply.status == 200)
        #expect(reply.text == "{\"version\": \(Self.v3)}")
    }

    // MARK: Where URIs lead

    @Test(arguments: [
        ("", "a.example", "/v2/"), ("hosts = a.example b.example:81", "A.example", "http://a.example/v2/"), ("hosts = a.example", "a.example:80", "/v2/"),
        ("hosts = a.example", "a.example.evil", "/v2/"), ("hosts = a.example", "evil", "/v2/"),
        ("public-endpoint = https://api.example/image/", "evil", "https://api.example/image/v2/"),
    ])
    func untrustedHostsAreNotRepeated(option: String, host: String, href: String) throws {
        for path in ["/", "/versions", "/v9/x"] {
            let reply = try reply("versions = v2.0\n" + option, path, host: host)
            #expect(reply.text.contains("\"href\": \"\(href)\""), "\(reply.text)")
            #expect(!reply.head.contains(host.lowercased()))
        }
    }

    /// An absolute target names its host itself, and is as little believed.
    @Test func absoluteTargets() throws {
        #expect(try reply("versions = v2.0\nhosts = a.example", "http://evil/versions", host: "evil").text.contains("\"href\": \"/v2/\""))
        #expect(try reply("versions = v2.0\nhosts = a.example", "http://a.example/versions", host: "a.example").text.contains("\"http://a.example/v2/\""))
    }

    /// What is in front of the versions in the client's eyes is in the list.
    @Test func aPrefixThatWasTakenOffIsInTheList() throws {
        let harness = try FilterHarness([(Cut.self, ""), (VersionNegotiation.self, "versions = v2.0")])
        func href(_ path: String) throws -> String {
            let text = try #require(harness.send("GET \(path) HTTP/1.1\nHost: h\n").reply).text
            return String(text.split(separator: "\"href\": \"")[1].prefix { $0 != "\"" })
        }
        #expect(try href("/img/versions?x") == "/img/v2/")
        #expect(try href("http://h/img/v9/x") == "/img/v2/")
        #expect(try href("/img/") == "/img/v2/")
        // Never another host's.
        for path in ["//x/versions", "//versions", "///", "//v9/x", "http://h//versions"] { #expect(try href(path) == "/v2/", "\(path)") }
        #expect(try href("//img//versions") == "/img/v2/")
    }

    @Test func theListOnlyAnswersReadsOfItsPath() throws {
        let harness = try FilterHarness(VersionNegotiation.self, "versions = v2.0\nlist-path = /api/versions")
        func status(_ line: String) -> UInt16? { harness.send("\(line) HTTP/1.1\nHost: h\n").reply?.status }
        #expect(status("GET /api/versions") == 200)
        #expect(status("HEAD /api/versions/?x") == 200)
        #expect(status("GET /api/versions/x") == 300)
        #expect(status("GET /versions") == 300)
        #expect(status("POST /api/versions") == 404)
        #expect(harness.send("HEAD /api/versions HTTP/1.1\nHost: h\n").reply?.text == "")
    }

    @Test func withoutListsA300IsAProblem() throws {
        let reply = try reply("versions = v2.0 v2.1\nlist = off", "/versions")
        #expect(reply.status == 300)
        #expect(reply.field("Content-Type") == "application/problem+json")
        #expect(reply.text.contains("\"reason\":\"version.choices\",\"versions\":[\"v2.0\",\"v2.1\"]"))
    }

    /// Whatever is advertised negotiates: by its path, by its URI and by its name in each field.
    @Test(arguments: [
        "versions = v2.0 v2.1 v3", "versions = v2.0 v2.1 v3\napp-path = version", "versions = v2.0 v3\napp-path = none", "versions = v2 v3\napp-path = keep",
        "versions = 2022-11-28 2026-02-25.clover", "version = v1 status=deprecated\nversion = v2beta1 status=experimental\nversion = v2",
        ListTests.nova, ListTests.keystone, GlanceTests.options,
    ])
    func everyAdvertisedVersionNegotiates(options: String) throws {
        let isGlance = options == GlanceTests.options
        let more = (isGlance ? "" : options.contains("header") ? "" : "\nheader = X-V") + (options.contains("version-document") ? "\n" : "")
        let harness = try FilterHarness(VersionNegotiation.self, options.replacing("version-document = on", with: "") + more)
        for path in ["/", "/versions", "/v99/x"] {
            let text = try #require(harness.send("GET \(path) HTTP/1.1\nHost: h\n").reply).text
            let ids = values("id", text)
            let hrefs = values("href", text).filter { !$0.contains("docs.openstack") }
            #expect(!ids.isEmpty && hrefs.count == ids.count, "\(text)")
            for (id, href) in zip(ids, hrefs) {
                let local = href.replacing(/^https?:\/\/[^\/]*/, with: "")
                let byReference = harness.send("GET \(local) HTTP/1.1\nHost: h\n")
                #expect(byReference.isForwarded, "\(href) is refused")
                let byPath = harness.send("GET /\(id)/x HTTP/1.1\nHost: h\n")
                #expect(byPath.isForwarded, "/\(id) is refused")
                #expect(byPath.field("X-API-Version") == (id.hasPrefix("v") ? String(id.dropFirst()) : id))
                guard !isGlance, !options.contains("service=") else { continue }
                let byField = harness.send("GET /x HTTP/1.1\nHost: h\nX-V: \(id)\n")
                #expect(options.contains("keystone") || byField.field("X-API-Version") == byPath.field("X-API-Version"))
            }
        }
    }

    private func values(_ name: String, _ json: String) -> [String] {
        json.split(separator: "\"\(name)\": \"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }
}

/// Takes `/img` off, as a route with `strip-prefix` does.
final class Cut: FilterPlugin, RequestFilter {
    static let name = "cut"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision {
        if request.path.hasPrefix("/img") { request.replacePathPrefix(4, with: Span()) }
        return .forward
    }
}
