import FilterAPI
import TLS

/// Ends TLS on a listener's connections.
public final class TLSTermination: FilterPlugin {
    public static let name = "tls-termination"
    public static let summary = "Speaks TLS with the clients of a listener."
    public static let place = FilterPlace.secureListener
    public static let options = OptionSchema([
        Option("certificate", .string, isRequired: true, "The file (PEM) with the certificate, and behind it those that lead to its authority."),
        Option("private-key", .string, isRequired: true, "The file (PEM) with the certificate's key, without a pass phrase."),
        Option(
            "policy", .choice(["intermediate", "modern"]), standard: "intermediate",
            "Which versions and ciphers are spoken, by Mozilla's recommendations: `intermediate` is TLS 1.2 and 1.3, `modern` TLS 1.3 alone."),
        Option(
            "handshake-timeout", .duration(.milliseconds(100) ... .seconds(300)), standard: "10s",
            "How long a client may take from the connection to the end of the handshake."),
    ])

    private let certificate: String
    private let key: String
    private let policy: TLSPolicy
    private let handshakeTimeout: Int64

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        certificate = options.word("certificate") ?? ""
        key = options.word("private-key") ?? ""
        policy = TLSPolicy(rawValue: options.word("policy") ?? "") ?? .intermediate
        let (seconds, attoseconds) = (options.duration("handshake-timeout") ?? .seconds(10)).components
        handshakeTimeout = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        do throws(TLSSetupFault) {
            return Terminator(try TLSServerContext(policy: policy, certificate: certificate, key: key), handshakeTimeout)
        } catch {
            throw ConfigurationError(error.description, option: "certificate")
        }
    }
}

/// TLS on one loop.
final class Terminator: ConnectionFilter, TLSTerminating {
    private(set) var context: TLSServerContext
    let handshakeTimeout: Int64
    let strictTransport: [UInt8]? = nil
    let forwardsClientCertificate = true

    init(_ context: TLSServerContext, _ handshakeTimeout: Int64) {
        self.context = context
        self.handshakeTimeout = handshakeTimeout
    }
}
