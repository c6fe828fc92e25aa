/// A value and what is said of it, on a line of its own: `version = v2.1 status=deprecated sunset-at=2026-12-31`.
public struct OptionEntry: Sendable, Hashable {
    /// The first word: `v2.1`.
    public let value: OptionValue
    /// The `key=value` words behind it, and the defaults of those that are not there.
    public let attributes: OptionValues
}

extension OptionEntry: CustomStringConvertible {
    /// As the configuration could write it; attributes in alphabetical order, defaults left out.
    public var description: String {
        var text = value.description
        for name in attributes.names where attributes.isGiven(name) {
            for value in attributes[name] { text += " \(name)=\(value)" }
        }
        return text
    }
}

extension OptionValues {
    /// The entries of an option; empty if it has none.
    public func entries(_ name: String) -> [OptionEntry] {
        self[name].compactMap { if case .entry(let entry) = $0 { entry } else { nil } }
    }

    /// The date in seconds since 1970-01-01 UTC; nil if the option holds a keyword, or nothing.
    public func date(_ name: String) -> Int64? {
        if case .date(let seconds)? = self[name].first { seconds } else { nil }
    }

    /// The periods of a list, each by its first second since 1970-01-01 UTC and its length in seconds.
    public func periods(_ name: String) -> [(start: Int64, seconds: Int64)] {
        self[name].compactMap { if case .period(let start, let seconds) = $0 { (start, seconds) } else { nil } }
    }
}
