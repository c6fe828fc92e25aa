/// Reads one line of an option whose values are entries: the value, then its attributes.
struct EntryCheck {
    let option: Option
    let type: OptionType
    let schema: OptionSchema
    /// The words that name sections.
    private(set) var references: [Word] = []
    /// Attributes that stand there without a value: they are not reported as missing too.
    private var emptied: Set<String> = []

    init?(_ option: Option) {
        guard case .entry(let type, let schema) = option.type else { return nil }
        self.option = option
        self.type = type
        self.schema = schema
    }

    /// - Parameter words: at least one.
    /// - Returns: nil if something is wrong.
    mutating func run(_ words: [Word], _ report: inout Report) -> OptionEntry? {
        var isWhole = true
        var value: OptionValue?
        if !words[0].isBroken {
            do throws(ValueFault) {
                value = try type.parse(words[0].text)
            } catch {
                report.error(error, words[0], expected: type.expectation, help: error.help)
            }
        }
        var values = OptionValues(defaultsOf: schema)
        var first: [String: SourceRange] = [:]
        for word in words.dropFirst() {
            guard !word.isBroken, let (attribute, text) = split(word, &report) else {
                isWhole = false
                continue
            }
            if let earlier = first[attribute.name], !attribute.isList {
                report.error(
                    .optionDuplicate, at: word.range, "\(quoted(attribute.name)) is given twice in one \(quoted(option.name))",
                    help: "remove one of them", notes: [("first given here", earlier)])
                isWhole = false
                continue
            }
            first[attribute.name] = first[attribute.name] ?? word.range
            do throws(ValueFault) {
                values.give(attribute.name, [try attribute.type.parse(text.text)])
                if attribute.type == .section { references.append(text) }
            } catch {
                let names = if case .choice(let names) = attribute.type { names } else { [String]() }
                let near = report.suggestion(for: text.text, among: names)
                report.error(error, text, expected: attribute.expectation, help: near ?? error.help)
                isWhole = false
            }
        }
        for attribute in schema.options where attribute.isRequired && first[attribute.name] == nil && !emptied.contains(attribute.name) {
            report.error(
                .optionMissing, at: words[0].range, "this \(quoted(option.name)) needs \(quoted(attribute.name))",
                expected: attribute.expectation, help: "add `\(attribute.name)=…`", leavesGap: true)
            isWhole = false
        }
        guard isWhole, let value else { return nil }
        return OptionEntry(value: value, attributes: values)
    }

    /// The attribute that a word is about, and its value as a word of its own.
    private mutating func split(_ word: Word, _ report: inout Report) -> (Option, Word)? {
        let bytes = Array(word.text.utf8)
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0 else {
            report.error(
                .valueTooMany, at: word.range, "\(quoted(option.name)) takes one value and its attributes", expected: "`attribute=value`",
                help: "each further value has a line `\(option.name) = …` of its own")
            return nil
        }
        let name = String(decoding: bytes[..<equals], as: UTF8.self)
        func part(_ range: Range<Int>) -> SourceRange { word.isVerbatim ? word.range.part(range) : word.range }
        guard let attribute = schema[name] else {
            let near = report.nearest(to: name, among: schema.names)
            report.error(
                .optionUnknown, at: part(0..<equals), "\(quoted(option.name)) has no attribute \(quoted(name))",
                help: near.map { "did you mean \(quoted($0))?" } ?? "it takes \(alternatives(schema.names, "and"))", leavesGap: true)
            return nil
        }
        guard equals + 1 < bytes.count else {
            emptied.insert(name)
            report.error(
                .valueMissing, at: word.range, "\(quoted(name)) has no value", expected: attribute.expectation, leavesGap: true)
            return nil
        }
        var value = word
        value.text = String(decoding: bytes[(equals + 1)...], as: UTF8.self)
        value.range = part(equals + 1..<bytes.count)
        return (attribute, value)
    }
}

extension Report {
    /// Reports a text that is no value of its type.
    fileprivate mutating func error(_ fault: ValueFault, _ word: Word, expected: String, help: String?) {
        let range = fault.part.flatMap { word.isVerbatim ? word.range.part($0) : nil } ?? word.range
        error(
            fault.code, at: range, fault.message, expected: expected, help: help,
            notes: word.hasVariable ? [("the value is \(quoted(word.text)) once its variables are replaced", nil)] : [])
    }
}
