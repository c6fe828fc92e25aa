import FilterAPI

/// A path that a rule is for: `/old`, `/users/{id}/profile`, `/old/*`. Matching takes time linear in the path.
struct PathPattern {
    // Units beside those of paths: one name between slashes, not empty; and the rest, which is nothing, or a slash and all behind it.
    private static let anyName: UInt16 = 0x200
    private static let anyRest: UInt16 = 0x201

    /// What names and the rest stood for: ranges of the path's bytes.
    struct Captures {
        var names: [ByteRange] = []
        var rest = ByteRange.empty
    }

    let text: String
    private var units: [UInt16] = []
    /// The names in braces, in their order.
    private(set) var names: [String] = []
    private(set) var hasRest = false

    /// It stands for one path.
    var isExact: Bool { names.isEmpty && !hasRest }

    init(_ text: String) throws(PatternFault) {
        self.text = text
        guard text.utf8.first == UInt8(ascii: "/") else { throw PatternFault("`\(text)` is not a path", "a path such as `/old` or `/old/*`") }
        if let wrong = text.unicodeScalars.first(where: { !RedirectTarget.mayHold($0) || $0 == "?" || $0 == "#" }) {
            throw PatternFault("a path cannot have `\(wrong)` in it", "a path without query, other characters as `%XX`")
        }
        var literal = ""
        let segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            if segment == "*" {
                guard index == segments.count - 1 else { throw PatternFault("`*` stands inside `\(text)`", "`*` as the last name only") }
                hasRest = true
                continue
            }
            literal += "/"
            guard segment.contains("{") || segment.contains("}") || segment.contains("*") else {
                literal += segment
                continue
            }
            let name = segment.dropFirst().dropLast()
            guard segment.first == "{", segment.last == "}", !name.isEmpty, name.utf8.allSatisfy({ $0.isAlphanumeric || $0 == 0x2D || $0 == 0x5F }) else {
                throw PatternFault("`\(segment)` is neither a name nor a variable", "`{name}` as a whole name between slashes")
            }
            guard !names.contains(String(name)) else { throw PatternFault("`{\(name)}` stands twice", "another name") }
            units += PathUnits.all(of: literal) + [Self.anyName]
            literal = ""
            names.append(String(name))
        }
        units += PathUnits.all(of: literal) + (hasRest ? [Self.anyRest] : [])
    }

    /// Whether the whole path fits. O(bytes of the path); allocates nothing.
    func matches(_ bytes: Span<UInt8>, _ path: ByteRange) -> Bool {
        var captures = Captures()
        return scan(bytes, path, into: &captures, keeping: false)
    }

    /// What the variables stand for in a path that fits.
    func captures(_ bytes: Span<UInt8>, _ path: ByteRange) -> Captures {
        var captures = Captures()
        _ = scan(bytes, path, into: &captures, keeping: true)
        return captures
    }

    private func scan(_ bytes: Span<UInt8>, _ path: ByteRange, into captures: inout Captures, keeping: Bool) -> Bool {
        var walk = PathUnits(path)
        for index in units.indices {
            switch units[index] {
            case Self.anyName:
                let start = walk.at
                walk.skipName(in: bytes)
                guard walk.at > start else { return false }
                if keeping { captures.names.append(ByteRange(start: start, count: walk.at - start)) }
            case Self.anyRest:
                let start = walk.at
                if let unit = walk.next(in: bytes), unit != PathUnits.slash { return false }
                captures.rest = ByteRange(start: start, count: max(0, path.upper - start))
                return true
            case let unit: if walk.next(in: bytes) != unit { return false }
            }
        }
        return walk.next(in: bytes) == nil
    }
}

/// What is wrong with a pattern or a target, and what could stand there.
struct PatternFault: Error {
    let message: String
    let expected: String

    init(_ message: String, _ expected: String) {
        self.message = message
        self.expected = expected
    }
}
