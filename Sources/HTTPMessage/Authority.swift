import Buffers

/// Checks `host [ ":" port ]`, as in Host, in an absolute target and in `:authority` (RFC 9110 §7.2, RFC 9113 §8.3.1, RFC 3986 §3.2).
///
/// Stricter than RFC 3986 where two readers could see two hosts: no percent-encoding, no sub-delims (so no list), no user
/// information, no empty label (but a trailing dot), no zone or future address, no empty port. `_` is allowed: names of
/// containers have it.
public enum Authority {
    /// True if bytes `range` are a host with an optional port up to 65535. Not for an empty one.
    public static func isValid(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        let end = range.upper
        guard range.count <= 255, !range.isEmpty, bytes[range.lower] != UInt8(ascii: ".") else { return isValidOdd(bytes, range) }
        // Letters, digits, dashes and single dots, 16 at a time; anything else is looked at byte by byte.
        var at = range.lower
        var dotBefore: UInt32 = 0
        while at < end {
            let run = bytes.hostRun(at: at)
            let plain = min(run.length, end &- at)
            let dots = run.dots & ((1 &<< UInt32(truncatingIfNeeded: plain)) &- 1)
            if dots & (dots &<< 1 | dotBefore) != 0 { return false }
            dotBefore = dots &>> 15
            at &+= plain
            if plain < 16 { break }
        }
        if at == end { return true }
        return bytes[at] == UInt8(ascii: ":") && at > range.lower ? isPort(bytes, from: at, to: end) : isValidOdd(bytes, range)
    }

    /// The same without shortcuts.
    @inline(never)
    private static func isValidOdd(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        let end = range.upper
        var at = range.lower
        guard at < end else { return false }
        if bytes[at] == UInt8(ascii: "[") {
            guard let behind = endOfIPv6(bytes, from: at &+ 1, to: end) else { return false }
            at = behind
        } else {
            var previous = UInt8(ascii: ".")
            while at < end {
                let byte = bytes[at]
                if byte == UInt8(ascii: ".") {
                    if previous == UInt8(ascii: ".") { return false }
                } else if !(byte.isAlphanumeric || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")) {
                    break
                }
                previous = byte
                at &+= 1
            }
            guard at > range.lower, at &- range.lower <= 255 else { return false }
        }
        return at == end || isPort(bytes, from: at, to: end)
    }

    /// `:` and one to five digits, at most 65535, up to `end`.
    private static func isPort(_ bytes: Span<UInt8>, from colon: Int, to end: Int) -> Bool {
        guard bytes[colon] == UInt8(ascii: ":"), end &- colon >= 2, end &- colon <= 6 else { return false }
        var port = 0
        var at = colon &+ 1
        while at < end {
            guard bytes[at].isDigit else { return false }
            port = port &* 10 &+ Int(bytes[at] &- 0x30)
            at &+= 1
        }
        return port <= 65535
    }

    /// The offset behind the `]` of an IPv6 address (RFC 3986 §3.2.2: eight groups, one `::`, IPv4 in the last two), or nil.
    private static func endOfIPv6(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var at = start
        var groups = 0
        var elided = false
        if at &+ 1 < end && bytes[at] == UInt8(ascii: ":") && bytes[at &+ 1] == UInt8(ascii: ":") {
            elided = true
            at &+= 2
            if at < end && bytes[at] == UInt8(ascii: "]") { return at &+ 1 }
        }
        while at < end && groups < 8 {
            let group = at
            while at < end && at &- group < 4 && bytes[at].hexadecimalValue != nil { at &+= 1 }
            guard at > group, at < end else { return nil }
            switch bytes[at] {
            case UInt8(ascii: "]"):
                groups &+= 1
                return groups == 8 || (elided && groups < 8) ? at &+ 1 : nil
            case UInt8(ascii: "."):
                guard let bracket = endOfIPv4(bytes, from: group, to: end) else { return nil }
                groups &+= 2
                return groups == 8 || (elided && groups < 8) ? bracket &+ 1 : nil
            case UInt8(ascii: ":"):
                groups &+= 1
                at &+= 1
                guard at < end else { return nil }
                if bytes[at] == UInt8(ascii: ":") {
                    guard !elided else { return nil }
                    elided = true
                    at &+= 1
                    if at < end && bytes[at] == UInt8(ascii: "]") { return groups < 8 ? at &+ 1 : nil }
                }
            default: return nil
            }
        }
        return nil
    }

    /// The offset of the `]` behind four decimal numbers of 0 to 255 without leading zeros, or nil.
    private static func endOfIPv4(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var at = start
        for part in 0..<4 {
            let first = at
            var value = 0
            while at < end && at &- first < 3 && bytes[at].isDigit {
                value = value &* 10 &+ Int(bytes[at] &- 0x30)
                at &+= 1
            }
            guard at > first, value <= 255, at &- first == 1 || bytes[first] != UInt8(ascii: "0"), at < end else { return nil }
            guard bytes[at] == (part < 3 ? UInt8(ascii: ".") : UInt8(ascii: "]")) else { return nil }
            if part < 3 { at &+= 1 }
        }
        return at
    }
}
