import HTTPMessage

/// docs/reasons.md, made from the reasons themselves: `sluice why --markdown`.
public enum ReasonPage {
    private static var groups: [(prefix: String, title: String)] {
        [
            ("request.", "What is wrong with the request"),
            ("route.", "Where it should go"),
            ("filter.", "Filters that cannot go on"),
            ("upstream.", "The app and the way to it"),
            ("gateway.", "The gateway itself"),
            ("client.", "The client's connection"),
            ("tunnel.", "Tunnels"),
        ]
    }

    /// The whole page.
    public static var markdown: String {
        var page = """
            # Reason codes

            Every response that the gateway makes by itself, and every exchange that it breaks off, has a reason code. It
            stands in the response field `Gateway-Reason`, in the problem body (RFC 9457), and in the access log.
            `sluice why CODE` prints what is written here. Status 499 is only logged: nobody was left to read an answer.

            This page is generated: `sluice why --markdown > docs/reasons.md`.

            | code | status | meaning |
            | --- | --- | --- |

            """
        for reason in Reason.allCases {
            page += "| [`\(reason.code)`](#\(anchor(reason))) | \(reason.status) | \(reason.title) |\n"
        }
        for group in groups {
            page += "\n## \(group.title)\n"
            for reason in Reason.allCases where reason.code.description.hasPrefix(group.prefix) { page += entry(reason) }
        }
        return page
    }

    private static func entry(_ reason: Reason) -> String {
        let explanation = reason.explanation
        return "\n### `\(reason.code)`\n\nStatus \(reason.status). \(reason.title).\n\n"
            + "* **What happened:** \(explanation.happened)\n"
            + "* **Whose fault:** \(explanation.fault.text).\n"
            + "* **What to do:** \(explanation.advice)\n"
    }

    /// The anchor that Markdown makes of the heading: the code without its dots.
    private static func anchor(_ reason: Reason) -> String {
        reason.code.description.filter { $0 != "." }
    }
}
