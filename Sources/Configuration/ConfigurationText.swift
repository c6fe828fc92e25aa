/// The text of a configuration beside its plan: where each section, option and value stands. For those who explain what a plan does.
public struct ConfigurationText: Sendable {
    /// One line of a file.
    public struct Line: Sendable, Hashable {
        /// The path of the file as it was opened.
        public var file: String
        /// Counted from 1.
        public var number: Int
        /// Without the blanks around it and without what could steer a terminal; cut behind 200 characters.
        public var text: String
    }

    private struct Key: Hashable {
        var kind: SectionKind
        var name: String
    }

    private let sources: [SourceFile]
    private var sections: [Key: CheckedSection] = [:]

    init(_ builder: PlanBuilder, _ report: Report) {
        sources = report.sources
        let bare = (builder.routerSections + builder.pipelineSections).map { CheckedSection(section: $0, values: OptionValues()) }
        for checked in [builder.gateway] + builder.listeners + builder.apps + builder.filterChecks + bare {
            guard let kind = checked.section.kind else { continue }
            sections[Key(kind: kind, name: checked.name)] = checked
        }
    }

    /// The header of a section; nil if no file has it.
    public func header(_ kind: SectionKind, _ name: String) -> Line? {
        sections[Key(kind: kind, name: name)].flatMap { line(of: $0.section.header) }
    }

    /// The line that gives an option, or one value of it; nil if the file leaves the option out.
    ///
    /// - Parameter value: which of its values, from 0; nil, or one that it has not, for the first.
    public func line(_ option: String, value: Int? = nil, of kind: SectionKind, _ name: String) -> Line? {
        guard let checked = sections[Key(kind: kind, name: name)] else { return nil }
        if let words = checked.words[option], let first = words.first {
            return line(of: value.flatMap { words.indices.contains($0) ? words[$0].range : nil } ?? first.range)
        }
        if let key = checked.keys[option] { return line(of: key) }
        return checked.section.entries.first { $0.key.text == option }.flatMap { line(of: $0.key.range) }
    }

    /// The line at a place of the plan.
    public func line(at location: SourceLocation) -> Line? {
        guard let source = sources.first(where: { $0.name == location.file }), location.line <= source.lineStarts.count else { return nil }
        return line(location.line - 1, of: source)
    }

    /// What an option of a section holds, as the configuration could write it, given or by default; nil if it holds nothing.
    public func value(_ option: String, of kind: SectionKind, _ name: String) -> String? {
        let values = sections[Key(kind: kind, name: name)]?.values[option] ?? []
        return values.isEmpty ? nil : values.map(\.description).joined(separator: " ")
    }

    private func line(of range: SourceRange) -> Line? {
        guard sources.indices.contains(Int(range.file)), range.end > 0 else { return nil }
        let source = sources[Int(range.file)]
        return line(source.line(at: range.start), of: source)
    }

    private func line(_ index: Int, of source: SourceFile) -> Line {
        let text = String(decoding: source.bytes[source.range(ofLine: index)], as: UTF8.self)
        let trimmed = text.drop { $0 == " " || $0 == "\t" }
        let end = trimmed.lastIndex { $0 != " " && $0 != "\t" }.map { trimmed.index(after: $0) } ?? trimmed.endIndex
        return Line(file: source.name, number: index + 1, text: printable(trimmed[..<end], limit: 200))
    }
}

extension ConfigurationText.Line: CustomStringConvertible {
    /// `gateway.conf:12: rate = 100/s`
    public var description: String { "\(file):\(number): \(text)" }
}
