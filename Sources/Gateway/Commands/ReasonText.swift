import HTTPMessage

/// Reason codes as texts for a terminal.
enum ReasonText {
    /// What a word on the command line stands for.
    enum Found: Equatable {
        case reason(Reason)
        /// Those that begin with it.
        case several([Reason])
        /// None; with the one that it is nearest to, if any is near.
        case none(nearest: Reason?)
    }

    static func find(_ word: String) -> Found {
        let wanted = word.lowercased()
        if let reason = Reason.allCases.first(where: { $0.code.description == wanted }) { return .reason(reason) }
        let beginning = Reason.allCases.filter { $0.code.description.hasPrefix(wanted) }
        if beginning.count == 1 { return .reason(beginning[0]) }
        if !beginning.isEmpty && !wanted.isEmpty { return .several(beginning) }
        let scored = Reason.allCases.map { (reason: $0, distance: editDistance(wanted, $0.code.description)) }
        guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= best.reason.code.utf8CodeUnitCount / 4 else {
            return .none(nearest: nil)
        }
        return .none(nearest: best.reason)
    }

    /// One line a reason: code, status, title.
    static func list(_ reasons: [Reason]) -> String {
        let width = reasons.map(\.code.utf8CodeUnitCount).max() ?? 0
        return reasons.map { reason in
            let padding = String(repeating: " ", count: width - reason.code.utf8CodeUnitCount)
            return "\(reason.code)\(padding)  \(reason.status)  \(reason.title)\n"
        }.joined()
    }

    /// The whole explanation, at most 80 columns wide.
    static func explanation(of reason: Reason) -> String {
        let explanation = reason.explanation
        return "\(reason.code) (status \(reason.status))\n"
            + wrapped("\(reason.title).")
            + "\n" + wrapped("What happened: \(explanation.happened)")
            + "\n" + wrapped("Whose fault: \(explanation.fault.text).")
            + "\n" + wrapped("What to do: \(explanation.advice)")
    }

    /// The text in lines of at most 80 characters, broken at spaces.
    static func wrapped(_ text: String, width: Int = 80) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty && line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return (lines + [line]).joined(separator: "\n") + "\n"
    }

    /// Insertions, deletions and replacements of bytes that turn one text into the other (Levenshtein).
    static func editDistance(_ one: String, _ other: String) -> Int {
        let left = Array(one.utf8.prefix(100))
        let right = Array(other.utf8.prefix(100))
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in 0..<right.count {
                let replaced = diagonal + (right[column] == byte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
