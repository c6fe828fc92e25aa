import Buffers

/// The hosts of a route table. Each knows the next less specific one, so that a request whose path has no rule at one host falls back.
struct HostTable: Sendable {
    struct Host: Sendable {
        /// Lower case, without trailing dot; the part below which a wildcard reaches.
        var name: [UInt8]
        /// -1: any port.
        var port: Int32
        var isWildcard: Bool
        /// Its paths.
        var root: Int32
        /// The host to try next, or -1 behind `any`.
        var fallback: Int32 = -1
    }

    /// The first is `any`.
    private(set) var hosts: [Host]
    // Indexes into hosts by hash, -1 where empty; open addressing, at least half empty.
    private var slots: [Int32] = []
    private var hasPorts = false
    private var hasWildcards = false

    /// The longest name that is looked for (RFC 1035 §2.3.4).
    static var longestName: Int { 255 }

    init(anyRoot: Int32) {
        hosts = [Host(name: [], port: -1, isWildcard: false, root: anyRoot)]
    }

    @inline(__always) func root(_ host: Int32) -> Int32 { hosts.span[Int(host)].root }
    @inline(__always) func fallback(_ host: Int32) -> Int32 { hosts.span[Int(host)].fallback }

    /// Takes all hosts of the table at once. No two are alike.
    mutating func fill(_ named: [Host]) {
        guard !named.isEmpty else { return }
        hosts += named
        hasPorts = named.contains { $0.port >= 0 }
        hasWildcards = named.contains { $0.isWildcard }
        var size = 16
        while size < 2 * hosts.count { size *= 2 }
        slots = Array(repeating: -1, count: size)
        for index in 1..<hosts.count {
            var hash = ByteHash()
            for byte in hosts[index].name.reversed() { hash.add(UInt64(byte)) }
            var slot = hash.slot(hosts[index], size)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(index)
        }
        for index in 1..<hosts.count { hosts[index].fallback = fallback(of: hosts[index]) }
    }

    private func fallback(of host: Host) -> Int32 {
        let scan = scan(host.name.span, 0..<host.name.count)
        if host.port >= 0, let plain = find(scan.hash, host.name.span, 0..<host.name.count, port: -1, isWildcard: false) {
            return plain
        }
        return scan.wildcard
    }

    /// The most specific host for an authority (RFC 9110 §4.2.3: host and optional port).
    func find(_ authority: Span<UInt8>, defaultPort: UInt16) -> Int32 {
        guard hosts.count > 1, authority.count > 0 else { return 0 }
        var (end, port) = HostTable.split(authority)
        if end > 0, authority[end - 1] == UInt8(ascii: ".") { end -= 1 }
        guard end > 0, end <= HostTable.longestName else { return 0 }
        let scan = scan(authority, 0..<end)
        if hasPorts {
            let wanted = Int32(port ?? defaultPort)
            if let host = find(scan.hash, authority, 0..<end, port: wanted, isWildcard: false) { return host }
        }
        return find(scan.hash, authority, 0..<end, port: -1, isWildcard: false) ?? scan.wildcard
    }

    /// Where the host ends, and the port if there is one.
    static func split(_ authority: Span<UInt8>) -> (end: Int, port: UInt16?) {
        var index = authority.count
        var port: UInt32 = 0
        var power: UInt32 = 1
        while index > 0, authority.count - index < 5, authority[index - 1] &- 0x30 <= 9 {
            index -= 1
            port += UInt32(authority[index] - 0x30) * power
            power *= 10
        }
        guard index > 0, authority[index - 1] == UInt8(ascii: ":"), port <= 65_535 else { return (authority.count, nil) }
        return (index - 1, index == authority.count ? nil : UInt16(port))
    }

    /// Hashes a name from its end, so that every domain above it is passed on the way; the longest wildcard among them, or `any`.
    private func scan(_ text: Span<UInt8>, _ range: Range<Int>) -> (hash: ByteHash, wildcard: Int32) {
        var hash = ByteHash()
        var wildcard: Int32 = 0
        var index = range.upperBound
        while index > range.lowerBound {
            index &-= 1
            let byte = text[index].asciiLowercased
            if byte == UInt8(ascii: "."), hasWildcards, index > range.lowerBound,
                let host = find(hash, text, index &+ 1..<range.upperBound, port: -1, isWildcard: true)
            {
                wildcard = host
            }
            hash.add(UInt64(byte))
        }
        return (hash, wildcard)
    }

    private func find(_ hash: ByteHash, _ text: Span<UInt8>, _ range: Range<Int>, port: Int32, isWildcard: Bool) -> Int32? {
        let mask = slots.count - 1
        var slot = hash.slot(port: port, isWildcard: isWildcard, mask + 1)
        while slots[slot] >= 0 {
            let index = slots[slot]
            if matches(hosts.span, Int(index), text, range, port: port, isWildcard: isWildcard) { return index }
            slot = (slot + 1) & mask
        }
        return nil
    }

    @inline(__always)
    private func matches(
        _ hosts: Span<Host>, _ index: Int, _ text: Span<UInt8>, _ range: Range<Int>, port: Int32, isWildcard: Bool
    ) -> Bool {
        guard hosts[index].port == port, hosts[index].isWildcard == isWildcard, hosts[index].name.count == range.count else {
            return false
        }
        for offset in 0..<range.count where hosts[index].name[offset] != text[range.lowerBound + offset].asciiLowercased {
            return false
        }
        return true
    }
}

// A name is hashed last byte first.
extension ByteHash {
    fileprivate func slot(_ host: HostTable.Host, _ size: Int) -> Int { slot(port: host.port, isWildcard: host.isWildcard, size) }

    fileprivate func slot(port: Int32, isWildcard: Bool, _ size: Int) -> Int {
        var mixed = value ^ UInt64(truncatingIfNeeded: port &+ (isWildcard ? 0x10_0000 : 0)) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 32
        return Int(truncatingIfNeeded: mixed) & (size - 1)
    }
}
