import FilterAPI
import Testing

@Suite struct HostSetTests {
    private func set(_ hosts: [String]) -> HostSet {
        var set = HostSet()
        for host in hosts {
            let isHost = set.insert(host)
            #expect(isHost, "\(host)")
        }
        return set
    }

    private func contains(_ hosts: [String], _ authority: String) -> Bool {
        let bytes = Array("x.\(authority)".utf8)
        return set(hosts).contains(bytes.span, ByteRange(start: 2, count: authority.utf8.count))
    }

    @Test(arguments: [
        ("example.org", true), ("EXAMPLE.org", true), ("example.org.", true), ("example.org:8080", true), ("Example.org.:1", true),
        ("www.example.org", false), ("example.or", false), ("", false), ("b.test", true), ("[2001:DB8::1]:443", true), ("[2001:db8::2]", false),
    ])
    func namesAHost(_ authority: String, _ expected: Bool) {
        #expect(contains(["other.test", "example.org", "B.test.", "[2001:db8::1]"], authority) == expected)
    }

    @Test(arguments: [
        ("a.example.org", true), ("a.b.Example.ORG.:1", true), ("example.org", false), (".example.org", false), ("badexample.org", false),
        ("a.example.org.evil.test", false),
    ])
    func namesAllHostsBelowADomain(_ authority: String, _ expected: Bool) {
        #expect(contains(["*.example.org"], authority) == expected)
        #expect(contains(["x.test", "*.y.test", "*.EXAMPLE.org"], authority) == expected)
    }

    @Test(arguments: ["", "a:80", "a:", "*", "*.", ".a", "a..", "a b", "a/b", "*.*.a", "a.*", "[::1", "[1.2.3.4]", "*.[::1]", "ä", "user@a"])
    func noHostIsRefused(_ text: String) {
        var set = HostSet()
        let isHost = set.insert(text)
        #expect(!isHost && set.isEmpty)
    }

    @Test func tooLongAHostIsRefused() {
        var set = HostSet()
        let isHost = set.insert(String(repeating: "a", count: 256))
        #expect(!isHost)
        #expect(!self.set([String(repeating: "a", count: 255)]).isEmpty)
    }
}
