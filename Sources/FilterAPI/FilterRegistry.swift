/// The kinds of filters that a gateway knows, by name.
public struct FilterRegistry: Sendable {
    private let plugins: [String: any FilterPlugin.Type]

    /// Traps if two have the same name: a mistake of the program.
    public init(_ plugins: [any FilterPlugin.Type] = []) {
        self.plugins = Dictionary(plugins.map { ($0.name, $0) }) { _, _ in preconditionFailure("two filters of one name") }
    }

    /// In alphabetical order of their names.
    public var all: [any FilterPlugin.Type] { plugins.values.sorted { $0.name < $1.name } }

    public subscript(name: String) -> (any FilterPlugin.Type)? { plugins[name] }

    /// What the reader of the configuration needs of them. `FilterPlan.made` is then an `any FilterPlugin`.
    public var schemas: FilterSchemas { schemas(load: nil) }

    /// The same, with filters of files.
    package func schemas(load: FilterSchemas.Loader?) -> FilterSchemas {
        var schemas: [String: OptionSchema] = [:]
        var makers: [String: FilterSchemas.Maker] = [:]
        for (name, plugin) in plugins {
            schemas[name] = plugin.allOptions
            makers[name] = Self.maker(plugin)
        }
        return FilterSchemas(schemas, makers: makers, load: load)
    }

    package static func maker(_ plugin: any FilterPlugin.Type) -> FilterSchemas.Maker {
        { (section, values) throws(ConfigurationError) in try plugin.init(FilterOptions(section: section, values: values)) }
    }

    /// Every reason for which a filter answers, with the filter's name; in the order of the names.
    public var reasons: [(filter: String, reason: ReplyReason)] {
        all.flatMap { plugin in plugin.reasons.map { (plugin.name, $0) } }
    }
}

extension FilterPlugin {
    /// The filter's own options, and those that every filter which asks has.
    public static var allOptions: OptionSchema {
        guard asks else { return options }
        return OptionSchema(
            options.options + [
                Option(
                    "ask-timeout", .duration(.milliseconds(1) ... .seconds(600)), standard: askTimeout,
                    "How long the filter may wait for an answer that it needs to decide."),
                Option(
                    "on-failure", .choice(["closed", "open"]), standard: "closed",
                    "What happens to a request when the answer fails or takes too long: `closed` answers it with 503, `open` lets it pass this filter."),
            ])
    }
}
