/// A text of the operator's as messages show it: in backticks, and cut if it is long.
func quoted(_ text: some StringProtocol) -> String { "`" + printable(text, limit: 60) + "`" }

/// A text with nothing in it that steers a terminal, cut behind `limit` characters.
func printable(_ text: some StringProtocol, limit: Int = .max) -> String {
    var shown = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
        if index == limit { return shown + "…" }
        switch scalar.value {
        case 0x00..<0x20: shown.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
        case 0x7F: shown += "\u{2421}"
        case 0x80..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: shown += "\u{FFFD}"
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}

/// "`a`, `b` or `c`"
func alternatives(_ names: [String], _ conjunction: String = "or") -> String {
    let shown = names.map { quoted($0) }
    guard let last = shown.last, shown.count > 1 else { return shown.first ?? "" }
    return shown.dropLast().joined(separator: ", ") + " \(conjunction) " + last
}

/// "a", "an": by the first letter, which is enough for the words of the schema.
func article(_ noun: String) -> String {
    switch noun.utf8.first {
    case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): "an \(noun)"
    default: "a \(noun)"
    }
}
