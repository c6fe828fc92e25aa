import Buffers
import FuzzChecks
import Routing
import Seeded
import Testing

/// Random rule sets and requests: the table against a search through all rules, on the path as an app reads it.
@Suite struct RouteComparisonTests {
    @Test(arguments: 0..<6 as Range<UInt64>)
    func tableEqualsSearch(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<400 {
            let rules = Self.rules(&random)
            let table = try RouteTable(rules)
            for _ in 0..<40 {
                let authority = Self.authority(&random)
                let path = Self.path(&random)
                guard let match = table.match(authority, path) else { continue }
                let sent = "/" + path.drop { $0 == "/" }
                for reading in AppReading.allCases {
                    #expect(reading.segments(sent) == AppReading.splitsFirst.segments(path), "\(reading) reads \(path) differently")
                }
                let best = RouteSearch.best(rules, authority, AppReading.splitsFirst.segments(path))
                guard match?.value == best?.value else {
                    Issue.record("\(authority) \(path): \(match.debugDescription), search \(best.debugDescription)\n\(rules)")
                    return
                }
                if let match, let best { try Self.checkPrefix(of: path, match, best) }
            }
        }
    }

    @Test func randomBytesNeverTrap() throws {
        var random = SeededGenerator(seed: 99)
        let table = try RouteTable(Self.rules(&random) + [RouteRule(host: .exact("z", port: 7), path: "/zz", value: 77)])
        let alphabet = Array("/aab.%25;2efFcC\\:[]@".utf8) + [0, 0x80, 0xFF, 0x20]
        for _ in 0..<100_000 {
            let path = [0x2F] + (0..<random.below(24)).map { _ in random.pick(alphabet) }
            let authority = (0..<random.below(20)).map { _ in random.pick(alphabet) }
            let policy = PathPolicy(allowsEscapedSeparators: random.below(2) == 0)
            guard case .accepted(let shape) = policy.examine(path.span) else { continue }
            guard let match = table.match(authority: authority.span, defaultPort: 80, path: path.span, shape: shape) else { continue }
            let (_, rest) = PathRewrite.stripPrefix.parts(of: path.span, match)
            #expect(rest.upper == path.count && (rest.isEmpty || path[rest.lower] == 0x2F))
        }
    }

    private static let names = ["a", "b", "admin", "images-of-cats", "12345678", "1234567", "123456789", "x.y", "~u"]

    private static func rules(_ random: inout SeededGenerator) -> [RouteRule] {
        var seen = Set<String>()
        var rules: [RouteRule] = []
        for value in 0..<1 + random.below(12) {
            let host: HostRule =
                switch random.below(5) {
                case 0: .exact(random.pick(["a.org", "b.a.org", "c.b.a.org"]), port: random.pick([nil, 80, 8080]))
                case 1: .wildcard(suffix: random.pick(["org", "a.org", "b.a.org"]))
                default: .any
                }
            let path = "/" + (0..<random.below(4)).map { _ in random.pick(names) }.joined(separator: "/")
            if seen.insert("\(host) \(path)").inserted { rules.append(RouteRule(host: host, path: path, value: value)) }
        }
        return rules
    }

    private static func authority(_ random: inout SeededGenerator) -> String {
        let host = random.pick(["a.org", "B.a.org", "c.b.A.ORG", "x.a.org", "y.x.b.a.org", "org", "net", "a.org.", ""])
        return host.isEmpty ? "" : host + random.pick(["", "", ":80", ":8080", ":9", ":"])
    }

    private static func path(_ random: inout SeededGenerator) -> String {
        var path = ""
        for _ in 0..<1 + random.below(5) {
            path += random.pick(["/", "/", "/", "/", "//"])
            var name = random.pick(names + ["", "c", ".", "..", "adminx", "adm"])
            if random.below(5) == 0 {
                name = String(name.utf8.map { byte -> String in
                    random.below(3) > 0 ? String(Unicode.Scalar(byte)) : "%" + (random.below(2) == 0 ? String(byte, radix: 16) : String(byte, radix: 16, uppercase: true))
                }.joined())
            }
            path += name + random.pick(["", "", "", "", "", "", ";v=1", "%3b"])
        }
        return path
    }

    /// The matched part of the path is the rule's path, and ends where a segment does.
    private static func checkPrefix(of path: String, _ match: RouteMatch, _ rule: RouteRule) throws {
        let bytes = Array(path.utf8)
        let prefix = String(decoding: bytes.prefix(match.prefixLength), as: UTF8.self)
        #expect(AppReading.splitsFirst.segments(prefix) == rule.path.split(separator: "/").map(String.init), "\(path): \(prefix)")
        #expect(match.prefixLength == bytes.count || bytes[match.prefixLength] == UInt8(ascii: "/"))
    }
}
