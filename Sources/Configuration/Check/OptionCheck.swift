/// Checks the options of one section against a schema and reads their values. Reports everything that is wrong.
struct OptionCheck {
    let schema: OptionSchema
    private var checked: CheckedSection
    /// Options that stand there misspelt: they are not reported as missing too.
    private var misspelt: Set<String> = []
    /// Only the first few of one option's wrong values are reported.
    private static let faultLimit = 10

    init(_ section: Section, _ schema: OptionSchema) {
        self.schema = schema
        checked = CheckedSection(section: section, values: OptionValues(defaultsOf: schema))
    }

    mutating func run(_ report: inout Report) -> CheckedSection {
        for entry in checked.section.entries where !entry.key.isBroken {
            guard let option = schema[entry.key.text] else {
                unknown(entry, &report)
                continue
            }
            if let first = checked.keys[option.name], !option.isRepeatable {
                report.error(
                    .optionDuplicate, at: entry.key.range, "\(quoted(option.name)) is given twice in \(checked.section.title)",
                    help: option.isList ? "put all values on one line; an indented line continues it" : "remove one of them",
                    notes: [("first given here", first)])
                continue
            }
            if checked.keys[option.name] == nil { checked.keys[option.name] = entry.key.range }
            value(of: option, entry, &report)
            if let danger = option.danger {
                report.warning(.dangerOption, at: entry.key.range, "with \(quoted(option.name)) \(danger)", help: "take it out when it is no longer needed")
            }
        }
        for option in schema.options where option.isList && checked.values.isGiven(option.name) { checkList(option, &report) }
        for option in schema.options where option.isRequired && checked.keys[option.name] == nil {
            guard !checked.section.hasBrokenLine, !misspelt.contains(option.name) else { continue }
            report.error(
                .optionMissing, at: checked.section.header, "\(checked.section.title) needs the option \(quoted(option.name))",
                expected: option.expectation, help: "add a line `\(option.name) = …`", leavesGap: true)
        }
        return checked
    }

    // MARK: Values

    private mutating func value(of option: Option, _ entry: Entry, _ report: inout Report) {
        guard !entry.isBroken else { return }
        guard let first = entry.value.first else {
            report.error(
                .valueMissing, at: entry.valueRange, "\(quoted(option.name)) has no value", expected: option.expectation,
                help: entry.isEmptied ? "its variables are empty; `${NAME:-default}` gives a default" : nil, leavesGap: true)
            return
        }
        if var check = EntryCheck(option) {
            if let read = check.run(entry.value, &report) {
                checked.values.give(option.name, [.entry(read)])
                checked.words[option.name, default: []].append(first)
                checked.references += check.references
            }
            return
        }
        if !option.isList, entry.value.count > 1 {
            tooMany(option, entry, first, &report)
            return
        }
        var values: [OptionValue] = []
        var words: [Word] = []
        var faults = 0
        for word in entry.value where !word.isBroken {
            if option.keywords.contains(word.text) {
                values.append(.keyword(word.text))
                words.append(word)
                continue
            }
            if let separator = foreignSeparator(word, option) {
                report.error(
                    .valueComma, at: word.range, "\(quoted(separator)) in the value of \(quoted(option.name))",
                    help: option.isList ? "values are separated by blanks" : "a line ends without \(quoted(separator))",
                    leavesGap: true)
                faults += 1
            } else {
                do throws(ValueFault) {
                    let value = try option.type.parse(word.text)
                    values.append(value)
                    words.append(word)
                } catch {
                    self.report(error, word, option, &report)
                    faults += 1
                }
            }
            if faults == Self.faultLimit { break }
        }
        if !values.isEmpty { checked.values.give(option.name, values) }
        checked.words[option.name, default: []] += words
        if option.type == .section { checked.references += words }
    }

    private func report(_ fault: ValueFault, _ word: Word, _ option: Option, _ report: inout Report) {
        let range = fault.part.flatMap { word.isVerbatim ? word.range.part($0) : nil } ?? word.range
        let names =
            switch option.type {
            case .choice(let names): names + option.keywords
            case .logTarget: ["stdout", "stderr"] + option.keywords
            default: option.keywords
            }
        let near = report.suggestion(for: word.text, among: names)
        report.error(
            fault.code, at: range, fault.message, expected: option.expectation, help: near ?? fault.help,
            notes: word.hasVariable ? [("the value is \(quoted(word.text)) once its variables are replaced", nil)] : [])
    }

    /// A comma or semicolon that other languages have and this one has not.
    private func foreignSeparator(_ word: Word, _ option: Option) -> String? {
        switch option.type {
        case .string, .token, .logTarget, .entry: return nil
        default: break
        }
        if word.text.utf8.last == UInt8(ascii: ";") { return ";" }
        let isComma = option.isList ? word.text.utf8.contains(UInt8(ascii: ",")) : word.text.utf8.last == UInt8(ascii: ",")
        return isComma ? "," : nil
    }

    private func tooMany(_ option: Option, _ entry: Entry, _ first: Word, _ report: inout Report) {
        guard !entry.value.contains(where: \.isBroken) else { return }
        var help = "remove the rest; a comment begins with `#`"
        switch option.type {
        case .string, .logTarget: help = "put a text with blanks into double quotes"
        default:
            // `10 s` and `10 seconds`, but not two numbers.
            if entry.value.count == 2, entry.value[1].text.utf8.allSatisfy({ $0 | 0x20 >= UInt8(ascii: "a") }) {
                let joined = first.text + entry.value[1].text
                do throws(ValueFault) {
                    _ = try option.type.parse(joined)
                    help = "did you mean \(quoted(joined))?"
                } catch {
                    help = error.help ?? help
                }
            }
        }
        let range = entry.value[1].range.extended(to: entry.value[entry.value.count - 1].range)
        report.error(
            .valueTooMany, at: range, "\(quoted(option.name)) takes one value", expected: option.expectation, help: help)
    }

    private func checkList(_ option: Option, _ report: inout Report) {
        let values = checked.values[option.name]
        let words = checked.words[option.name] ?? []
        if values.count > 1, let index = values.firstIndex(where: { if case .keyword = $0 { true } else { false } }) {
            report.error(
                .valueKeywordAlone, at: words[index].range,
                "\(quoted(words[index].text)) stands beside other values of \(quoted(option.name))",
                help: "it says that there are none, so it stands alone")
        }
        // Two listeners on one address are an error of their own, and a filter may stand twice.
        if option.type == .listenAddress || option.type == .section { return }
        var seen: [OptionValue: Int] = [:]
        var warnings = 0
        for (index, value) in values.enumerated() where warnings < Self.faultLimit {
            guard let first = seen[value] else {
                seen[value] = index
                continue
            }
            warnings += 1
            report.warning(
                .valueRepeated, at: words[index].range, "\(quoted(value.description)) is given twice in \(quoted(option.name))",
                notes: [("first given here", words[first].range)])
        }
    }

    // MARK: Names

    private mutating func unknown(_ entry: Entry, _ report: inout Report) {
        let name = entry.key.text
        let section = checked.section
        guard let kind = section.kind else { return }
        if let sentence = schema.planned[name] {
            report.error(
                .optionUnavailable, at: entry.key.range, "\(quoted(name)) is not available yet", help: sentence, leavesGap: true)
            return
        }
        var help: String?
        if let near = report.nearest(to: name, among: schema.names) {
            misspelt.insert(near)
            help = "did you mean \(quoted(near))?"
        }
        if help == nil, let known = Self.foreignNames[name], schema[known] != nil {
            misspelt.insert(known)
            help = "the option is \(quoted(known)) here"
        }
        if help == nil, let owner = SectionKind.allCases.first(where: { $0 != kind && OptionSchema.of($0)?[name] != nil }) {
            help = "\(quoted(name)) is an option of `\(owner.isNamed ? "[\(owner.rawValue):NAME]" : "[\(owner.rawValue)]")`"
        }
        if help == nil, name.contains("/") { help = "routes stand in `[router:NAME]`" }
        if help == nil, !schema.names.isEmpty, schema.names.count <= 8 { help = "it takes \(alternatives(schema.names, "and"))" }
        report.error(
            .optionUnknown, at: entry.key.range, "unknown option \(quoted(name)) in \(section.title)", help: help,
            leavesGap: true)
    }

    /// What the same thing is called in the files of other gateways.
    private static let foreignNames = [
        "bind": "listen", "port": "listen", "address": "listen", "proxy_pass": "servers", "backend": "servers",
        "upstream": "servers", "url": "servers", "default_backend": "serve", "root": "serve", "workers": "loops",
        "worker_processes": "loops", "threads": "loops", "nbthread": "loops", "client_max_body_size": "max-body",
        "client_header_timeout": "head-timeout", "client_body_timeout": "body-timeout", "send_timeout": "write-timeout",
        "proxy_read_timeout": "response-timeout", "proxy_connect_timeout": "connect-timeout",
        "proxy_send_timeout": "send-timeout", "large_client_header_buffers": "max-head", "maxconn": "max-connections",
        "set_real_ip_from": "trusted-proxies", "worker_shutdown_timeout": "drain-timeout", "log": "access-log",
        "resolver": "resolve-interval", "proxy_next_upstream": "retry-idempotent", "retries": "tries",
    ]
}
