import FilterAPI

/// Segments of a request's path.
enum PathSegment {
    /// The first segment, without its slash; empty where there is none.
    static func first(of request: borrowing Request) -> ByteRange { first(of: request, from: 0) }

    /// The one that will be the first when `offset` bytes have been taken off: of several slashes at the beginning of a path one stays.
    static func first(of request: borrowing Request, from offset: Int) -> ByteRange {
        let path = request.pathRange
        let bytes = request.fields.bytes
        var start = path.lower &+ offset
        guard start < path.upper, bytes[start] == UInt8(ascii: "/") else { return ByteRange(start: start, count: 0) }
        while start < path.upper && bytes[start] == UInt8(ascii: "/") { start &+= 1 }
        return segment(from: start, path, bytes)
    }

    /// What routes, and some apps, take for the name of a segment: what stands before a `;`, encoded or not.
    static func name(of segment: ByteRange, _ request: borrowing Request) -> ByteRange {
        let bytes = request.fields.bytes
        var end = segment.lower
        while end < segment.upper && bytes[end] != UInt8(ascii: ";") && bytes.escapedByte(at: end, to: segment.upper) != UInt8(ascii: ";") { end &+= 1 }
        return ByteRange(start: segment.lower, count: end &- segment.lower)
    }

    private static func segment(from start: Int, _ path: ByteRange, _ bytes: Span<UInt8>) -> ByteRange {
        var end = start
        while end < path.upper && bytes[end] != UInt8(ascii: "/") { end &+= 1 }
        return ByteRange(start: start, count: end &- start)
    }

    /// Bytes of the segment and the slash before it.
    static func length(_ segment: ByteRange) -> Int { Int(segment.count) &+ 1 }

    /// Whether the path is the first segment and nothing else.
    static func isAlone(_ segment: ByteRange, _ request: borrowing Request) -> Bool {
        let path = request.pathRange
        return segment.upper == path.upper || segment.upper &+ 1 == path.upper
    }

    /// Whether the segment is these bytes already, not encoded.
    static func isLiteral(_ segment: ByteRange, _ name: [UInt8], _ request: borrowing Request) -> Bool {
        request.fields.bytes.matches(segment, name)
    }

    /// Whether the path is `path`, perhaps with a slash behind it.
    static func isPath(_ path: [UInt8], _ request: borrowing Request) -> Bool {
        var range = request.pathRange
        let bytes = request.fields.bytes
        if range.count > 1 && bytes[range.upper &- 1] == UInt8(ascii: "/") { range = ByteRange(start: range.lower, count: Int(range.count) &- 1) }
        return bytes.isSegment(range, path)
    }
}
