import Buffers
import HTTPMessage

/// Reads field lines up to the empty line (RFC 9112 §5) and notes the few that framing and routing hang on. Kept between calls
/// when a head comes in pieces: every whole line is read once.
struct FieldSection {
    /// Where the value of each noted field is; empty when it is absent or empty.
    var host = ByteRange.empty
    var contentLength = ByteRange.empty
    var transferEncoding = ByteRange.empty
    var expect = ByteRange.empty
    var keepAlive = ByteRange.empty
    /// From `Connection` fields that hold one plain option.
    var connection: ConnectionOptions = []
    var seen: Seen = []

    struct Seen: OptionSet {
        let rawValue: UInt16
        static var host: Seen { Seen(rawValue: 1) }
        static var contentLength: Seen { Seen(rawValue: 2) }
        static var transferEncoding: Seen { Seen(rawValue: 4) }
        static var expect: Seen { Seen(rawValue: 8) }
        static var keepAlive: Seen { Seen(rawValue: 16) }
        static var te: Seen { Seen(rawValue: 32) }
        static var hostTwice: Seen { Seen(rawValue: 64) }
        static var contentLengthTwice: Seen { Seen(rawValue: 128) }
        static var transferEncodingTwice: Seen { Seen(rawValue: 256) }
        static var expectTwice: Seen { Seen(rawValue: 512) }
        /// A `Connection` field holds something other than one plain option: the lists must be walked.
        static var connectionList: Seen { Seen(rawValue: 1024) }
    }

    /// Reads lines from `position` on. `position` moves to the first line that is not there as a whole, or behind the empty
    /// line. `scanned` is how far that line was looked through for its end. `bytes` ends where bytes or the limit end.
    mutating func read(
        _ bytes: Span<UInt8>, from position: inout Int, scanned: inout Int, limit: Int, into fields: inout FieldTable
    ) -> LineStep {
        if scanned > position {
            guard bytes.firstLineFeed(from: scanned, to: bytes.count) != nil else {
                scanned = bytes.count
                return .incomplete
            }
        }
        while true {
            let start = position
            var name = FieldName(bytes, at: start)
            if name.end >= bytes.count { return Self.cut(bytes, at: &scanned) }
            if name.end == start || bytes[name.end] != UInt8(ascii: ":") {
                switch FieldName.readOdd(bytes, at: start) {
                case .name(let odd): name = odd
                case .blankLine:
                    position = start &+ 2
                    return .complete
                case .incomplete: return Self.cut(bytes, at: &scanned)
                case .failed(let fault): return Self.fault(fault, bytes, line: start, scanned: &scanned)
                }
            }
            let colon = name.end
            let lineEnd = bytes.firstControl(from: colon &+ 1)
            if lineEnd &+ 1 >= bytes.count {
                // A control byte that is the last one there: its line has no end yet, unless it is a bare LF.
                if lineEnd < bytes.count && bytes[lineEnd] == 0x0A { return .failed(.lineEnding) }
                return Self.cut(bytes, at: &scanned)
            }
            guard bytes[lineEnd] == 0x0D, bytes[lineEnd &+ 1] == 0x0A else {
                let fault: HeadFault = bytes[lineEnd] == 0x0D || bytes[lineEnd] == 0x0A ? .lineEnding : .control
                return Self.fault(fault, bytes, line: start, scanned: &scanned)
            }
            var valueStart = colon &+ 1
            var valueEnd = lineEnd
            var marks = name.marks
            if bytes[valueStart] == 0x20 {
                valueStart &+= 1
                marks.insert(.canonical)
            }
            if valueStart < valueEnd && (bytes[valueStart].isFieldSpace || bytes[valueEnd &- 1].isFieldSpace) {
                marks.remove(.canonical)
                Self.trim(bytes, &valueStart, &valueEnd)
            }
            guard colon &- start <= Int(UInt16.max) else { return .failed(.tooLarge) }
            let value = ByteRange(start: valueStart, count: valueEnd &- valueStart)
            let field = Field(token: name.token, name: ByteRange(start: start, count: colon &- start), value: value, marks: marks)
            guard fields.count < limit, fields.append(field) else { return .failed(.tooMany) }
            if Self.isNoted(name.token) { note(name.token, value, bytes) }
            position = lineEnd &+ 2
        }
    }

    private static func cut(_ bytes: Span<UInt8>, at scanned: inout Int) -> LineStep {
        scanned = bytes.count
        return .incomplete
    }

    /// The fault, if the line that has it is there as a whole.
    @inline(never)
    private static func fault(_ fault: HeadFault, _ bytes: Span<UInt8>, line: Int, scanned: inout Int) -> LineStep {
        if bytes.firstLineFeed(from: line, to: bytes.count) != nil { return .failed(fault) }
        return cut(bytes, at: &scanned)
    }

    @inline(never)
    private static func trim(_ bytes: Span<UInt8>, _ start: inout Int, _ end: inout Int) {
        while start < end && bytes[start].isFieldSpace { start &+= 1 }
        while end > start && bytes[end &- 1].isFieldSpace { end &-= 1 }
    }

    private static func isNoted(_ token: FieldToken) -> Bool {
        let noted = TokenSet().adding(.connection).adding(.contentLength).adding(.expect).adding(.host).adding(.keepAlive)
            .adding(.te).adding(.transferEncoding)
        return noted.contains(token)
    }

    @inline(never)
    private mutating func note(_ token: FieldToken, _ value: ByteRange, _ bytes: Span<UInt8>) {
        switch token {
        case .host:
            seen.insert(seen.contains(.host) ? .hostTwice : .host)
            host = value
        case .contentLength:
            seen.insert(seen.contains(.contentLength) ? .contentLengthTwice : .contentLength)
            contentLength = value
        case .transferEncoding:
            seen.insert(seen.contains(.transferEncoding) ? .transferEncodingTwice : .transferEncoding)
            transferEncoding = value
        case .expect:
            seen.insert(seen.contains(.expect) ? .expectTwice : .expect)
            expect = value
        case .keepAlive:
            seen.insert(.keepAlive)
            keepAlive = value
        case .te: seen.insert(.te)
        case .connection:
            if bytes.matches(value, ignoringCase: "keep-alive") {
                connection.insert(.keepAlive)
            } else if bytes.matches(value, ignoringCase: "close") {
                connection.insert(.close)
            } else if bytes.matches(value, ignoringCase: "upgrade") {
                connection.insert(.upgrade)
            } else if !value.isEmpty {
                seen.insert(.connectionList)
            }
        default: break
        }
    }
}
