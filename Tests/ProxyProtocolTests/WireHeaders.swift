import FilterAPI

/// Headers of version 2, as bytes.
enum WireHeaders {
    static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10] + "QUIT\n".utf8

    /// Reads `0d 0a …`.
    static func bytes(_ hex: String) -> [UInt8] { hex.split { $0 == " " || $0 == "\n" }.map { UInt8($0, radix: 16)! } }

    /// One of IPv4.
    static func header(length: Int? = nil, _ block: [UInt8]) -> [UInt8] { header(0x21, 0x11, length: length, block) }

    static func header(_ command: UInt8, _ family: UInt8, length: Int? = nil, _ block: [UInt8]) -> [UInt8] {
        let length = length ?? block.count
        return signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + block
    }

    /// From 192.0.2.7:56324 to 198.51.100.9:443.
    static let ipv4: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 9, 0xDC, 0x04, 0x01, 0xBB]
    /// From [2001:db8::7]:56324 to [2001:db8::9]:443.
    static let ipv6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + zeros(11) + [7, 0x20, 0x01, 0x0D, 0xB8] + zeros(11) + [9, 0xDC, 0x04, 0x01, 0xBB]

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    static func tlv(_ type: UInt8, _ value: [UInt8]) -> [UInt8] { [type, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value }

    // What HAProxy 2.6 sends, as it was recorded.
    static let haproxyIPv4 = "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11 00 0c 7f 00 00 01 7f 00 00 01 d5 12 d9 05"
    static let haproxyIPv6 = """
        0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 21 00 24 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 9d 74 98 c3
        """
    /// A health check.
    static let haproxyLocal = "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 20 00 00 00"
    static let haproxyChecksum = "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11 00 13 7f 00 00 01 7f 00 00 01 b8 8c 9d b5 03 00 04 96 f5 c8 47"
    /// `send-proxy-v2-ssl-cn` with checksum, ALPN, server name, cipher and kind of certificate, of a client that speaks TLS.
    static let haproxyTLS = """
        0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11 00 71 7f 00 00 01 7f 00 00 01 97 b4 b3 01 03 00 04 cb 4a 64 1e 01 00 08 68 74 74 70 2f 31 2e
        31 02 00 09 61 2e 65 78 61 6d 70 6c 65 20 00 44 01 00 00 00 00 21 00 07 54 4c 53 76 31 2e 33 25 00 05 45 43 32 35 36 24 00 11 65 63 64
        73 61 2d 77 69 74 68 2d 53 48 41 32 35 36 23 00 16 54 4c 53 5f 41 45 53 5f 32 35 36 5f 47 43 4d 5f 53 48 41 33 38 34
        """
    /// What a Network Load Balancer of AWS sends: a checksum, the id of an endpoint, and padding.
    static let awsNLB =
        "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11 00 54 ac 1f 07 71 ac 1f 0a 1f c8 f2 00 50 03 00 04 e8 d6 89 2d ea 00 17 01"
        + " 76 70 63 65 2d 30 38 64 32 62 66 31 35 66 61 63 35 30 30 31 63 39 04 00 24" + String(repeating: " 00", count: 36)
}
