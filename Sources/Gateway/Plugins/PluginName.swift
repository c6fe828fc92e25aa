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

    /// Modules that a plug-in or its tests import, and types of the interface and of Swift that its source names.
    private static let taken: Set<String> = [
        "Buffers", "Configuration", "Filterapi", "Filtertesting", "Http1", "Httpmessage", "Pipeline", "Foundation", "Glibc", "Swift", "Testing",
        "Xctest", "Any", "Self", "Type", "Protocol", "Array", "Bool", "Character", "Dictionary", "Double", "Duration", "Error", "Float", "Int",
        "Never", "Option", "Optional", "Reply", "Request", "Response", "Result", "Sendable", "Set", "Span", "String", "Suite", "Test",
        "Fields", "Field", "Filter", "Rate", "Slab", "Method",
    ]
}
