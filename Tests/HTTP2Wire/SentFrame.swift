/// A frame that was sent.
public struct SentFrame: Equatable, Sendable, CustomStringConvertible {
    public var type: UInt8
    public var flags: UInt8
    public var stream: UInt32
    public var payload: [UInt8]

    /// From its nine bytes of header, without the payload, and the payload's length.
    public static func begin(_ header: some Collection<UInt8>) -> (frame: SentFrame, length: Int) {
        let header = Array(header)
        let length = header[0..<3].reduce(0) { $0 << 8 | Int($1) }
        let stream = header[5..<9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        return (SentFrame(type: header[3], flags: header[4], stream: stream, payload: []), length)
    }

    public static let names = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"]

    /// The 32-bit number at `offset` of the payload.
    public func number(_ offset: Int = 0) -> Int { payload[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }

    public var ends: Bool { type <= 1 && flags & 1 != 0 }

    public var description: String {
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

    public static func list(_ bytes: [UInt8]) -> [SentFrame] {
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
