/// Parses one source into sections, line by line. Every line is looked at, whatever is wrong with those before it.
struct SectionParser {
    /// What a source holds, in its order.
    enum Item {
        case section(Section)
        /// `include = …`: the sections of other files stand here.
        case include(Entry)
    }

    private let source: SourceFile
    private let file: Int
    private let environment: [String: String]
    private var items: [Item] = []
    private var section: Section?
    /// What an indented line would continue.
    private var open = OpenValue.nothing
    /// An indentation or a line without a section is reported once, not for each of the lines that share the mistake.
    private var reportedIndentation = false
    private var reportedNoSection = false
    private var isBehindInclude = false

    private enum OpenValue {
        case nothing
        case entry
        case include
        /// The line that it continues was in error: what belongs to that is not looked at.
        case brokenLine
    }

    init(_ source: SourceFile, file: Int, environment: [String: String]) {
        self.source = source
        self.file = file
        self.environment = environment
    }

    mutating func parse(_ report: inout Report) -> [Item] {
        for line in source.lineStarts.indices {
            let range = source.range(ofLine: line)
            // A byte order mark is not text.
            let start = line == 0 && source.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? range.lowerBound + 3 : range.lowerBound
            var first = start
            while first < range.upperBound, isBlank(source.bytes[first]) { first += 1 }
            guard first < range.upperBound, source.bytes[first] != UInt8(ascii: "#") else { continue }
            if first > start {
                indentedLine(first..<range.upperBound, &report)
            } else {
                unindentedLine(first..<range.upperBound, &report)
            }
        }
        closeSection()
        return items
    }

    private mutating func unindentedLine(_ range: Range<Int>, _ report: inout Report) {
        if source.bytes[range.lowerBound] == UInt8(ascii: "["), !isBracketedHost(range) {
            header(range, &report)
        } else {
            entry(range, &report)
        }
    }

    /// `[::1]/path = …` is a route, not a header.
    private func isBracketedHost(_ range: Range<Int>) -> Bool {
        guard let close = source.bytes[range].firstIndex(of: UInt8(ascii: "]")), close + 1 < range.upperBound else { return false }
        let next = source.bytes[close + 1]
        return next == UInt8(ascii: "/") || next == UInt8(ascii: ":")
    }

    private mutating func closeSection() {
        if let section { items.append(.section(section)) }
        section = nil
        open = .nothing
        reportedIndentation = false
    }

    // MARK: Indented lines

    private mutating func indentedLine(_ range: Range<Int>, _ report: inout Report) {
        if isHeader(range) {
            report.error(
                .syntaxIndented, at: self.range(range.lowerBound..<range.upperBound), "a section header behind blanks",
                help: "a header begins in the first column; an indented line continues the value above it")
            header(range, &report)
            return
        }
        if isAssignment(range) {
            indentedEntry(range, &report)
            return
        }
        switch open {
        case .entry:
            let words = words(range, &report)
            if let last = section?.entries.indices.last { section?.entries[last].value += words }
        case .include:
            let words = words(range, &report)
            if case .include(var entry)? = items.popLast() {
                entry.value += words
                items.append(.include(entry))
            }
        case .brokenLine:
            break
        case .nothing:
            report.error(
                .syntaxIndented, at: self.range(range), "an indented line with no value above it to continue",
                help: "sections and options begin in the first column")
            open = .brokenLine
        }
    }

    /// Reads `    key = value` as the option that it was meant to be, so that its value is checked in the same run.
    private mutating func indentedEntry(_ range: Range<Int>, _ report: inout Report) {
        if !reportedIndentation {
            reportedIndentation = true
            let above: String? =
                if case .entry = open, let key = section?.entries.last?.key.text { key } else { nil }
            report.error(
                .syntaxIndented, at: self.range(range.lowerBound..<keyEnd(range)),
                above.map { "an option behind blanks would continue the value of \(quoted($0))" }
                    ?? "an option behind blanks",
                help: "options begin in the first column; an indented line continues the value above it")
        }
        entry(range, &report)
    }

    /// Whether a line is `[kind:…]` with a kind that exists: nothing else that begins with `[` in a value looks so.
    private func isHeader(_ range: Range<Int>) -> Bool {
        let bytes = source.bytes
        guard bytes[range.lowerBound] == UInt8(ascii: "["), !isBracketedHost(range) else { return false }
        let kind = bytes[(range.lowerBound + 1)..<range.upperBound].prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "]") }
        return kind.count < 16 && SectionKind(rawValue: String(decoding: kind, as: UTF8.self)) != nil
    }

    /// Whether a line is `word = …`, with a blank or nothing behind the `=`.
    private func isAssignment(_ range: Range<Int>) -> Bool {
        let bytes = source.bytes
        guard bytes[range.lowerBound] != UInt8(ascii: "\"") else { return false }
        var index = keyEnd(range)
        guard index > range.lowerBound else { return false }
        while index < range.upperBound, isBlank(bytes[index]) { index += 1 }
        guard index < range.upperBound, bytes[index] == UInt8(ascii: "=") else { return false }
        if case .entry = open { return index + 1 == range.upperBound || isBlank(bytes[index + 1]) }
        return true
    }

    private func keyEnd(_ range: Range<Int>) -> Int {
        source.bytes[range].firstIndex { isBlank($0) || $0 == UInt8(ascii: "=") } ?? range.upperBound
    }

    // MARK: Headers

    private mutating func header(_ range: Range<Int>, _ report: inout Report) {
        closeSection()
        reportedNoSection = false
        isBehindInclude = false
        let bytes = source.bytes
        var section = Section(
            kind: nil, name: "", header: self.range(range), nameRange: self.range(range.lowerBound..<range.lowerBound + 1))
        defer { self.section = section }

        let textEnd = commentStart(range)
        let found = bytes[range.lowerBound..<textEnd].firstIndex(of: UInt8(ascii: "]"))
        let close = found ?? lastNonBlank(range.lowerBound..<textEnd)
        section.header = self.range(range.lowerBound..<(found.map { $0 + 1 } ?? close))
        let rest = trimmed(min(close + 1, textEnd)..<textEnd)
        if found == nil {
            report.error(
                .syntaxHeader, at: section.header, "this section header is never closed", expected: "`]` at the end")
        } else if !rest.isEmpty {
            report.error(
                .syntaxHeader, at: self.range(rest), "text behind a section header",
                expected: "the end of the line, or a comment")
        }

        let inner = range.lowerBound + 1..<close
        let colon = bytes[inner].firstIndex(of: UInt8(ascii: ":"))
        let kindRange = trimmed(inner.lowerBound..<(colon ?? close))
        let kindText = string(kindRange)
        if let colon { section.name = string(trimmed(colon + 1..<close)) }
        guard let kind = SectionKind(rawValue: kindText) else {
            let kinds = SectionKind.allCases.map(\.rawValue)
            if kindText.isEmpty {
                report.error(
                    .syntaxHeader, at: section.header, "a section header without a kind",
                    expected: "`[kind:name]` with the kind \(alternatives(kinds))", leavesGap: true)
            } else {
                let help =
                    foreignKinds[kindText].map { "what others call \(quoted(kindText)) is `[\($0)]` here" }
                    ?? report.suggestion(for: kindText, among: kinds)
                report.error(
                    .sectionKind, at: self.range(kindRange), "unknown kind of section \(quoted(kindText))",
                    expected: alternatives(kinds), help: help, leavesGap: true)
            }
            return
        }

        guard kind.isNamed else {
            if let colon {
                report.error(
                    .sectionNameUnexpected, at: self.range(colon..<close), "`[\(kind.rawValue)]` takes no name",
                    help: "write `[\(kind.rawValue)]`: there is only one")
            }
            section.kind = kind
            section.name = ""
            return
        }
        let nameRange = trimmed((colon.map { $0 + 1 } ?? close)..<close)
        guard !nameRange.isEmpty else {
            report.error(
                .sectionNameMissing, at: section.header, "\(article(kind.rawValue)) section needs a name",
                expected: "`[\(kind.rawValue):NAME]`", leavesGap: true)
            return
        }
        let name = string(nameRange)
        if let wrong = bytes[nameRange].firstIndex(where: { !isNameByte($0) }) {
            var next = wrong + 1
            while next < nameRange.upperBound, !isNameByte(bytes[next]) { next += 1 }
            report.error(
                .sectionNameInvalid, at: self.range(wrong..<next), "the name \(quoted(name)) has a character that names do not have",
                expected: "letters, digits, `-`, `_` and `.`", leavesGap: true)
            return
        }
        section.kind = kind
        section.nameRange = self.range(nameRange)
    }

    /// What the same thing is called in the files of other gateways.
    private var foreignKinds: [String: String] {
        [
            "server": "listener:NAME", "frontend": "listener:NAME", "entrypoint": "listener:NAME", "bind": "listener:NAME",
            "upstream": "app:NAME", "backend": "app:NAME", "cluster": "app:NAME", "origin": "app:NAME", "service": "app:NAME",
            "location": "router:NAME", "route": "router:NAME", "vhost": "router:NAME", "composite": "router:NAME",
            "middleware": "filter:NAME", "handler": "filter:NAME", "plugin": "filter:NAME", "chain": "pipeline:NAME",
            "global": "gateway", "DEFAULT": "gateway", "main": "gateway", "defaults": "gateway",
        ]
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    // MARK: Entries

    private mutating func entry(_ range: Range<Int>, _ report: inout Report) {
        open = .brokenLine
        guard let equals = equalsSign(range) else {
            section?.hasBrokenLine = true
            lineWithoutEquals(range, &report)
            return
        }
        let keyWords = words(range.lowerBound..<equals, &report)
        guard let key = keyWords.first else {
            section?.hasBrokenLine = true
            report.error(
                .syntaxKey, at: self.range(equals..<equals + 1), "no key before the `=`", expected: "`key = value`",
                leavesGap: true)
            return
        }
        guard keyWords.count == 1 else {
            section?.hasBrokenLine = true
            report.error(
                .syntaxKey, at: key.range.extended(to: keyWords[keyWords.count - 1].range), "a key is one word",
                expected: "`key = value`", leavesGap: true)
            return
        }
        var lexer = WordLexer(source, file: file, range: equals + 1..<range.upperBound, environment: environment)
        let value = lexer.split(&report)
        let valueRange =
            if let first = value.first, let last = value.last {
                first.range.extended(to: last.range)
            } else {
                // Nothing to mark: the place where the value would stand.
                self.range(equals..<equals + 1)
            }
        let entry = Entry(key: key, value: value, valueRange: valueRange, isBroken: key.isBroken,
            isEmptied: value.isEmpty && lexer.hasVariable)
        if key.text == "include" {
            closeSection()
            isBehindInclude = true
            reportedNoSection = false
            items.append(.include(entry))
            open = .include
            return
        }
        guard section != nil else {
            if !reportedNoSection {
                reportedNoSection = true
                report.error(
                    .syntaxNoSection, at: key.range,
                    isBehindInclude
                        ? "\(quoted(key.text)) belongs to no section: the `include` above ended it"
                        : "\(quoted(key.text)) stands before the first section",
                    help: isBehindInclude
                        ? "move the `include` to the top of the file, or behind the section"
                        : "begin a section with a header such as `[gateway]` or `[app:NAME]`", leavesGap: true)
            }
            return
        }
        section?.entries.append(entry)
        open = .entry
    }

    private func lineWithoutEquals(_ range: Range<Int>, _ report: inout Report) {
        let textEnd = lastNonBlank(range.lowerBound..<commentStart(range))
        let text = range.lowerBound..<textEnd
        var help: String?
        if string(text) == "}" || source.bytes[text].last == UInt8(ascii: "{") {
            help = "there are no braces here: a section begins with `[kind:name]` and ends where the next one begins"
        } else {
            let key = source.bytes[text].prefix { !isBlank($0) && $0 != UInt8(ascii: ":") }
            var value = trimmed(key.endIndex..<textEnd)
            if !value.isEmpty, source.bytes[value.lowerBound] == UInt8(ascii: ":") {
                value = trimmed(value.lowerBound + 1..<textEnd)
            }
            if !value.isEmpty, source.bytes[value.upperBound - 1] == UInt8(ascii: ";") {
                value = trimmed(value.lowerBound..<value.upperBound - 1)
            }
            if !value.isEmpty, value.count < 60, !key.isEmpty {
                help = "write \(quoted(String(decoding: key, as: UTF8.self) + " = " + string(value)))"
            }
        }
        report.error(
            .syntaxNoEquals, at: self.range(text), "this line is neither a section nor an option",
            expected: "`key = value`", help: help, leavesGap: true)
    }

    /// The first `=` that is not in quotes, in `${…}` or in a comment.
    private func equalsSign(_ range: Range<Int>) -> Int? {
        var isQuoted = false
        var isVariable = false
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = source.bytes[index]
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted: index += 1
            case UInt8(ascii: "{") where index > range.lowerBound && source.bytes[index - 1] == UInt8(ascii: "$"): isVariable = true
            case UInt8(ascii: "}"): isVariable = false
            case UInt8(ascii: "#") where !isQuoted && index > range.lowerBound && isBlank(source.bytes[index - 1]): return nil
            case UInt8(ascii: "=") where !isQuoted && !isVariable: return index
            default: break
            }
            index += 1
        }
        return nil
    }

    // MARK: Bytes

    private func words(_ range: Range<Int>, _ report: inout Report) -> [Word] {
        var lexer = WordLexer(source, file: file, range: range, environment: environment)
        return lexer.split(&report)
    }

    private func commentStart(_ range: Range<Int>) -> Int {
        var index = range.lowerBound + 1
        while index < range.upperBound {
            if source.bytes[index] == UInt8(ascii: "#"), isBlank(source.bytes[index - 1]) { return index }
            index += 1
        }
        return range.upperBound
    }

    private func lastNonBlank(_ range: Range<Int>) -> Int {
        var end = range.upperBound
        while end > range.lowerBound, isBlank(source.bytes[end - 1]) { end -= 1 }
        return end
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        guard range.lowerBound < range.upperBound else { return range.lowerBound..<range.lowerBound }
        let end = lastNonBlank(range)
        var start = range.lowerBound
        while start < end, isBlank(source.bytes[start]) { start += 1 }
        return start..<end
    }

    private func range(_ range: Range<Int>) -> SourceRange { SourceRange(file: file, range) }
    private func string(_ range: Range<Int>) -> String { String(decoding: source.bytes[range], as: UTF8.self) }
}
