/// An IPv4 or IPv6 address, without a port or a zone.
public struct IPAddress: Sendable, Hashable {
    public let isIPv6: Bool
    /// The first eight bytes, most significant first; an IPv4 address stands in the first four.
    public let high: UInt64
    /// The last eight bytes of an IPv6 address; 0 for IPv4.
    public let low: UInt64

    package init(isIPv6: Bool, high: UInt64, low: UInt64) {
        self.isIPv6 = isIPv6
        self.high = high
        self.low = low
    }

    /// From 4 or 16 bytes in network order; nil for any other number of them.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in bytes.indices {
            if index < 8 { high |= UInt64(bytes[index]) << (56 - 8 * UInt64(index)) }
            else { low |= UInt64(bytes[index]) << (56 - 8 * UInt64(index - 8)) }
        }
        self.init(isIPv6: bytes.count == 16, high: high, low: low)
    }

    /// From text: `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1` (RFC 4291 §2.2). No zone, no brackets, no leading zeros in
    /// IPv4, where some read them as octal. nil if the text is none of these.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            guard let (high, low) = Self.parseIPv6(bytes) else { return nil }
            self.init(isIPv6: true, high: high, low: low)
        } else {
            guard let address = Self.parseIPv4(bytes[...]) else { return nil }
            self.init(isIPv6: false, high: UInt64(address) << 32, low: 0)
        }
    }

    /// The bytes in network order: 4 or 16.
    public var bytes: [UInt8] {
        let all: [UInt8] = (0..<16).map { index in
            let half: UInt64 = index < 8 ? high : low
            let shift = UInt64(56 - 8 * (index % 8))
            return UInt8(truncatingIfNeeded: half >> shift)
        }
        return isIPv6 ? all : Array(all.prefix(4))
    }

    /// The IPv4 address that an IPv4-mapped IPv6 address (`::ffff:0:0/96`) stands for; otherwise the address itself. A socket
    /// that accepts both families shows IPv4 clients in the mapped form.
    public var unmapped: IPAddress {
        guard isIPv6, high == 0, low >> 32 == 0xFFFF else { return self }
        return IPAddress(isIPv6: false, high: low << 32, low: 0)
    }

    private static func parseIPv4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard part.count <= 3, let value = decimal(part, limit: 255), part.count == 1 || part.first != UInt8(ascii: "0")
            else { return nil }
            address = address << 8 | UInt32(value)
        }
        return address
    }

    private static func parseIPv6(_ bytes: [UInt8]) -> (UInt64, UInt64)? {
        guard bytes.count <= 45 else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                // A colon at either end is half of `::`; an empty part between is `::` itself.
                if index == 0 {
                    guard parts.count > 2, parts[1].isEmpty else { return nil }
                } else if index == parts.count - 1 {
                    guard parts[index - 1].isEmpty else { return nil }
                } else {
                    guard gap == nil else { return nil }
                    gap = groups.count
                }
            } else if part.contains(UInt8(ascii: ".")) {
                guard index == parts.count - 1, let address = parseIPv4(part) else { return nil }
                groups += [UInt16(address >> 16), UInt16(address & 0xFFFF)]
            } else {
                guard part.count <= 4, let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16),
                    part.first != UInt8(ascii: "+")
                else { return nil }
                groups.append(group)
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: [UInt16](repeating: 0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        return (high, low)
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952).
    public var description: String {
        guard isIPv6 else { return bytes.map(String.init).joined(separator: ".") }
        let groups: [UInt64] = (0..<8).map { index in
            let half: UInt64 = index < 4 ? high : low
            let shift = UInt64(48 - 16 * (index % 4))
            return (half >> shift) & 0xFFFF
        }
        if high == 0, low >> 32 == 0xFFFF {
            return "::ffff:" + IPAddress(isIPv6: false, high: low << 32, low: 0).description
        }
        var longest = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, groups[end] == 0 { end += 1 }
            if end - index > longest.count { longest = index..<end }
            index = max(end, index + 1)
        }
        func text(_ groups: ArraySlice<UInt64>) -> String { groups.map { String($0, radix: 16) }.joined(separator: ":") }
        guard longest.count > 1 else { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}
