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
        var start = position
        defer { position = start }
        while true {
            if bytes.isLineEnd(at: start) {
                start &+= 2
                return .complete
            }
            var name = FieldName(bytes, at: start)
            if name.end >= bytes.count { return Self.cut(bytes, at: &scanned) }
            if name.end == start || bytes[name.end] != UInt8(ascii: ":") {
                switch FieldName.readOdd(bytes, at: start) {
                case .name(let odd): name = odd
                case .incomplete: return Self.cut(bytes, at: &scanned)
                case .failed(let fault): return Self.fault(fault, bytes, line: start, scanned: &scanned)
                }
            }
            let colon = name.end
            let lineEnd = bytes.firstControl(from: colon &+ 1)
            guard bytes.isLineEnd(at: lineEnd) else {
                return Self.badLineEnd(bytes, at: lineEnd, line: start, scanned: &scanned)
            }
            var value = ByteRange(start: colon &+ 2, count: lineEnd &- colon &- 2)
            var marks = name.marks
            let lead = bytes.pair(at: colon &+ 1)
            // One space, and then a value without white space at its ends: as it would be written.
            if lead & 0xFF == 0x20 && lead > 0x20FF && bytes[lineEnd &- 1] > 0x20 {
                marks.insert(.canonical)
            } else {
                value = Self.trim(bytes, from: colon &+ 1, to: lineEnd, &marks)
            }
            guard colon &- start <= Int(UInt16.max) else { return .failed(.tooLarge) }
            let field = Field(token: name.token, name: ByteRange(start: start, count: colon &- start), value: value, marks: marks)
            guard fields.count < limit, fields.append(field) else { return .failed(.tooMany) }
            if Self.isNoted(name.token) { note(name.token, value, bytes) }
            start = lineEnd &+ 2
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

    /// What stands at `at`, the first control byte of the line, is not CRLF: the bytes end there, or it is a fault.
    @inline(never)
    private static func badLineEnd(_ bytes: Span<UInt8>, at: Int, line: Int, scanned: inout Int) -> LineStep {
        guard at < bytes.count else { return cut(bytes, at: &scanned) }
        switch bytes[at] {
        case 0x0A: return .failed(.lineEnding)
        case 0x0D where at &+ 1 == bytes.count: return cut(bytes, at: &scanned)
        case 0x0D: return fault(.lineEnding, bytes, line: line, scanned: &scanned)
        default: return fault(.control, bytes, line: line, scanned: &scanned)
        }
    }

    /// The value between colon and line end, without the white space around it. An empty one behind one space is canonical.
    @inline(never)
    private static func trim(_ bytes: Span<UInt8>, from first: Int, to lineEnd: Int, _ marks: inout FieldMarks) -> ByteRange {
        var start = first
        var end = lineEnd
        while start < end && bytes[start].isFieldSpace { start &+= 1 }
        while end > start && bytes[end &- 1].isFieldSpace { end &-= 1 }
        if lineEnd &- first == 1 && bytes[first] == 0x20 { marks.insert(.canonical) }
        return ByteRange(start: start, count: end &- start)
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
            noteConnection(value, bytes)
        default: break
        }
    }

    private mutating func noteConnection(_ value: ByteRange, _ bytes: Span<UInt8>) {
        let word = bytes.paddedWord(at: value.lower)
        switch value.count {
        case 0: return
        case 10 where word.isText(0x696C_612D_7065_656B, count: 8)  // keep-ali
            && bytes.paddedWord(at: value.lower &+ 8).isText(0x6576, count: 2):  // ve
            connection.insert(.keepAlive)
        case 5 where word.isText(0x65_736F_6C63, count: 5): connection.insert(.close)
        case 7 where word.isText(0x65_6461_7267_7075, count: 7): connection.insert(.upgrade)
        default: seen.insert(.connectionList)
        }
    }
}
