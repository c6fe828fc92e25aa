import FilterAPI
import Foundation
import Testing

@testable import Gateway

/// What `sluice plugin new` writes.
@Suite struct PluginPackageTests {
    private func package(_ name: String) throws -> PluginPackage { PluginPackage(name: try PluginName(name, registry: FilterRegistry())) }

    @Test func theFilterPageShowsWhatIsWritten() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let page = try String(contentsOf: folder.appending(path: "../../docs/plugins.md"), encoding: .utf8)
        let files = try package("needs-field").files
        for path in ["Sources/NeedsField/NeedsField.swift", "Sources/NeedsField/EntryPoint.swift", "Tests/NeedsFieldTests/NeedsFieldTests.swift", "gateway.conf"] {
            let text = try #require(files.first { $0.path == path }?.text)
            #expect(page.contains("\n\(text)```\n"), "docs/plugins.md does not show \(path)")
        }
        for file in files { #expect(page.contains("  needs-field/\(file.path)\n")) }
    }

    @Test(arguments: [("a", "A"), ("needs-field", "NeedsField"), ("x-2-y3", "X2Y3")])
    func namesBecomeTypes(_ name: String, _ type: String) throws {
        let package = try package(name)
        #expect(package.name.type == type)
        #expect(package.files.contains { $0.path == "Sources/\(type)/\(type).swift" && $0.text.contains("static let name = \"\(name)\"") })
    }

    /// A plug-in whose type has the name of one that its source needs would not compile.
    @Test func noNameHidesWhatTheSourceNeeds() throws {
        for file in try package("mine").files where file.path.hasSuffix(".swift") && file.path != "Package.swift" {
            let code = file.text.split(separator: "\n").map { $0.replacing(/\/\/.*|"[^"]*"/, with: "") }.joined(separator: "\n")
            for word in code.matches(of: /\b[A-Z][a-z]\w+/).map({ String($0.output) }) where !["Mine", "MineTests", "FilterAPI", "FilterTesting"].contains(word) {
                #expect(PluginName.taken.contains(word), "\(word) of \(file.path)")
            }
        }
    }

    @Test(arguments: ["", "A", "a_b", "a-", "-a", "a--b", "1a", "a/b", "..", "a b", "é", "response", "testing", String(repeating: "a", count: 41)])
    func otherNamesAreRefused(_ name: String) {
        #expect(throws: PluginFailure.self) { try PluginName(name, registry: FilterRegistry()) }
    }
}
