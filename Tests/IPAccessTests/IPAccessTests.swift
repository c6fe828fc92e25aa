import FilterAPI
import FilterAllocationCounts
import FilterTesting
import IPAccess
import Seeded
import Testing

@Suite struct IPAccessTests {
    private let head = "GET / HTTP/1.1\nHost: h\n"

    private func passes(_ options: String, _ address: String) throws -> Bool {
        let exchange = try FilterHarness(IPAccess.self, options).send(head, from: address)
        if !exchange.isForwarded {
            #expect(exchange.reply?.status == 403)
            #expect(exchange.reply?.reason == "access.address")
        }
        return exchange.isForwarded
    }

    @Test(arguments: [
        ("allow = 10.0.0.0/8", "10.0.0.0", true), ("allow = 10.0.0.0/8", "10.255.255.255", true), ("allow = 10.0.0.0/8", "11.0.0.0", false),
        ("allow = 10.0.0.0/8", "9.255.255.255", false), ("allow = 10.0.0.0/8", "2001:db8::1", false), ("allow = 192.0.2.1", "192.0.2.1", true), ("allow = 192.0.2.1", "192.0.2.2", false),
        ("deny = 192.0.2.0/24", "192.0.2.77", false), ("deny = 192.0.2.0/24", "192.0.3.0", true), ("deny = 192.0.2.0/24", "2001:db8::1", true),
        ("deny = 255.255.255.255", "255.255.255.255", false), ("deny = 255.255.255.255", "255.255.255.254", true), ("deny = 0.0.0.0", "0.0.0.0", false), ("deny = 0.0.0.0", "0.0.0.1", true),
        // The smallest network counts, whatever the order.
        ("allow = 10.0.0.0/8\ndeny = 10.66.0.0/16", "10.66.1.1", false), ("deny = 10.66.0.0/16\nallow = 10.0.0.0/8", "10.66.1.1", false),
        ("allow = 10.0.0.0/8 10.66.1.1\ndeny = 10.66.0.0/16", "10.66.1.1", true), ("allow = 10.0.0.0/8 10.66.1.1\ndeny = 10.66.0.0/16", "10.66.1.2", false),
        ("allow = 10.0.0.0/8 10.66.1.1\ndeny = 10.66.0.0/16", "10.67.0.0", true), ("deny = 0.0.0.0/0\nallow = 10.0.0.0/8", "10.1.1.1", true), ("deny = 0.0.0.0/0\nallow = 10.0.0.0/8", "11.1.1.1", false),
        ("allow = 10.0.0.0/8\ndeny = 10.0.0.0/9 10.128.0.0/9", "10.128.0.0", false), ("allow = 10.0.0.0/8 10.0.0.0/8", "10.0.0.1", true),
        // What is in no list.
        ("allow = 10.0.0.0/8\notherwise = allow\ndeny = 192.0.2.0/24", "198.51.100.1", true), ("allow = 10.0.0.0/8\ndeny = 192.0.2.0/24", "198.51.100.1", false),
        // IPv6, and IPv4 in its clothes.
        ("allow = 2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true), ("allow = 2001:db8::/32", "2001:db9::", false), ("allow = ::/0", "2001:db8::1", true),
        ("allow = ::/0", "192.0.2.1", false), ("allow = ::/0", "::ffff:192.0.2.1", false), ("allow = 192.0.2.0/24", "::ffff:192.0.2.1", true), ("deny = 192.0.2.1", "::ffff:192.0.2.1", false),
        ("allow = ::ffff:10.0.0.0/104", "10.1.2.3", true), ("allow = ::ffff:192.0.2.1", "192.0.2.1", true), ("deny = ::ffff:0.0.0.0/96", "192.0.2.1", false),
        ("deny = ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false), ("allow = ::1", "::1", true), ("allow = ::1", "127.0.0.1", false),
        // A unix socket.
        ("allow = 10.0.0.0/8", "", false), ("deny = 10.0.0.0/8", "", true), ("allow = 10.0.0.0/8\nunix = allow", "", true), ("deny = 10.0.0.0/8\nunix = deny", "", false),
        ("allow = 0.0.0.0/0 ::/0", "", false),
    ])
    func addressesPassOrNot(_ options: String, _ address: String, _ expected: Bool) throws {
        #expect(try passes(options, address) == expected)
    }

    /// The table against the plain reading: the longest prefix among all networks that contain the address.
    @Test func theSmallestNetworkCountsForAnyLists() throws {
        var random = SeededGenerator(seed: 5)
        for round in 0..<60 {
            var networks: [CIDR: Bool] = [:]
            let isIPv6 = round % 2 == 1
            // Few high bits, so that networks lie in each other and touch.
            func address() -> IPAddress {
                var bytes = (0..<(isIPv6 ? 16 : 4)).map { _ in [0, 1, 128, 254, 255].randomElement(using: &random)! as UInt8 }
                if isIPv6, Bool.random(using: &random) { bytes[15] = .random(in: 0 ... 255, using: &random) }
                return IPAddress(bytes: bytes.span)!
            }
            for _ in 0..<Int.random(in: 2...40, using: &random) {
                let length = Int.random(in: 0...(isIPv6 ? 128 : 32), using: &random)
                if let network = CIDR(address(), prefixLength: length), networks[network] == nil { networks[network] = Bool.random(using: &random) }
            }
            let options = networks.map { "\($1 ? "allow" : "deny") = \($0)" }.joined(separator: "\n") + "\nallow = 203.0.113.1\ndeny = 203.0.113.2"
            let otherwise = Bool.random(using: &random)
            let harness = try FilterHarness(IPAccess.self, "\(options)\notherwise = \(otherwise ? "allow" : "deny")")
            for _ in 0..<200 {
                let client = address()
                // Not an IPv4-mapped one: IPv6 networks are not for those.
                if client.unmapped != client { continue }
                let around = networks.filter { $0.key.contains(client) }.max { $0.key.prefixLength < $1.key.prefixLength }
                #expect(harness.send(head, from: "\(client)").isForwarded == around?.value ?? otherwise, "\(client)\n\(options)")
            }
        }
    }

    /// Ten thousand networks are read, and each address costs a few comparisons and no memory.
    @Test func longListsAreLookedUpFast() throws {
        let networks = (0..<10_000).map { "\(1 + $0 / 250 % 200).\($0 % 250).\($0 % 7).0/24" }
        let options = networks.map { "deny = \($0)" }.joined(separator: "\n")
        let count = try FilterAllocations.count(IPAccess.self, options, head, from: "203.0.113.9")
        #expect(count.request <= 0 && count.response <= 0, "\(count)")
        let harness = try FilterHarness(IPAccess.self, options)
        for network in networks.prefix(500) { #expect(!harness.send(head, from: network.replacing(".0/24", with: ".9")).isForwarded) }
    }

    @Test(arguments: [
        ("allow = 10.0.0.0/8\ndeny = 10.0.0.0/8", "is allowed and denied"), ("allow = 10.0.0.0/8\ndeny = ::ffff:10.0.0.0/104", "is allowed and denied"), ("", "every address pass"),
        ("otherwise = allow", "every address pass"), ("otherwise = allow\nallow = 10.0.0.0/8", "every address pass"), ("otherwise = deny", "no address pass"),
        ("otherwise = deny\ndeny = 10.0.0.0/8", "no address pass"), ("allow = 10.0.0.1/8", "address bits"), ("allow = all", "is not a network"), ("allow = 10.0.0.0/33", "prefix length"),
    ])
    func wrongOptionsAreRefused(_ options: String, _ text: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(IPAccess.self, options) }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test func explains() throws {
        let harness = try FilterHarness(IPAccess.self, "allow = 10.0.0.0/8\ndeny = 10.66.0.0/16")
        #expect(harness.explain(head, from: "10.1.1.1").notes == ["10.1.1.1 passes: it is in 10.0.0.0/8"])
        #expect(harness.explain(head, from: "10.66.1.1").notes == ["10.66.1.1 does not pass: it is in 10.66.0.0/16"])
        #expect(harness.explain(head, from: "192.0.2.1").notes == ["192.0.2.1 does not pass: it is in no list"])
        #expect(harness.explain(head, from: "").notes == ["a client of a unix socket does not pass"])
    }

    @Test(arguments: ["10.1.1.1", "2001:db8::1", "::ffff:10.1.1.1"])
    func whatPassesAllocatesNothing(_ address: String) throws {
        let count = try FilterAllocations.count(IPAccess.self, "allow = 10.0.0.0/8 2001:db8::/32\ndeny = 10.66.0.0/16", head, from: address)
        #expect(count.request <= 0 && count.response <= 0, "\(count)")
    }
}
