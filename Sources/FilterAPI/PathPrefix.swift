/// The beginning of paths that a filter is for, such as `/api`: make it when the filter is made. It compares as routes do: whole segments, each
/// decoded once, whatever stands behind a `;` left out, empty segments passed over. So `/api` means `/api`, `/api/x`, `//%61pi;v=1/x`, but
/// not `/apis`.
public struct PathPrefix: Sendable, Hashable, CustomStringConvertible {
    private let names: [[UInt8]]
    public let description: String

    /// Nil if it does not begin with a slash, or no path that gets here can begin so: with `;`, `?`, `#`, blanks, dot or empty segments, or a
    /// broken escape in it.
    public init?(_ path: String) {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/"), bytes.allSatisfy({ $0.isTargetCharacter && !";?\\".utf8.contains($0) }) else { return nil }
        var names: [[UInt8]] = []
        for segment in bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            var name: [UInt8] = []
            var at = segment.startIndex
            while at < segment.endIndex {
                let escaped = bytes.span.escapedByte(at: at, to: segment.endIndex)
                if escaped == nil && segment[at] == UInt8(ascii: "%") { return nil }
                name.append(escaped ?? segment[at])
                at += escaped == nil ? 1 : 3
            }
            names.append(name)
        }
        if names.last == [] { names.removeLast() }
        let dot = UInt8(ascii: ".")
        guard names.allSatisfy({ !$0.isEmpty && $0 != [dot] && $0 != [dot, dot] }) else { return nil }
        self.names = names
        description = path
    }

    /// Whether the path begins so, as it stands now.
    public func matches(_ request: borrowing Request) -> Bool { matches(request.fields.bytes, request.pathRange) }

    /// Whether bytes `path` begin so. O(length of the prefix).
    public func matches(_ bytes: Span<UInt8>, _ path: ByteRange) -> Bool {
        var at = path.lower
        for index in names.indices {
            let name = names[index]
            while at < path.upper && bytes[at] == UInt8(ascii: "/") { at &+= 1 }
            guard at < path.upper else { return false }
            for place in name.indices {
                guard at < path.upper else { return false }
                var next = bytes[at]
                var length = 1
                if let escaped = bytes.escapedByte(at: at, to: path.upper) {
                    next = escaped
                    length = 3
                } else if next == UInt8(ascii: "/") {
                    return false
                }
                guard next == name[place] else { return false }
                at &+= length
            }
            // The name ends here, or its parameters begin.
            guard at < path.upper, bytes[at] != UInt8(ascii: "/") else { continue }
            guard bytes[at] == UInt8(ascii: ";") || bytes.escapedByte(at: at, to: path.upper) == UInt8(ascii: ";") else { return false }
            while at < path.upper && bytes[at] != UInt8(ascii: "/") { at &+= 1 }
        }
        return true
    }
}
