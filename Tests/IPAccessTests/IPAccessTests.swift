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

    // MARK: Files

    private func passing(_ harness: FilterHarness, _ addresses: String...) -> [String] {
        addresses.filter { harness.send(head, from: $0).isForwarded }
    }

    @Test func filesHaveANetworkOnEachLine() throws {
        let text = """
            # Those who were banned
            192.0.2.0/24

              198.51.100.7 # an address \r
            2001:db8::/32 ; SBL1
            ::ffff:203.0.113.0/120\t
            10.0.0.0/8
            10.0.0.0/8
            """
        let harness = try FilterHarness(IPAccess.self, "deny-file = /banned", files: ["/banned": .text(text)])
        #expect(passing(harness, "192.0.2.9", "198.51.100.7", "2001:db8::9", "203.0.113.9", "10.9.9.9", "") == [""])
        #expect(passing(harness, "192.0.3.0", "198.51.100.6", "2001:db9::", "203.0.112.255", "11.0.0.0").count == 5)
    }

    @Test func theSmallestNetworkOfAllListsCountsAndDenialOfTwoAlike() throws {
        let harness = try FilterHarness(
            IPAccess.self, "allow = 10.0.0.0/8\nallow-file = /friends /more\ndeny-file = /banned\ndeny = 10.1.0.0/16",
            files: [
                "/friends": .text("10.1.1.0/24\n192.0.2.0/24\n"), "/more": .text("10.1.1.7\n"),
                "/banned": .text("10.1.1.0/25\n192.0.2.0/24\n0.0.0.0/0\n"),
            ])
        #expect(passing(harness, "10.2.2.2", "10.1.2.2", "10.1.1.200", "10.1.1.1", "10.1.1.7", "192.0.2.1", "8.8.8.8") == ["10.2.2.2", "10.1.1.200", "10.1.1.7"])
        #expect(harness.explain(head, from: "10.1.1.7").notes == ["10.1.1.7 passes: it is in 10.1.1.7/32"])
        #expect(harness.explain(head, from: "10.1.1.1").notes == ["10.1.1.1 does not pass: it is in 10.1.1.0/25"])
    }

    @Test func aListIsSwappedWholeOnAllLoopsAndABadOneChangesNothing() throws {
        let harness = try FilterHarness(
            IPAccess.self, "deny-file = /banned", loops: 2, files: ["/banned": .text("192.0.2.0/24\n198.51.100.0/24\n")])
        func passes(_ address: String) -> [Bool] { (0..<2).map { harness.send(head, from: address, on: $0).isForwarded } }
        #expect(passes("192.0.2.1") == [false, false])
        harness.files["/banned"] = .text("198.51.100.0/24\n203.0.113.1\n")
        #expect(passes("192.0.2.1") == [true, true])
        #expect(passes("198.51.100.1") == [false, false])
        #expect(passes("203.0.113.1") == [false, false])
        #expect(harness.complaints == [])
        for (bad, message) in [
            (FileContent.text("203.0.113.2\n\n10.0.0.1/8\n"), "`/banned`, line 3: `10.0.0.1/8` has address bits behind the prefix"),
            (.text("203.0.113.2 203.0.113.3"), "`/banned`, line 1: `203.0.113.2?203.0.113.3` is not a network"), (.missing, "there is no file `/banned`"),
            (.unreadable("Permission denied"), "`/banned` cannot be read: Permission denied"),
        ] {
            harness.files["/banned"] = bad
            #expect(harness.complaints.last?.contains("[filter:f0]: \(message); what /banned said before still holds") == true, "\(harness.complaints)")
            #expect(passes("203.0.113.1") == [false, false])
            #expect(passes("203.0.113.2") == [true, true])
        }
        harness.files["/banned"] = .text("# nobody\n")
        #expect(passes("203.0.113.1") == [true, true])
    }

    @Test(arguments: [
        ("192.0.2.0/24\nexample.org\n", "`/l`, line 2: `example.org` is not a network"), ("192.0.2.0/33", "`/l`, line 1: `192.0.2.0/33` has no such prefix length"),
        ("192.0.2.0/", "`192.0.2.0/` has no prefix length"), ("192.0.2.0/024", "has no prefix length"), ("192.0.2.0/+8", "has no prefix length"),
        ("::1/129", "has no such prefix length"), ("[::1]", "is not a network"), ("192.0.2.1-192.0.2.9", "is not a network"), ("\u{1}\u{FF}", "`???` is not a network"),
        (String(repeating: "1", count: 100_000), "`\(String(repeating: "1", count: 60))…` is not a network"), ("010.0.0.1", "is not a network"), ("/8", "`/8` is not a network"),
    ])
    func aBadFileIsSaidWithItsLineWhenTheGatewayStarts(_ text: String, _ message: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(IPAccess.self, "allow-file = /l", files: ["/l": .text(text)]) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("deny-file = /gone", "there is no file `/gone`"), ("deny-file = /l /l", "`/l` is given twice"), ("deny-file = /l\nallow-file = /l", "`/l` is given twice"),
        ("allow-file = /l\notherwise = allow", "every address pass"), ("deny-file = /l\notherwise = deny", "no address pass"),
        ("deny-file = \((0..<17).map { "/\($0)" }.joined(separator: " "))", "more than 16 files"),
    ])
    func wrongFilesAreRefused(_ options: String, _ text: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(IPAccess.self, options, files: ["/l": .text("192.0.2.1")]) }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    /// A list that a feed of bad addresses makes: it is read in reasonable time, and costs a request no memory.
    @Test(.timeLimit(.minutes(1))) func aHundredThousandNetworksAreLookedUpFast() throws {
        var random = SeededGenerator(seed: 9)
        var text = ""
        var networks: [IPAddress] = []
        for index in 0..<100_000 {
            let isIPv6 = index % 4 == 0
            var bytes = (0..<(isIPv6 ? 16 : 4)).map { _ in UInt8.random(in: 1...254, using: &random) }
            if isIPv6 { bytes[0] = 0x20 }
            let address = IPAddress(bytes: bytes.span)!
            networks.append(address)
            text += "\(CIDR(address, prefixLength: isIPv6 ? 64 : [24, 32][index % 2])!)\n"
        }
        let files = ["/banned": FileContent.text(text)]
        let harness = try FilterHarness(IPAccess.self, "deny-file = /banned", files: files)
        for address in networks.prefix(2000) { #expect(!harness.send(head, from: "\(address)").isForwarded, "\(address)") }
        #expect(harness.send(head, from: "255.0.0.1").isForwarded)
        #expect(harness.send(head, from: "::1").isForwarded)
    }

    @Test(arguments: ["10.1.1.1", "2001:db8::1", "::ffff:10.1.1.1"])
    func whatPassesAllocatesNothing(_ address: String) throws {
        let count = try FilterAllocations.count(IPAccess.self, "allow = 10.0.0.0/8 2001:db8::/32\ndeny = 10.66.0.0/16", head, from: address)
        #expect(count.request <= 0 && count.response <= 0, "\(count)")
    }
}
