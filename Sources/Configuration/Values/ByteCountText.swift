/// Sizes as the configuration writes them: a whole number and `B`, `KiB`, `MiB`, `GiB` or `TiB`; and sizes a second.
enum ByteCountText {
    private static let units: [(name: String, shift: UInt64)] = [
        ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0),
    ]

    static func parse(_ text: String) throws(ValueFault) -> UInt64 {
        try parse(text, of: text, .valueByteCount, noun: "a size", suffix: "")
    }

    /// Bytes a second: `240B/s`.
    static func parseRate(_ text: String) throws(ValueFault) -> UInt64 {
        guard text.hasSuffix("/s") else {
            let help = numberAndUnit(text).flatMap { likelyUnit($0.unit) }
                .map { unit in "did you mean `\(numberAndUnit(text)?.number ?? 0)\(unit)/s`?" }
            throw ValueFault(.valueByteRate, "\(quoted(text)) is not a rate in bytes", help: help ?? "the unit is a size and `/s`")
        }
        return try parse(String(text.dropLast(2)), of: text, .valueByteRate, noun: "a rate in bytes", suffix: "/s")
    }

    private static func parse(
        _ size: String, of text: String, _ code: DiagnosticCode, noun: String, suffix: String
    ) throws(ValueFault) -> UInt64 {
        guard let (number, unit) = numberAndUnit(size) else { throw ValueFault(code, "\(quoted(text)) is not \(noun)") }
        guard let shift = units.first(where: { $0.name == unit })?.shift else {
            let known = likelyUnit(unit).map { "did you mean `\(number)\($0)\(suffix)`?" }
            throw ValueFault(
                code, unit.isEmpty ? "\(quoted(text)) has no unit" : "\(quoted(text)) is not \(noun)",
                help: known ?? "the units are `B`, `KiB`, `MiB`, `GiB` and `TiB`")
        }
        guard number <= UInt64.max >> shift else { throw ValueFault(.valueRange, "\(quoted(text)) is too large") }
        return number << shift
    }

    /// The unit that `k`, `KB`, `mb` and the like stand for.
    private static func likelyUnit(_ unit: String) -> String? {
        switch unit.lowercased() {
        case "", "b", "byte", "bytes": "B"
        case "k", "kb", "kib", "ki": "KiB"
        case "m", "mb", "mib", "mi": "MiB"
        case "g", "gb", "gib", "gi": "GiB"
        case "t", "tb", "tib", "ti": "TiB"
        default: nil
        }
    }

    /// The shortest exact text.
    static func write(_ count: UInt64) -> String {
        guard count > 0 else { return "0B" }
        for unit in units where count & (1 << unit.shift - 1) == 0 {
            return "\(count >> unit.shift)\(unit.name)"
        }
        return "\(count)B"
    }
}
