extension OptionSchema {
    /// The options as a Markdown table, the attributes of entries behind their option; ends in a line end.
    public var markdown: String {
        var table = "| option | type | default | meaning |\n| --- | --- | --- | --- |\n"
        for option in options {
            table += option.row("`\(option.name)`")
            for attribute in option.attributes { table += attribute.row("`\(option.name) = … \(attribute.name)=`") }
        }
        return table
    }
}

extension Option {
    /// What may stand behind a value of an entry; empty for an option of another type.
    public var attributes: [Option] {
        if case .entry(_, let schema) = type { schema.options } else { [] }
    }

    /// Its type with the keywords that may stand instead: "duration, `off` (list)".
    public var typeText: String {
        var text = type.title
        if !keywords.isEmpty { text += ", " + keywords.map { "`\($0)`" }.joined(separator: ", ") }
        if isList { text += " (list\(isRepeatable ? ", repeatable" : ""))" }
        return text
    }

    /// What it does, and in which range.
    public var meaning: String { text + (type.range.map { " From \($0)." } ?? "") }

    fileprivate func row(_ title: String) -> String {
        let standard = standard.map { "`\($0)`" } ?? (isRequired ? "required" : "—")
        return "| \(title) | \(typeText) | \(standard) | \(meaning) |\n"
    }
}
