/// The kinds of filters that a gateway knows, by name.
public struct FilterRegistry: Sendable {
    private let plugins: [String: any FilterPlugin.Type]

    /// Stops the program if two have the same name, or one has a `mistake`.
    public init(_ plugins: [any FilterPlugin.Type] = []) {
        for plugin in plugins { if let mistake = plugin.mistake { fatalError("the filter \(plugin.name): \(mistake)") } }
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
        let onListeners = plugins.filter { $0.value.place != .pipeline }.keys
        let securing = plugins.filter { $0.value.place == .secureListener }.keys
        return FilterSchemas(schemas, makers: makers, connectionFilters: Set(onListeners), securing: Set(securing), load: load)
    }

    package static func maker(_ plugin: any FilterPlugin.Type) -> FilterSchemas.Maker {
        { (section, values) throws(ConfigurationError) in
            let made = try plugin.init(FilterOptions(section: section, values: values))
            return MadeFilter(made, order: made.order)
        }
    }

    /// Every reason for which a filter answers, with the filter's name; in the order of the names.
    public var reasons: [(filter: String, reason: ReplyReason)] {
        all.flatMap { plugin in plugin.reasons.map { (plugin.name, $0) } }
    }
}

extension FilterPlugin {
    /// What is wrong with what the filter says of itself, in words; nil if nothing. A plug-in that has one is not loaded.
    package static var mistake: String? {
        if let mistake = allOptions.mistake { return mistake }
        var codes: Set<String> = []
        for reason in reasons {
            let code = "\(reason.code)"
            guard code.utf8.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2D || $0 == 0x2E }), code.contains(".") else {
                return "the reason code `\(code)` is not of lower-case words, digits and `-` with dots between, such as `\(name).refused`"
            }
            guard codes.insert(code).inserted else { return "the reason code `\(code)` stands twice" }
        }
        return nil
    }

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
