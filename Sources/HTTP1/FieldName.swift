import Buffers
import HTTPMessage

/// The name in front of a colon.
struct FieldName {
    /// Offset behind the name; the byte there was not looked at, and may be behind the received bytes.
    var end: Int
    var token: FieldToken
    var marks: FieldMarks = []

    /// Reads the letters, digits and dashes from `start` on. Names with any other token character end early here and are read
    /// again by `readOdd`.
    @inline(__always)
    init(_ bytes: Span<UInt8>, at start: Int) {
        let count = bytes.nameLength(at: start)
        let first = bytes.paddedWord(at: start).lowercased
        end = start &+ count
        if count <= 8 {
            token = .named(count: count, first.first(count))
        } else if count < 16 {
            token = .named(count: count, first, bytes.paddedWord(at: start &+ 8).lowercased.first(count &- 8))
        } else {
            self = Self.readLong(bytes, at: start)
        }
    }

    private init(end: Int, token: FieldToken, marks: FieldMarks = []) {
        self.end = end
        self.token = token
        self.marks = marks
    }

    /// A name of 16 and more letters, digits and dashes.
    @inline(never)
    private static func readLong(_ bytes: Span<UInt8>, at start: Int) -> FieldName {
        var end = start
        var count = 16
        while count == 16 {
            end &+= 16
            count = bytes.nameLength(at: end)
        }
        end &+= count
        let length = end &- start
        guard length <= 25 else { return FieldName(end: end, token: .unknown) }
        let first = bytes.paddedWord(at: start).lowercased
        let second = bytes.paddedWord(at: start &+ 8).lowercased
        if length == 16 { return FieldName(end: end, token: .named(count: 16, first, second)) }
        let third = bytes.paddedWord(at: start &+ 16).lowercased.first(min(length &- 16, 8))
        return FieldName(end: end, token: .named(count: length, first, second, third, last: bytes[end &- 1] | 0x20))
    }

    enum OddLine {
        case name(FieldName)
        case incomplete
        case failed(HeadFault)
    }

    /// Reads a line that does not start with letters, digits, dashes and a colon, and is not empty: a name with other token characters in
    /// it, or a malformed line.
    @inline(never)
    static func readOdd(_ bytes: Span<UInt8>, at start: Int) -> OddLine {
        var end = start
        var hasPunctuation = false
        while end < bytes.count && bytes[end].isTokenCharacter {
            if !bytes[end].isAlphanumeric && bytes[end] != UInt8(ascii: "-") { hasPunctuation = true }
            end &+= 1
        }
        guard end < bytes.count else { return .incomplete }
        switch bytes[end] {
        case UInt8(ascii: ":"):
            guard end > start else { return .failed(.malformed) }
            let name = ByteRange(start: start, count: end &- start)
            if hasPunctuation && FieldToken.isAlias(bytes, name) { return .name(FieldName(end: end, token: .unknown, marks: .removed)) }
            return .name(FieldName(end: end, token: .named(bytes, name)))
        case 0x0D:
            guard end &+ 1 < bytes.count else { return .incomplete }
            guard bytes[end &+ 1] == 0x0A else { return .failed(.lineEnding) }
            return .failed(.malformed)
        case 0x0A: return .failed(.lineEnding)
        case 0x20, 0x09: return .failed(end == start ? .folded : .malformed)
        default: return .failed(.malformed)
        }
    }
}
