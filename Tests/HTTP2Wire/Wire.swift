/// Frames as bytes, written by hand: what tests send does not come from the library under test.
public enum Wire {
    public static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        number(payload.count, 3) + [type, flags] + number(Int(stream), 4) + payload
    }

    // Settings (RFC 9113 §6.5.2).
    public static let maxStreams = 3
    public static let initialWindow = 4

    /// What a client's connection begins with (RFC 9113 §3.4), before its SETTINGS.
    public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    public static func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) } }

    /// Fields as literals that are not indexed (RFC 7541 §6.2.2), without Huffman coding.
    public static func block(_ fields: [(String, String)]) -> [UInt8] { fields.flatMap { [0] + text($0.0) + text($0.1) } }

    public static func text(_ text: String) -> [UInt8] {
        let bytes = Array(text.unicodeScalars.map { UInt8($0.value) })
        return integer(bytes.count, prefix: 7, first: 0) + bytes
    }

    public static func integer(_ value: Int, prefix: Int, first: UInt8) -> [UInt8] {
        let most = (1 << prefix) - 1
        guard value >= most else { return [first | UInt8(value)] }
        var bytes = [first | UInt8(most)]
        var rest = value - most
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    public static func headers(_ stream: UInt32, _ fields: [(String, String)], ends: Bool = true) -> [UInt8] {
        let block = block(fields)
        guard block.count > 16_000 else { return frame(1, flags: ends ? 5 : 4, stream: stream, block) }
        let parts = stride(from: 0, to: block.count, by: 16_000).map { Array(block[$0..<min($0 + 16_000, block.count)]) }
        return parts.enumerated().flatMap { index, part in
            frame(index == 0 ? 1 : 9, flags: (index == 0 && ends ? 1 : 0) | (index == parts.count - 1 ? 4 : 0), stream: stream, part)
        }
    }

    public static func data(_ stream: UInt32, _ text: String, ends: Bool = false) -> [UInt8] {
        frame(0, flags: ends ? 1 : 0, stream: stream, Array(text.utf8))
    }

    public static func reset(_ stream: UInt32, _ code: Int = 8) -> [UInt8] { frame(3, stream: stream, number(code, 4)) }
    public static func windowUpdate(_ stream: UInt32, _ count: Int) -> [UInt8] { frame(8, stream: stream, number(count, 4)) }
    public static func settings(_ entries: [(Int, Int)] = [], acknowledges: Bool = false) -> [UInt8] {
        frame(4, flags: acknowledges ? 1 : 0, entries.flatMap { number($0.0, 2) + number($0.1, 4) })
    }

    public static func data(_ stream: UInt32, _ bytes: [UInt8], ends: Bool = false) -> [UInt8] { frame(0, flags: ends ? 1 : 0, stream: stream, bytes) }

    public static func ping(_ payload: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8], acknowledges: Bool = false) -> [UInt8] {
        frame(6, flags: acknowledges ? 1 : 0, payload)
    }

    public static func priority(_ stream: UInt32, on other: UInt32 = 0, exclusive: Bool = false, weight: UInt8 = 255) -> [UInt8] {
        frame(2, stream: stream, dependency(on: other, exclusive: exclusive, weight: weight))
    }

    /// What PRIORITY says, and HEADERS with the flag PRIORITY in front of its fields.
    public static func dependency(on other: UInt32, exclusive: Bool = false, weight: UInt8 = 255) -> [UInt8] {
        number(Int(other | (exclusive ? 1 << 31 : 0)), 4) + [weight]
    }

    public static func continuation(_ stream: UInt32, _ block: [UInt8], ends: Bool) -> [UInt8] {
        frame(9, flags: ends ? 4 : 0, stream: stream, block)
    }

    public static func goAway(_ last: UInt32, _ code: Int = 0) -> [UInt8] { frame(7, number(Int(last), 4) + number(code, 4)) }

    public static let get: [(String, String)] = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")]
    public static let post: [(String, String)] = [(":method", "POST"), (":scheme", "https"), (":path", "/in?x=1"), (":authority", "a.example")]

    public static func get(_ stream: UInt32, _ more: [(String, String)] = []) -> [UInt8] { headers(stream, get + more) }
}
