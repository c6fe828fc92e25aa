import Buffers
import HTTPMessage

/// The name in front of a colon.
struct FieldName {
    /// Offset behind the name; the byte there was not looked at, and may be behind the received bytes.
    var end: Int
    var token: FieldToken
    var marks: FieldMarks = []

    /// Reads the letters and dashes from `start` on, eight at a time. Names with any other token character end early here and
    /// are read again by `readOdd`.
    @inline(__always)
    init(_ bytes: Span<UInt8>, at start: Int) {
        let first = bytes.paddedWord(at: start)
        let stops = first.bytesOutsideName
        if stops != 0 {
            let count = stops.lowestMarkedByte
            end = start &+ count
            token = FieldToken.named(count: count, first.lowercased & stops.bytesInFront)
            return
        }
        let second = bytes.paddedWord(at: start &+ 8)
        let secondStops = second.bytesOutsideName
        if secondStops != 0 {
            let count = secondStops.lowestMarkedByte
            end = start &+ 8 &+ count
            token = count == 0
                ? FieldToken.named(count: 8, first.lowercased)
                : FieldToken.named(count: 8 &+ count, first.lowercased, second.lowercased & secondStops.bytesInFront)
            return
        }
        let long = Self.readLong(bytes, at: start)
        end = long.end
        token = long.token
    }

    private init(end: Int, token: FieldToken, marks: FieldMarks = []) {
        self.end = end
        self.token = token
        self.marks = marks
    }

    /// A name of 16 and more letters and dashes.
    @inline(never)
    private static func readLong(_ bytes: Span<UInt8>, at start: Int) -> FieldName {
        var end = start &+ 16
        var stops = bytes.paddedWord(at: end).bytesOutsideName
        while stops == 0 {
            end &+= 8
            stops = bytes.paddedWord(at: end).bytesOutsideName
        }
        end &+= stops.lowestMarkedByte
        guard end &- start <= 25, end <= bytes.count else { return FieldName(end: end, token: .unknown) }
        return FieldName(end: end, token: .named(bytes, ByteRange(start: start, count: end &- start)))
    }

    enum OddLine {
        case name(FieldName)
        /// CR LF: the section ends.
        case blankLine
        case incomplete
        case failed(HeadFault)
    }

    /// Reads a line that does not start with letters, dashes and a colon: the end of the section, a name with other token
    /// characters in it, or a malformed line.
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
            if hasPunctuation && isAlias(bytes, name) { return .name(FieldName(end: end, token: .unknown, marks: .removed)) }
            return .name(FieldName(end: end, token: .named(bytes, name)))
        case 0x0D:
            guard end &+ 1 < bytes.count else { return .incomplete }
            guard bytes[end &+ 1] == 0x0A else { return .failed(.lineEnding) }
            return end == start ? .blankLine : .failed(.malformed)
        case 0x0A: return .failed(.lineEnding)
        case 0x20, 0x09: return .failed(end == start ? .folded : .malformed)
        default: return .failed(.malformed)
        }
    }

    /// True for a name that some app takes for one which Sluice knows: CGI, WSGI and others map `-`, `_` and more to one byte, so
    /// `X_Forwarded_For` or `Transfer.Encoding` would slip past every rule about the field that it stands for.
    private static func isAlias(_ bytes: Span<UInt8>, _ name: ByteRange) -> Bool {
        guard name.count <= 25 else { return false }
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var last: UInt8 = 0
        for index in 0..<Int(name.count) {
            let byte = bytes[name.lower &+ index]
            last = byte.isAlphanumeric ? byte | 0x20 : UInt8(ascii: "-")
            let bits = UInt64(last) &<< (UInt64(index & 7) &* 8)
            switch index &>> 3 {
            case 0: words.0 |= bits
            case 1: words.1 |= bits
            case 2: words.2 |= bits
            default: break
            }
        }
        let count = Int(name.count)
        let token: FieldToken =
            count <= 8 ? .named(count: count, words.0)
            : count <= 16 ? .named(count: count, words.0, words.1)
            : .named(count: count, words.0, words.1, words.2, last: last)
        return token != .unknown
    }
}
