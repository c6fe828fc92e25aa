import Buffers

/// Walks the parameters of a list element, `; name=value` (RFC 9110 §5.6.6). White space around names and values is left out, and so are the
/// quotes of a quoted value (escapes in it stay as they are). A parameter without a value has an empty one.
///
///     var parameters = ParameterList(element, in: bytes)
///     while let parameter = parameters.next(in: bytes) { … }
public struct ParameterList: Sendable {
    /// A parameter: where its name and its value are.
    public struct Parameter: Sendable {
        public var name: ByteRange
        public var value: ByteRange
    }

    @usableFromInline var at: Int
    @usableFromInline let end: Int

    /// The parameters of `element`, which is one element of a list (`TokenList`).
    public init(_ element: ByteRange, in bytes: Span<UInt8>) {
        at = TokenList.name(of: element, in: bytes).upper
        end = element.upper
    }

    /// The next parameter, or nil behind the last one. Traps if the element is not inside `bytes`.
    public mutating func next(in bytes: Span<UInt8>) -> Parameter? {
        while at < end && (bytes[at].isFieldSpace || bytes[at] == UInt8(ascii: ";")) { at &+= 1 }
        guard at < end else { return nil }
        let start = at
        while at < end && bytes[at] != UInt8(ascii: "=") && bytes[at] != UInt8(ascii: ";") { at &+= 1 }
        let name = Self.trimmed(start, at, bytes)
        guard at < end, bytes[at] == UInt8(ascii: "=") else { return Parameter(name: name, value: ByteRange(start: at, count: 0)) }
        at &+= 1
        let first = at
        var quoted = false
        while at < end && (quoted || bytes[at] != UInt8(ascii: ";")) {
            if bytes[at] == UInt8(ascii: "\"") {
                quoted.toggle()
            } else if quoted && bytes[at] == UInt8(ascii: "\\") && at &+ 1 < end {
                at &+= 1
            }
            at &+= 1
        }
        var value = Self.trimmed(first, at, bytes)
        if value.count >= 2 && bytes[value.lower] == UInt8(ascii: "\"") && bytes[value.upper &- 1] == UInt8(ascii: "\"") {
            value = ByteRange(start: value.lower &+ 1, count: Int(value.count) &- 2)
        }
        return Parameter(name: name, value: value)
    }

    private static func trimmed(_ start: Int, _ end: Int, _ bytes: Span<UInt8>) -> ByteRange {
        var lower = start
        var upper = end
        while lower < upper && bytes[lower].isFieldSpace { lower &+= 1 }
        while upper > lower && bytes[upper &- 1].isFieldSpace { upper &-= 1 }
        return ByteRange(start: lower, count: upper &- lower)
    }

    /// The weight of a list element in thousandths (`q`, RFC 9110 §12.4.2): 1000 without one, nil if it is not from 0 to 1 with at most three
    /// decimals, or stands twice.
    public static func weight(of element: ByteRange, in bytes: Span<UInt8>) -> Int? {
        var weight: Int?
        var parameters = ParameterList(element, in: bytes)
        while let parameter = parameters.next(in: bytes) {
            guard parameter.name.count == 1, bytes[parameter.name.lower].asciiLowercased == UInt8(ascii: "q") else { continue }
            guard weight == nil, let value = thousandths(parameter.value, bytes) else { return nil }
            weight = value
        }
        return weight ?? 1000
    }

    private static func thousandths(_ value: ByteRange, _ bytes: Span<UInt8>) -> Int? {
        guard value.count >= 1, value.count <= 5, bytes[value.lower] == UInt8(ascii: "0") || bytes[value.lower] == UInt8(ascii: "1") else { return nil }
        var sum = Int(bytes[value.lower] &- 0x30) &* 1000
        guard value.count > 1 else { return sum }
        guard bytes[value.lower &+ 1] == UInt8(ascii: ".") else { return nil }
        var scale = 100
        var at = value.lower &+ 2
        while at < value.upper {
            guard bytes[at].isDigit else { return nil }
            sum &+= Int(bytes[at] &- 0x30) &* scale
            scale /= 10
            at &+= 1
        }
        return sum <= 1000 ? sum : nil
    }
}
