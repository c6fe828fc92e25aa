import Configuration
import FuzzChecks
import Testing

/// In which order connection filters may stand on a listener.
@Suite struct ConnectionFilterTests {
    private let schemas = FilterSchemas(
        ["header": OptionSchema([]), "second": OptionSchema([]), "cipher": OptionSchema([]), "other-cipher": OptionSchema([])],
        makers: [:], connectionFilters: ["header", "second", "cipher", "other-cipher"], securing: ["cipher", "other-cipher"])

    private func load(_ through: String) -> (plan: Plan?, diagnostics: [Diagnostic]) {
        var text = "[listener:web]\nlisten = 127.0.0.1:80\nserve = demo\nthrough = \(through)\n[app:demo]\nuse = echo\n"
        for name in through.split(separator: " ") { text += "[filter:\(name)]\nuse = \(name)\n" }
        let (plan, diagnostics) = Configuration.load(path: "a.conf", files: MemoryFiles(["a.conf": text]), filters: schemas)
        return (plan, diagnostics)
    }

    @Test(arguments: ["header", "cipher", "header cipher", "header second cipher", "second header"])
    func whatIsPlainStandsBeforeWhatDeciphers(_ through: String) throws {
        let (plan, diagnostics) = load(through)
        #expect(diagnostics.text() == "")
        let names = try #require(plan).filters.map(\.name)
        #expect(try #require(plan).listeners[0].through.map { names[$0] } == through.split(separator: " ").map(String.init))
    }

    @Test(arguments: [("cipher header", "header", "cipher"), ("header cipher second", "second", "cipher"), ("cipher other-cipher", "other-cipher", "cipher")])
    func nothingStandsBehindWhatDeciphers(_ through: String, _ wrong: String, _ before: String) {
        let (plan, diagnostics) = load(through)
        #expect(plan == nil)
        #expect(diagnostics.map(\.code) == [.referenceKind])
        #expect(diagnostics.first?.message == "`\(wrong)` stands behind `\(before)`, which deciphers connections for HTTP alone")
    }
}
