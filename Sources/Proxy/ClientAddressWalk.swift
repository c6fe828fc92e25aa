import Buffers
import EventLoops
import FilterAPI
import HTTPMessage

// Who the client is when trusted proxies stand between: the right-most address in what they say that is none of theirs. What stands
// further left was said by somebody who is not trusted.

extension Exchange {
    /// The client's address as trusted proxies tell it, or the peer's. X-Forwarded-For counts before Forwarded (RFC 7239 §4).
    func findClientAddress(_ client: ClientSide) {
        clientAddress = client.addressText
        guard client.peerIsTrusted else { return }
        if let named = namedAddress(client) { clientAddress = AddressText(named) }
    }

    /// The same as a value, for filters; nil for a unix socket.
    func clientIP(_ client: ClientSide) -> IPAddress? {
        if client.peerIsTrusted, let named = namedAddress(client) { return named.ip }
        return client.peerAddress.ip
    }

    /// Whether the client speaks TLS, to the gateway or to a trusted proxy before it.
    func speaksTLS(_ client: ClientSide) -> Bool {
        guard client.peerIsTrusted, let index = fields.firstIndex(of: .xForwardedProto) else { return client.isHTTPS }
        return headSlab.withBytes { bytes in
            // Of several, the first is the client's own.
            var list = TokenList(fields[index].value)
            return list.next(in: bytes).map { bytes.matches($0, ignoringCase: "https") } ?? false
        }
    }

    private func namedAddress(_ client: ClientSide) -> SocketAddress? {
        let trusted = client.listener.settings.trustedProxies
        return headSlab.withBytes { bytes in
            fields.mayContain(.xForwardedFor)
                ? walk(.xForwardedFor, bytes, trusted) { element in SocketAddress.parse(bytes.extracting(Self.host(element, bytes).range), port: 0) }
                : walk(.forwarded, bytes, trusted) { element in
                    Self.node(element, bytes).flatMap { SocketAddress.parse(bytes.extracting(Self.host($0, bytes).range), port: 0) }
                }
        }
    }

    /// Goes through the list elements of all fields with `token`, from the right, while the addresses are trusted ones. The first that
    /// is not is the client; an element that is no address ends the walk at the one before it.
    private func walk(
        _ token: FieldToken, _ bytes: Span<UInt8>, _ trusted: [AddressRange], address: (ByteRange) -> SocketAddress?
    ) -> SocketAddress? {
        var elements: [ByteRange] = []
        var index = 0
        while let found = fields.firstIndex(of: token, from: index) {
            var list = TokenList(fields[found].value)
            while let element = list.next(in: bytes) { elements.append(element) }
            index = found + 1
        }
        var last: SocketAddress?
        for element in elements.reversed() {
            guard let named = address(element)?.unmapped else { return last }
            last = named
            if !trusted.contains(where: { $0.contains(named) }) { return named }
        }
        return last
    }

    /// The address in `1.2.3.4`, `1.2.3.4:80`, `[::1]`, `[::1]:80` and `::1`.
    private static func host(_ element: ByteRange, _ bytes: Span<UInt8>) -> ByteRange {
        guard !element.isEmpty else { return element }
        if bytes[element.lower] == UInt8(ascii: "[") {
            for index in element.range where bytes[index] == UInt8(ascii: "]") {
                return ByteRange(start: element.lower + 1, count: index - element.lower - 1)
            }
            return element
        }
        var colon: Int?
        for index in element.range where bytes[index] == UInt8(ascii: ":") {
            if colon != nil { return element }
            colon = index
        }
        return colon.map { ByteRange(start: element.lower, count: $0 - element.lower) } ?? element
    }

    /// The node of the `for` parameter of one element of Forwarded, without quotes.
    private static func node(_ element: ByteRange, _ bytes: Span<UInt8>) -> ByteRange? {
        var start = element.lower
        while start < element.upper {
            var end = start
            while end < element.upper && bytes[end] != UInt8(ascii: ";") { end += 1 }
            while start < end && bytes[start].isFieldSpace { start += 1 }
            if end - start > 4, bytes.matches(ByteRange(start: start, count: 4), ignoringCase: "for=") {
                var node = ByteRange(start: start + 4, count: end - start - 4)
                while node.count > 0 && bytes[node.upper - 1].isFieldSpace { node.count -= 1 }
                if node.count >= 2, bytes[node.lower] == UInt8(ascii: "\""), bytes[node.upper - 1] == UInt8(ascii: "\"") {
                    node = ByteRange(start: node.lower + 1, count: Int(node.count) - 2)
                }
                return node
            }
            start = end + 1
        }
        return nil
    }
}

extension SocketAddress {
    /// The address alone; nil for a unix socket.
    var ip: IPAddress? {
        family == .unix ? nil : IPAddress(isIPv6: family == .ipv6, high: high, low: low)
    }
}
