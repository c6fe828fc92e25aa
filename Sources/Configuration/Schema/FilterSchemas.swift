/// The kinds of filters that exist, by the name that `use =` gives: their schemas, and what makes a filter of a section. And those that
/// files have.
public struct FilterSchemas: Sendable {
    /// Makes what runs of a section whose options fit the schema.
    public typealias Maker = @Sendable (_ section: String, _ options: OptionValues) throws(ConfigurationError) -> MadeFilter
    /// Loads the plug-in at a path, which is absolute or relative to the working directory. Called once a path.
    public typealias Loader = @Sendable (_ path: String) -> Result<LoadedFilter, PluginFault>

    private let schemas: [String: OptionSchema]
    private let makers: [String: Maker]
    /// Names of those that stand on listeners.
    private let connectionFilters: Set<String>
    /// Names of those of them behind which everything is enciphered.
    private let securing: Set<String>
    package let load: Loader

    /// - Parameters:
    ///   - connectionFilters: names of those that stand on listeners, and not in pipelines.
    ///   - securing: names of those of them behind which everything is enciphered.
    ///   - load: without one, no file can be named.
    public init(
        _ schemas: [String: OptionSchema] = [:], makers: [String: Maker] = [:], connectionFilters: Set<String> = [], securing: Set<String> = [],
        load: Loader? = nil
    ) {
        self.schemas = schemas
        self.makers = makers
        self.connectionFilters = connectionFilters
        self.securing = securing
        self.load = load ?? { _ in .failure(.unsupported("plug-ins are not loaded here")) }
    }

    public subscript(name: String) -> OptionSchema? { schemas[name] }

    func maker(_ name: String) -> Maker? { makers[name] }

    /// It stands on listeners.
    func isConnectionFilter(_ name: String) -> Bool { connectionFilters.contains(name) }

    /// What comes behind it on a connection is enciphered.
    func isSecuring(_ name: String) -> Bool { securing.contains(name) }

    /// In alphabetical order.
    public var names: [String] { schemas.keys.sorted() }
}

/// What a section with `use = …` has made.
public struct MadeFilter: Sendable {
    /// What runs.
    public var filter: any Sendable
    /// Where it belongs.
    public var order: FilterOrder

    public init(_ filter: any Sendable, order: FilterOrder = FilterOrder()) {
        self.filter = filter
        self.order = order
    }
}

/// A filter that came out of a file.
public struct LoadedFilter: Sendable {
    /// The filter's own name.
    public var name: String
    public var schema: OptionSchema
    public var make: FilterSchemas.Maker?
    /// It stands on listeners.
    public var isConnectionFilter = false
    /// What comes behind it on a connection is enciphered.
    public var isSecuring = false
    /// What is the same for two paths of one file.
    public var identity: String
    /// Whether anybody on the machine may change it: `the file`, `its folder`.
    public var openPart: String?

    public init(
        name: String, schema: OptionSchema, make: FilterSchemas.Maker?, isConnectionFilter: Bool = false, isSecuring: Bool = false, identity: String,
        openPart: String? = nil
    ) {
        self.name = name
        self.schema = schema
        self.make = make
        self.isConnectionFilter = isConnectionFilter
        self.isSecuring = isSecuring
        self.identity = identity
        self.openPart = openPart
    }
}
