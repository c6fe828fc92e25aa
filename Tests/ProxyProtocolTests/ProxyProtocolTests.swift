import FilterAPI
import FilterTesting
import ProxyProtocol
import Testing

/// What is made of headers, well-formed and not. Every input is also read in every cut.
@Suite struct ProxyProtocolTests {
    private let harness: PrologueHarness
    private static let rest = Array("GET / HTTP/1.1\r\n".utf8)

    init() throws { harness = try PrologueHarness(ProxyProtocol.self, "sources = 192.0.2.0/24 2001:db8::/32") }

    private func end(_ address: String, _ port: UInt16) throws -> ConnectionEnd { .ip(try #require(IPAddress(address)), port: port) }

    /// Reads a header with something behind it.
    private func read(_ header: [UInt8]) -> PrologueOutcome {
        #expect(harness.isSameForAnyCut(header + Self.rest))
        return harness.read(header + Self.rest)
    }

    private func read(_ header: String) -> PrologueOutcome { read(Array(header.utf8)) }

    private func expect(
        _ header: [UInt8], names client: ConnectionEnd?, _ destination: ConnectionEnd?, isSecure: Bool = false, location: Testing.SourceLocation = #_sourceLocation
    ) {
        let prologue = Prologue(byteCount: header.count, client: client, destination: destination, isSecure: isSecure)
        #expect(read(header) == .passed(prologue), sourceLocation: location)
    }

    // MARK: Version 1

    @Test func `a line names client and destination, in both families`() throws {
        expect(Array("PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\r\n".utf8), names: try end("192.0.2.7", 56324), try end("198.51.100.9", 443))
        // As HAProxy and nginx send it.
        expect(Array("PROXY TCP4 127.0.0.1 127.0.0.1 51766 36323\r\n".utf8), names: try end("127.0.0.1", 51766), try end("127.0.0.1", 36323))
        expect(Array("PROXY TCP6 2001:db8::7 2001:db8::9 1 0\r\n".utf8), names: try end("2001:db8::7", 1), try end("2001:db8::9", 0))
        // The longest that there is.
        let long = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        expect(Array("PROXY TCP6 \(long) \(long) 65535 65535\r\n".utf8), names: try end(long, 65535), try end(long, 65535))
    }

    @Test func `an IPv4 address in IPv6 form is the IPv4 address`() throws {
        expect(
            Array("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.9 80 81\r\n".utf8), names: try end("192.0.2.7", 80), try end("198.51.100.9", 81))
        let mapped = WireHeaders.zeros(10) + [0xFF, 0xFF, 192, 0, 2, 7]
        expect(WireHeaders.header(0x21, 0x21, mapped + mapped + [0, 80, 0, 81]), names: try end("192.0.2.7", 80), try end("192.0.2.7", 81))
    }

    @Test func `UNKNOWN leaves the peer as the client, whatever stands behind it`() {
        expect(Array("PROXY UNKNOWN\r\n".utf8), names: nil, nil)
        expect(Array("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n".utf8), names: nil, nil)
        let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 14 - 2) + "\r\n"
        #expect(longest.utf8.count == 107)
        expect(Array(longest.utf8), names: nil, nil)
    }

    @Test(arguments: [
        "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.7 198.51.100.9 56324\r\n", "PROXY TCP4 192.0.2.7 198.51.100.9 56324 443 \r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 56324 443 x\r\n", "PROXY TCP4  192.0.2.7 198.51.100.9 56324 443\r\n", "PROXY  TCP4 192.0.2.7 198.51.100.9 1 2\r\n",
        "PROXY TCP4\t192.0.2.7 198.51.100.9 1 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\n", "PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\r",
        "PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\rX\n", "PROXY TCP4 192.0.2.7 198.51.100.9 65536 443\r\n", "PROXY TCP4 192.0.2.7 198.51.100.9 -1 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 +1 443\r\n", "PROXY TCP4 192.0.2.7 198.51.100.9 080 443\r\n", "PROXY TCP4 192.0.2.7 198.51.100.9 99999999999999999999 1\r\n",
        "PROXY TCP4 192.0.2.007 198.51.100.9 1 2\r\n", "PROXY TCP4 192.0.2 198.51.100.9 1 2\r\n", "PROXY TCP4 localhost 198.51.100.9 1 2\r\n",
        "PROXY TCP4 2001:db8::7 2001:db8::9 1 2\r\n", "PROXY TCP6 192.0.2.7 198.51.100.9 1 2\r\n", "PROXY TCP6 [2001:db8::7] 2001:db8::9 1 2\r\n",
        "PROXY TCP6 fe80::1%2 2001:db8::9 1 2\r\n", "PROXY TCP5 192.0.2.7 198.51.100.9 1 2\r\n", "PROXY UDP4 192.0.2.7 198.51.100.9 1 2\r\n", "PROXY unknown\r\n",
        "PROXY UNKNOWNX\r\n", "PROXY TCP4 192.0.2.7\0 198.51.100.9 1 2\r\n", "PROXY UNKNOWN \0\r\n", "PROXY \0\0\0\0", "PROXY \u{E9}\r\n", "PROXY UNKNOWN \u{7F}\r\n",
        "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 14 - 1) + "\r\n", "PROXY " + String(repeating: "x", count: 200),
    ])
    func `other lines are refused`(header: String) {
        #expect(read(header) == .refused("proxy.malformed"))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n", "POST / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", "\n", "\0", "\r\n\r\n\0\r\nQUIT\rX"])
    func `a connection that begins with something else is refused at its first wrong byte`(start: String) {
        #expect(read(start) == .refused("proxy.missing"))
    }

    @Test func `a header that is not whole is waited for`() {
        let header = Array("PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\r\n".utf8)
        for count in 0..<header.count { #expect(harness.read(Array(header[..<count])) == .waits, "\(count)") }
        let version2 = WireHeaders.header(WireHeaders.ipv4)
        for count in 0..<version2.count { #expect(harness.read(Array(version2[..<count])) == .waits, "\(count)") }
    }

    /// The second is for whoever reads behind the filter, and is no HTTP.
    @Test func `of two headers one behind the other the first is read`() throws {
        let two = "PROXY TCP4 192.0.2.7 198.51.100.9 1 2\r\nPROXY TCP4 203.0.113.1 198.51.100.9 3 4\r\n"
        #expect(read(two).prologue == Prologue(byteCount: 39, client: try end("192.0.2.7", 1), destination: try end("198.51.100.9", 2)))
    }

    // MARK: Version 2

    @Test func `addresses of both families are read, of streams and of datagrams`() throws {
        for transport in 0...2 as ClosedRange<UInt8> {
            expect(WireHeaders.header(0x21, 0x10 | transport, WireHeaders.ipv4), names: try end("192.0.2.7", 56324), try end("198.51.100.9", 443))
            expect(WireHeaders.header(0x21, 0x20 | transport, WireHeaders.ipv6), names: try end("2001:db8::7", 56324), try end("2001:db8::9", 443))
        }
    }

    @Test func `a unix socket has no address`() { expect(WireHeaders.header(0x21, 0x31, WireHeaders.zeros(216)), names: .unix, .unix) }

    @Test func `LOCAL leaves the peer as the client, whatever stands in it`() {
        expect(WireHeaders.header(0x20, 0x00, []), names: nil, nil)
        expect(WireHeaders.header(0x20, 0x11, WireHeaders.ipv4), names: nil, nil)
        expect(WireHeaders.header(0x20, 0xFF, [1, 2, 3]), names: nil, nil)
        expect(WireHeaders.header(0x21, 0x00, [1, 2, 3, 4]), names: nil, nil)
    }

    @Test func `what HAProxy and AWS send is read`() throws {
        let local = try end("127.0.0.1", 0xD512)
        expect(WireHeaders.bytes(WireHeaders.haproxyIPv4), names: local, try end("127.0.0.1", 0xD905))
        expect(WireHeaders.bytes(WireHeaders.haproxyIPv6), names: try end("::1", 0x9D74), try end("::1", 0x98C3))
        expect(WireHeaders.bytes(WireHeaders.haproxyLocal), names: nil, nil)
        expect(WireHeaders.bytes(WireHeaders.haproxyChecksum), names: try end("127.0.0.1", 0xB88C), try end("127.0.0.1", 0x9DB5))
        expect(WireHeaders.bytes(WireHeaders.haproxyTLS), names: try end("127.0.0.1", 0x97B4), try end("127.0.0.1", 0xB301), isSecure: true)
        expect(WireHeaders.bytes(WireHeaders.awsNLB), names: try end("172.31.7.113", 0xC8F2), try end("172.31.10.31", 80))
    }

    @Test(arguments: [WireHeaders.haproxyChecksum, WireHeaders.haproxyTLS, WireHeaders.awsNLB])
    func `a checksum sees every changed bit of what it covers`(hex: String) {
        let header = WireHeaders.bytes(hex)
        for bit in 16 * 8..<28 * 8 {
            var changed = header
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(harness.read(changed) == .refused("proxy.checksum"), "\(bit)")
        }
        // The checksum itself.
        var changed = header
        changed[31] ^= 1
        #expect(read(changed) == .refused("proxy.checksum"))
    }

    @Test(arguments: [
        // Version, command, family, transport.
        WireHeaders.header(0x11, 0x11, WireHeaders.ipv4), WireHeaders.header(0x31, 0x11, WireHeaders.ipv4), WireHeaders.header(0x22, 0x11, WireHeaders.ipv4),
        WireHeaders.header(0x21, 0x41, WireHeaders.ipv4), WireHeaders.header(0x21, 0x13, WireHeaders.ipv4), WireHeaders.header(0x21, 0xF1, WireHeaders.ipv4),
        // Too short for the addresses.
        WireHeaders.header(length: 11, WireHeaders.ipv4), WireHeaders.header(0x21, 0x21, WireHeaders.ipv4), WireHeaders.header(0x21, 0x31, WireHeaders.zeros(215)),
        WireHeaders.header(length: 0, []),
        // TLVs that do not fill the rest exactly.
        WireHeaders.header(WireHeaders.ipv4 + [1]), WireHeaders.header(WireHeaders.ipv4 + [1, 0]), WireHeaders.header(WireHeaders.ipv4 + [1, 0, 1]),
        WireHeaders.header(WireHeaders.ipv4 + [1, 0xFF, 0xFF, 0]), WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(4, [0, 0]) + [0]),
        // Two checksums, and one of the wrong size.
        WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(3, [0, 0, 0, 0]) + WireHeaders.tlv(3, [0, 0, 0, 0])),
        WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(3, [])), WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(3, [0, 0, 0, 0, 0])),
        // TLS without its flags, twice, and with TLVs inside that go beyond it.
        WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(0x20, [1, 0, 0, 0])),
        WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(0x20, [1, 0, 0, 0, 0]) + WireHeaders.tlv(0x20, [0, 0, 0, 0, 0])),
        WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(0x20, [1, 0, 0, 0, 0, 0x21])),
        WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(0x20, [1, 0, 0, 0, 0, 0x21, 0, 4, 0, 0, 0]) + WireHeaders.tlv(4, [0, 0, 0])),
    ])
    func `a malformed header of version 2 is refused`(header: [UInt8]) {
        #expect(read(header) == .refused("proxy.malformed"))
    }

    @Test func `TLVs that mean nothing here are passed over, and TLS that the client does not speak`() throws {
        let others = ([0x00, 0x01, 0x02, 0x04, 0x05, 0x30, 0xE0, 0xEA, 0xEE, 0xF8, 0xFF] as [UInt8]).flatMap { WireHeaders.tlv($0, [0x20, 0, 5, 1]) }
        let named = (try end("192.0.2.7", 56324), try end("198.51.100.9", 443))
        expect(WireHeaders.header(WireHeaders.ipv4 + others), names: named.0, named.1)
        expect(WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(0x20, [0, 0, 0, 0, 0]) + others), names: named.0, named.1)
        expect(WireHeaders.header(WireHeaders.ipv4 + others + WireHeaders.tlv(0x20, [7, 0, 0, 0, 1])), names: named.0, named.1, isSecure: true)
    }

    @Test func `a header may have 4096 bytes, and a longer one is refused before it comes`() throws {
        let most = WireHeaders.header(WireHeaders.ipv4 + WireHeaders.tlv(4, WireHeaders.zeros(4096 - 16 - 12 - 3)))
        #expect(most.count == 4096 && harness.longest == 4096)
        #expect(harness.read(most + Self.rest).prologue?.byteCount == 4096)
        #expect(harness.read(Array(most.dropLast())) == .waits)
        #expect(read(WireHeaders.header(length: 4081, WireHeaders.ipv4)) == .refused("proxy.too-long"))
        #expect(harness.read(WireHeaders.header(length: 65535, [])) == .refused("proxy.too-long"))
    }

    // MARK: Sources

    @Test func `only the sources are believed, each before it has sent a byte`() throws {
        let header = "PROXY TCP4 203.0.113.7 198.51.100.9 1 2\r\n"
        for (peer, isSource) in [("192.0.2.255", true), ("::ffff:192.0.2.1", true), ("2001:db8::1", true), ("192.0.3.0", false), ("2001:db9::1", false), ("", false)] {
            #expect((harness.read(header, from: peer).prologue != nil) == isSource, "\(peer)")
            #expect(harness.read("", from: peer) == (isSource ? .waits : .refused("proxy.source")))
            #expect(harness.isSameForAnyCut(Array(header.utf8), from: peer))
        }
    }

    /// What stands in a header says nothing about who may send one.
    @Test func `who is not believed is not, whomever a header names`() {
        #expect(harness.read("PROXY TCP4 192.0.2.1 192.0.2.1 1 2\r\n", from: "198.51.100.1") == .refused("proxy.source"))
    }

    @Test func `others may be let pass, and then nothing of theirs is read`() throws {
        let harness = try PrologueHarness(ProxyProtocol.self, "sources = 192.0.2.0/24\nunlisted = pass")
        for start in ["", "GET / HTTP/1.1\r\n", "PROXY TCP4 203.0.113.7 198.51.100.9 1 2\r\n"] {
            #expect(harness.read(start, from: "198.51.100.1") == .passed(Prologue(byteCount: 0)))
        }
        #expect(harness.read("GET / HTTP/1.1\r\n", from: "192.0.2.1") == .refused("proxy.missing"))
    }

    @Test func `clients of a unix socket are believed where that is said`() throws {
        let harness = try PrologueHarness(ProxyProtocol.self, "unix-sources = on")
        #expect(harness.read("PROXY UNKNOWN\r\n", from: "").prologue?.byteCount == 15)
        #expect(harness.read("PROXY UNKNOWN\r\n", from: "127.0.0.1") == .refused("proxy.source"))
    }

    // MARK: Options

    @Test func `it must be said who is believed`() {
        for options in ["", "unix-sources = off", "unlisted = pass"] {
            #expect { try PrologueHarness(ProxyProtocol.self, options) } throws: { "\($0)".contains("sources = NETWORK") }
        }
    }

    @Test func `the time-out is the listener's, or its own`() throws {
        #expect(harness.timeout == nil)
        #expect(try PrologueHarness(ProxyProtocol.self, "sources = 10.0.0.0/8\ntimeout = 1500ms").timeout == 1500)
    }

    @Test func `it stands on listeners alone`() {
        #expect { try FilterHarness(ProxyProtocol.self, "sources = 10.0.0.0/8") } throws: { "\($0)".contains("works on connections") }
    }
}
