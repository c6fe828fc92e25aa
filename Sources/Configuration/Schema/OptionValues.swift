/// The values of a section's options: what the file gives, and the defaults for the rest.
public struct OptionValues: Sendable, Hashable {
    private var values: [String: [OptionValue]] = [:]
    /// The options that the file itself gives.
    private(set) var given: Set<String> = []

    init() {}

    init(defaultsOf schema: OptionSchema) {
        values = schema.defaults
    }

    mutating func give(_ name: String, _ new: [OptionValue]) {
        if given.insert(name).inserted { values[name] = new } else { values[name, default: []] += new }
    }

    /// All values of an option; empty if it has none.
    public subscript(name: String) -> [OptionValue] { values[name] ?? [] }

    /// The names of the options that have a value, in alphabetical order.
    public var names: [String] { values.keys.sorted() }

    /// Whether the file gives the option, as against its default.
    public func isGiven(_ name: String) -> Bool { given.contains(name) }

    /// Whether the option holds one of its keywords: `off`, `auto`, `none`.
    public func isKeyword(_ name: String, _ keyword: String) -> Bool { self[name] == [.keyword(keyword)] }

    /// The duration; nil if the option holds a keyword such as `off`, or nothing.
    public func duration(_ name: String) -> Duration? {
        if case .duration(let duration)? = self[name].first { duration } else { nil }
    }

    /// The size in bytes; nil if the option holds a keyword, or nothing.
    public func byteCount(_ name: String) -> UInt64? {
        if case .byteCount(let count)? = self[name].first { count } else { nil }
    }

    /// The rate in bytes a second; nil if the option holds a keyword, or nothing.
    public func byteRate(_ name: String) -> UInt64? {
        if case .byteRate(let count)? = self[name].first { count } else { nil }
    }

    /// The rate; nil if the option holds a keyword, or nothing.
    public func rate(_ name: String) -> Rate? {
        if case .rate(let rate)? = self[name].first { rate } else { nil }
    }

    /// The number; nil if the option holds a keyword, or nothing.
    public func integer(_ name: String) -> Int? {
        if case .integer(let value)? = self[name].first { value } else { nil }
    }

    /// `on` or `off`; nil if the option holds nothing.
    public func boolean(_ name: String) -> Bool? {
        if case .boolean(let isOn)? = self[name].first { isOn } else { nil }
    }

    /// The word of a choice, token, text or the like; nil if the option holds a keyword, or nothing.
    public func word(_ name: String) -> String? {
        if case .word(let word)? = self[name].first { word } else { nil }
    }

    /// The words of a list; empty if it holds a keyword, or nothing.
    public func words(_ name: String) -> [String] {
        self[name].compactMap { if case .word(let word) = $0 { word } else { nil } }
    }

    /// The networks of a list; empty if it holds a keyword, or nothing.
    public func networks(_ name: String) -> [CIDR] {
        self[name].compactMap { if case .network(let network) = $0 { network } else { nil } }
    }
}
