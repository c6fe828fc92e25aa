import FilterAPI

/// The header of version 1 (§2.1): a line such as `PROXY TCP4 192.0.2.1 198.51.100.7 56324 443`, ended by CRLF.
enum HeaderVersion1 {
    /// With the CRLF, in bytes.
    static let mostBytes = 107
    private static let start: InlineArray<6, UInt8> = [0x50, 0x52, 0x4F, 0x58, 0x59, 0x20]
    private static let unknown: StaticString = "UNKNOWN"

    /// Reads a header at the beginning of bytes; nil if it goes on behind them. O(bytes of the header).
    static func read(_ bytes: Span<UInt8>) throws(HeaderFault) -> Prologue? {
        for index in 0..<min(bytes.count, start.count) where bytes[index] != start[index] { throw .missing }
        guard bytes.count > start.count, let end = try lineEnd(bytes) else { return nil }
        var words = Words(bytes, from: start.count, to: end)
        let family = words.next()
        var prologue = Prologue(byteCount: end + 2)
        // What stands behind it means nothing: the proxy does not know, and the peer is the client.
        if bytes.matches(family, unknown) { return prologue }
        guard family.count == 4, bytes.matches(family.lowerBound..<family.upperBound - 1, "TCP") else { throw .malformed }
        let isIPv6: Bool
        switch bytes[family.upperBound - 1] {
        case UInt8(ascii: "4"): isIPv6 = false
        case UInt8(ascii: "6"): isIPv6 = true
        default: throw .malformed
        }
        let (client, destination) = (words.next(), words.next())
        let (clientPort, destinationPort) = (words.next(), words.next())
        guard words.isAtEnd else { throw .malformed }
        prologue.client = .ip(try address(bytes, client, isIPv6: isIPv6), port: try port(bytes, clientPort))
        prologue.destination = .ip(try address(bytes, destination, isIPv6: isIPv6), port: try port(bytes, destinationPort))
        return prologue
    }

    /// Where the CRLF is; nil if it is still to come. The first byte that cannot be in a header ends it.
    private static func lineEnd(_ bytes: Span<UInt8>) throws(HeaderFault) -> Int? {
        for index in start.count..<min(bytes.count, mostBytes) {
            switch bytes[index] {
            case 0x20...0x7E: continue
            case 0x0D where index + 1 < mostBytes:
                if index + 1 == bytes.count { return nil }
                guard bytes[index + 1] == 0x0A else { throw .malformed }
                return index
            default: throw .malformed
            }
        }
        if bytes.count >= mostBytes { throw .malformed }
        return nil
    }

    private static func address(_ bytes: Span<UInt8>, _ word: Range<Int>, isIPv6: Bool) throws(HeaderFault) -> IPAddress {
        guard let address = IPAddress(bytes.text(word)), address.isIPv6 == isIPv6 else { throw .malformed }
        return address.unmapped
    }

    /// Decimal, without leading zeros.
    private static func port(_ bytes: Span<UInt8>, _ word: Range<Int>) throws(HeaderFault) -> UInt16 {
        guard 1...5 ~= word.count, word.count == 1 || bytes[word.lowerBound] != UInt8(ascii: "0") else { throw .malformed }
        var value = 0
        for index in word {
            guard bytes[index] &- UInt8(ascii: "0") <= 9 else { throw .malformed }
            value = value * 10 + Int(bytes[index] &- UInt8(ascii: "0"))
        }
        guard let port = UInt16(exactly: value) else { throw .malformed }
        return port
    }

    /// Words with one blank between two.
    private struct Words: ~Escapable {
        private let bytes: Span<UInt8>
        private let end: Int
        /// Where the next word begins; behind the end when there is none.
        private var position: Int

        @_lifetime(copy bytes)
        init(_ bytes: Span<UInt8>, from start: Int, to end: Int) {
            self.bytes = bytes
            self.end = end
            position = start
        }

        var isAtEnd: Bool { position > end }

        /// Empty where there is none.
        @_lifetime(self: copy self)
        mutating func next() -> Range<Int> {
            guard position <= end else { return end..<end }
            let start = position
            var index = start
            while index < end, bytes[index] != 0x20 { index += 1 }
            position = index + 1
            return start..<index
        }
    }
}

extension Span<UInt8> {
    fileprivate func text(_ range: Range<Int>) -> String {
        var text = ""
        for index in range { text.unicodeScalars.append(Unicode.Scalar(self[index])) }
        return text
    }

    fileprivate func matches(_ range: Range<Int>, _ word: StaticString) -> Bool { text(range) == "\(word)" }
}
