import FilterAPI
import FilterTesting
import Foundation
import Testing

/// The filter of docs/filters.md that asks an app is compiled here, and does what the page says.
@Suite struct DocumentedFilterTests {
    @Test func thePageShowsWhatIsCompiled() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let page = try String(contentsOf: folder.appending(path: "../../docs/filters.md"), encoding: .utf8)
        let source = try String(contentsOf: folder.appending(path: "Plans.swift"), encoding: .utf8)
        #expect(page.contains("```swift\n\(source)```\n"))
    }

    @Test func itAsksAnAppAndTellsTheOther() throws {
        let harness = try FilterHarness(Plans.self, "app = crm", apps: ["crm"])
        harness.answer(app: "crm") { question in .response(question.field("X-Customer") == "7" ? "HTTP/1.1 200 OK\nX-Plan: gold\n" : "HTTP/1.1 404 Not Found\n") }
        #expect(harness.send("GET / HTTP/1.1\nHost: a\nX-Customer: 7\nX-Plan: forged\n").field("X-Plan") == "gold")
        #expect(harness.send("GET / HTTP/1.1\nHost: a\nX-Plan: forged\n").reply?.reason == "plan.none")
        harness.answer(app: "crm") { _ in .failure }
        #expect(harness.send("GET / HTTP/1.1\nHost: a\n").reply?.reason == "filter.ask.failed")
    }
}
