import FilterAPI
import HTTPMessage
import Testing

@testable import Gateway

@Suite struct ReasonTests {
    private let reasons = KnownReason.all(FilterRegistry([SampleFilter.self]))

    @Test func everyCodeIsOnThePageOnce() {
        let page = ReasonPage.markdown(reasons)
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("### ") }
        #expect(headings == Reason.allCases.map { "### `\($0.code)`" } + ["### `sample.refused`"])
        #expect(page.contains("| [`sample.refused`](#samplerefused) | filter sample | The sample refuses |\n"))
        #expect(page.contains("\n## The filter sample\n"))
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
        let known = reasons.first { $0.code == "\(reason.code)" }
        #expect(known.map { ReasonText.explanation(of: $0) }?.split(separator: "\n").allSatisfy { $0.count <= 80 } == true)
    }

    @Test func explainsOneCode() throws {
        #expect(
            ReasonText.explanation(of: try #require(reasons.first { $0.code == "client.idle" })) == """
                client.idle (status 499)
                The kept-alive connection was idle for the keep-alive time-out.

                What happened: The kept connection carried no request for keep-alive-timeout and
                was closed. Every client expects that.

                Whose fault: nobody's.

                What to do: Nothing.

                """)
    }

    @Test func findsACodeItsBeginningOrTheNearest() {
        func find(_ word: String) -> String {
            switch ReasonText.find(word, among: reasons) {
            case .reason(let reason): reason.code
            case .several(let reasons): reasons.map(\.code).joined(separator: " ")
            case .none(let nearest): "near \(nearest ?? "nothing")"
            }
        }
        #expect(find("upstream.connect.refused") == "upstream.connect.refused")
        #expect(find("Upstream.Connect.Refused") == "upstream.connect.refused")
        #expect(find("route") == "route.none")
        #expect(find("upstream.queue") == "upstream.queue.full upstream.queue.timeout")
        #expect(find("sample.") == "sample.refused")
        #expect(find("upstream.conect.refused") == "near upstream.connect.refused")
        #expect(find("sample.refuse d") == "near sample.refused")
        #expect(find("zebra") == "near nothing")
        #expect(find("") == "near nothing")
        #expect(find(String(repeating: "x", count: 100_000)) == "near nothing")
    }
}
