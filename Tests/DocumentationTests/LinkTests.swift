import Foundation
import Testing

/// Links between the pages, and what they say of make, hold.
@Suite struct LinkTests {
    @Test(arguments: Document.all) func linksLeadSomewhere(_ document: Document) throws {
        for match in document.text.matches(of: /\]\(([^)\s]+)\)/) {
            let link = String(match.output.1)
            guard !link.contains("://"), !link.hasPrefix("mailto:") else { continue }
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let folder = Document.root.appendingPathComponent(document.path).deletingLastPathComponent()
            let file = parts[0].isEmpty ? Document.root.appendingPathComponent(document.path) : folder.appendingPathComponent(parts[0])
            #expect(FileManager.default.fileExists(atPath: file.path), "\(document.path): \(link)")
            if parts.count == 2, let target = try? String(contentsOf: file, encoding: .utf8) {
                #expect(Self.anchors(of: target).contains(parts[1]), "\(document.path): \(link)")
            }
        }
    }

    /// The anchors that headings get: lower case, without punctuation, blanks to hyphens.
    private static func anchors(of text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
                heading.drop { $0 == "#" || $0 == " " }.lowercased().compactMap { letter -> String? in
                    if letter == " " { return "-" }
                    return letter.isLetter || letter.isNumber || letter == "-" || letter == "_" ? String(letter) : nil
                }.joined()
            })
    }

    @Test(arguments: Document.all) func makeTargetsExist(_ document: Document) throws {
        let makefile = try String(contentsOf: Document.root.appendingPathComponent("Makefile"), encoding: .utf8)
        let targets = Set(makefile.matches(of: /(?m)^([a-z]+):/).map { String($0.output.1) })
        #expect(targets.contains("run"))
        for match in document.text.matches(of: /(?m)(?:^|`)make ([a-z]+)/) {
            #expect(targets.contains(String(match.output.1)), "\(document.path): make \(match.output.1)")
        }
    }

    /// Each folder of pages has its own index.
    @Test(arguments: ["docs", "docs/filters"]) func everyPageIsInTheIndex(_ folder: String) throws {
        let index = try #require(Document.all.first { $0.path == "\(folder)/README.md" })
        for document in Document.all where document.path.hasPrefix("\(folder)/") && document.path != index.path {
            let name = document.path.dropFirst(folder.count + 1)
            guard !name.contains("/") else { continue }
            #expect(index.text.contains("(\(name))"), "\(index.path) does not name \(name)")
        }
    }
}
