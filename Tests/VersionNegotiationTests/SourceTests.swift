import FilterAPI
import FilterTesting
import Testing
import VersionNegotiation

/// Where requests name their version.
@Suite struct SourceTests {
    /// The path or the status that comes of a request.
    static func outcome(_ options: String, head: String) throws -> String {
        let exchange = try FilterHarness(VersionNegotiation.self, options).send(head)
        return exchange.reply.map { "\($0.status) \($0.reason ?? "")" } ?? exchange.target + " " + (exchange.field("X-API-Version") ?? "-")
    }

    static func outcome(_ options: String, path: String = "/images", method: String = "GET", _ fields: String...) throws -> String {
        try outcome(options, head: "\(method) \(path) HTTP/1.1\nHost: h\n" + fields.map { $0 + "\n" }.joined())
    }

    static let plain = "versions = v1.0 v2.0 v2.1 v2.15"

    @Test(arguments: [
        ("/v2.15/images?x=/v1", "/v2/images?x=/v1 2.15"),
        ("/v2/images", "/v2/images 2.15"),
        ("/v1/a", "/v1/a 1.0"),
        ("/v2.1", "/v2 2.1"),
        ("/v2.1/", "/v2/ 2.1"),
        ("/v2.1/a%2Fb//c", "/v2/a%2Fb//c 2.1"),
        ("/%762.1/a", "/v2/a 2.1"),
        ("/v2%2e1/a", "/v2/a 2.1"),
        ("http://h/v2.1/a", "/v2/a 2.1"),
        ("/v2%2Fimages", "300 version.choices"),
        ("//v2/images", "/v2/images 2.15"),
        ("/V2/images", "300 version.choices"),
        ("/v9/images", "300 version.choices"),
        ("/v2.0.0/images", "300 version.choices"),
        ("/2/images", "300 version.choices"),
        ("/v2x", "300 version.choices"),
        ("/", "300 version.choices"),
        ("http://h", "300 version.choices"),
    ])
    func paths(path: String, expected: String) throws {
        #expect(try Self.outcome(Self.plain, path: path) == expected)
    }

    @Test(arguments: [
        ("app-path = version", "/v2.15/a", "/v2.15/a"), ("app-path = version", "/v2%2e1/a", "/v2.1/a"), ("app-path = none", "/v2.15/a", "/a"),
        ("app-path = none", "/v2.15", "/"), ("app-path = none", "/v2.15//a", "/a"), ("app-path = keep", "/v2.15/a", "/v2.15/a"),
        ("app-path = major", "/v2.15/a", "/v2/a"),
    ])
    func appPaths(option: String, path: String, expected: String) throws {
        #expect(try Self.outcome(Self.plain + "\n" + option, path: path) == expected + (path.contains("15") ? " 2.15" : " 2.1"))
    }

    /// Apps that pass over what stands behind a `;` would read another version than was decided about.
    @Test(arguments: ["keep", "none", "major"], ["/v1;a=b/x", "/v1;/x", "/v1;a", "/v1%3Ba/x", "//%761%3b/x", "/v9;a/x"])
    func aVersionThatOnlySomeAppsWouldSee(appPath: String, path: String) throws {
        let options = "version = v1 sunset-at=2001-01-01\nversions = v2\ndefault = latest\napp-path = \(appPath)"
        #expect(try Self.outcome(options, path: path) == "300 version.choices")
        #expect(try Self.outcome(options, path: path, method: "POST") == "404 version.unknown")
    }

    @Test(arguments: ["/images//v1", "/images;v1/v1", "/;a/v1", "/images;a=/v1/x"])
    func aVersionFurtherDownThePathIsNone(path: String) throws {
        #expect(try Self.outcome("versions = v1 v2\ndefault = latest\napp-path = keep", path: path) == "\(path) 2")
    }

    /// With one of them taken off, the next filter like this one would take the other, and the app would get neither.
    @Test(arguments: ["/v1/v2/x", "/v1//v2/x", "/v1///v2"])
    func aPathWithTwoVersionsIsRefusedWhereOneIsTakenOff(path: String) throws {
        let options = "versions = v1 v2\napp-path = none\napp-field = off\napp-major-field = off"
        #expect(try Self.outcome(options, path: path) == "300 version.choices")
    }

    @Test func aPathOfItsOwn() throws {
        let options = "version = v2.0 path=/v2\nversion = v2.1 path=/v2.1\nversion = legacy path=/v2"
        #expect(try Self.outcome(options, path: "/v2/x") == "/v2/x 2.0")
        #expect(try Self.outcome(options, path: "/v2.1/x") == "/v2.1/x 2.1")
        #expect(try Self.outcome(options, path: "/legacy/x") == "/v2/x legacy")
    }

    /// A segment is only taken for an unknown version where it looks like one of those that there are.
    @Test(arguments: [
        ("versions = 2026-03-10 2022-11-28", "/2024-01-01/x", "300 version.choices"), ("versions = 2026-03-10 2022-11-28", "/123/x", "/2022-11-28/123/x 2022-11-28"),
        ("versions = v1beta1 v1", "/v1beta2/x", "300 version.choices"), ("versions = v1beta1 v1", "/v1gamma/x", "/v1beta1/v1gamma/x 1beta1"),
        ("versions = v1 v2", "/video/x", "/v1/video/x 1"),
    ])
    func whatLooksLikeAVersion(versions: String, path: String, expected: String) throws {
        #expect(try Self.outcome(versions + "\ndefault = min", path: path) == expected)
    }

    // MARK: Fields

    static let service = plain + "\nheader = OpenStack-API-Version service=image service=images\nheader = X-Image-Version"

    @Test(arguments: [
        (["OpenStack-API-Version: image 2.1"], "/v2/images 2.1"),
        (["openstack-api-version: IMAGES\t2.1"], "/v2/images 2.1"),
        (["OpenStack-API-Version: compute 2.27, image 2.0, volume 3.1"], "/v2/images 2.0"),
        (["OpenStack-API-Version: image 2.0, image 2.1"], "/v2/images 2.1"),
        (["OpenStack-API-Version: image 2.0", "OpenStack-API-Version: image 2.1, other 9"], "/v2/images 2.1"),
        (["OpenStack-API-Version: image v2.1"], "/v2/images 2.1"),
        (["OpenStack-API-Version: image 2"], "/v2/images 2.15"),
        (["OpenStack-API-Version: image latest"], "/v2/images 2.15"),
        (["OpenStack-API-Version: image LATEST"], "/v2/images 2.15"),
        (["OpenStack-API-Version: image 2.99"], "406 version.unknown"),
        (["OpenStack-API-Version: image 7"], "406 version.unknown"),
        (["OpenStack-API-Version: image new"], "400 version.malformed"),
        (["OpenStack-API-Version: image"], "400 version.malformed"),
        (["OpenStack-API-Version: image 2.1 2.2"], "400 version.malformed"),
        (["OpenStack-API-Version: compute 2.27"], "300 version.choices"),
        (["OpenStack-API-Version: 2.1"], "300 version.choices"),
        (["OpenStack-API-Version: "], "300 version.choices"),
        (["X-Image-Version: 2.1"], "/v2/images 2.1"),
        (["X-Image-Version: 2.0, 2.1"], "/v2/images 2.1"),
        (["X-Image-Version: 2.0", "OpenStack-API-Version: image 2.1"], "/v2/images 2.1"),
        (["X-Image-Version: 2.0", "OpenStack-API-Version: compute 2.1"], "/v2/images 2.0"),
        (["X_Image_Version: 2.0"], "300 version.choices"),
    ])
    func headers(fields: [String], expected: String) throws {
        #expect(try Self.outcome(Self.service, head: "GET /images HTTP/1.1\nHost: h\n" + fields.map { $0 + "\n" }.joined()) == expected)
    }

    @Test func theAppSeesNoOtherSpellingOfAFieldThatCounted() throws {
        let exchange = try FilterHarness(VersionNegotiation.self, Self.service).send(
            "GET /images HTTP/1.1\nHost: h\nOpenStack-API-Version: image 2.1\nOpenStack_API_Version: image 2.0\nX_Image.Version: 2.0\n")
        #expect(exchange.head == "GET /v2/images HTTP/1.1\nHost: h\nOpenStack-API-Version: image 2.1\nX-API-Version: 2.1\nX-API-Version-Major: 2\n")
    }

    static let vendor = plain + "\nmedia-type = application/vnd.example application/vnd.old.example"

    @Test(arguments: [
        ("application/vnd.example-v2.1", "/v2/images 2.1"),
        ("application/vnd.example-2.1+json", "/v2/images 2.1"),
        ("application/vnd.example.v2.1+json", "/v2/images 2.1"),
        ("application/vnd.example.v2.1.raw+json", "/v2/images 2.1"),
        ("APPLICATION/VND.Example-V2.1+JSON; charset=utf-8", "/v2/images 2.1"),
        ("application/vnd.example+json; version=2.1", "/v2/images 2.1"),
        ("application/vnd.example; Version=\"v2.1\"", "/v2/images 2.1"),
        ("application/vnd.old.example-v1.0", "/v1/images 1.0"),
        ("application/vnd.example-v1.0;q=0.5, application/vnd.example-v2.1;q=0.8, */*;q=0.1", "/v2/images 2.1"),
        ("application/vnd.example-v2.0, application/vnd.example-v2.1", "/v2/images 2.0"),
        ("application/vnd.example-v9, application/vnd.example-v2.1;q=0.001", "/v2/images 2.1"),
        ("application/vnd.example-v2.1;q=0", "300 version.choices"),
        ("application/vnd.example-v2.1;q=7", "300 version.choices"),
        ("application/vnd.example-v9", "406 version.unknown"),
        ("application/vnd.example-v9, application/vnd.example-v8;q=0.5", "406 version.unknown"),
        ("application/vnd.example-v9, */*;q=0.1", "300 version.choices"),
        ("application/vnd.example-v9, application/json", "300 version.choices"),
        ("application/vnd.example-", "300 version.choices"),
        ("application/vnd.example+json", "300 version.choices"),
        ("application/vnd.examples-v2.1", "300 version.choices"),
        ("application/json", "300 version.choices"),
        ("text/plain; a=\"application/vnd.example-v2.1, application/vnd.example-v2.1\"", "300 version.choices"),
        (",, ,", "300 version.choices"),
    ])
    func accept(value: String, expected: String) throws {
        #expect(try Self.outcome(Self.vendor, head: "GET /images HTTP/1.1\nHost: h\nAccept: \(value)\n") == expected)
    }

    static let query = plain + "\nquery-parameter = api-version"

    @Test(arguments: [
        ("?api-version=2.1", "/v2/images?api-version=2.1 2.1"),
        ("?a=b&api%2Dversion=v2.1&c", "/v2/images?a=b&api%2Dversion=v2.1&c 2.1"),
        ("?api-version=2.1&api-version=2.1", "/v2/images?api-version=2.1&api-version=2.1 2.1"),
        ("?api-version=2.1&api-version=2.0", "400 version.malformed"),
        ("?api-version=9.9", "300 version.choices"),
        ("?api-version=", "400 version.malformed"),
        ("?api-version", "400 version.malformed"),
        ("?API-Version=2.1", "300 version.choices"),
        ("?xapi-version=2.1", "300 version.choices"),
        ("?", "300 version.choices"),
        ("?&&", "300 version.choices"),
    ])
    func queries(query: String, expected: String) throws {
        #expect(try Self.outcome(Self.query, path: "/images" + query) == expected)
    }

    // MARK: Several sources

    static let all = service + "\nmedia-type = application/vnd.example\nquery-parameter = v"

    @Test(arguments: [
        ("/v2.1/x", ["X-Image-Version: 2.1", "Accept: application/vnd.example-v2.1"], "/v2/x 2.1"),
        ("/v2/x", ["X-Image-Version: 2.1"], "/v2/x 2.1"),
        ("/v2.1/x", ["X-Image-Version: 2"], "/v2/x 2.1"),
        ("/v2/x?v=2.0", ["Accept: application/vnd.example-v1.0, application/vnd.example-v2.0;q=0.1"], "/v2/x?v=2.0 2.0"),
        ("/v2.1/x", ["Accept: application/vnd.example-v1.0, */*;q=0.1"], "/v2/x 2.1"),
        ("/v2.1/x", ["X-Image-Version: 2.0"], "400 version.conflict"),
        ("/v2/x", ["X-Image-Version: 1.0"], "400 version.conflict"),
        ("/v2.1/x", ["Accept: application/vnd.example-v2.0"], "400 version.conflict"),
        ("/v2.1/x", ["Accept: application/vnd.example-v9"], "406 version.unknown"),
        ("/v2.1/x", ["X-Image-Version: 9.0"], "406 version.unknown"),
        ("/v9/x", ["X-Image-Version: 2.0"], "300 version.choices"),
        ("/v9/x", ["X-Image-Version: 9.0"], "300 version.choices"),
        ("/x?v=9.0", ["X-Image-Version: 9.0"], "406 version.unknown"),
        ("/v2.1/x?v=2.0", [], "400 version.conflict"),
        ("/v2.1/x", ["X-Image-Version: what"], "400 version.malformed"),
    ] as [(String, [String], String)])
    func agreement(path: String, fields: [String], expected: String) throws {
        let head = "GET \(path) HTTP/1.1\nHost: h\n" + fields.map { $0 + "\n" }.joined()
        #expect(try Self.outcome(Self.all, head: head) == expected)
        // POST gets no 300.
        let answer = try Self.outcome(Self.all, head: head.replacing("GET ", with: "POST "))
        #expect(answer == (expected == "300 version.choices" ? "404 version.unknown" : expected))
    }

    @Test(arguments: [
        ("path header", "/v2.1/x", "X-Image-Version: 2.0", "/v2/x 2.1"), ("header path", "/v2.1/x", "X-Image-Version: 2.0", "/v2/x 2.0"),
        ("header path", "/v1/x", "X-Image-Version: 2.0", "/v2/x 2.0"), ("path header", "/v2.1/x", "X-Image-Version: ?", "/v2/x 2.1"),
        ("header path", "/v2.1/x", "X-Image-Version: ?", "400 version.malformed"), ("path header", "/v9/x", "X-Image-Version: 2.0", "300 version.choices"),
        ("header path", "/v9/x", "X-Image-Version: 2.0", "/v2/v9/x 2.0"), ("path header", "/v2/x", "X-Image-Version: 2.0", "/v2/x 2.0"),
    ])
    func theFirstSourceWins(sources: String, path: String, field: String, expected: String) throws {
        let options = Self.plain + "\nheader = X-Image-Version\non-conflict = first\nsources = \(sources)"
        #expect(try Self.outcome(options, path: path, field) == expected)
    }

    @Test func pathsStayWhereTheyAreNoSource() throws {
        let options = "versions = 2022-11-28 2026-03-10\nheader = X-GitHub-Api-Version\nsources = header\ndefault = min"
        #expect(try Self.outcome(options, path: "/v3/repos", "X-GitHub-Api-Version: 2026-03-10") == "/v3/repos 2026-03-10")
        #expect(try Self.outcome(options, path: "/2026-03-10/repos") == "/2026-03-10/repos 2022-11-28")
        #expect(try Self.outcome(options, "X-GitHub-Api-Version: 2025-01-01") == "406 version.unknown")
        #expect(try Self.outcome(options + "\nunknown = 404", "X-GitHub-Api-Version: 2025-01-01") == "404 version.unknown")
        #expect(try Self.outcome(options + "\nmatch = not-newer", "X-GitHub-Api-Version: 2025-01-01") == "/images 2022-11-28")
        #expect(try Self.outcome(options + "\nmatch = not-newer", "X-GitHub-Api-Version: 2030-01-01") == "/images 2026-03-10")
        #expect(try Self.outcome(options + "\nmatch = not-newer", "X-GitHub-Api-Version: 2020-01-01") == "406 version.unknown")
        #expect(try Self.outcome(options + "\nmatch = not-newer", "X-GitHub-Api-Version: soon") == "400 version.malformed")
    }

    // MARK: None and unknown

    @Test(arguments: [
        ("300", "300 version.choices", "404 version.missing"), ("min", "/v1/images 1.0", "/v1/images 1.0"), ("latest", "/v2/images 2.15", "/v2/images 2.15"),
        ("v2.1", "/v2/images 2.1", "/v2/images 2.1"), ("2.1", "/v2/images 2.1", "/v2/images 2.1"),
    ])
    func none(standard: String, get: String, post: String) throws {
        let options = Self.plain + "\ndefault = \(standard)"
        #expect(try Self.outcome(options) == get)
        #expect(try Self.outcome(options, method: "HEAD") == get)
        #expect(try Self.outcome(options, method: "POST") == post)
        #expect(try Self.outcome(options, method: "OPTIONS") == post)
    }

    @Test func withoutPathsAMissingVersionIs406() throws {
        #expect(try Self.outcome("versions = 1 2\nheader = X-V\nsources = header", method: "PUT") == "406 version.missing")
    }

    @Test(arguments: ["404", "406", "410"])
    func unknownAsConfigured(status: String) throws {
        for method in ["GET", "POST"] {
            #expect(try Self.outcome(Self.service + "\nunknown = \(status)", path: "/v9/x", method: method) == "\(status) version.unknown")
            #expect(try Self.outcome(Self.service + "\nunknown = \(status)", method: method, "X-Image-Version: 9") == "\(status) version.unknown")
        }
    }

    @Test func a300IsNeverForOtherMethods() throws {
        #expect(try Self.outcome(Self.service + "\nunknown = 300", "X-Image-Version: 9") == "300 version.choices")
        #expect(try Self.outcome(Self.service + "\nunknown = 300", method: "POST", "X-Image-Version: 9") == "406 version.unknown")
        #expect(try Self.outcome(Self.service + "\nunknown = 300", path: "/v9", method: "DELETE") == "404 version.unknown")
    }
}
