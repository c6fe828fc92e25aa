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
    /// What may happen wherever the option is given, as the end of a sentence: `sluice check` warns with it. nil for nothing.
    public let danger: String?
    /// The default, read; nil if there is none.
    let standardValues: [OptionValue]?
    /// What is wrong with the option itself, in words; nil if nothing. A program that has such an option refuses to read a configuration.
    let mistake: String?

    /// - Parameters:
    ///   - keywords: words that may stand instead of a value.
    ///   - standard: the default, written as in a file. It is read by the same code, and must be a value.
    ///   - isRepeatable: for lists only.
    ///   - danger: see the property; for options that are there for a time, such as those for debugging.
    public init(
        _ name: String, _ type: OptionType, or keywords: [String] = [], standard: String? = nil, isRequired: Bool = false,
        isList: Bool = false, isRepeatable: Bool = false, danger: String? = nil, _ text: String
    ) {
        self.name = name
        self.type = type
        self.keywords = keywords
        self.standard = standard
        self.isRequired = isRequired
        self.isList = isList
        self.isRepeatable = isRepeatable
        self.text = text
        self.danger = danger
        let words = standard?.split(separator: " ").map(String.init)
        let values = words?.map { keywords.contains($0) ? .keyword($0) : try? type.parse($0) }
        standardValues = values.map { $0.compactMap(\.self) }
        mistake =
            if let at = values?.firstIndex(of: nil), let word = words?[at] {
                "the default \(quoted(word)) of \(quoted(name)) is not \(type.expectation)"
            } else if isRepeatable && !isList {
                "the option \(quoted(name)) is repeatable and no list"
            } else if case .entry(_, let attributes) = type {
                isRepeatable && keywords.isEmpty ? attributes.mistake : "the option \(quoted(name)) has entries: it is a repeatable list without keywords"
            } else {
                nil
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
    /// What is wrong with the schema itself, in words: a default that is no value, a name that stands twice. nil if nothing.
    public let mistake: String?

    public init(_ options: [Option]) {
        self.init(options, planned: [:])
    }

    init(_ options: [Option], planned: [String: String]) {
        self.options = options
        self.planned = planned
        var indexes: [String: Int] = [:]
        var mistake = options.lazy.compactMap(\.mistake).first
        for (index, option) in options.enumerated() where indexes.updateValue(index, forKey: option.name) != nil {
            mistake = "the option \(quoted(option.name)) stands twice"
        }
        self.indexes = indexes
        self.mistake = mistake
        defaults = Dictionary(options.compactMap { option in option.standardValues.map { (option.name, $0) } }) { first, _ in first }
    }

    public subscript(name: String) -> Option? { indexes[name].map { options[$0] } }

    var names: [String] { options.map(\.name) }
}
