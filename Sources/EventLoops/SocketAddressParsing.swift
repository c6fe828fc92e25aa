import Glibc

extension SocketAddress {
    /// Reads an IP literal: `127.0.0.1`, `::1`, `[::1]`, `fe80::1%eth0`. Nil for a name, and for the spellings that programs read
    /// differently: leading zeros, `127.1`, hexadecimal IPv4. Never asks a name server.
    public static func parse(_ text: String, port: UInt16) -> SocketAddress? {
        let bytes = [UInt8](text.utf8)
        if let address = parse(bytes.span, port: port) { return address }
        // Only here, where an operator wrote it, may a scope be an interface's name: the look-up is a system call.
        guard let percent = text.firstIndex(of: "%") else { return nil }
        let inBrackets = text.hasPrefix("[") && text.hasSuffix("]")
        let zone = text[text.index(after: percent)...].dropLast(inBrackets ? 1 : 0)
        guard !zone.isEmpty, !zone.utf8.contains(0),
            let address = parse(String(text[..<percent].dropFirst(inBrackets ? 1 : 0)), port: port), address.family == .ipv6
        else { return nil }
        let index = unsafe if_nametoindex(String(zone))
        guard index != 0 else { return nil }
        return .ipv6(address.high, address.low, port: port, scope: index)
    }

    /// Reads an IP literal from bytes without an allocation, as a forwarding field carries it. A scope must be a number.
    public static func parse(_ text: Span<UInt8>, port: UInt16) -> SocketAddress? {
        var range = 0..<text.count
        guard !range.isEmpty else { return nil }
        if text[0] == UInt8(ascii: "[") {
            guard text.count > 2, text[text.count - 1] == UInt8(ascii: "]") else { return nil }
            range = 1..<text.count - 1
            return ipv6(text, range, port: port)
        }
        if let number = ipv4(text, range) { return .ipv4(number, port: port) }
        return ipv6(text, range, port: port)
    }

    /// Reads what `text` writes: an IP literal with a port (IPv6 in brackets), or `unix:` and a path. Nil for anything else.
    public static func parse(_ text: String) -> SocketAddress? {
        if text.hasPrefix("unix:") { return unix(path: String(text.dropFirst(5))) }
        guard let colon = text.lastIndex(of: ":"), let port = decimalPort(text[text.index(after: colon)...]) else { return nil }
        let host = text[..<colon]
        // Without brackets the last colon would be one of the address.
        guard host.hasPrefix("[") == host.contains(":") else { return nil }
        return parse(String(host), port: port)
    }

    // Digits only: UInt16(_:) alone would take "+80".
    private static func decimalPort(_ text: Substring) -> UInt16? {
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return UInt16(text)
    }

    /// Four decimal numbers of at most three digits, without leading zeros: those are octal to some readers.
    private static func ipv4(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        var number: UInt32 = 0
        var index = range.lowerBound
        for part in 0..<4 {
            if part > 0 {
                guard index < range.upperBound, text[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
            let start = index
            var value: UInt32 = 0
            while index < range.upperBound, index < start + 3, text[index] &- 0x30 <= 9 {
                value = value * 10 + UInt32(text[index] &- 0x30)
                index += 1
            }
            guard index > start, value <= 255, index == start + 1 || text[start] != 0x30 else { return nil }
            number = number << 8 | value
        }
        return index == range.upperBound ? number : nil
    }

    /// RFC 4291 §2.2 with an optional `%number` (RFC 4007 §11).
    private static func ipv6(_ text: Span<UInt8>, _ whole: Range<Int>, port: UInt16) -> SocketAddress? {
        var end = whole.lowerBound
        while end < whole.upperBound, text[end] != UInt8(ascii: "%") { end += 1 }
        var scope: UInt32 = 0
        if end < whole.upperBound {
            guard let number = decimalScope(text, end + 1..<whole.upperBound) else { return nil }
            scope = number
        }
        guard let (high, low) = groups(text, whole.lowerBound..<end) else { return nil }
        return .ipv6(high, low, port: port, scope: scope)
    }

    private static func decimalScope(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        guard !range.isEmpty, range.count <= 9, text[range.lowerBound] != 0x30 else { return nil }
        var value: UInt32 = 0
        for index in range {
            guard text[index] &- 0x30 <= 9 else { return nil }
            value = value * 10 + UInt32(text[index] &- 0x30)
        }
        return value
    }

    private static func groups(_ text: Span<UInt8>, _ range: Range<Int>) -> (UInt64, UInt64)? {
        var groups = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        var gap: Int? = nil
        var index = range.lowerBound
        if range.count >= 2, text[index] == UInt8(ascii: ":") {
            guard text[index + 1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index += 2
        }
        while index < range.upperBound {
            guard count < 8 else { return nil }
            let start = index
            var value: UInt16 = 0
            while index < range.upperBound, let digit = hexadecimal(text[index]) {
                guard index < start + 4 else { return nil }
                value = value << 4 | digit
                index += 1
            }
            if index < range.upperBound, text[index] == UInt8(ascii: ".") {
                guard count <= 6, let number = ipv4(text, start..<range.upperBound) else { return nil }
                groups[count] = UInt16(truncatingIfNeeded: number >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: number)
                count += 2
                break
            }
            guard index > start else { return nil }
            groups[count] = value
            count += 1
            guard index < range.upperBound else { break }
            guard text[index] == UInt8(ascii: ":"), index + 1 < range.upperBound else { return nil }
            index += 1
            if text[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = count
                index += 1
            }
        }
        if let gap {
            // The gap stands for at least one group.
            guard count < 8 else { return nil }
            let moved = count - gap
            for step in 0..<moved {
                groups[7 - step] = groups[count - 1 - step]
                groups[count - 1 - step] = 0
            }
        } else if count != 8 {
            return nil
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<4 {
            high = high << 16 | UInt64(groups[index])
            low = low << 16 | UInt64(groups[index + 4])
        }
        return (high, low)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case 0x30...0x39: UInt16(byte - 0x30)
        case 0x41...0x46: UInt16(byte - 0x37)
        case 0x61...0x66: UInt16(byte - 0x57)
        default: nil
        }
    }
}
