import Buffers
import HTTP1
import HTTPMessage

// Tunnels over HTTP/2 (RFC 8441): the client's extended CONNECT is what an upgrade is in HTTP/1, which apps speak.

extension Exchange {
    /// The request came as an extended CONNECT: to its client every status of 2xx says that the tunnel is open (RFC 9110 §9.3.6). No other
    /// request of HTTP/2 has a Connection.
    var isExtendedConnect: Bool { request.version == .http2 && request.connection.contains(.upgrade) }

    /// Makes an upgrade of an extended CONNECT whose head was just taken over: GET with Upgrade, and for WebSockets with a key, which only
    /// HTTP/1 has. False: there is no room for the lines.
    func becomeUpgrade(to protocolName: ByteRange) -> Bool {
        guard request.methodName.count >= 3, headSlab.write("GET", at: request.methodName.lower) else { return false }
        request.methodName = ByteRange(start: request.methodName.lower, count: 3)
        request.method = .get
        request.connection.insert(.upgrade)
        let isWebSocket = headSlab.withBytes { $0.matches(protocolName, ignoringCase: "websocket") }
        guard append("upgrade", .upgrade, count: Int(protocolName.count), { headSlab.move(protocolName, to: $0) }) else { return false }
        guard isWebSocket else { return true }
        return append("sec-websocket-key", .secWebSocketKey, count: Self.keyCount, writeKey)
    }

    /// Adds a field line behind the head.
    private func append(_ name: StaticString, _ token: FieldToken, count: Int, _ write: (_ offset: Int) -> Bool) -> Bool {
        let start = request.end
        let valueStart = start &+ name.utf8CodeUnitCount &+ 2
        let end = valueStart &+ count
        guard headSlab.write(name, at: start), headSlab.write(": ", at: valueStart &- 2), headSlab.write("\r\n", at: end), write(valueStart) else {
            return false
        }
        request.end = end &+ 2
        return fields.append(
            Field(
                token: token, name: ByteRange(start: start, count: name.utf8CodeUnitCount), value: ByteRange(start: valueStart, count: count),
                marks: .canonical))
    }

    /// Sixteen random bytes in base64 (RFC 6455 §4.1): 22 digits, of which the last has two bits, and the filling.
    private static let keyCount = 24

    private func writeKey(at offset: Int) -> Bool {
        let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        var text = InlineArray<24, UInt8>(repeating: UInt8(ascii: "="))
        var random = SystemRandomNumberGenerator()
        for index in 0..<21 { text[index] = digits.octets[Int(random.next() & 63)] }
        text[21] = digits.octets[Int(random.next() & 3) << 4]
        return headSlab.write(text.span, at: offset)
    }
}
