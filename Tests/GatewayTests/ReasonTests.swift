import Foundation
import HTTPMessage
import Testing

@testable import Gateway

@Suite struct ReasonTests {
    /// docs/reasons.md is what `sluice why --markdown` prints. UPDATE_GOLDEN=1 writes it anew.
    @Test func thePageIsUpToDate() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/reasons.md")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(ReasonPage.markdown.utf8).write(to: page)
        }
        #expect(try String(contentsOf: page, encoding: .utf8) == ReasonPage.markdown)
    }

    @Test func everyCodeIsOnThePageOnce() {
        let headings = ReasonPage.markdown.split(separator: "\n").filter { $0.hasPrefix("### ") }
        #expect(headings.count == Reason.allCases.count)
        #expect(Set(headings) == Set(Reason.allCases.map { "### `\($0.code)`" }))
    }

    @Test func codesAreUniqueAndWellFormed() {
        #expect(Set(Reason.allCases.map(\.code.description)).count == Reason.allCases.count)
        for reason in Reason.allCases {
            #expect(reason.code.description.wholeMatch(of: /[a-z]+(\.[a-z]+(-[a-z]+)*)+/) != nil, "\(reason.code)")
            #expect((400...599).contains(reason.status))
        }
    }

    @Test(arguments: Reason.allCases) func everyReasonIsExplained(_ reason: Reason) {
        let explanation = reason.explanation
        for text in [explanation.happened.description, explanation.advice.description] {
            #expect(text.hasSuffix(".") && !text.contains("  ") && !text.contains("\n"))
            #expect(text.first?.isUppercase == true || text.hasPrefix("\""))
        }
        #expect(explanation.happened.utf8CodeUnitCount > 30)
        // A status of the 5xx class says that it is not the client's fault, one of the 4xx class that it is, but for no route.
        switch reason.status {
        case 505: #expect(explanation.fault == .client)
        case 500...: #expect(explanation.fault != .client)
        case 400..<499 where reason != .routeNone: #expect(explanation.fault == .client)
        default: break
        }
        #expect(ReasonText.explanation(of: reason).split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func explainsOneCode() {
        #expect(
            ReasonText.explanation(of: .clientIdle) == """
                client.idle (status 499)
                The kept-alive connection was idle for the keep-alive time-out.

                What happened: The kept connection carried no request for keep-alive-timeout and
                was closed. Every client expects that.

                Whose fault: nobody's.

                What to do: Nothing.

                """)
    }

    @Test func findsACodeItsBeginningOrTheNearest() {
        #expect(ReasonText.find("upstream.connect.refused") == .reason(.upstreamConnectRefused))
        #expect(ReasonText.find("Upstream.Connect.Refused") == .reason(.upstreamConnectRefused))
        #expect(ReasonText.find("route") == .reason(.routeNone))
        #expect(ReasonText.find("upstream.queue") == .several([.upstreamQueueFull, .upstreamQueueTimeout]))
        #expect(ReasonText.find("upstream.conect.refused") == .none(nearest: .upstreamConnectRefused))
        #expect(ReasonText.find("zebra") == .none(nearest: nil))
        #expect(ReasonText.find("") == .none(nearest: nil))
        #expect(ReasonText.find(String(repeating: "x", count: 100_000)) == .none(nearest: nil))
    }

    @Test func editDistances() {
        #expect(ReasonText.editDistance("", "") == 0)
        #expect(ReasonText.editDistance("kitten", "sitting") == 3)
        #expect(ReasonText.editDistance("", "abc") == 3)
        #expect(ReasonText.editDistance("abc", "") == 3)
    }
}
