/// Checks that clients of a listener can speak something with it.
struct ProtocolCheck {
    let listener: CheckedSection
    /// Its connections are enciphered.
    let isSecure: Bool

    func run(_ report: inout Report) {
        let words = listener.words["protocols"] ?? []
        let spoken = Set(words.map(\.text))
        guard !spoken.isEmpty else { return }
        let useless = isSecure ? "h2c" : "h2"
        if spoken == [useless] {
            report.error(
                .listenerProtocols, at: listener.range(of: "protocols"),
                isSecure
                    ? "\(listener.section.title) has TLS, and `h2c` is HTTP/2 without it: no client could speak with it"
                    : "\(listener.section.title) has no TLS, and `h2` is HTTP/2 by TLS: no client could speak with it",
                help: isSecure
                    ? "write `protocols = h2`, or take the filter that ends TLS out of `through`"
                    : "write `protocols = h2c` for HTTP/2 without TLS, or name a filter such as `tls-termination` in `through`")
        } else if isSecure, let word = words.first(where: { $0.text == useless }) {
            report.warning(
                .optionWithoutEffect, at: word.range, "`h2c` has no effect on a listener with TLS: it is HTTP/2 without it",
                help: spoken.contains("h2") ? "take it out" : "write `h2` for HTTP/2 by TLS")
        }
    }
}
