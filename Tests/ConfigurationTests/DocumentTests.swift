import Configuration
import FilterAPI
import Foundation
import Gzip
import RateLimit
import TLSTermination
import Testing
import VersionNegotiation

/// The shipped configuration and the pages about it say what the program does.
@Suite struct DocumentTests {
    private func text(_ path: String) throws -> String {
        try String(contentsOf: Golden.package.appending(path: path), encoding: .utf8)
    }

    private static let filters: [any FilterPlugin.Type] = [Gzip.self, RateLimit.self, TLSTermination.self, VersionNegotiation.self]
    private let registry = FilterRegistry(Self.filters)

    @Test func theShippedConfigurationServesTheDemo() throws {
        let (plan, diagnostics) = load(try text("gateway.conf"), filters: registry.schemas)
        #expect(diagnostics.text() == "")
        let difference = Golden.difference(try #require(plan).dump, Golden.folder.appending(path: "gateway.plan"))
        #expect(difference == nil)
        #expect(plan?.listeners.first?.addresses == [.tcp(host: "127.0.0.1", port: 8080)])
        #expect(plan?.apps.map(\.kind) == [.echo])
    }

    /// Every option that it shows in a comment, taken into the file, is right and is the default.
    @Test func theOptionsInItsCommentsAreTheDefaults() throws {
        var lines: [String] = []
        var shown: [String: Set<String>] = [:]
        var kind = ""
        var filter = OptionSchema([])
        for line in try text("gateway.conf").split(separator: "\n", omittingEmptySubsequences: false) {
            let isComment = line == "#" || line.hasPrefix("# ")
            let plain = isComment ? "" : String(line.hasPrefix("#") ? line.dropFirst() : line)
            lines.append(plain)
            if plain.hasPrefix("[") { kind = String(plain.dropFirst().prefix { $0 != ":" && $0 != "]" }) }
            guard let equals = plain.firstIndex(of: "="), !plain.hasPrefix("/"), kind != "router" else { continue }
            let key = plain[..<equals].trimmingCharacters(in: .whitespaces)
            let value = plain[plain.index(after: equals)...].prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            shown[kind, default: []].insert(key)
            if kind == "filter" && key == "use" { filter = registry[value]?.options ?? filter }
            let schema: OptionSchema =
                switch kind {
                case "gateway": .gateway
                case "listener": .listener
                case "filter": filter
                default: .app
                }
            if line.hasPrefix("#"), let standard = schema[key]?.standard { #expect(value == standard, "\(key)") }
        }
        let (plan, diagnostics) = load(lines.joined(separator: "\n"), filters: registry.schemas)
        #expect(plan != nil)
        #expect(diagnostics.text() == "")

        #expect(Set(OptionSchema.gateway.options.map(\.name)).subtracting(shown["gateway"] ?? []) == [])
        #expect(Set(OptionSchema.listener.options.map(\.name)).subtracting(shown["listener"] ?? []) == ["socket-mode", "trusted-proxies"])
        #expect(Set(OptionSchema.app.options.map(\.name)).subtracting(shown["app"] ?? []) == [])
    }

    @Test func theOptionReferenceIsUpToDate() {
        let difference = Golden.difference(ReferencePages.options, Golden.package.appending(path: "docs/options.md"))
        #expect(difference == nil)
    }

    @Test func theDiagnosticReferenceIsUpToDate() {
        let difference = Golden.difference(ReferencePages.diagnostics, Golden.package.appending(path: "docs/diagnostics.md"))
        #expect(difference == nil)
    }

    /// Whole configurations are fenced as `ini`; they have no error and no warning.
    @Test func theExamplesOfTheLanguagePageAreRight() throws {
        let blocks = try text("docs/configuration.md").components(separatedBy: "```ini\n").dropFirst()
        #expect(blocks.count >= 3)
        for block in blocks {
            let example = block.components(separatedBy: "```")[0]
            let files = ["conf.d/api.conf": "[app:api]\nservers = 127.0.0.1:9292\n"]
            let (plan, diagnostics) = load(example, files: files, filters: FilterSchemas())
            #expect(diagnostics.text() == "", "\(example)")
            #expect(plan != nil)
        }
    }

    /// The report that the page shows is the one of a golden file, cut.
    @Test func theReportOnTheLanguagePageIsReal() throws {
        let shown = try text("docs/configuration.md").components(separatedBy: "```text\n")[1].components(separatedBy: "```")[0]
        let reported = try text("Tests/Golden/configuration/broken/look-everything-at-once.expected")
        #expect(reported.contains(shown))
    }
}
