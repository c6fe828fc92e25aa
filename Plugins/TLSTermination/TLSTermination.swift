import FilterAPI
import TLS

/// Ends TLS on the connections of listeners.
public final class TLSTermination: FilterPlugin {
    public static let name = "tls-termination"
    public static let summary = "Speaks TLS with the clients of a listener."
    public static let place = FilterPlace.secureListener
    public static let options = OptionSchema([
        Option(
            "certificate",
            .entry(
                .string,
                OptionSchema([
                    Option("key", .string, "The file with its key, where that is not the same file."),
                    Option(
                        "name", .string, isList: true,
                        "A name or address that it must be for, at the start and when its file changes; it may stand several times. Left out, it may be for any."),
                    Option("client-certificate", .choice(ClientRule.words), "As the section's own option, for the names of this certificate."),
                    Option("client-authorities", .string, "As the section's own option, for the names of this certificate."),
                ])), isList: true, isRepeatable: true,
            "A file (PEM) with a certificate, and behind it those that lead to its authority; several lines for several names, or for ECDSA and RSA under one. The first is for clients that ask for no name. Without any, a certificate for `localhost` is made."),
        Option("private-key", .string, "The file (PEM) with the key of the only certificate, without a pass phrase."),
        Option(
            "strict-sni", .boolean, standard: "on",
            "Whether a client that asks for a name which no certificate has is refused; with `off` it gets the first certificate."),
        Option(
            "client-certificate", .choice(ClientRule.words), standard: "none",
            "Whether clients show certificates: not at all, if they have a good one, or always. Apps are told in `Client-Cert` (RFC 9440)."),
        Option("client-authorities", .string, "The file (PEM) with the certificates of those who sign clients' certificates."),
        Option(
            "policy", .choice(TLSPolicy.allCases.map(\.rawValue)), standard: "intermediate",
            "Which versions and ciphers are spoken, by Mozilla's recommendations: `intermediate` is TLS 1.2 and 1.3, `modern` TLS 1.3 alone."),
        Option(
            "handshake-timeout", .duration(.milliseconds(100) ... .seconds(300)), standard: "10s",
            "How long a client may take from the connection to the end of the handshake."),
        Option(
            "ticket-lifetime", .duration(.seconds(60) ... .seconds(86_400)), standard: "12h",
            "How long a key seals session tickets before another takes its place; the two before it still open them."),
        Option(
            "ticket-keys", .string,
            "A file with keys of session tickets that several machines share: 80 random bytes each, the newest first. It is read again when it changes."),
        Option(
            "hsts", .duration(.seconds(60) ... .seconds(94_608_000)), or: ["off"], standard: "off",
            "How long browsers are to come by TLS alone (`Strict-Transport-Security`, RFC 6797): said in every response that the app does not say it in."),
        Option(
            "development-directory", .string,
            "Where the certificate for `localhost` is kept. By default `sluice` in the state directory of the service (`STATE_DIRECTORY`) or of the user."),
        Option(
            "key-log", .string, danger: "whoever reads that file reads all traffic",
            "A file to which the secrets of all connections are written, for debugging with Wireshark. Whoever reads it reads all traffic."),
    ])

    let rules: TerminationRules

    public init(_ options: FilterOptions) throws(ConfigurationError) { rules = try TerminationRules(options) }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        let served = loop.shared("served") { ServedCertificates() }
        return try Terminator(rules, served, on: loop)
    }
}
