import FuzzChecks
import HTTP2

/// Frames as bytes, written by hand: what the tests send does not come from the library under test.
enum Wire {
    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        number(payload.count, 3) + [type, flags] + number(Int(stream), 4) + payload
    }

    static func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) } }

    /// Fields as literals that are not indexed (RFC 7541 §6.2.2), without Huffman coding.
    static func block(_ fields: [(String, String)]) -> [UInt8] { fields.flatMap { [0] + text($0.0) + text($0.1) } }

    static func text(_ text: String) -> [UInt8] {
        let bytes = Array(text.unicodeScalars.map { UInt8($0.value) })
        return integer(bytes.count, prefix: 7, first: 0) + bytes
    }

    static func integer(_ value: Int, prefix: Int, first: UInt8) -> [UInt8] {
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

    static func headers(_ stream: UInt32, _ fields: [(String, String)], ends: Bool = true) -> [UInt8] {
        let block = block(fields)
        guard block.count > 16_000 else { return frame(1, flags: ends ? 5 : 4, stream: stream, block) }
        let parts = stride(from: 0, to: block.count, by: 16_000).map { Array(block[$0..<min($0 + 16_000, block.count)]) }
        return parts.enumerated().flatMap { index, part in
            frame(index == 0 ? 1 : 9, flags: (index == 0 && ends ? 1 : 0) | (index == parts.count - 1 ? 4 : 0), stream: stream, part)
        }
    }

    static func data(_ stream: UInt32, _ text: String, ends: Bool = false) -> [UInt8] {
        frame(0, flags: ends ? 1 : 0, stream: stream, Array(text.utf8))
    }

    static func reset(_ stream: UInt32, _ code: Int = 8) -> [UInt8] { frame(3, stream: stream, number(code, 4)) }
    static func windowUpdate(_ stream: UInt32, _ count: Int) -> [UInt8] { frame(8, stream: stream, number(count, 4)) }
    static func settings(_ entries: [(Int, Int)] = [], acknowledges: Bool = false) -> [UInt8] {
        frame(4, flags: acknowledges ? 1 : 0, entries.flatMap { number($0.0, 2) + number($0.1, 4) })
    }

    static let get: [(String, String)] = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")]
    static let post: [(String, String)] = [(":method", "POST"), (":scheme", "https"), (":path", "/in?x=1"), (":authority", "a.example")]

    static func get(_ stream: UInt32, _ more: [(String, String)] = []) -> [UInt8] { headers(stream, get + more) }
}

/// A frame that was sent.
struct SentFrame: Equatable, CustomStringConvertible {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]

    static let names = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"]

    /// The 32-bit number at `offset` of the payload.
    func number(_ offset: Int = 0) -> Int { payload[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }

    var ends: Bool { type <= 1 && flags & 1 != 0 }

    var description: String {
        let name = type < 10 ? Self.names[Int(type)] : "\(type)"
        switch type {
        case 0: return "\(name) \(stream) \(payload.count)\(ends ? " end" : "")"
        case 1: return "\(name) \(stream)\(ends ? " end" : "")"
        case 3: return "\(name) \(stream) \(number())"
        case 4, 6: return flags & 1 != 0 ? "\(name) ack" : name
        case 7: return "\(name) \(number()) \(number(4))"
        case 8: return "\(name) \(stream) \(number())"
        default: return "\(name) \(stream)"
        }
    }

    static func list(_ bytes: [UInt8]) -> [SentFrame] {
        var frames: [SentFrame] = []
        var at = 0
        while at + 9 <= bytes.count {
            let length = bytes[at..<at + 3].reduce(0) { $0 << 8 | Int($1) }
            let stream = bytes[at + 5..<at + 9].reduce(0) { $0 << 8 | UInt32($1) }
            frames.append(SentFrame(type: bytes[at + 3], flags: bytes[at + 4], stream: stream, payload: Array(bytes[at + 9..<at + 9 + length])))
            at += 9 + length
        }
        precondition(at == bytes.count, "a cut frame")
        return frames
    }
}

extension RecordedStreams {
    /// A session that has the client's preface.
    static func opened(_ settings: SessionSettings = SessionSettings()) -> RecordedStreams {
        let session = RecordedStreams(settings)
        session.take(clientPreface)
        _ = session.sent()
        return session
    }

    func take(_ bytes: [UInt8], now: Int64 = 0) { receive(bytes.span, now: now) }

    func frames(now: Int64 = 0) -> [SentFrame] { SentFrame.list(sent(now: now)) }
}
