import FilterAPI
import FilterTesting
import Foundation
import Testing

/// The filter of docs/filters.md is compiled here, and does what the page says.
@Suite struct DocumentedFilterTests {
    @Test func thePageShowsWhatIsCompiled() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let page = try String(contentsOf: folder.appending(path: "../../docs/filters.md"), encoding: .utf8)
        let source = try String(contentsOf: folder.appending(path: "NeedsKey.swift"), encoding: .utf8)
        #expect(page.contains("```swift\n\(source)```\n"))
    }

    @Test func itLetsThroughWhoHasTheKey() throws {
        let harness = try FilterHarness(NeedsKey.self, "key = secret-enough")
        let exchange = harness.send("GET / HTTP/1.1\nHost: a\n")
        #expect(exchange.reply?.status == 401)
        #expect(exchange.reply?.reason == "key.missing")
        #expect(harness.send("GET / HTTP/1.1\nHost: a\nX-Key: secret-enough\n").isForwarded)
        #expect(throws: HarnessError.self) { try FilterHarness(NeedsKey.self, "key = short") }
    }
}
