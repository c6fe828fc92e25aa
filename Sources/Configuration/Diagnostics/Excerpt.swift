extension SourceFile {
    /// The longest stretch of a line that is shown, in characters; more than a screen is not read.
    private static let window = 120
    /// How much of a long line is shown before the marked part.
    private static let lead = 40

    /// The line and column of a range, and the line itself, ready to be shown.
    func place(of range: SourceRange) -> Diagnostic.Place {
        let line = line(at: range.start)
        let lineRange = self.range(ofLine: line)
        let start = min(max(Int(range.start), lineRange.lowerBound), lineRange.upperBound)
        let end = min(max(Int(range.end), start), lineRange.upperBound)

        let before = scalarCount(lineRange.lowerBound..<start)
        let marked = scalarCount(start..<end)
        let location = SourceLocation(
            file: name, line: line + 1, column: before + 1, endColumn: before + 1 + max(marked, 1))

        var excerpt = ""
        var shown = start
        let isLong = lineRange.upperBound - lineRange.lowerBound > Self.window
        if isLong {
            shown = max(lineRange.lowerBound, start - Self.lead)
            while shown < start, isContinuation(bytes[shown]) { shown += 1 }
            if shown > lineRange.lowerBound { excerpt += "…" }
        } else {
            shown = lineRange.lowerBound
        }
        var last = isLong ? min(lineRange.upperBound, shown + Self.window) : lineRange.upperBound
        // Back to the start of a character: at most three bytes, whatever nonsense the line holds.
        for _ in 0..<3 where last < lineRange.upperBound && isContinuation(bytes[last]) { last -= 1 }

        excerpt += displayed(shown..<start)
        let indent = terminalWidth(excerpt)
        let markedText = displayed(start..<min(end, last))
        excerpt += markedText
        if last > end { excerpt += displayed(end..<last) }
        if last < lineRange.upperBound { excerpt += "…" }
        while excerpt.last == " " { excerpt.removeLast() }
        return Diagnostic.Place(
            location: location, excerpt: excerpt, indent: indent, width: max(1, terminalWidth(markedText)))
    }

    private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    private func scalarCount(_ range: Range<Int>) -> Int {
        var count = 0
        for index in range where !isContinuation(bytes[index]) { count += 1 }
        return count
    }

    /// The text of a range with tabs spread and control characters replaced: what is printed must not steer a terminal.
    private func displayed(_ range: Range<Int>) -> String {
        guard !range.isEmpty else { return "" }
        let parts = bytes[range].split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        return parts.map { printable(String(decoding: $0, as: UTF8.self)) }.joined(separator: "    ")
    }

    /// How many columns a terminal gives the text.
    private func terminalWidth(_ text: String) -> Int {
        var width = 0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x20..<0x300: width += 1
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
                0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
                width += 2
            default:
                switch scalar.properties.generalCategory {
                case .nonspacingMark, .enclosingMark, .format: break
                default: width += 1
                }
            }
        }
        return width
    }
}
