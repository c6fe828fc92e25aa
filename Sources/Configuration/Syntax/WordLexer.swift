/// Splits a stretch of one line into words: blanks separate, `"…"` keeps together, `${NAME}` is replaced, `#` after a blank
/// starts a comment.
struct WordLexer {
    let bytes: [UInt8]
    let file: Int
    let environment: [String: String]
    private var index: Int
    private let end: Int
    private var words: [Word] = []
    /// No `}` stands further on: looking again at every `${` would cost the square of the line's length.
    private var isOutOfBraces = false
    /// Whether the current word has a variable in it, and whether any had.
    private var wordHasVariable = false
    private(set) var hasVariable = false

    /// - Parameter range: the bytes to split, all on one line.
    init(_ source: SourceFile, file: Int, range: Range<Int>, environment: [String: String]) {
        bytes = source.bytes
        self.file = file
        self.environment = environment
        index = range.lowerBound
        end = range.upperBound
    }

    mutating func split(_ report: inout Report) -> [Word] {
        while index < end {
            let byte = bytes[index]
            if isBlank(byte) {
                index += 1
            } else if byte == UInt8(ascii: "#"), index > 0, isBlank(bytes[index - 1]) {
                break
            } else {
                wordHasVariable = false
                if byte == UInt8(ascii: "\"") { quotedWord(&report) } else { bareWord(&report) }
                    }
        }
        return words
    }

    private mutating func quotedWord(_ report: inout Report) {
        let start = index
        index += 1
        var text: [UInt8] = []
        var isBroken = false
        while index < end {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                let closed = index
                while index < end, !isBlank(bytes[index]) { index += 1 }
                if index > closed {
                    report.error(
                        .syntaxQuote, at: range(closed..<index), "text directly behind a closing quote",
                        expected: "a blank or the end of the line",
                        help: "put the whole word into quotes, with `\\\"` for a quote inside it")
                    isBroken = true
                }
                append(text, start..<index, isVerbatim: false, isBroken)
                return
            case UInt8(ascii: "\\"):
                guard index + 1 < end else {
                    index += 1
                    continue
                }
                let escaped = bytes[index + 1]
                if escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") || escaped == UInt8(ascii: "$") {
                    text.append(escaped)
                    index += 2
                } else {
                    var next = index + 2
                    while next < end, bytes[next] & 0xC0 == 0x80 { next += 1 }
                    report.error(
                        .syntaxEscape, at: range(index..<next), "unknown escape \(quoted(string(index..<next)))",
                        expected: "`\\\"`, `\\\\` or `\\$`", help: "write `\\\\` for a backslash")
                    isBroken = true
                    index = next
                }
            case UInt8(ascii: "$"):
                switch variable(&report) {
                case .text(let value): text += value
                case .broken: isBroken = true
                }
            default:
                text.append(byte)
                index += 1
            }
        }
        report.error(
            .syntaxQuoteOpen, at: range(start..<start + 1), "this quote is never closed",
            help: "a quoted word ends on the line where it begins")
        append(text, start..<end, isVerbatim: false, true)
    }

    private mutating func bareWord(_ report: inout Report) {
        let start = index
        var text: [UInt8] = []
        var isBroken = false
        var isVerbatim = true
        // Words of a variable's value that are complete already.
        var earlier: [[UInt8]] = []
        while index < end, !isBlank(bytes[index]) {
            let byte = bytes[index]
            if byte == UInt8(ascii: "$") {
                let before = index
                switch variable(&report) {
                case .text(let value):
                    if index - before > 1 || value.count != 1 { isVerbatim = false }
                    for byte in value {
                        if isBlank(byte) || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                            if !text.isEmpty { earlier.append(text) }
                            text = []
                        } else {
                            text.append(byte)
                        }
                    }
                case .broken: isBroken = true
                }
                continue
            }
            if byte == UInt8(ascii: "\""), !isBroken {
                report.error(
                    .syntaxQuote, at: range(index..<index + 1), "a quote in the middle of a word",
                    help: "put the whole word into quotes, with `\\\"` for a quote inside it")
                isBroken = true
            }
            text.append(byte)
            index += 1
        }
        for text in earlier { append(text, start..<index, isVerbatim: false, isBroken) }
        if !text.isEmpty || isBroken { append(text, start..<index, isVerbatim: isVerbatim, isBroken) }
    }

    private enum Substitution {
        case text([UInt8])
        case broken
    }

    /// Reads from a `$` on: `${NAME}`, `${NAME:-default}`, `$${` for a plain `${`; any other `$` is itself.
    private mutating func variable(_ report: inout Report) -> Substitution {
        let start = index
        let dollar = UInt8(ascii: "$")
        let brace = UInt8(ascii: "{")
        if index + 2 < end, bytes[index + 1] == dollar, bytes[index + 2] == brace {
            index += 3
            return .text([dollar, brace])
        }
        guard index + 1 < end, bytes[index + 1] == brace else {
            index += 1
            return .text([dollar])
        }
        let found = isOutOfBraces ? nil : bytes[(index + 2)..<end].firstIndex(of: UInt8(ascii: "}"))
        guard let close = found else {
            isOutOfBraces = true
            // Everything to the end of the line would be the name: only the opening is shown.
            report.error(
                .environmentSyntax, at: range(start..<start + 2), "this `${` is never closed",
                expected: "`${NAME}` or `${NAME:-default}`", help: "write `$${` for a plain `${`", leavesGap: true)
            index += 2
            return .broken
        }
        index = close + 1
        var nameEnd = start + 2
        while nameEnd < close, isNameByte(bytes[nameEnd], isFirst: nameEnd == start + 2) { nameEnd += 1 }
        let name = string(start + 2..<nameEnd)
        let rest = bytes[nameEnd..<close]
        let isDefaulted = rest.starts(with: [UInt8(ascii: ":"), UInt8(ascii: "-")])
        guard !name.isEmpty, rest.isEmpty || isDefaulted else {
            report.error(
                .environmentSyntax, at: range(start..<index), "\(quoted(string(start..<index))) does not name a variable",
                expected: "`${NAME}` or `${NAME:-default}`",
                help: "a name has letters, digits and `_`; write `$${` for a plain `${`", leavesGap: true)
            return .broken
        }
        wordHasVariable = true
        hasVariable = true
        let value = environment[name]
        if isDefaulted {
            if let value, !value.isEmpty { return .text(Array(value.utf8)) }
            return .text(Array(rest.dropFirst(2)))
        }
        guard let value else {
            let near = report.suggestion(for: name, among: environment.keys.sorted())
            report.error(
                .environmentUnset, at: range(start..<index), "the environment variable \(quoted(name)) is not set",
                help: near ?? "set it, or give a default: `${\(name):-default}`", leavesGap: true)
            return .broken
        }
        return .text(Array(value.utf8))
    }

    private func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): !isFirst
        default: false
        }
    }

    private mutating func append(_ text: [UInt8], _ place: Range<Int>, isVerbatim: Bool, _ isBroken: Bool) {
        words.append(
            Word(
                text: String(decoding: text, as: UTF8.self), range: range(place), isVerbatim: isVerbatim, hasVariable: wordHasVariable,
                isBroken: isBroken))
    }

    private func range(_ range: Range<Int>) -> SourceRange { SourceRange(file: file, range) }
    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
