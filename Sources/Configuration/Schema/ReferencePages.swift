/// The pages of the documentation that are made from the program, so that they cannot differ from it.
public enum ReferencePages {
    /// `docs/options.md`: every section and its options.
    public static var options: String {
        var page = """
            # Options

            This page is made from the program's own tables; do not edit it. [configuration.md](configuration.md) explains the
            language. A value is one word unless "list" stands beside its type; a list has several, separated by blanks. "—" means
            that there is no default. Diagnostics are listed in [diagnostics.md](diagnostics.md).


            """
        page += section("[gateway]", "What holds for the whole process. The section may be left out.", .gateway)
        page += section(
            "[listener:NAME]", "Addresses on which connections are accepted, with the limits that clients are held to.", .listener)
        page += """
            ## [router:NAME]

            Sends requests to different places by their host and path. Its keys are routes, `[host]/path`; the value is where
            the route leads, and perhaps what happens to the path. See [routes](configuration.md#routes).

            | key or value | meaning |
            | --- | --- |
            | `/path = NAME` | Requests for the path and everything below it, on every host. |
            | `api.example.org/path = NAME` | The same for one host. |
            | `api.example.org:8443/path = NAME` | The same for that port; a Host field without one means 80. |
            | `*.example.org/path = NAME` | The same for every host below the name. |
            | `… = NAME strip-prefix` | The route's path is taken off: `/images/7` becomes `/7`. |
            | `… = NAME replace-prefix=/new` | The route's path is replaced: `/images/7` becomes `/new/7`. |


            """
        page += section("[pipeline:NAME]", "Filters, then an app, a router or another pipeline.", .pipeline)
        page += section(
            "[filter:NAME]", "A filter with its options, which come with the filter: see [filters.md](filters.md) and [filters/](filters/README.md).", .filter)
        page += section(
            "[app:NAME]", "Where requests end: an app with its servers, or one that is built in. One of `servers` and `use` is given.",
            .app)
        while page.hasSuffix("\n\n") { page.removeLast() }
        return page
    }

    private static func section(_ title: String, _ text: String, _ schema: OptionSchema) -> String {
        "## \(title)\n\n\(text)\n\n\(schema.markdown)\n"
    }

    /// `docs/diagnostics.md`: every code.
    public static var diagnostics: String {
        var page = """
            # Diagnostics of the configuration

            This page is made from the program's own tables; do not edit it. A code never changes its meaning: scripts may compare it.
            Errors stop the gateway from starting, and a running one from changing; warnings do not.

            | code | severity | meaning |
            | --- | --- | --- |

            """
        for code in DiagnosticCode.allCases {
            page += "| `\(code.rawValue)` | \(code.severity.rawValue) | \(code.meaning) |\n"
        }
        return page
    }
}
