/// A Swift source file whose comments and string literals are blanked out, so that only code is left to look at. Lines stay lines.
struct SwiftText {
    let code: String

    init(_ source: String) { code = String(decoding: Self.blanked(Array(source.utf8)), as: UTF8.self) }

    /// The lines of code, from the first; the index plus 1 is the line's number.
    var lines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The identifiers and keywords of the code, with the numbers of their lines.
    var words: [(word: Substring, line: Int)] {
        lines.enumerated().flatMap { index, line in
            line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { ($0, index + 1) }
        }
    }

    private static func blanked(_ bytes: [UInt8]) -> [UInt8] {
        var out = bytes
        var at = 0
        var comments = 0
        // The open literals, from the outermost: the mark that ends each. Code inside `\(…)` counts as text: it is short.
        var literal: [UInt8]? = nil
        func isAt(_ text: [UInt8]) -> Bool { at + text.count <= bytes.count && Array(bytes[at..<at + text.count]) == text }
        func blank(_ count: Int) {
            for index in at..<min(at + count, bytes.count) where out[index] != 0x0A { out[index] = 0x20 }
            at += count
        }
        while at < bytes.count {
            if comments > 0 {
                if isAt(Array("/*".utf8)) { comments += 1; blank(2) }
                else if isAt(Array("*/".utf8)) { comments -= 1; blank(2) }
                else { blank(1) }
            } else if let end = literal {
                if isAt(end) { literal = nil; blank(end.count) }
                else if end.last != UInt8(ascii: "#") && isAt([UInt8(ascii: "\\")]) { blank(2) }
                else { blank(1) }
            } else if isAt(Array("//".utf8)) {
                while at < bytes.count && bytes[at] != 0x0A { blank(1) }
            } else if isAt(Array("/*".utf8)) {
                comments = 1
                blank(2)
            } else if bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "#") {
                var hashes = 0
                while at + hashes < bytes.count && bytes[at + hashes] == UInt8(ascii: "#") { hashes += 1 }
                var quotes = 0
                while at + hashes + quotes < bytes.count && bytes[at + hashes + quotes] == UInt8(ascii: "\"") { quotes += 1 }
                guard quotes > 0 else { at += max(hashes, 1); continue }
                // Two quotes are an empty literal, three or more open one of several lines.
                if quotes == 2 { blank(hashes * 2 + 2); continue }
                let mark = [UInt8](repeating: UInt8(ascii: "\""), count: quotes >= 3 ? 3 : 1)
                literal = mark + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
                blank(hashes + mark.count)
            } else {
                at += 1
            }
        }
        return out
    }
}
