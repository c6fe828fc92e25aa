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
        while last > shown, last < lineRange.upperBound, isContinuation(bytes[last]) { last -= 1 }

        excerpt += printable(shown..<start)
        let indent = terminalWidth(excerpt)
        let markedText = printable(start..<min(end, last))
        excerpt += markedText
        if last > end { excerpt += printable(end..<last) }
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
    private func printable(_ range: Range<Int>) -> String {
        guard !range.isEmpty else { return "" }
        var text = ""
        for scalar in String(decoding: bytes[range], as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x09: text += "    "
            case 0x00..<0x20: text.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
            case 0x7F: text += "\u{2421}"
            case 0x80..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
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
