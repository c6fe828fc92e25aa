import Buffers
import CNghttp2
import HTTPMessage

/// The fields of a head that is being sent: text, and ranges of it, in two slabs that go back to their pool when the head is coded.
/// Names are lower-cased on their way out. What does not fit sets `overflowed`, and the head is not sent.
@safe
public struct HeadList: ~Copyable {
    private var text: OutputBuffer
    private var records: Slab
    private let capacity: Int
    public private(set) var count = 0
    public private(set) var overflowed = false

    init(_ pool: SlabPool) {
        text = OutputBuffer(pool.take())
        records = pool.take()
        // As many as the shim takes.
        capacity = min(600, records.capacity / MemoryLayout<sluice_h2_field>.stride)
    }

    /// Adds a field whose name is in lower case.
    public mutating func add(_ name: StaticString, _ value: StaticString) { add(name.octets, value.octets, isSecret: false) }

    /// Adds a field whose name is in lower case.
    public mutating func add(_ name: StaticString, _ value: Span<UInt8>) { add(name.octets, value, isSecret: false) }

    /// Adds a field with a number.
    public mutating func add(_ name: StaticString, decimal value: UInt64) {
        let start = text.end
        text.append(name)
        let valueStart = text.end
        text.append(decimal: value)
        record(start, valueStart, isSecret: false)
    }

    /// What was seen in lines that were added.
    public struct SeenLines {
        /// Offset behind the empty line; 0 if there is none.
        public var end = 0
        /// The body has no bytes.
        public var saysLengthZero = false

        public init() {}
    }

    /// Adds lines of HTTP/1 text, `name: value` CRLF, as the gateway writes them, from `start` to the empty line or the end; but for those
    /// about the connection, and those in `dropping`.
    @discardableResult
    public mutating func add(lines: Span<UInt8>, from start: Int = 0, dropping: TokenSet = []) -> SeenLines {
        let dropped = TokenSet.hopByHop.union(dropping)
        var seen = SeenLines()
        var start = start
        while let lineFeed = lines.firstLineFeed(from: start, to: lines.count) {
            if lineFeed &- start <= 1 {
                seen.end = lineFeed &+ 1
                break
            }
            var colon = start &+ lines.nameLength(at: start)
            while colon < lineFeed && lines[colon] != UInt8(ascii: ":") { colon &+= 1 }
            var end = lineFeed
            if end > colon && lines[end &- 1] == 0x0D { end &-= 1 }
            var value = colon &+ 1
            while value < end && lines[value].isFieldSpace { value &+= 1 }
            let name = ByteRange(start: start, count: colon &- start)
            start = lineFeed &+ 1
            let token = FieldToken.named(lines, name)
            guard !name.isEmpty, value <= end, !dropped.contains(token) else { continue }
            if token == .contentLength && end &- value == 1 && lines[value] == 0x30 { seen.saysLengthZero = true }
            add(lines.extracting(name.range), lines.extracting(value..<end), isSecret: Self.isSecret(token, count: end &- value))
        }
        return seen
    }

    /// Credentials, and cookies that are short enough to be guessed (RFC 7541 §7.1.3).
    private static func isSecret(_ token: FieldToken, count: Int) -> Bool {
        token == .authorization || token == .proxyAuthorization || (token == .cookie && count < 20)
    }

    private mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>, isSecret: Bool) {
        let start = text.end
        text.append(name)
        let valueStart = text.end
        text.append(value)
        record(start, valueStart, isSecret: isSecret)
    }

    private mutating func record(_ start: Int, _ valueStart: Int, isSecret: Bool) {
        guard !text.overflowed, count < capacity, valueStart &- start <= Int(UInt16.max) else {
            overflowed = true
            return
        }
        let field = sluice_h2_field(
            name_start: UInt32(start), value_start: UInt32(valueStart), value_count: UInt32(text.end &- valueStart),
            name_count: UInt16(valueStart &- start), never_indexed: isSecret ? 1 : 0)
        // `capacity` records fit.
        unsafe records.baseAddress.storeBytes(of: field, toByteOffset: count &* MemoryLayout<sluice_h2_field>.stride, as: sluice_h2_field.self)
        count &+= 1
    }

    /// Calls `body` with the head as the shim takes it: valid for the length of the call.
    borrowing func withHead<Result>(_ body: (sluice_h2_head) -> Result) -> Result {
        unsafe body(
            sluice_h2_head(
                text: text.readAddress.assumingMemoryBound(to: UInt8.self),
                fields: records.baseAddress.assumingMemoryBound(to: sluice_h2_field.self), count: count))
    }
}
