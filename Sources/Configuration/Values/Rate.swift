/// So many events in a unit of time: `100/s`, `10/m`.
public struct Rate: Sendable, Hashable {
    /// At least 1.
    public var count: UInt64
    /// One second, one minute or one hour.
    public var period: Duration

    public init(count: UInt64, per period: Duration) {
        self.count = count
        self.period = period
    }

    private static let periods: [(name: String, seconds: Int64)] = [("s", 1), ("m", 60), ("h", 3600)]

    static func parse(_ text: String) throws(ValueFault) -> Rate {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = decimal(parts[0].utf8) else {
            let help = decimal(text.utf8).map { "did you mean `\($0)/s`?" }
            throw ValueFault(.valueRate, "\(quoted(text)) is not a rate", help: help)
        }
        guard let period = periods.first(where: { $0.name == parts[1] }) else {
            let likely = periods.first { parts[1].lowercased().hasPrefix($0.name) }
            throw ValueFault(
                .valueRate, "\(quoted(text)) is not a rate",
                help: likely.map { "did you mean `\(count)/\($0.name)`?" } ?? "a rate is so many each `s`, `m` or `h`")
        }
        guard count > 0 else { throw ValueFault(.valueRange, "a rate of 0 lets nothing pass") }
        return Rate(count: count, per: .seconds(period.seconds))
    }
}

extension Rate: CustomStringConvertible {
    /// As the configuration writes it.
    public var description: String {
        let name = Self.periods.first { .seconds($0.seconds) == period }?.name
        return "\(count)/\(name ?? DurationText.write(period))"
    }
}
