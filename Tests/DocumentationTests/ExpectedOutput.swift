/// What a page shows as the output of a command. A line `...` stands for any lines, and `...` inside a line for any text.
struct ExpectedOutput {
    var lines: [String]

    func matches(_ output: String) -> Bool {
        // curl shows the carriage returns of a head; to Swift, CR LF is one character.
        let text = String(String.UnicodeScalarView(output.unicodeScalars.filter { $0 != "\r" }))
        var actual = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if actual.last == "" { actual.removeLast() }
        return Self.match(lines[...], actual[...])
    }

    private static func match(_ expected: ArraySlice<String>, _ actual: ArraySlice<String>) -> Bool {
        guard let first = expected.first else { return actual.isEmpty }
        if first == "..." {
            return (actual.startIndex...actual.endIndex).contains { match(expected.dropFirst(), actual[$0...]) }
        }
        guard let line = actual.first else { return false }
        return lineMatches(first, line) && match(expected.dropFirst(), actual.dropFirst())
    }

    static func lineMatches(_ expected: String, _ line: String) -> Bool {
        let parts = expected.split(separator: "...", omittingEmptySubsequences: false)
        var rest = line[...]
        for (index, part) in parts.enumerated() {
            if index == 0 {
                guard rest.hasPrefix(part) else { return false }
                rest = rest.dropFirst(part.count)
                if parts.count == 1 { return rest.isEmpty }
            } else if index == parts.count - 1 {
                return rest.hasSuffix(part)
            } else {
                guard let found = rest.firstRange(of: part) else { return false }
                rest = rest[found.upperBound...]
            }
        }
        return true
    }
}
