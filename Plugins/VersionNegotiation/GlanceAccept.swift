import FilterAPI

/// `Accept` as Glance's filter reads it: through WebOb, which takes a value that it cannot parse for none and tidies up the others, and whose
/// text is then compared with a prefix. So only a single media range without parameters can name a version; what else begins with the
/// prefix names none, even where the path does.
struct GlanceAccept {
    enum Meaning: Equatable {
        /// It says nothing: the path counts.
        case path
        /// The rest of the media range.
        case version(ByteRange)
        /// It names something that is no version.
        case other
    }

    static let listSegment = Array("versions".utf8)

    static func read(_ fields: borrowing Fields, prefix: [UInt8]) -> Meaning {
        guard let first = fields.firstIndex(of: .accept) else { return .path }
        // Nearly every request: a value that could not begin with the prefix, whatever is left out of it.
        guard mayBegin(fields.bytes, fields.valueRange(at: first), with: prefix) else { return .path }
        var reader = GlanceAccept()
        var index: Int? = first
        while let line = index {
            // Lines of one name are joined with a comma before WebOb sees them.
            if line != first { reader.comma() }
            guard reader.take(fields.bytes, fields.valueRange(at: line)) else { return .path }
            index = fields.firstIndex(of: .accept, from: line &+ 1)
        }
        guard let type = reader.firstType, fields.bytes.begins(type, with: prefix) else { return .path }
        guard reader.elements == 1, !reader.hasParameters else { return .other }
        return .version(ByteRange(start: type.lower &+ prefix.count, count: Int(type.count) &- prefix.count))
    }

    private static func mayBegin(_ bytes: Span<UInt8>, _ value: ByteRange, with prefix: [UInt8]) -> Bool {
        var start = value.lower
        while start < value.upper, bytes[start].isFieldSpace || bytes[start] == UInt8(ascii: ",") { start &+= 1 }
        return start == value.upper || bytes.begins(ByteRange(start: start, count: value.upper &- start), with: prefix)
    }

    // MARK: The grammar of WebOb

    private var elements = 0
    private var firstType: ByteRange?
    /// The first element has parameters that its tidied text keeps.
    private var hasParameters = false
    /// A list is an element or a comma, then commas each with or without an element.
    private var state = State.start

    private enum State {
        /// Nothing yet.
        case start
        /// Behind the leading comma, which no element may follow directly.
        case leadingComma
        /// Behind an element.
        case element
        /// Behind another comma.
        case comma
    }

    private mutating func comma() { state = state == .start ? .leadingComma : .comma }

    private mutating func take(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
        var at = value.lower
        while at < value.upper {
            if bytes[at].isFieldSpace {
                at &+= 1
            } else if bytes[at] == UInt8(ascii: ",") {
                comma()
                at &+= 1
            } else {
                guard state == .start || state == .comma, element(bytes, &at, value.upper) else { return false }
                state = .element
            }
        }
        return true
    }

    /// `type/subtype`, parameters, and behind a weight anything that looks like a parameter.
    private mutating func element(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
        let start = at
        guard Self.token(bytes, &at, end), at < end, bytes[at] == UInt8(ascii: "/") else { return false }
        at &+= 1
        guard Self.token(bytes, &at, end) else { return false }
        elements &+= 1
        if firstType == nil { firstType = ByteRange(start: start, count: at &- start) }
        var isWeighted = false
        while true {
            let before = at
            while at < end && bytes[at].isFieldSpace { at &+= 1 }
            guard at < end, bytes[at] == UInt8(ascii: ";") else {
                at = before
                return true
            }
            at &+= 1
            while at < end && bytes[at].isFieldSpace { at &+= 1 }
            let name = at
            guard Self.token(bytes, &at, end) else { return false }
            let isWeight = !isWeighted && at &- name == 1 && bytes[name].asciiLowercased == UInt8(ascii: "q")
            guard at < end, bytes[at] == UInt8(ascii: "=") else {
                guard isWeighted else { return false }
                if elements == 1 { hasParameters = true }
                continue
            }
            at &+= 1
            let value = at
            guard Self.value(bytes, &at, end) else { return false }
            if isWeight {
                guard bytes[value] != UInt8(ascii: "\""), let weight = ParameterList.weight(of: ByteRange(start: start, count: at &- start), in: bytes) else { return false }
                isWeighted = true
                if elements == 1 && weight < 1000 { hasParameters = true }
            } else if elements == 1 {
                hasParameters = true
            }
        }
    }

    private static func token(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
        let start = at
        while at < end && bytes[at].isTokenCharacter { at &+= 1 }
        return at > start
    }

    /// A token or a quoted string.
    private static func value(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
        guard at < end, bytes[at] == UInt8(ascii: "\"") else { return token(bytes, &at, end) }
        at &+= 1
        while at < end {
            let byte = bytes[at]
            at &+= 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") { at &+= 1 }
        }
        return false
    }
}
