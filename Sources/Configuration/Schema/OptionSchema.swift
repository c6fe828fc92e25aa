/// One option of a section: all that the checker, its suggestions and the reference page know about it.
public struct Option: Sendable, Equatable {
    public let name: String
    public let type: OptionType
    /// Words that may stand instead of a value of the type, such as `off`.
    public let keywords: [String]
    /// Whether it takes several values, separated by blanks.
    public let isList: Bool
    /// Whether the option may stand several times in a section; the values add up.
    public let isRepeatable: Bool
    public let isRequired: Bool
    /// What holds if the option is left out, as the configuration would write it. nil if nothing does.
    public let standard: String?
    /// What it does, in one or two sentences of Markdown.
    public let text: String
    /// The default, read; nil if there is none.
    let standardValues: [OptionValue]?

    /// - Parameters:
    ///   - keywords: words that may stand instead of a value.
    ///   - standard: the default, written as in a file. It is read by the same code; the program stops if it is not a value.
    ///   - isRepeatable: for lists only.
    public init(
        _ name: String, _ type: OptionType, or keywords: [String] = [], standard: String? = nil, isRequired: Bool = false,
        isList: Bool = false, isRepeatable: Bool = false, _ text: String
    ) {
        precondition(isList || !isRepeatable, "an option that repeats is a list")
        if case .entry = type { precondition(isRepeatable && keywords.isEmpty, "an entry has a line of its own") }
        self.name = name
        self.type = type
        self.keywords = keywords
        self.standard = standard
        self.isRequired = isRequired
        self.isList = isList
        self.isRepeatable = isRepeatable
        self.text = text
        standardValues = standard.map { standard in
            standard.split(separator: " ").map { word in
                let word = String(word)
                if keywords.contains(word) { return .keyword(word) }
                guard let value = try? type.parse(word) else { preconditionFailure("the default of \(name) is not a value") }
                return value
            }
        }
    }

    /// What an error says was expected.
    var expectation: String {
        ([type.expectation] + keywords.map { quoted($0) }).joined(separator: ", or ")
    }
}

/// The options that a kind of section takes.
public struct OptionSchema: Sendable, Equatable {
    public let options: [Option]
    /// Names that will be options one day, each with a sentence that says so: using one is an error that explains.
    let planned: [String: String]
    private let indexes: [String: Int]
    /// Every section begins with a copy of these.
    let defaults: [String: [OptionValue]]

    /// Traps if a name stands twice, which is a mistake of the program.
    public init(_ options: [Option]) {
        self.init(options, planned: [:])
    }

    init(_ options: [Option], planned: [String: String]) {
        self.options = options
        self.planned = planned
        var indexes: [String: Int] = [:]
        for (index, option) in options.enumerated() {
            precondition(indexes.updateValue(index, forKey: option.name) == nil, "the option \(option.name) stands twice")
        }
        self.indexes = indexes
        defaults = Dictionary(uniqueKeysWithValues: options.compactMap { option in option.standardValues.map { (option.name, $0) } })
    }

    public subscript(name: String) -> Option? { indexes[name].map { options[$0] } }

    var names: [String] { options.map(\.name) }
}
