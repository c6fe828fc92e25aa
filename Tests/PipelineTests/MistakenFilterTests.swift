import FilterAPI
import FilterTesting
import Testing

/// What a filter says of itself is checked before it is used.
@Suite struct MistakenFilterTests {
    private final class SameOptions: FilterPlugin, RequestFilter {
        static let name = "same-options"
        static let options = OptionSchema([Option("field", .token, "One."), Option("field", .token, "Another.")])
        init(_ options: FilterOptions) throws(ConfigurationError) {}
        func processRequest(_ request: inout Request) -> RequestDecision { .forward }
    }

    private final class LoudReason: FilterPlugin, RequestFilter {
        static let name = "loud-reason"
        static let reasons = [ReplyReason("Refused!", "No", fault: .client, happened: "No.", advice: "Go.")]
        init(_ options: FilterOptions) throws(ConfigurationError) {}
        func processRequest(_ request: inout Request) -> RequestDecision { .forward }
    }

    private final class SameReasons: FilterPlugin, RequestFilter {
        static let name = "same-reasons"
        static let reasons = [loud, loud]
        private static let loud = ReplyReason("same.no", "No", fault: .client, happened: "No.", advice: "Go.")
        init(_ options: FilterOptions) throws(ConfigurationError) {}
        func processRequest(_ request: inout Request) -> RequestDecision { .forward }
    }

    @Test func anOptionThatStandsTwice() {
        #expect(throws: HarnessError("the option `field` stands twice")) { try FilterHarness(SameOptions.self) }
    }

    @Test func aCodeThatIsNone() {
        #expect(throws: HarnessError("the reason code `Refused!` is not of lower-case words, digits and `-` with dots between, such as `loud-reason.refused`")) {
            try FilterHarness(LoudReason.self)
        }
    }

    @Test func aCodeThatStandsTwice() {
        #expect(throws: HarnessError("the reason code `same.no` stands twice")) { try FilterHarness(SameReasons.self) }
    }
}
