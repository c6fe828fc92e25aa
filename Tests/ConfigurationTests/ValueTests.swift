import Testing

@testable import Configuration

@Suite struct ValueTests {
    private func value(_ type: OptionType, _ text: String) -> OptionValue? { try? type.parse(text) }

    @Test(arguments: [
        ("0s", 0), ("1ms", 1), ("10s", 10_000), ("2m", 120_000), ("1h", 3_600_000), ("1d", 86_400_000), ("007s", 7000),
    ])
    func durations(_ text: String, _ milliseconds: Int) throws {
        #expect(try DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "s", "10", "1.5s", "-1s", "+1s", "10 s", "10S", "1h30m", "10ss", "١s", "99999999999999999999s"])
    func whatIsNoDuration(_ text: String) {
        #expect(throws: ValueFault.self) { try DurationText.parse(text) }
    }

    @Test(arguments: [0, 1, 999, 1000, 1500, 60_000, 61_000, 3_600_000, 90_000_000, 86_400_000, 94_608_000_000])
    func durationsAreWrittenAsTheyAreRead(_ milliseconds: Int) throws {
        let duration = Duration.milliseconds(milliseconds)
        #expect(try DurationText.parse(DurationText.write(duration)) == duration)
    }

    @Test(arguments: [("0B", 0), ("1B", 1), ("64KiB", 65_536), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648), ("1TiB", 1_099_511_627_776)])
    func sizes(_ text: String, _ count: UInt64) throws {
        #expect(try ByteCountText.parse(text) == count)
        #expect(ByteCountText.write(count) == text)
        #expect(try ByteCountText.parseRate(text + "/s") == count)
    }

    @Test(arguments: ["", "1", "1k", "1KB", "1kib", "KiB", "1.5MiB", "-1B", "1 KiB", "16777216TiB"])
    func whatIsNoSize(_ text: String) {
        #expect(throws: ValueFault.self) { try ByteCountText.parse(text) }
        #expect(throws: ValueFault.self) { try ByteCountText.parseRate(text + "/s") }
    }

    @Test func rates() throws {
        #expect(try Rate.parse("100/s") == Rate(count: 100, per: .seconds(1)))
        #expect(try Rate.parse("10/m") == Rate(count: 10, per: .seconds(60)))
        #expect(try Rate.parse("1/h").description == "1/h")
        for text in ["100", "/s", "0/s", "100/", "100/d", "1/s/s", "-1/s", "1.5/s"] {
            #expect(throws: ValueFault.self) { try Rate.parse(text) }
        }
    }

    @Test func fileModes() {
        #expect(value(.fileMode, "0660") == .fileMode(0o660))
        #expect(value(.fileMode, "600") == .fileMode(0o600))
        for text in ["", "66", "888", "1777", "0o660", "-660", "rw-", "+60"] { #expect(value(.fileMode, text) == nil, "\(text)") }
    }

    @Test func tokensAndTexts() {
        #expect(value(.token, "edge-1.example_x") == .word("edge-1.example_x"))
        for text in ["a b", "a,b", "a/b", "a:b", "a(b", "é", "\u{1}"] { #expect(value(.token, text) == nil, "\(text)") }
        #expect(value(.string, "any thing, at all; é") != nil)
        #expect(value(.string, "a\nb") == nil)
    }

    // MARK: Addresses

    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("192.0.2.255", "192.0.2.255"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
        ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("0:0:0:0:0:0:0:0", "::"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func addresses(_ text: String, _ canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
        #expect(copy(of: address) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "1..2.3", "a.b.c.d", ":", ":::", "1:2", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g", "::1.2.3", "1.2.3.4::", ":1", "1:", "::1%eth0", "[::1]", "::+1", "1:2:3:4:5:6:7:8::",
    ])
    func whatIsNoAddress(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    /// The same address by way of its bytes, with one bit turned.
    private func copy(of address: IPAddress, flipping bit: Int? = nil) -> IPAddress? {
        var bytes = address.bytes
        if let bit { bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8) }
        return IPAddress(bytes: bytes.span)
    }

    @Test func networks() throws {
        let network = try CIDR.parse("10.0.0.0/8")
        #expect(network.contains(try #require(IPAddress("10.255.0.1"))))
        #expect(!network.contains(try #require(IPAddress("11.0.0.1"))))
        #expect(!network.contains(try #require(IPAddress("a00::1"))))
        #expect(network.contains(try #require(IPAddress("::ffff:10.1.2.3"))))
        #expect(network.bytes == [10] + [UInt8](repeating: 0, count: 15))

        let six = try CIDR.parse("2001:db8::/33")
        #expect(six.contains(try #require(IPAddress("2001:db8:7fff::1"))))
        #expect(!six.contains(try #require(IPAddress("2001:db8:8000::1"))))
        let long = try CIDR.parse("2001:db8::ff00/120")
        #expect(long.contains(try #require(IPAddress("2001:db8::ffff"))))
        #expect(!long.contains(try #require(IPAddress("2001:db8::1:ff00"))))

        #expect(try CIDR.parse("192.0.2.7").prefixLength == 32)
        #expect(try CIDR.parse("::1").prefixLength == 128)
        #expect(try CIDR.parse("0.0.0.0/0").contains(try #require(IPAddress("203.0.113.9"))))
        for text in ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129", "10/8"] {
            #expect(throws: ValueFault.self) { try CIDR.parse(text) }
        }
    }

    /// Every prefix length agrees with a comparison of single bits.
    @Test func prefixesAgreeWithTheirBits() throws {
        let text = "89ab:cdef:0123:4567:89ab:cdef:0123:4567"
        let address = try #require(IPAddress(text))
        for length in 0...128 {
            let network = try #require(CIDR(address, prefixLength: length))
            for bit in 0..<128 {
                let other = try #require(copy(of: address, flipping: bit))
                #expect(network.contains(other) == (bit >= length))
            }
        }
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1:8080"), ("*:80", "*:80"), (":80", "*:80"), ("localhost:1", "127.0.0.1:1"),
        ("[::1]:0", "[::1]:0"), ("[2001:DB8:0::1]:65535", "[2001:db8::1]:65535"), ("unix:/run/x", "unix:/run/x"), ("0.0.0.0:9", "0.0.0.0:9"),
    ])
    func listenAddresses(_ text: String, _ canonical: String) throws {
        #expect(try ListenAddress.parse(text).description == canonical)
    }

    @Test(arguments: [
        "", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "::1:80", "[::1]", "[::1]80", "[::1", "[1.2.3.4]:80",
        "example.org:80", "http://127.0.0.1:80", "unix:", "unix:x", "unix:/run/", "[*]:80", "256.1.1.1:80",
    ])
    func whatCannotBeListenedOn(_ text: String) {
        #expect(throws: ValueFault.self) { try ListenAddress.parse(text) }
    }

    @Test(arguments: [
        ("127.0.0.1:9292", "127.0.0.1:9292"), ("App.internal:80", "app.internal:80"), ("http://app", "app:80"), ("HTTP://app:81/", "app:81"),
        ("http://[::1]", "[::1]:80"), ("[2001:DB8::1]:5", "[2001:db8::1]:5"), ("unix:/run/app.sock", "unix:/run/app.sock"), ("a_b:1", "a_b:1"),
        ("1app:80", "1app:80"), ("https://App", "https://app:443"), ("HTTPS://app:8443/", "https://app:8443"), ("https://[2001:DB8::1]", "https://[2001:db8::1]:443"),
        ("https://127.0.0.1:1", "https://127.0.0.1:1"), ("h2://App", "h2://app:80"), ("H2://app:50051/", "h2://app:50051"),
        ("h2://[2001:DB8::1]", "h2://[2001:db8::1]:80"),
    ])
    func servers(_ text: String, _ canonical: String) throws {
        #expect(try ServerAddress.parse(text).description == canonical)
    }

    @Test(arguments: [
        "", "80", "app", "app:", "app:0", "app:65536", ":80", "http://", "http:///", "http://:80", "http://app/x", "http://app?x", "http://app#x",
        "http://u@app", "https://", "https:///", "https://:443", "https://app/x", "https://u@app", "https://app:0", "https://[app]", "h2://", "h2://:80", "h2://app/x", "h2c://app", "grpc://app", "grpcs://app", "ftp://app", "://app", "::1:80", "[::1]", "[app]:80", "-a:80", "a..b:80", "a b:80", "ä:80",
        "1.2.3:80", "unix:x", "app:80:80", "*:80",
    ])
    func whatIsNoServer(_ text: String) {
        #expect(throws: ValueFault.self) { try ServerAddress.parse(text) }
    }

    // MARK: Routes

    @Test func hostPatterns() throws {
        #expect(try HostPattern.parse("API.Example.org") == .exact("api.example.org", port: nil))
        #expect(try HostPattern.parse("example.org:8443") == .exact("example.org", port: 8443))
        #expect(try HostPattern.parse("*.Example.org") == .wildcard(suffix: "example.org"))
        #expect(try HostPattern.parse("[::0001]:80") == .exact("[::1]", port: 80))
        #expect(try HostPattern.parse("192.0.2.1") == .exact("192.0.2.1", port: nil))
        for text in ["", "*", "*x.org", "*.", "*.*.org", "a.*.org", "*.org:80", "a.", "a..b", "a:0", "a:b", "::1", "[::1", "[a]", "1.2.3", "a b", "ä"] {
            #expect(throws: ValueFault.self, "\(text)") { try HostPattern.parse(text) }
        }
    }

    @Test(arguments: [
        ("/", "/"), ("/a", "/a"), ("/a/", "/a"), ("/a/b/", "/a/b"), ("/%C3%A9", "/%C3%A9"), ("/a.b/..c/...", "/a.b/..c/..."),
        ("/@a:b!$&'()+,=", "/@a:b!$&'()+,="), ("/100%25", "/100%25"), ("/100%25zz", "/100%25zz"), ("/%2A", "/%2A"),
    ])
    func routePaths(_ text: String, _ canonical: String) throws {
        #expect(try RoutePath(text).text == canonical)
    }

    @Test(arguments: [
        "", "a", "//", "/a//", "/.", "/..", "/a/..", "/a/./b", "/?a", "/a#b", "/*", "/%", "/%4", "/%zz", "/%41", "/%2e", "/%2F", "/%5C",
        "/%00", "/%7F", "/%3B", "/%c3", "/%40", "/%2541", "/%C0%AF", "/%E0%80%AF", "/%F0%80%80%AF", "/\\", "/a;b", "/a b", "/é", "/<", "/+%+1",
    ])
    func whatIsNoRoutePath(_ text: String) {
        #expect(throws: ValueFault.self) { try RoutePath(text) }
    }

    @Test func aRoutePathHasABound() {
        #expect(throws: Never.self) { try RoutePath("/" + String(repeating: "a", count: 1023)) }
        #expect(throws: ValueFault.self) { try RoutePath("/" + String(repeating: "a", count: 1024)) }
    }

    // MARK: Schema

    /// Each default, written as the documentation shows it, is within the range of its own option.
    @Test(arguments: SectionKind.allCases)
    func defaultsAreAccepted(_ kind: SectionKind) {
        for option in OptionSchema.of(kind)?.options ?? [] {
            #expect(option.standard == nil || option.standardValues?.isEmpty == false)
            #expect(!option.isRequired || option.standard == nil, "\(option.name) is required and has a default")
        }
    }
}
