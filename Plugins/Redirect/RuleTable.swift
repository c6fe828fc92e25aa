import FilterAPI

/// One line `rule = FROM to=TARGET`.
struct RedirectRule {
    let pattern: PathPattern
    let target: RedirectTarget
    /// Nil for that of the section.
    let status: UInt16?
}

/// The rules of a section. An exact path costs one look-up, however many there are; patterns are tried in their order.
struct RuleTable {
    let rules: [RedirectRule]
    private var exact: [UInt64: [Int]] = [:]
    private var patterns: [Int] = []

    init(_ rules: [RedirectRule]) {
        self.rules = rules
        for (index, rule) in rules.enumerated() {
            if rule.pattern.isExact { exact[Self.hash(rule.pattern.text), default: []].append(index) } else { patterns.append(index) }
        }
    }

    private static func hash(_ text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return PathUnits.hash(of: ByteRange(start: 0, count: bytes.count), in: bytes.span)
    }

    /// The rule for a path: the one for this very path, or the first pattern that fits. Allocates nothing.
    func find(_ bytes: Span<UInt8>, _ path: ByteRange) -> Int? {
        if !exact.isEmpty, let candidates = exact[PathUnits.hash(of: path, in: bytes)] {
            for place in candidates.indices where rules[candidates[place]].pattern.matches(bytes, path) { return candidates[place] }
        }
        for place in patterns.indices where rules[patterns[place]].pattern.matches(bytes, path) { return patterns[place] }
        return nil
    }

    // MARK: What can be seen before any request comes

    /// Pairs of rules for one path: the second is never reached.
    func shadowed() -> (index: Int, by: Int)? {
        for (index, rule) in rules.enumerated() {
            let path = Array(Self.sample(rule.pattern).utf8)
            if let found = find(path.span, ByteRange(start: 0, count: path.count)), found < index,
                rules[found].pattern.isExact == rule.pattern.isExact
            {
                return (index, found)
            }
        }
        return nil
    }

    /// Rules that lead back to themselves for some path, in their order; nil if none was found.
    ///
    /// - Parameters:
    ///   - isOwn: whether a URL's host is one that is redirected here.
    ///   - isExempt: whether a path is not redirected.
    func circle(isOwn: (String) -> Bool, isExempt: (Span<UInt8>, ByteRange) -> Bool) -> [Int]? {
        for start in rules.indices {
            for hasRest in [true, false] {
                var path = Array(Self.sample(rules[start].pattern, withRest: hasRest).utf8)
                var visited: [Int] = []
                while let found = find(path.span, ByteRange(start: 0, count: path.count)), !isExempt(path.span, ByteRange(start: 0, count: path.count)) {
                    if let first = visited.firstIndex(of: found) { return Array(visited[first...]) }
                    visited.append(found)
                    let target = rules[found].target
                    if let authority = target.authority, !isOwn(authority) { break }
                    var next: [UInt8] = []
                    target.appendPath(to: &next, path.span, rules[found].pattern.captures(path.span, ByteRange(start: 0, count: path.count)))
                    path = next
                }
            }
        }
        return nil
    }

    /// A path that the pattern is for, with a name that nobody has for each variable.
    private static func sample(_ pattern: PathPattern, withRest: Bool = true) -> String {
        var path = pattern.hasRest ? String(pattern.text.dropLast(withRest ? 1 : 2)) + (withRest ? "sample-0" : "") : pattern.text
        for (index, name) in pattern.names.enumerated() { path = replaced(path, "{\(name)}", "sample-\(index + 1)") }
        return path
    }

    private static func replaced(_ text: String, _ part: String, _ by: String) -> String {
        guard let range = text.firstRange(of: part) else { return text }
        return String(text[..<range.lowerBound]) + by + text[range.upperBound...]
    }
}
