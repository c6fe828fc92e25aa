import Configuration
import Foundation
import FuzzChecks
import Testing

@Suite struct GoldenTests {
    @Test(arguments: Golden.names(in: "broken"))
    func brokenFilesSayWhatIsWrong(_ name: String) {
        let (plan, diagnostics) = Configuration.load(
            path: name + ".conf", files: GoldenFolder("broken"), environment: sampleEnvironment, filters: sampleFilters)
        #expect(!diagnostics.isEmpty, "nothing is wrong with \(name).conf")
        #expect((plan == nil) == diagnostics.contains { $0.severity == .error })
        let difference = Golden.difference(
            diagnostics.text(), Golden.folder.appending(path: "broken/\(name).expected"))
        #expect(difference == nil)
    }

    @Test(arguments: Golden.names(in: "accepted"))
    func acceptedFilesMakeTheirPlan(_ name: String) throws {
        let (plan, diagnostics) = Configuration.load(
            path: name + ".conf", files: GoldenFolder("accepted"), environment: sampleEnvironment, filters: sampleFilters)
        #expect(diagnostics.text() == "")
        let difference = Golden.difference(
            try #require(plan).dump, Golden.folder.appending(path: "accepted/\(name).plan"))
        #expect(difference == nil)
    }

    @Test(arguments: ["look-everything-at-once", "include-error-inside", "section-duplicate", "listener-none"])
    func machinesReadTheSame(_ name: String) throws {
        let diagnostics = Configuration.load(
            path: name + ".conf", files: GoldenFolder("broken"), environment: sampleEnvironment, filters: sampleFilters
        ).diagnostics
        let difference = Golden.difference(diagnostics.json, Golden.folder.appending(path: "broken/\(name).json"))
        #expect(difference == nil)

        let read = try JSONSerialization.jsonObject(with: Data(diagnostics.json.utf8))
        let objects = try #require(read as? [[String: Any]])
        #expect(objects.map { $0["code"] as? String } == diagnostics.map(\.code.rawValue))
        #expect(objects.map { $0["message"] as? String } == diagnostics.map(\.message))
    }

    /// Codes whose occasion is not a file that can lie in a folder; `LoadTests` has them.
    private static let withoutFile: Set<DiagnosticCode> = [
        .fileUnreadable, .fileTooLarge, .includeUnreadable, .includeTooDeep, .notShown,
    ]

    @Test(arguments: DiagnosticCode.allCases.filter { !withoutFile.contains($0) })
    func everyCodeHasAGoldenFile(_ code: DiagnosticCode) throws {
        let isShown = try Golden.names(in: "broken").contains { name in
            try String(contentsOf: Golden.folder.appending(path: "broken/\(name).expected"), encoding: .utf8)
                .contains("[\(code.rawValue)]: ")
        }
        #expect(isShown, "no golden file shows \(code.rawValue)")
    }

    /// Whose only other value is dangerous: it stands in a file with a warning.
    private static let dangerousOtherwise: Set<String> = ["tls-verify"]

    /// Every option stands in an accepted file with another value than its default, and in a broken one.
    @Test(arguments: ["gateway", "listener", "pipeline", "filter", "app"])
    func everyOptionHasAGoldenPair(_ kind: String) throws {
        let schemas: [String: OptionSchema] = [
            "gateway": .gateway, "listener": .listener, "pipeline": .pipeline, "filter": .filter, "app": .app,
        ]
        let schema = try #require(schemas[kind])
        func given(in folder: String) throws -> [String: Set<String>] {
            var given: [String: Set<String>] = [:]
            for name in Golden.names(in: folder) {
                guard
                    let text = try? String(contentsOf: Golden.folder.appending(path: "\(folder)/\(name).conf"), encoding: .utf8)
                else { continue }
                var section = ""
                for line in text.split(separator: "\n") {
                    if line.hasPrefix("["), line.contains("]") {
                        section = String(line.dropFirst().prefix { $0 != ":" && $0 != "]" })
                    } else if section == kind, let equals = line.firstIndex(of: "=") {
                        let key = line[..<equals].trimmingCharacters(in: .whitespaces)
                        let value = line[line.index(after: equals)...].prefix { $0 != "#" }
                        given[key, default: []].insert(value.trimmingCharacters(in: .whitespaces))
                    }
                }
            }
            return given
        }
        let accepted = try given(in: "accepted")
        let broken = try given(in: "broken")
        for option in schema.options {
            let name = option.name
            let values = accepted[name] ?? []
            let changing = Self.dangerousOtherwise.contains(name) ? values.union(broken[name] ?? []) : values
            let isChanged = !changing.subtracting([option.standard ?? ""]).isEmpty
            let isBroken = broken[name] != nil
            // A keyword that is dangerous stands in a file with a warning.
            let missing = option.keywords.filter { !values.contains($0) && broken[name]?.contains($0) != true }
            #expect(isChanged, "no accepted file gives \(name) in [\(kind)] another value than its default")
            #expect(isBroken, "no broken file gives \(name) in [\(kind)]")
            #expect(missing.isEmpty, "no file has these keywords of \(name) in [\(kind)]")
        }
    }
}
