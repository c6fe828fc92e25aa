/// The options of one `[filter:NAME]` section: checked against the schema, defaults filled in.
public struct FilterOptions: Sendable {
    /// The name of the section.
    public let section: String
    private let values: OptionValues

    package init(section: String, values: OptionValues) {
        self.section = section
        self.values = values
    }

    /// All values of an option; empty if it has none.
    public subscript(name: String) -> [OptionValue] { values[name] }
    /// Whether the file gives the option, as against its default.
    public func isGiven(_ name: String) -> Bool { values.isGiven(name) }
    /// Whether the option holds one of its keywords: `off`, `auto`, `none`.
    public func isKeyword(_ name: String, _ keyword: String) -> Bool { values.isKeyword(name, keyword) }
    /// The duration; nil if the option holds a keyword such as `off`, or nothing. The same holds for all below.
    public func duration(_ name: String) -> Duration? { values.duration(name) }
    /// Bytes.
    public func byteCount(_ name: String) -> UInt64? { values.byteCount(name) }
    public func rate(_ name: String) -> Rate? { values.rate(name) }
    public func integer(_ name: String) -> Int? { values.integer(name) }
    public func boolean(_ name: String) -> Bool? { values.boolean(name) }
    /// The word of a choice, token or text.
    public func word(_ name: String) -> String? { values.word(name) }
    public func words(_ name: String) -> [String] { values.words(name) }
    /// Entries: values with attributes.
    public func entries(_ name: String) -> [OptionEntry] { values.entries(name) }
    /// Seconds since 1970-01-01 UTC.
    public func date(_ name: String) -> Int64? { values.date(name) }
    /// A field that a filter may write. Errors: as for `FieldName.init(writable:option:value:)`.
    public func fieldName(_ name: String) throws(ConfigurationError) -> FieldName? {
        guard let word = word(name) else { return nil }
        return try FieldName(writable: word, option: name)
    }
    public func networks(_ name: String) -> [CIDR] { values.networks(name) }
}
