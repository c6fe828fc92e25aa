import Foundation
import Testing

/// A page of the documentation and its fenced blocks.
struct Document: Sendable, CustomTestStringConvertible {
    /// A fenced block: the words behind its opening fence, and its lines.
    struct Block: Sendable {
        var words: [String]
        /// Line number of the opening fence, from 1.
        var line: Int
        var lines: [String]

        var language: String { words.first ?? "" }
        var text: String { lines.map { $0 + "\n" }.joined() }
    }

    /// Path from the top of the repository.
    let path: String
    let text: String
    let blocks: [Block]

    var testDescription: String { path }

    init(path: String, text: String) {
        self.path = path
        self.text = text
        var blocks: [Block] = []
        var open: Block?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = Block(words: line.dropFirst(3).split(separator: " ").map(String.init), line: index + 1, lines: [])
                }
            } else {
                open?.lines.append(String(line))
            }
        }
        self.blocks = blocks
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// README.md, all pages in docs/ and Benchmarks/, and the page of each filter.
    static let all: [Document] = {
        let filters = (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Plugins").path)) ?? []
        let folders = ["docs", "docs/filters", "Benchmarks"] + filters.sorted().map { "Plugins/\($0)" }
        let pages = folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)) ?? [])
                .filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }
        }
        return (["README.md"] + pages.sorted()).compactMap { path in
            (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)).map { Document(path: path, text: $0) }
        }
    }()
}
