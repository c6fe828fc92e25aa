import FilterAPI

/// The parts of an origin as browsers serialise it (HTML standard, "ASCII serialisation of an origin"): all in lower case, a port only where
/// it is not the scheme's own, no path.
struct OriginParts {
    var scheme = ByteRange.empty
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    var host = ByteRange.empty
    /// Digits; empty without a port.
    var port = ByteRange.empty

    static let mostBytes = 512

    /// Nil if bytes `range` are no origin, or are written as no browser writes one.
    init?(_ bytes: Span<UInt8>, _ range: ByteRange) {
        guard range.count <= Self.mostBytes else { return nil }
        var at = range.lower
        while at < range.upper, Self.isSchemeByte(bytes[at]) { at &+= 1 }
        scheme = ByteRange(start: range.lower, count: at &- range.lower)
        guard !scheme.isEmpty, range.upper &- at > 3, bytes[at] == UInt8(ascii: ":"), bytes[at &+ 1] == UInt8(ascii: "/"),
            bytes[at &+ 2] == UInt8(ascii: "/")
        else { return nil }
        at &+= 3
        let start = at
        if bytes[at] == UInt8(ascii: "[") {
            at &+= 1
            while at < range.upper, Self.isIPv6Byte(bytes[at]) { at &+= 1 }
            guard at &- start > 2, at < range.upper, bytes[at] == UInt8(ascii: "]") else { return nil }
            at &+= 1
        } else {
            var isNewLabel = true
            while at < range.upper, Self.isHostByte(bytes[at]) {
                let isDot = bytes[at] == UInt8(ascii: ".")
                if isDot && isNewLabel { return nil }
                isNewLabel = isDot
                at &+= 1
            }
            if at == start { return nil }
        }
        host = ByteRange(start: start, count: at &- start)
        if at == range.upper { return }
        guard bytes[at] == UInt8(ascii: ":") else { return nil }
        port = ByteRange(start: at &+ 1, count: range.upper &- at &- 1)
        guard port.count >= 1, port.count <= 5, bytes[port.lower] != UInt8(ascii: "0") else { return nil }
        for index in port.range where !bytes[index].isDigit { return nil }
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        byte &- 0x61 < 26 || byte.isDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        byte &- 0x61 < 26 || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    private static func isIPv6Byte(_ byte: UInt8) -> Bool {
        byte.isDigit || byte &- 0x61 < 6 || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}

/// Origins that share an ending or differ in their port: `https://*.example.org`, `http://localhost:*`.
struct OriginPattern {
    let scheme: [UInt8]
    let host: [UInt8]
    /// Every host below `host`, and not `host` itself.
    let isBelow: Bool
    /// Nil for every port.
    let port: [UInt8]?

    func matches(_ bytes: Span<UInt8>, _ origin: OriginParts) -> Bool {
        guard bytes.matches(origin.scheme, scheme) else { return false }
        if let port, !bytes.matches(origin.port, port) { return false }
        guard isBelow else { return bytes.matches(origin.host, host) }
        let rest = Int(origin.host.count) &- host.count &- 1
        return rest > 0 && bytes[origin.host.lower &+ rest] == UInt8(ascii: ".") && bytes.ends(origin.host, with: host)
    }
}
