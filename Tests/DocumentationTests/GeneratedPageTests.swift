import Foundation
import Testing

/// The pages that the program itself prints are as it prints them. `make pages` (UPDATE_GOLDEN=1) writes them anew.
@Suite struct GeneratedPageTests {
    private static let isUpdate = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"
    private let folder = Document.root.appendingPathComponent("docs/filters")

    private func sluice(_ arguments: String...) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Terminal.binary)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "sluice \(arguments)")
        return text
    }

    private func compare(_ text: String, _ path: String) throws {
        let file = Document.root.appendingPathComponent(path)
        if Self.isUpdate { try Data(text.utf8).write(to: file) }
        let page = try? String(contentsOf: file, encoding: .utf8)
        #expect(page == text, "\(path) is not what the program says: `make pages` writes it anew")
    }

    /// The names of all filters of the binary.
    private func names() throws -> [String] {
        try sluice("filters").split(separator: "\n").map { String($0.prefix { $0 != " " }) }
    }

    @Test func reasonPageIsUpToDate() throws { try compare(sluice("why", "--markdown"), "docs/reasons.md") }

    @Test func filterPagesAreUpToDate() throws {
        let names = try names()
        try #require(names.contains("headers"))
        if Self.isUpdate { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
        try compare(sluice("filters", "--markdown"), "docs/filters/README.md")
        for name in names { try compare(sluice("filters", name, "--markdown"), "docs/filters/\(name).md") }
        let expected = Set(names + ["README"]).map { "\($0).md" }
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !expected.contains(file) {
            if Self.isUpdate { try FileManager.default.removeItem(at: folder.appendingPathComponent(file)) }
            #expect(Self.isUpdate, "docs/filters/\(file) is about no filter: `make pages` removes it")
        }
    }

    @Test func everyFilterSaysWhatItIsFor() throws {
        for line in try sluice("filters").split(separator: "\n") {
            #expect(line.contains(/^[a-z][a-z0-9-]* +[A-Z].*\.$/), "\(line)")
        }
    }

    @Test func everyReasonOfAFilterIsExplained() throws {
        let lines = try sluice("why").split(separator: "\n")
        let codes = lines.map { $0.prefix { $0 != " " } }
        #expect(Set(codes).count == codes.count)
        for line in lines where line.contains("(filter") {
            let code = String(line.prefix { $0 != " " })
            #expect(code.contains(/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$/), "\(code)")
            #expect(try sluice("why", code).contains("What to do: "))
        }
    }
}
