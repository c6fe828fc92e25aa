import FilterAPI
import Testing

@testable import Gateway

/// A filter with one option of each shape.
final class SampleFilter: FilterPlugin, Filter {
    static let name = "sample"
    static let summary = "Refuses what it is shown."
    static let asks = true
    static let options = OptionSchema([
        Option("burst", .integer(1...100), or: ["off"], standard: "7", "So many at once."),
        Option(
            "version", .token, isRequired: true,
            "A sentence that is long enough to be broken, because it goes on and on until it reaches the eightieth column."),
        Option(
            "group",
            .entry(.string, OptionSchema([Option("status", .choice(["new", "old"]), standard: "new", "How old it is.")])),
            isList: true, isRepeatable: true, "One group."),
    ])
    static let reasons = [
        ReplyReason("sample.refused", "The sample refuses", fault: .client, happened: "It was shown something.", advice: "Show nothing.")
    ]
    init(_ options: FilterOptions) {}
}

@Suite struct FilterTextTests {
    private let registry = FilterRegistry([SampleFilter.self])

    @Test func theListHasALineForEach() { #expect(FilterText.list(registry) == "sample  Refuses what it is shown.\n") }

    @Test func theTableHasOptionsAttributesAndReasons() {
        #expect(
            FilterText.table(SampleFilter.self) == """
                sample
                Refuses what it is shown.

                Options of a section with `use = sample`:

                  burst  number, `off`; default `7`
                      So many at once. From 1 to 100.

                  version  word; required
                      A sentence that is long enough to be broken, because it goes on and on
                      until it reaches the eightieth column.

                  group  text (list, repeatable)
                      One group.

                      status=  `new`, `old`; default `new`
                          How old it is.

                  ask-timeout  duration; default `1s`
                      How long the filter may wait for an answer that it needs to decide. From
                      1ms to 10m.

                  on-failure  `closed`, `open`; default `closed`
                      What happens to a request when the answer fails or takes too long:
                      `closed` answers it with 503, `open` lets it pass this filter.

                Reasons for which it answers by itself (`sluice why CODE` explains them):

                  sample.refused  The sample refuses

                """)
    }

    @Test func thePageHasTheSame() {
        let page = FilterPage.markdown(SampleFilter.self)
        #expect(page.hasPrefix("# sample\n\nRefuses what it is shown. How it works, with examples: [README](../../Plugins/GatewayTests/README.md)."))
        #expect(page.contains("| `burst` | number, `off` | `7` | So many at once. From 1 to 100. |\n"))
        #expect(page.contains("| `group = … status=` | `new`, `old` | `new` | How old it is. |\n"))
        #expect(page.contains("| `on-failure` |"))
        #expect(page.hasSuffix("| [`sample.refused`](../reasons.md#samplerefused) | The sample refuses |\n"))
        #expect(FilterPage.index(registry).hasSuffix("| [sample](sample.md) | Refuses what it is shown. | [README](../../Plugins/GatewayTests/README.md) |\n"))
    }

    @Test func aFilterWithoutOptionsSaysSo() {
        final class Bare: FilterPlugin, Filter {
            static let name = "bare"
            init(_ options: FilterOptions) {}
        }
        #expect(FilterText.table(Bare.self) == "bare\n\nIt has no options.\n")
        #expect(FilterPage.markdown(Bare.self).hasSuffix("\n\nIt has no options.\n"))
    }
}
