/// A network: the addresses that share a prefix (RFC 4632, RFC 4291 §2.3).
public struct CIDR: Sendable, Hashable {
    /// The first address of the network: every bit behind the prefix is 0.
    public let address: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    public let prefixLength: Int

    public var isIPv6: Bool { address.isIPv6 }

    /// 16 bytes in network order; an IPv4 network stands in the first four.
    public var bytes: [UInt8] { isIPv6 ? address.bytes : address.bytes + [UInt8](repeating: 0, count: 12) }

    /// nil if the prefix is longer than the address. Bits behind the prefix are cleared.
    public init?(_ address: IPAddress, prefixLength: Int) {
        guard prefixLength >= 0, prefixLength <= (address.isIPv6 ? 128 : 32) else { return nil }
        let (highMask, lowMask) = Self.masks(prefixLength)
        self.address = IPAddress(isIPv6: address.isIPv6, high: address.high & highMask, low: address.low & lowMask)
        self.prefixLength = prefixLength
    }

    /// Whether the address is in the network. An IPv4-mapped IPv6 address counts as the IPv4 address that it holds.
    public func contains(_ address: IPAddress) -> Bool {
        let plain = address.unmapped
        guard plain.isIPv6 == isIPv6 else { return false }
        let (highMask, lowMask) = Self.masks(prefixLength)
        return plain.high & highMask == self.address.high && plain.low & lowMask == self.address.low
    }

    private static func masks(_ length: Int) -> (UInt64, UInt64) {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }
        return (mask(length), mask(length - 64))
    }

    static func parse(_ text: String) throws(ValueFault) -> CIDR {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else {
            throw ValueFault(.valueNetwork, "\(quoted(text)) is not a network", help: parts[0].contains("[") ? "leave the brackets out" : nil)
        }
        let limit: UInt64 = address.isIPv6 ? 128 : 32
        guard parts.count == 2 else {
            return CIDR(address, prefixLength: Int(limit))!
        }
        let start = parts[0].utf8.count + 1
        guard let length = decimal(parts[1].utf8, limit: limit), let network = CIDR(address, prefixLength: Int(length)) else {
            throw ValueFault(
                .valueNetwork, "\(quoted(parts[1])) is not a prefix length", help: "it is a number from 0 to \(limit)",
                part: start..<text.utf8.count)
        }
        guard network.address == address else {
            throw ValueFault(
                .valueNetwork, "\(quoted(text)) has address bits behind the prefix",
                help: "did you mean `\(network)`, or `\(address)` alone?")
        }
        return network
    }
}

extension CIDR: CustomStringConvertible {
    /// `10.0.0.0/8`
    public var description: String { "\(address)/\(prefixLength)" }
}
