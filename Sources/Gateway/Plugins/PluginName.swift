import FilterAPI

/// The name of a new plug-in, and those that follow from it.
struct PluginName {
    /// What `use =` would say of a built-in filter: `needs-field`.
    let filter: String
    /// The module, and the filter's type: `NeedsField`.
    let type: String

    /// Errors: why no plug-in can have the name.
    init(_ text: String, registry: FilterRegistry) throws(PluginFailure) {
        let words = text.split(separator: "-", omittingEmptySubsequences: false)
        func isLower(_ character: Character) -> Bool { character >= "a" && character <= "z" }
        guard text.utf8.count <= 40, text.first.map(isLower) == true,
            words.allSatisfy({ !$0.isEmpty && $0.allSatisfy { isLower($0) || ($0 >= "0" && $0 <= "9") } })
        else { throw PluginFailure("'\(text)' is no name for a filter: take lower-case words with dashes, such as `needs-field`") }
        guard registry[text] == nil else { throw PluginFailure("'\(text)' is the name of a filter that is built in: take another") }
        filter = text
        type = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        guard !Self.taken.contains(type) else {
            throw PluginFailure("'\(text)' would make a module `\(type)`, which Swift or Sluice has already: take another, such as `my-\(text)`")
        }
    }

    /// Modules that a plug-in or its tests import, and types that its first source and tests name: those of the interface, and Swift's.
    static let taken: Set<String> = [
        "Any", "Array", "Bool", "Buffers", "Character", "Configuration", "ConfigurationError", "Dictionary", "Double", "Duration", "Error", "FieldName",
        "Fields", "FilterHarness", "FilterOptions", "FilterPlugin", "Float", "Foundation", "Glibc", "HarnessError", "Int", "Never", "Option",
        "OptionSchema", "Optional", "Pipeline", "PluginEntry", "Protocol", "Reply", "ReplyReason", "Request", "RequestDecision", "RequestFilter",
        "Response", "ResponseFilter", "Result", "Self", "Sendable", "Set", "Suite", "Span", "String", "Swift", "Test", "Testing", "Type",
    ]
}
