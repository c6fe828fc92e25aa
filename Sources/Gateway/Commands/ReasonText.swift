import Configuration
import HTTPMessage

/// Reason codes as texts for a terminal.
enum ReasonText {
    /// What a word on the command line stands for.
    enum Found: Equatable {
        case reason(KnownReason)
        /// Those that begin with it.
        case several([KnownReason])
        /// None; with the code that it is nearest to, if any is near.
        case none(nearest: String?)
    }

    static func find(_ word: String, among reasons: [KnownReason]) -> Found {
        let wanted = word.lowercased()
        if let reason = reasons.first(where: { $0.code == wanted }) { return .reason(reason) }
        let beginning = reasons.filter { $0.code.hasPrefix(wanted) }
        if beginning.count == 1 { return .reason(beginning[0]) }
        if !beginning.isEmpty && !wanted.isEmpty { return .several(beginning) }
        return .none(nearest: nearestName(to: word, among: reasons.map(\.code)))
    }

    /// One line a reason: code, status, title.
    static func list(_ reasons: [KnownReason]) -> String {
        let width = reasons.map(\.code.utf8.count).max() ?? 0
        return reasons.map { reason in
            let padding = String(repeating: " ", count: width - reason.code.utf8.count)
            let title = reason.status == nil ? "\(reason.title) (\(reason.origin))" : reason.title
            return "\(reason.code)\(padding)  \(reason.status.map { "\($0)" } ?? "  -")  \(title)\n"
        }.joined()
    }

    /// The whole explanation, at most 80 columns wide.
    static func explanation(of reason: KnownReason) -> String {
        let explanation = reason.explanation
        return "\(reason.code) (\(reason.origin))\n"
            + wrapped("\(reason.title).")
            + "\n" + wrapped("What happened: \(explanation.happened)")
            + "\n" + wrapped("Whose fault: \(explanation.fault.text).")
            + "\n" + wrapped("What to do: \(explanation.advice)")
    }

    /// The text in lines of at most `width` characters, each behind `indent` blanks, broken at spaces.
    static func wrapped(_ text: String, width: Int = 80, indent: Int = 0) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty && indent + line.count + 1 + word.count > width {
                lines.append(margin + line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return (lines + [margin + line]).joined(separator: "\n") + "\n"
    }
}
