extension Diagnostic {
    /// The diagnostic as text for people, in the shape of rustc's, ending in a line end.
    ///
    /// `color` adds ANSI colours: pass true only if it goes to a terminal.
    public func text(color: Bool = false) -> String {
        let paint = Paint(isOn: color)
        let accent: Paint.Style = severity == .error ? .error : .warning
        let lines = [place?.location.line].compactMap(\.self) + notes.compactMap { $0.place?.location.line }
        let gutter = String(lines.max() ?? 0).utf8.count
        let margin = String(repeating: " ", count: gutter)
        let bar = paint("|", .frame)
        let end = paint("=", .frame)

        var text = paint("\(severity.rawValue)[\(code.rawValue)]", accent) + paint(": \(message)", .strong) + "\n"
        if let place {
            text += excerpt(place, label: expected.map { "expected \($0)" }, mark: "^", accent, paint, gutter)
        } else {
            text += "\(margin)\(paint("-->", .frame)) \(printable(file))\n"
            if let expected { text += "\(margin) \(end) expected \(expected)\n" }
        }
        if let help {
            if place != nil { text += "\(margin) \(bar)\n" }
            text += "\(margin) \(end) \(paint("help", .strong)): \(help)\n"
        }
        for note in notes {
            text += "\(paint("note", .note)): \(note.message)\n"
            if let place = note.place { text += excerpt(place, label: nil, mark: "-", .note, paint, gutter) }
        }
        return text
    }

    private func excerpt(
        _ place: Place, label: String?, mark: Character, _ accent: Paint.Style, _ paint: Paint, _ gutter: Int
    ) -> String {
        let margin = String(repeating: " ", count: gutter)
        let number = String(place.location.line)
        let padding = String(repeating: " ", count: gutter - number.utf8.count)
        let bar = paint("|", .frame)
        let marks = String(repeating: mark, count: place.width) + (label.map { " \($0)" } ?? "")
        return """
            \(margin)\(paint("-->", .frame)) \(printable(place.location.description))
            \(margin) \(bar)
            \(padding)\(paint(number, .frame)) \(bar)\(place.excerpt.isEmpty ? "" : " " + place.excerpt)
            \(margin) \(bar) \(String(repeating: " ", count: place.indent))\(paint(marks, accent))

            """
    }
}

extension [Diagnostic] {
    /// All diagnostics as text for people, each followed by an empty line, then one line that counts them. Empty if there
    /// are none.
    public func text(color: Bool = false) -> String {
        guard !isEmpty else { return "" }
        let errors = count { $0.severity == .error }
        let warnings = count - errors
        var counts: [String] = []
        if errors > 0 { counts.append("\(errors) \(errors == 1 ? "error" : "errors")") }
        if warnings > 0 { counts.append("\(warnings) \(warnings == 1 ? "warning" : "warnings")") }
        return map { $0.text(color: color) + "\n" }.joined() + counts.joined(separator: ", ") + "\n"
    }
}

/// Puts ANSI colours around a text, or nothing.
private struct Paint {
    enum Style: String {
        case error = "1;31"
        case warning = "1;33"
        case note = "1;36"
        case strong = "1"
        case frame = "1;34"
    }
    var isOn: Bool

    func callAsFunction(_ text: String, _ style: Style) -> String {
        isOn ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}
