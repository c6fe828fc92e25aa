import FilterAPI
import FilterTesting
import Seeded
import Testing
import VersionNegotiation

/// What holds whatever a client sends.
@Suite struct PropertyTests {
    static let configurations = [
        SourceTests.all, SourceTests.all + "\napp-path = version", SourceTests.all + "\napp-path = none", SourceTests.all + "\napp-path = keep",
        SourceTests.all + "\non-conflict = first\ndefault = latest\nunknown = 404", SourceTests.all + "\ndefault = min\nsources = accept query header path",
        ListTests.nova, ListTests.keystone, GlanceTests.options, "versions = 2022-11-28 2026-03-10\nheader = X-V\nmatch = not-newer\ndefault = min",
        "versions = v1 v2beta1 v2\nmedia-type = a/b\nlist = off", SourceTests.plain + "\nheader = X-API-Version\napp-path = none\ndefault = min",
        "version = v2 microversions=2.1..2.30\nversion = v1\nheader = X-API-Version\napp-path = version\ndefault = latest",
    ]

    private static let paths = [
        "/", "v1", "v2", "v3", "v2.0", "v2.1", "v2.15", "v9", "V2", "%762", "%2F", "%2f", "..", "versions", "images", "2022-11-28", "2024-01-01", "a/b", "//", "v", ".", "%00", "2",
        "v2beta1", "-", "v2.", ";", "~", "%", "v2.1.1", "v99999999999999999999",
    ]
    private static let words = [
        "application/vnd.example", "application/vnd.openstack.images", "application/vnd.openstack.compute", "a/b", "-v2", "-v2.1", ".v1.0", "-v9", "+json", ";", ";q=0.5",
        ";q=1", ";q=0", ";q=", "q=2", ";version=2.1", ";version=", "=", "\"", "\\", "\"v2\"", ",", ", ", " ", "\t", "*/*", "image ", "compute ", "2.1", "2.27", "latest",
        "v2.15", "2", "2022-11-28", "9", "99999999999", "2.99999999999", "\u{e9}", "..", "0", "-",
    ]

    private static func head(_ random: inout SeededGenerator) -> String {
        var path = "/"
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            path += paths.randomElement(using: &random)! + (Bool.random(using: &random) ? "/" : "")
        }
        if Int.random(in: 0..<4, using: &random) == 0 { path += "?v=" + paths.randomElement(using: &random)! + "&v=2.1" }
        let method = ["GET", "HEAD", "POST", "OPTIONS", "PURGE"].randomElement(using: &random)!
        var head = "\(method) \(path) HTTP/1.1\nHost: h\n"
        let names = ["Accept", "Accept", "OpenStack-API-Version", "X-Image-Version", "X-OpenStack-Nova-API-Version", "X-API-Version", "X_Api_Version", "X-V"]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            head += names.randomElement(using: &random)! + ": "
            for _ in 0..<Int.random(in: 0...6, using: &random) { head += words.randomElement(using: &random)! }
            head += "\n"
        }
        return head
    }

    /// All that a decision is: the head that the app gets, or the reply.
    private func decision(_ exchange: TestExchange) -> String {
        exchange.reply.map { $0.head + $0.text } ?? exchange.head + "\(exchange.chosenApp ?? 0)"
    }

    @Test(arguments: configurations.indices)
    func decisionsHoldWhateverIsSent(index: Int) throws {
        let options = Self.configurations[index]
        var random = SeededGenerator(seed: UInt64(index) + 2026)
        let harness = try FilterHarness(VersionNegotiation.self, options)
        let other = try FilterHarness(VersionNegotiation.self, options)
        let twice = try FilterHarness([(VersionNegotiation.self, options), (VersionNegotiation.self, options)])
        let untold = options + "\napp-field = off\napp-major-field = off"
        let once = try FilterHarness(VersionNegotiation.self, untold)
        let blindTwice = try FilterHarness([(VersionNegotiation.self, untold), (VersionNegotiation.self, untold)])
        let isGlance = options == GlanceTests.options
        var forwarded = 0
        for _ in 0..<1500 {
            let head = Self.head(&random)
            guard let exchange = harness.exchange(Array(head.replacing("\n", with: "\r\n").utf8) + Array("\r\n".utf8), from: "192.0.2.1", https: false, on: 0) else { continue }
            #expect(decision(exchange) == decision(other.send(head)), "\(head)")
            let again = twice.send(head)
            #expect(decision(exchange) == decision(again) || options.contains("none") && exchange.isForwarded && !again.isForwarded, "\(head)")
            guard exchange.isForwarded else {
                let status = try #require(exchange.reply?.status)
                let mayChoose = head.hasPrefix("GET") || head.hasPrefix("HEAD") || isGlance
                #expect(status == 300 ? mayChoose : [200, 400, 404, 406, 410].contains(status), "\(head)")
                continue
            }
            forwarded += 1
            #expect(exchange.head.split(separator: "\n").count { $0.lowercased().replacing("_", with: "-").hasPrefix("x-api-version:") } == 1, "\(exchange.head)")
            let segment = exchange.target.dropFirst().prefix { $0 != "/" && $0 != "?" }
            if index <= 1 || isGlance { #expect(segment.hasPrefix("v1") || segment.hasPrefix("v2"), "\(head) becomes \(exchange.target)") }
            if index == 6 { #expect(segment == "v2" || segment == "v2.1") }
            // Even where no field tells, a second pass changes no path or is refused; Glance's own filter is as it is.
            if !isGlance, once.send(head).isForwarded {
                let again = blindTwice.send(head)
                #expect(!again.isForwarded || again.target == once.send(head).target, "\(head) becomes \(once.send(head).target), then \(again.target)")
            }
        }
        #expect(forwarded > 10, "only \(forwarded) of the requests are forwarded")
    }
}
