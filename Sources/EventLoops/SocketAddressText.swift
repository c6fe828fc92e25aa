extension SocketAddress {
    /// How a person writes it: `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80`, `unix:/run/app.sock`, `unix:@abstract`.
    /// An unnamed unix peer is `unix:`. Bytes of a path that are not UTF-8 are shown as replacement characters.
    public var text: String {
        switch family {
        case .ipv4: ipText + ":" + String(port)
        case .ipv6: "[" + ipText + "]:" + String(port)
        case .unix:
            path.first == 0
                ? "unix:@" + String(decoding: path.dropFirst(), as: UTF8.self)
                : "unix:" + String(decoding: path, as: UTF8.self)
        }
    }

    /// The address without brackets and port: `127.0.0.1`, `::1`, `fe80::1%2`. Empty for a unix address.
    public var ipText: String {
        withIPText { span in
            var bytes: [UInt8] = []
            for index in span.indices { bytes.append(span[index]) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Lends the bytes of `ipText` without an allocation, for forwarding fields and logs. IPv6 as RFC 5952 writes it.
    public func withIPText<R>(_ body: (Span<UInt8>) -> R) -> R {
        var writer = IPTextWriter()
        switch family {
        case .ipv4: writer.write(ipv4: UInt32(truncatingIfNeeded: high >> 32))
        case .ipv6:
            writer.write(ipv6: high, low)
            if scope != 0 {
                writer.write(byte: UInt8(ascii: "%"))
                writer.write(decimal: scope)
            }
        case .unix: break
        }
        return body(writer.bytes.span.extracting(0..<writer.count))
    }
}

extension SocketAddress: CustomStringConvertible {
    public var description: String { text }
}

/// Writes an IP address into a buffer on the stack. 60 bytes hold the longest: 45 of IPv6, `%`, 10 of the scope.
private struct IPTextWriter {
    var bytes = InlineArray<60, UInt8>(repeating: 0)
    var count = 0

    mutating func write(byte: UInt8) {
        bytes[count] = byte
        count += 1
    }

    mutating func write(decimal value: UInt32) {
        var power: UInt32 = 1
        while value / power >= 10 { power *= 10 }
        while power > 0 {
            write(byte: 0x30 + UInt8(value / power % 10))
            power /= 10
        }
    }

    mutating func write(ipv4 number: UInt32) {
        for index in 0..<4 as Range<UInt32> {
            if index > 0 { write(byte: UInt8(ascii: ".")) }
            write(decimal: number >> (24 - 8 * index) & 0xFF)
        }
    }

    mutating func write(ipv6 high: UInt64, _ low: UInt64) {
        let groups = InlineArray<8, UInt16> { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(16 * (3 - index & 3)))
        }
        // RFC 5952 §5: the addresses that carry an IPv4 address show it as one.
        let endsInIPv4 = high == 0 && low >> 32 == 0xFFFF
        let shown = endsInIPv4 ? 6 : 8
        let gap = longestZeroRun(groups, upTo: shown)
        var index = 0
        while index < shown {
            if index == gap.lowerBound, !gap.isEmpty {
                write(byte: UInt8(ascii: ":"))
                write(byte: UInt8(ascii: ":"))
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound || gap.isEmpty { write(byte: UInt8(ascii: ":")) }
            write(hexadecimal: groups[index])
            index += 1
        }
        if endsInIPv4 {
            write(byte: UInt8(ascii: ":"))
            write(ipv4: UInt32(truncatingIfNeeded: low))
        }
    }

    // RFC 5952 §4.2: the first longest run of two zero groups or more.
    private func longestZeroRun(_ groups: InlineArray<8, UInt16>, upTo end: Int) -> Range<Int> {
        var best = 0..<0
        var start = 0
        while start < end {
            var stop = start
            while stop < end, groups[stop] == 0 { stop += 1 }
            if stop - start >= 2, stop - start > best.count { best = start..<stop }
            start = stop + 1
        }
        return best
    }

    private mutating func write(hexadecimal group: UInt16) {
        var shift = 12 as UInt16
        while shift > 0, group >> shift == 0 { shift -= 4 }
        while true {
            let digit = UInt8(group >> shift & 15)
            write(byte: digit < 10 ? 0x30 + digit : 0x57 + digit)
            if shift == 0 { break }
            shift -= 4
        }
    }
}
