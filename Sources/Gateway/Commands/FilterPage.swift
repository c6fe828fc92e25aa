import Configuration
import FilterAPI
import HTTPMessage

/// The pages in docs/filters, made from what filters say of themselves: `sluice filters --markdown`.
enum FilterPage {
    private static let origin = "This page is made from the program's own tables; do not edit it. `make pages` writes it anew."

    /// docs/filters/README.md
    static func index(_ registry: FilterRegistry) -> String {
        var page = """
            # The filters and their options

            How filters run is said in [filters.md](../filters.md). `sluice filters NAME` prints what stands on these pages.
            \(origin)

            | filter | does | how it works |
            | --- | --- | --- |

            """
        for plugin in registry.all { page += "| [\(plugin.name)](\(plugin.name).md) | \(plugin.summary) | [README](\(readme(plugin))) |\n" }
        return page
    }

    /// docs/filters/NAME.md
    static func markdown(_ plugin: any FilterPlugin.Type) -> String {
        var page = """
            # \(plugin.name)

            \(plugin.summary) How it works, with examples: [README](\(readme(plugin))).

            \(origin)
            A value is one word unless "list" stands beside its type; a list has several, separated by blanks. "—" means that there
            is no default.


            """
        page += plugin.allOptions.options.isEmpty ? "It has no options.\n" : plugin.allOptions.markdown
        guard !plugin.reasons.isEmpty else { return page }
        page += "\n## Reasons\n\nWhy it answers by itself:\n\n| code | meaning |\n| --- | --- |\n"
        for reason in plugin.reasons {
            page += "| [`\(reason.code)`](../reasons.md#\(ReasonPage.anchor("\(reason.code)"))) | \(reason.title) |\n"
        }
        return page
    }

    /// A built-in filter lives in the folder that its module is called by.
    private static func readme(_ plugin: any FilterPlugin.Type) -> String {
        "../../Plugins/\(String(reflecting: plugin).prefix { $0 != "." })/README.md"
    }
}
