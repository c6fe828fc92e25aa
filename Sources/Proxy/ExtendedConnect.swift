import Buffers
import HTTP1
import HTTPMessage
import TLS

// Tunnels over HTTP/2 (RFC 8441): an extended CONNECT is what an upgrade is in HTTP/1. An exchange knows upgrades only; a stream of the client's
// or of the app's has the other.

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

    /// Writes the upgrade as the app is to get it.
    func writeUpgrade(_ bytes: Span<UInt8>, _ upstream: Upstream, to out: inout OutputBuffer) {
        guard upstream.settings.spoken == .http2, !isExtendedConnect else { return HeadWriter.writeUpgrade(fields, in: bytes, to: &out) }
        // What another protocol's tunnel would be in HTTP/2, nobody has said who asks by HTTP/1: without the upgrade, which any server may ignore
        // (RFC 9110 §7.8), it is a request like others.
        if asksWebSocket(bytes) { out.append("Upgrade: websocket\r\n") }
    }

    /// The upgrade is the handshake of a WebSocket, whose answer hangs on the key (RFC 6455 §4.2.1).
    private func asksWebSocket(_ bytes: Span<UInt8>) -> Bool {
        guard let key = fields.firstIndex(of: .secWebSocketKey), Int(fields[key].valueCount) == Self.keyCount,
            fields.firstIndex(of: .secWebSocketKey, from: key + 1) == nil
        else { return false }
        return namesUpgrade(bytes) { bytes.matches($0, ignoringCase: "websocket") }
    }
}

/// What tells a client that its WebSocket is open: made of its key (RFC 6455 §4.2.2).
struct WebSocketAccept {
    let text: InlineArray<28, UInt8>

    /// Nil where the key is none, or there is no SHA-1.
    init?(key: Span<UInt8>) {
        let suffix: StaticString = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        var bytes = InlineArray<60, UInt8>(repeating: 0)
        guard key.count == 24 else { return nil }
        for index in 0..<24 { bytes[index] = key[index] }
        for index in 0..<36 { bytes[24 + index] = suffix.octets[index] }
        guard let digest = SHA1Digest(of: bytes.span) else { return nil }
        text = digest.base64
    }
}
