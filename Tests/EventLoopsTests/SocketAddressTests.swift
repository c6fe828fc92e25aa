import EventLoops
import Glibc
import Seeded
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80"),
        ("0.0.0.0", "0.0.0.0:80"),
        ("255.255.255.255", "255.255.255.255:80"),
        ("::", "[::]:80"),
        ("::1", "[::1]:80"),
        ("[::1]", "[::1]:80"),
        ("1::", "[1::]:80"),
        ("2001:DB8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:80"),
        ("2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:80"),
        ("1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]:80"),
        ("::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]:80"),
        ("::ffff:10.1.2.3", "[::ffff:10.1.2.3]:80"),
        ("::ffff:a01:203", "[::ffff:10.1.2.3]:80"),
        ("64:ff9b::1.2.3.4", "[64:ff9b::102:304]:80"),
        ("1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]:80"),
        ("fe80::1%3", "[fe80::1%3]:80"),
        ("fe80::1%lo", "[fe80::1%1]:80"),
        ("[fe80::1%lo]", "[fe80::1%1]:80"),
    ])
    func literalsAreReadAndWrittenCanonically(_ text: String, _ written: String) throws {
        let address = try #require(SocketAddress.parse(text, port: 80))
        #expect(address.text == written)
        #expect(SocketAddress.parse(written) == address, "the text form reads back")
    }

    @Test(arguments: [
        "", "localhost", "127.1", "127.0.0.01", "0127.0.0.1", "127.0.0.256", "127.0.0.1.", "127.0.0.1.1", "127..0.1", "0x7f.0.0.1",
        "2130706433", " 127.0.0.1", "127.0.0.1 ", "127.0.0.1\0", "::1\0", ":", ":::", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1::2:3:4:5:6:7:8", "12345::", "g::", "::1:", ":1::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "[]", "[::1", "::1]", "[127.0.0.1]",
        "fe80::1%", "fe80::1%no-such-interface", "127.0.0.1%1", "::1%01", "fe80::1%lo\0",
    ])
    func otherSpellingsAreRefused(_ text: String) {
        #expect(SocketAddress.parse(text, port: 80) == nil)
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.1:", "127.0.0.1:+80", "127.0.0.1:65536", "127.0.0.1:080000", "::1:80", "[127.0.0.1]:80", "unix:", "unix:@", ":80"])
    func textWithPortIsStrict(_ text: String) {
        #expect(SocketAddress.parse(text) == nil)
    }

    @Test func readsAndWritesAsTheLibraryDoes() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            // Few distinct groups, so that runs of zeros of every length and place come up.
            var groups: [UInt16] = []
            for _ in 0..<8 { groups.append(random.next() % 3 == 0 ? UInt16(truncatingIfNeeded: random.next()) : UInt16(random.next() % 2)) }
            let high = groups[0..<4].reduce(0 as UInt64) { $0 << 16 | UInt64($1) }
            let low = groups[4..<8].reduce(0 as UInt64) { $0 << 16 | UInt64($1) }
            let address = SocketAddress.ipv6(high, low, port: 1)
            #expect(SocketAddress.parse(address.ipText, port: 1) == address)
            // The library writes ::1.2.3.4 for addresses that RFC 4291 has deprecated; those are compared by value only.
            if groups[0..<6] == [0, 0, 0, 0, 0, 0] { continue }
            #expect(address.ipText == libraryText(of: address))
        }
    }

    @Test func acceptsOnlyWhatTheLibraryAccepts() {
        var random = SeededGenerator(seed: 11)
        let alphabet = Array("0123abf::::...%".unicodeScalars)
        for _ in 0..<200_000 {
            var text = ""
            for _ in 0..<1 + random.next() % 18 { text.unicodeScalars.append(alphabet[Int(random.next() % UInt64(alphabet.count))]) }
            if text.contains("%") { continue }
            #expect(SocketAddress.parse(text, port: 0) == libraryParse(text), "\(text)")
        }
    }

    @Test func unixPathsHaveBounds() throws {
        let longest = String(repeating: "a", count: SocketAddress.longestPath)
        #expect(SocketAddress.unix(path: longest)?.text == "unix:" + longest)
        #expect(SocketAddress.unix(path: longest + "a") == nil)
        #expect(SocketAddress.unix(path: "") == nil)
        #expect(SocketAddress.unix(path: "/run/a\0b") == nil)
        #expect(SocketAddress.parse("unix:/run/web.sock")?.text == "unix:/run/web.sock")
        #expect(SocketAddress.unix(path: "@name")?.text == "unix:@name")
    }

    @Test(arguments: ["10.1.2.3:4567", "[2001:db8::7%3]:65535", "unix:/run/web.sock", "unix:@abstract"])
    func survivesTheKernelsForm(_ text: String) throws {
        let address = try #require(SocketAddress.parse(text))
        let copy = unsafe address.withUnsafeSockaddr { pointer, length -> SocketAddress? in
            var storage = sockaddr_storage()
            unsafe memcpy(&storage, pointer, Int(length))
            #expect(unsafe SocketAddress(pointer, length: length) == address)
            return SocketAddress(storage: storage, length: length)
        }
        #expect(copy == address)
        #expect(copy?.text == text)
    }

    @Test func theKernelTakesIt() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        let any = SocketAddress.ipv4(0x7F00_0001, port: 0)
        #expect(unsafe any.withUnsafeSockaddr { unsafe bind(descriptor, $0, $1) } == 0)
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe getsockname(descriptor, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &length)
        }
        #expect(result == 0)
        let bound = try #require(SocketAddress(storage: storage, length: length))
        #expect(bound.port != 0)
        #expect(bound.with(port: 0) == any)
    }

    @Test func shortOrForeignKernelFormsAreRefused() {
        var storage = sockaddr_storage()
        #expect(SocketAddress(storage: storage, length: 16) == nil)
        storage.ss_family = sa_family_t(AF_INET6)
        #expect(SocketAddress(storage: storage, length: 16) == nil)
        storage.ss_family = sa_family_t(AF_UNIX)
        #expect(SocketAddress(storage: storage, length: 2)?.text == "unix:")
        #expect(SocketAddress(storage: storage, length: 1) == nil)
        #expect(SocketAddress(storage: storage, length: 1000) == nil)
    }

    @Test func mappedAddressesAreSeenThrough() {
        #expect(SocketAddress.parse("::ffff:10.0.0.1", port: 5)?.unmapped == SocketAddress.parse("10.0.0.1", port: 5))
        #expect(SocketAddress.parse("::fffe:10.0.0.1", port: 5)?.unmapped.family == .ipv6)
        let v4 = SocketAddress.ipv4(0x0102_0304, port: 0)
        #expect(v4.ipByteCount == 4)
        #expect((0..<4).map { v4.ipBytes[$0] } == [1, 2, 3, 4])
        let v6 = SocketAddress.ipv6(0x0001_0203_0405_0607, 0x0809_0A0B_0C0D_0E0F, port: 0)
        #expect((0..<16).map { v6.ipBytes[$0] } == Array(0...15))
    }

    private func libraryText(of address: SocketAddress) -> String {
        let bytes = (0..<16).map { address.ipBytes[$0] }
        var text = [CChar](repeating: 0, count: 64)
        unsafe inet_ntop(AF_INET6, bytes, &text, 64)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func libraryParse(_ text: String) -> SocketAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 {
            return .ipv4(bytes[0..<4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }, port: 0)
        }
        guard unsafe inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        return .ipv6(bytes[0..<8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }, bytes[8..<16].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }, port: 0)
    }
}
