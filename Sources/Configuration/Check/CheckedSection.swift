/// A section whose options were checked against its schema.
struct CheckedSection {
    var section: Section
    var values: OptionValues
    /// The keys of the options that the file gives, for diagnostics about them.
    var keys: [String: SourceRange] = [:]
    /// The words of each option that were read as values, in their order.
    var words: [String: [Word]] = [:]

    /// The words of a filter's options that name sections.
    var references: [Word] = []

    var name: String { section.name }

    /// Where to point at for an option: its first value if it has one, then its key, then the header.
    func range(of option: String) -> SourceRange {
        words[option]?.first?.range ?? keys[option] ?? section.header
    }
}
