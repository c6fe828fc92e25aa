/// Durations as the configuration writes them: a whole number and `ms`, `s`, `m`, `h` or `d`.
enum DurationText {
    private static let units: [(name: String, milliseconds: UInt64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    private static let otherNames: [String: String] = [
        "": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "S": "s", "min": "m", "mins": "m", "minute": "m",
        "minutes": "m", "M": "m", "hour": "h", "hours": "h", "hr": "h", "H": "h", "msec": "ms", "millis": "ms",
        "milliseconds": "ms", "MS": "ms", "day": "d", "days": "d", "D": "d",
    ]

    static func parse(_ text: String) throws(ValueFault) -> Duration {
        let message = "\(quoted(text)) is not a duration"
        guard let (number, unit) = numberAndUnit(text) else {
            throw ValueFault(.valueDuration, message)
        }
        guard let factor = units.first(where: { $0.name == unit })?.milliseconds else {
            let known = otherNames[unit].map { "did you mean `\(number)\($0)`?" }
            throw ValueFault(
                .valueDuration, unit.isEmpty ? "\(quoted(text)) has no unit" : message,
                help: known ?? "the units are `ms`, `s`, `m`, `h` and `d`; one number and one unit make a duration")
        }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, milliseconds <= UInt64(Int64.max) else { throw ValueFault(.valueRange, "\(quoted(text)) is too long") }
        return .milliseconds(Int64(milliseconds))
    }

    /// The shortest exact text.
    static func write(_ duration: Duration) -> String {
        // In whole numbers: a quotient of durations is rounded.
        let (seconds, attoseconds) = duration.components
        let milliseconds = UInt64(max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
        guard milliseconds > 0 else { return "0s" }
        for unit in units where milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.name)"
        }
        return "\(milliseconds)ms"
    }
}
