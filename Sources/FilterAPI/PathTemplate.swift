/// A shape of paths: `/users/{id}/files/*`. A segment is a name, `*` for any one, or `{word}` for any one that tells requests apart; `**` at
/// the end stands for any number of segments.
///
/// It matches what an app would take for the same path: segments are compared decoded, empty ones (`//`) and the last slash do not count, nor
/// does what stands behind a `;` in a segment. Letter case counts.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
    private enum Segment: Sendable, Hashable {
        case name([UInt8])
        case any
        case captured
    }

    public let description: String
    private var segments: [Segment] = []
    /// It ends in `**`.
    private var isOpen = false

    /// Errors: a text without a slash in front, with `**` or a brace in a wrong place.
    public init(_ text: String, option: String, value: Int? = nil) throws(ConfigurationError) {
        description = text
        guard text.hasPrefix("/") else {
            throw ConfigurationError("`\(text)` is not the shape of a path", option: option, value: value, expected: "a path such as `/users/{id}/*`")
        }
        for part in text.split(separator: "/") {
            if isOpen { throw ConfigurationError("`**` stands before the end of `\(text)`", option: option, value: value) }
            switch part {
            case "**": isOpen = true
            case "*": segments.append(.any)
            default:
                if part.hasPrefix("{"), part.hasSuffix("}"), part.count > 2 {
                    segments.append(.captured)
                } else if part.contains(where: { "{}*%;?#".contains($0) }) {
                    throw ConfigurationError(
                        "`\(part)` is not a segment of a path's shape", option: option, value: value, expected: "a name, `*`, `{word}`, or `**` at the end",
                        help: "names are written decoded")
                } else {
                    segments.append(.name(Array(part.utf8)))
                }
            }
        }
    }

    /// Whether a path has this shape. O(bytes), allocates nothing.
    public func matches(_ request: borrowing Request) -> Bool {
        var walk = PathWalk(request.pathRange)
        for index in segments.indices {
            guard let found = walk.next(in: request.fields.bytes) else { return false }
            if case .name(let name) = segments[index], !PathWalk.equals(found, name, request.fields.bytes) { return false }
        }
        return isOpen || walk.next(in: request.fields.bytes) == nil
    }

    /// Writes the captured segments, decoded, each with its length behind it.
    func writeCaptures(_ request: borrowing Request, to key: inout some KeyWriting) {
        var walk = PathWalk(request.pathRange)
        for index in segments.indices {
            guard let found = walk.next(in: request.fields.bytes) else { return }
            if case .captured = segments[index] { PathWalk.write(found, request.fields.bytes, to: &key) }
        }
    }

    /// The path in the spelling that all its spellings have in common.
    static func writePath(_ request: borrowing Request, to key: inout some KeyWriting) {
        var walk = PathWalk(request.pathRange)
        while let found = walk.next(in: request.fields.bytes) { PathWalk.write(found, request.fields.bytes, to: &key) }
    }
}

/// Goes through the segments of a path that are not empty.
private struct PathWalk {
    private var at: Int
    private let end: Int

    init(_ path: ByteRange) {
        at = path.lower
        end = path.upper
    }

    /// The next segment, without what stands behind a `;`.
    mutating func next(in bytes: Span<UInt8>) -> ByteRange? {
        while at < end {
            while at < end && bytes[at] == UInt8(ascii: "/") { at &+= 1 }
            let start = at
            var last = -1
            while at < end && bytes[at] != UInt8(ascii: "/") {
                if last < 0 && bytes[at] == UInt8(ascii: ";") { last = at }
                at &+= 1
            }
            let stop = last < 0 ? at : last
            if stop > start { return ByteRange(start: start, count: stop &- start) }
        }
        return nil
    }

    static func equals(_ segment: ByteRange, _ name: [UInt8], _ bytes: Span<UInt8>) -> Bool {
        guard Int(segment.count) >= name.count else { return false }
        var at = segment.lower
        for index in name.indices {
            guard at < segment.upper, decoded(bytes, &at, segment.upper) == name[index] else { return false }
        }
        return at == segment.upper
    }

    static func write(_ segment: ByteRange, _ bytes: Span<UInt8>, to key: inout some KeyWriting) {
        var at = segment.lower
        var count: UInt32 = 0
        while at < segment.upper {
            key.append(decoded(bytes, &at, segment.upper))
            count &+= 1
        }
        key.append(length: count)
    }

    /// The byte at `at`, of which an escape is one; `at` moves behind it.
    private static func decoded(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> UInt8 {
        let escaped = bytes.escapedByte(at: at, to: end)
        defer { at &+= escaped == nil ? 1 : 3 }
        return escaped ?? bytes[at]
    }
}

extension KeyWriting {
    /// The length of a part behind the part: so no two keys of different parts have the same bytes.
    mutating func append(length: UInt32) {
        for place in 0..<4 { append(UInt8(truncatingIfNeeded: length >> UInt32(place &* 8))) }
    }
}
