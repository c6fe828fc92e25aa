import Buffers
import FuzzChecks
import Routing
import Testing

/// A rule for `/admin` that guards more than the rule for everything: no spelling of the path may reach the app under the other rule
/// and be taken for `/admin` by the app.
@Suite struct AdminSpellingTests {
    enum Outcome { case admin, open, refused }

    @Test(arguments: [
        ("/admin", .admin), ("/admin/", .admin), ("/admin/users", .admin), ("//admin", .admin), ("///admin", .admin),
        ("//admin//users", .admin), ("/admin//", .admin), ("/%61dmin", .admin), ("/%61%64%6d%69%6e", .admin), ("/%61%64%6D%69%6E/x", .admin),
        ("/admi%6E", .admin), ("/admin;x=1", .admin), ("/admin;x=1/users", .admin), ("/admin;/users", .admin), ("/admin%3Bx/users", .admin),
        ("/%61dmin;v=%2e%2e", .admin), ("/admin;a;b", .admin), ("//%61dmin", .admin),
        ("/./admin", .refused), ("/x/../admin", .refused), ("/../admin", .refused), ("/x/%2e%2e/admin", .refused), ("/%2e/admin", .refused),
        ("/x/.%2E/admin", .refused), ("/x/..;/admin", .refused), ("/x/..%3b/admin", .refused), ("/x/..;a=b/admin", .refused),
        ("/;/admin", .refused), ("/;x=1/admin", .refused), ("/%2fadmin", .refused), ("/x%2f..%2fadmin", .refused), ("/x%2f%2e%2e%2fadmin", .refused),
        ("/\\admin", .refused), ("\\admin", .refused), ("/x\\..\\admin", .refused), ("/%5cadmin", .refused), ("/admin%2fusers", .refused),
        ("/admin%5cusers", .refused), ("/admin%00", .refused), ("/admin%00.jpg", .refused), ("/%00/admin", .refused), ("/admin%0a", .refused),
        ("/admin\u{7F}", .refused), ("/admin#x", .refused), ("/admin?x", .refused), ("/%c0%afadmin", .refused), ("/x/%c0%ae%c0%ae/admin", .refused),
        ("/x/%252e%252e/admin", .refused), ("/x/..%252fadmin", .refused), ("/%%61dmin", .refused), ("/admin%", .refused),
        ("/%u0061dmin", .refused), ("admin", .refused), ("", .refused), (" /admin", .refused), ("/admin ", .refused),
        // Other resources, to any app that compares letters as they are and decodes once.
        ("/Admin", .open), ("/ADMIN", .open), ("/admins", .open), ("/admin.", .open), ("/admin%20", .open), ("/admin.html", .open),
        ("/x/admin", .open), ("/%2561dmin", .open), ("/adm", .open), ("/adm/in", .open), ("/", .open), ("/admi%C0n", .open),
    ] as [(String, Outcome)])
    func whatIsMatchedIsWhatTheAppSees(_ path: String, _ outcome: Outcome) throws {
        let table = try RouteTable([RouteRule(host: .any, path: "/", value: 0), RouteRule(host: .any, path: "/admin", value: 1)])
        guard let match = table.match("h", path) else {
            #expect(outcome == .refused)
            return
        }
        #expect(match?.value == (outcome == .admin ? 1 : 0))
        #expect(outcome != .refused)
        // What every kind of app that we know of would make of what it is sent.
        let sent = try sent(path, PathRewrite.none, #require(match))
        for reading in AppReading.allCases {
            #expect((reading.segments(sent).first == "admin") == (outcome == .admin), "\(reading): \(sent)")
        }
    }

    @Test func strippedAndReplacedPrefixesAreReadTheSame() throws {
        let table = try RouteTable([RouteRule(host: .any, path: "/", value: 0), RouteRule(host: .any, path: "/admin", value: 1)])
        let replaced = try #require(PathRewrite.replacingPrefix(with: "/inner/place/"))
        for (path, rest) in [
            ("/admin", ""), ("/admin/", "/"), ("/admin/x", "/x"), ("//admin//x//y", "/x//y"), ("/%61dmin/%78", "/%78"), ("/admin;v=1/x;w", "/x;w"),
            ("/admin///", "/"), ("/admin//x", "/x"),
        ] {
            let match = try #require(table.match("h", path).flatMap { $0 })
            #expect(match.value == 1)
            #expect(sent(path, .stripPrefix, match) == (rest.isEmpty ? "/" : rest))
            #expect(sent(path, replaced, match) == "/inner/place" + rest)
        }
    }

    @Test func whatIsSentBeginsWithOneSlash() throws {
        let table = try RouteTable([RouteRule(host: .any, path: "/", value: 0)])
        for (path, expected) in [("/", "/"), ("//", "/"), ("///a//b", "/a//b"), ("//evil.example/x", "/evil.example/x"), ("/a", "/a")] {
            let match = try #require(table.match("h", path).flatMap { $0 })
            #expect(sent(path, .none, match) == expected)
            #expect(sent(path, .stripPrefix, match) == expected)
        }
        #expect(PathRewrite.replacingPrefix(with: "/") == .stripPrefix)
        for bad in ["", "x", "/a/../b", "//x", "/a;b", "/a%2fb", "/a b", "/a?b"] { #expect(PathRewrite.replacingPrefix(with: bad) == nil) }
        #expect(PathRewrite.replacingPrefix(with: "/a%20b") == .replacePrefix(Array("/a%20b".utf8)))
    }

    private func sent(_ path: String, _ rewrite: PathRewrite, _ match: RouteMatch) -> String {
        let pool = SlabPool(slabSize: 4096)
        var output = OutputBuffer(pool.take())
        rewrite.write([UInt8](path.utf8).span, match, to: &output)
        return String(decoding: (0..<output.count).map { output.readable[$0] }, as: UTF8.self)
    }
}
