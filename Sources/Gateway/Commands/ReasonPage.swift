import FilterAPI
import HTTPMessage

/// docs/reasons.md, made from the reasons themselves: `sluice why --markdown`.
enum ReasonPage {
    private static var groups: [(prefix: String, title: String)] {
        [
            ("request.", "What is wrong with the request"),
            ("prologue.", "What stands before a request"),
            ("tls.", "What is wrong with a TLS handshake"),
            ("route.", "Where it should go"),
            ("filter.", "Filters that cannot go on"),
            ("upstream.", "The app and the way to it"),
            ("gateway.", "The gateway itself"),
            ("client.", "The client's connection"),
            ("tunnel.", "Tunnels"),
        ]
    }

    /// The whole page.
    static func markdown(_ reasons: [KnownReason]) -> String {
        var page = """
            # Reason codes

            Every response that the gateway makes by itself, and every exchange that it breaks off, has a reason code. It
            stands in the response field `Gateway-Reason`, in the problem body (RFC 9457), and in the access log.
            `sluice why CODE` prints what is written here. Status 499 is only logged: nobody was left to read an answer.
            Replies of [filters](filters/README.md) have the reasons that their filter declares, and the status that it, or an
            option of it, says.

            This page is made from the program's own tables; do not edit it. `make pages` writes it anew.

            | code | status | meaning |
            | --- | --- | --- |

            """
        for reason in reasons {
            page += "| [`\(reason.code)`](#\(anchor(reason.code))) | \(reason.status.map { "\($0)" } ?? reason.origin) | \(reason.title) |\n"
        }
        for group in groups {
            page += "\n## \(group.title)\n"
            for reason in reasons where reason.filters.isEmpty && reason.code.hasPrefix(group.prefix) { page += entry(reason) }
        }
        var filters: [String] = []
        for reason in reasons { if let filter = reason.filters.first, !filters.contains(filter) { filters.append(filter) } }
        for filter in filters {
            page += "\n## The filter \(filter)\n\nOptions: [filters/\(filter).md](filters/\(filter).md).\n"
            for reason in reasons where reason.filters.first == filter { page += entry(reason) }
        }
        return page
    }

    private static func entry(_ reason: KnownReason) -> String {
        let origin = reason.status.map { "Status \($0). " } ?? (reason.filters.count > 1 ? "Of the \(reason.origin). " : "")
        return "\n### `\(reason.code)`\n\n\(origin)\(reason.title).\n\n"
            + "* **What happened:** \(reason.explanation.happened)\n"
            + "* **Whose fault:** \(reason.explanation.fault.text).\n"
            + "* **What to do:** \(reason.explanation.advice)\n"
    }

    /// The anchor that Markdown makes of the heading: the code without its dots.
    static func anchor(_ code: String) -> String { code.filter { $0 != "." } }
}
