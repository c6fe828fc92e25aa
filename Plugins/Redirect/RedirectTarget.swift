import FilterAPI

/// Where a rule sends a client: a path of the same host, or a URL, with variables of the rule's pattern in path and query.
struct RedirectTarget {
    enum Piece {
        case text([UInt8])
        /// A variable, by its place in the pattern.
        case name(Int)
        case rest
    }

    /// `https://example.org`; nil for a path of the same host. No variable is in it, so that no client chooses a host.
    private(set) var origin: [UInt8]?
    /// Host and perhaps port of the origin, in lower case.
    private(set) var authority: String?
    private(set) var path: [Piece] = []
    private(set) var query: [Piece] = []
    private(set) var fragment: [UInt8] = []

    init(_ text: String, for pattern: PathPattern) throws(PatternFault) {
        if let wrong = text.unicodeScalars.first(where: { !Self.mayHold($0) }) {
            throw PatternFault("a URL cannot have `\(wrong)` in it", "other characters as `%XX`")
        }
        var rest = text[...]
        let lower = text.lowercased()
        if let scheme = ["https://", "http://"].first(where: { lower.hasPrefix($0) }) {
            let end = text.dropFirst(scheme.count).firstIndex { "/?#".contains($0) } ?? text.endIndex
            let host = text[..<end].dropFirst(scheme.count).lowercased()
            guard let authority = HostText(host) else {
                throw PatternFault("`\(host)` is not a host", "`https://` and a host, without user and variables")
            }
            origin = Array((scheme + authority.text).utf8)
            self.authority = authority.text
            rest = text[end...]
            if rest.first != "/" && !rest.isEmpty { rest = "/" + rest }
        } else {
            guard text.hasPrefix("/"), !text.hasPrefix("//") else {
                throw PatternFault("`\(text)` is neither a path nor a URL", "a path such as `/new`, or a URL such as `https://example.org/new`")
            }
        }
        if let hash = rest.firstIndex(of: "#") {
            fragment = Array(rest[hash...].utf8)
            rest = rest[..<hash]
            if fragment.contains(UInt8(ascii: "{")) { throw PatternFault("a variable stands behind `#`", "variables in the path or the query") }
        }
        if let mark = rest.firstIndex(of: "?") {
            query = try Self.pieces(rest[rest.index(after: mark)...], pattern)
            rest = rest[..<mark]
        }
        if rest.hasSuffix("/*") {
            guard pattern.hasRest else { throw PatternFault("`*` has nothing to stand for", "a path without `*`, or `\(pattern.text)` with one") }
            path = try Self.pieces(rest.dropLast(2), pattern) + [.rest]
        } else {
            path = try Self.pieces(rest, pattern)
        }
    }

    /// The characters of a URI, and the braces around variables.
    static func mayHold(_ character: Unicode.Scalar) -> Bool {
        character == "{" || character == "}" || character.isASCII && UInt8(ascii: character).isURICharacter
    }

    private static func pieces(_ text: Substring, _ pattern: PathPattern) throws(PatternFault) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { throw PatternFault("a `{` without its `}`", "`{name}`") }
            let name = String(rest[rest.index(after: open)..<close])
            guard let index = pattern.names.firstIndex(of: name) else {
                throw PatternFault("`{\(name)}` is not in `\(pattern.text)`", "a variable of the path that is matched")
            }
            if open > rest.startIndex { pieces.append(.text(Array(rest[..<open].utf8))) }
            pieces.append(.name(index))
            rest = rest[rest.index(after: close)...]
        }
        if rest.contains("}") { throw PatternFault("a `}` without its `{`", "`{name}`") }
        if !rest.isEmpty { pieces.append(.text(Array(rest.utf8))) }
        return pieces
    }

    /// Adds the path, which begins with a slash.
    func appendPath(to text: inout [UInt8], _ bytes: Span<UInt8>, _ captures: PathPattern.Captures) {
        let start = text.count
        append(path, to: &text, bytes, captures, escapingAllBut: \.isPathCharacter)
        if text.count == start { text.append(UInt8(ascii: "/")) }
    }

    /// Adds the target's own query with its `?`, if it has one.
    func appendQuery(to text: inout [UInt8], _ bytes: Span<UInt8>, _ captures: PathPattern.Captures) {
        guard !query.isEmpty else { return }
        text.append(UInt8(ascii: "?"))
        // Nothing of a value that ends it.
        append(query, to: &text, bytes, captures) { $0.isUnreservedCharacter || $0 == UInt8(ascii: "%") }
    }

    private func append(
        _ pieces: [Piece], to text: inout [UInt8], _ bytes: Span<UInt8>, _ captures: PathPattern.Captures, escapingAllBut isAllowed: (UInt8) -> Bool
    ) {
        for piece in pieces {
            switch piece {
            case .text(let bytes): text += bytes
            case .name(let index): text.append(bytes.extracting(captures.names[index].range), escapingAllBut: isAllowed)
            case .rest: text.append(bytes.extracting(captures.rest.range), escapingAllBut: isAllowed)
            }
        }
    }
}
