import Routing
import Testing

@Suite struct RouteTableTests {
    @Test func theLongestPathWinsByWholeSegments() throws {
        let table = try RouteTable([
            RouteRule(host: .any, path: "/a/b/c", value: 3), RouteRule(host: .any, path: "/", value: 0),
            RouteRule(host: .any, path: "/a", value: 1), RouteRule(host: .any, path: "/a-long-segment-name/and/another-long-one/", value: 9),
        ])
        for (path, value, length) in [
            ("/", 0, 0), ("/x", 0, 0), ("/a", 1, 2), ("/a/", 1, 2), ("/ab", 0, 0), ("/a/b", 1, 2), ("/a/b/", 1, 2), ("/a/b/c", 3, 6),
            ("/a/b/c/d", 3, 6), ("/a/b/cd", 1, 2), ("//a//b//c//", 3, 9), ("/%61/b/%63/x", 3, 10), ("/a;p/b", 1, 4),
            ("/a-long-segment-name/and/another-long-one", 9, 41), ("/a-long-segment-name/and/another-long-one/x", 9, 41),
            ("/a-long-segment-name/and", 0, 0), ("/a-long-segment-namf/and/another-long-one", 0, 0),
        ] {
            let match = table.match("h", path).flatMap { $0 }
            #expect(match?.value == value && match?.prefixLength == length, "\(path): \(match.debugDescription)")
        }
        #expect(try RouteTable([]).value("h", "/") == nil)
        #expect(try RouteTable([RouteRule(host: .any, path: "/a", value: 1)]).value("h", "/b") == nil)
    }

    @Test func theMostSpecificHostWins() throws {
        let table = try RouteTable([
            RouteRule(host: .any, path: "/", value: 0), RouteRule(host: .wildcard(suffix: "example.org"), path: "/", value: 1),
            RouteRule(host: .wildcard(suffix: "api.Example.org"), path: "/", value: 2),
            RouteRule(host: .exact("API.example.org.", port: nil), path: "/", value: 3),
            RouteRule(host: .exact("api.example.org", port: 8443), path: "/", value: 4),
            RouteRule(host: .exact("[::1]", port: nil), path: "/", value: 5),
        ])
        for (authority, value) in [
            ("", 0), ("other.net", 0), ("example.org", 0), ("a.example.org", 1), ("A.EXAMPLE.ORG.", 1), ("a.b.example.org:1234", 1),
            ("x.api.example.org", 2), ("x.y.api.example.org.", 2), ("api.example.org", 3), ("Api.Example.Org", 3), ("api.example.org.", 3),
            ("api.example.org:80", 3), ("api.example.org:", 3), ("api.example.org:8443", 4), ("api.example.org.:8443", 4),
            ("xapi.example.org", 1), ("notexample.org", 0), (".example.org", 0), ("[::1]", 5), ("[::1]:9000", 5), ("[::2]:9000", 0),
            ("api.example.org:18443", 3), ("api.example.org:108443", 0), ("api.example.org..", 0),
        ] {
            #expect(table.value(authority, "/x") == value, "\(authority)")
        }
        #expect(table.value("api.example.org", "/", port: 8443) == 4)
        #expect(table.value("api.example.org:80", "/", port: 8443) == 3)
        #expect(table.value(String(repeating: "a", count: 300) + ".example.org", "/") == 0)
    }

    @Test func aHostWithoutARuleForThePathFallsBack() throws {
        let table = try RouteTable([
            RouteRule(host: .any, path: "/any", value: 0), RouteRule(host: .wildcard(suffix: "org"), path: "/wide", value: 1),
            RouteRule(host: .wildcard(suffix: "b.org"), path: "/narrow", value: 2), RouteRule(host: .exact("a.b.org", port: nil), path: "/exact", value: 3),
            RouteRule(host: .exact("a.b.org", port: 99), path: "/port", value: 4),
        ])
        for (authority, path, value) in [
            ("a.b.org:99", "/port", 4), ("a.b.org:99", "/exact", 3), ("a.b.org:99", "/narrow", 2), ("a.b.org:99", "/wide", 1), ("a.b.org:99", "/any", 0),
            ("a.b.org:99", "/x", nil), ("a.b.org", "/port", nil), ("c.b.org", "/exact", nil), ("c.b.org", "/wide", 1), ("b.org", "/wide", 1),
            ("b.org", "/narrow", nil), ("org", "/wide", nil), ("org", "/any/x", 0),
        ] as [(String, String, Int?)] {
            #expect(table.value(authority, path) == value, "\(authority)\(path)")
        }
    }

    @Test func badRulesAreNamed() {
        let good = RouteRule(host: .any, path: "/", value: 0)
        for path in ["", "a", "/a/../b", "/a//b", "/a;b", "/a%2fb", "/a?b", "/a%", "/%2e", "/a b", "/a%3bb"] {
            #expect(throws: RouteRuleFault.path(rule: 1)) { try RouteTable([good, RouteRule(host: .any, path: path, value: 1)]) }
        }
        for host in ["", ".", "a b", "*.a", "a/b", "ä.org", ".a", "a:80", "[::1", "a%41", String(repeating: "a", count: 256)] {
            #expect(throws: RouteRuleFault.host(rule: 1)) {
                try RouteTable([good, RouteRule(host: .exact(host, port: nil), path: "/", value: 1)])
            }
        }
        #expect(throws: RouteRuleFault.host(rule: 0)) { try RouteTable([RouteRule(host: .wildcard(suffix: "[::1]"), path: "/", value: 1)]) }
        for (one, other) in [("/a", "/a/"), ("/a", "/%61"), ("/a%7e", "/a~"), ("/a%40b", "/a@b")] {
            #expect(throws: RouteRuleFault.tie(first: 1, second: 2)) {
                try RouteTable([good, RouteRule(host: .any, path: one, value: 1), RouteRule(host: .any, path: other, value: 1)])
            }
        }
        #expect(throws: RouteRuleFault.tie(first: 0, second: 1)) {
            try RouteTable([
                RouteRule(host: .exact("A.org", port: 1), path: "/", value: 1), RouteRule(host: .exact("a.org.", port: 1), path: "/", value: 1),
            ])
        }
    }

    @Test func manyRulesAreAllFound() throws {
        var rules: [RouteRule] = []
        for index in 0..<3_000 {
            rules.append(RouteRule(host: .exact("host\(index).example.org", port: nil), path: "/", value: index))
            rules.append(RouteRule(host: .any, path: "/service-\(index)/v\(index % 7)", value: 10_000 + index))
        }
        let table = try RouteTable(rules)
        for index in 0..<3_000 {
            #expect(table.value("HOST\(index).example.org:80", "/x") == index)
            #expect(table.value("h", "/service-\(index)/v\(index % 7)/x") == 10_000 + index)
            #expect(table.value("h", "/service-\(index)/v8") == nil)
        }
    }

    /// Entries that differ only in their kind or port lie close together in some of these small tables.
    @Test func kindsAndPortsOfAHostAreToldApart() throws {
        for number in 0..<400 {
            let name = "host\(number).org"
            var rules = [RouteRule(host: .any, path: "/", value: 0)]
            for other in 0..<6 { rules.append(RouteRule(host: .exact("other\(number)-\(other)", port: nil), path: "/", value: 9)) }
            let wildcard = try RouteTable(rules + [RouteRule(host: .wildcard(suffix: name), path: "/", value: 1)])
            #expect(wildcard.value(name, "/") == 0 && wildcard.value("a." + name, "/") == 1)
            let exact = try RouteTable(rules + [
                RouteRule(host: .exact(name, port: 81), path: "/", value: 2), RouteRule(host: .wildcard(suffix: "x." + name), path: "/", value: 3),
            ])
            #expect(exact.value(name, "/") == 0 && exact.value(name + ":81", "/") == 2 && exact.value("a." + name, "/") == 0)
        }
    }
}
