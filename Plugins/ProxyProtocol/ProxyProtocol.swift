import FilterAPI

/// Takes the client's address from the PROXY protocol header, version 1 or 2, that a proxy puts before its connections
/// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
public final class ProxyProtocol: FilterPlugin, PrologueFilter {
    public static let name = "proxy-protocol"
    public static let summary = "Takes the client's address from the PROXY protocol header of the proxy in front."
    public static let place = FilterPlace.listener

    public static let options = OptionSchema([
        Option(
            "sources", .network, isList: true, isRepeatable: true,
            "Networks and addresses of the proxies whose headers are believed. Each of their connections must begin with a header."),
        Option(
            "unix-sources", .boolean, standard: "off",
            "Whether clients of a unix socket are such proxies: they have no address that could stand in `sources`. Whoever may write to the socket file is believed."),
        Option(
            "unlisted", .choice(["refuse", "pass"]), standard: "refuse",
            "What becomes of connections from elsewhere: `refuse` closes them, `pass` takes them for clients without a proxy, whose headers are not understood."),
        Option(
            "timeout", .duration(.milliseconds(100) ... .seconds(300)),
            "How long a proxy may take from the connection to the end of the header. By default as the listener's `head-timeout`."),
    ])

    public static let reasons = [source] + HeaderFault.allCases.map(\.reason)
    static let source = ReplyReason(
        "proxy.source", "The peer is no proxy that may name clients", fault: .config,
        happened: "A connection came from an address that is not in the filter's sources. It was closed without an answer, and nothing of it was read.",
        advice: "If it is your proxy's, add its network to sources. If clients may also come without a proxy, say unlisted = pass, or give them a listener of their own.")

    public let longestPrologue = HeaderVersion2.mostBytes
    public let prologueTimeout: Int64?
    private let sources: [CIDR]
    private let believesUnix: Bool
    private let refusesOthers: Bool

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        sources = options.networks("sources")
        believesUnix = options.boolean("unix-sources") ?? false
        refusesOthers = options.word("unlisted") != "pass"
        prologueTimeout = options.duration("timeout").map { $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000 }
        if sources.isEmpty && !believesUnix {
            throw ConfigurationError("it is not said which proxies are believed", help: "add `sources = NETWORK …`, or `unix-sources = on` for a unix socket")
        }
    }

    private func believes(_ peer: ConnectionEnd) -> Bool {
        switch peer {
        case .ip(let address, _): sources.contains { $0.contains(address) }
        case .unix: believesUnix
        }
    }

    public func readPrologue(_ bytes: Span<UInt8>, from peer: ConnectionEnd) -> PrologueStep {
        guard believes(peer) else { return refusesOthers ? .refused(Self.source) : .passed(Prologue(byteCount: 0)) }
        guard !bytes.isEmpty else { return .needsMore }
        do throws(HeaderFault) {
            let read = bytes[0] == HeaderVersion2.signature[0] ? try HeaderVersion2.read(bytes) : try HeaderVersion1.read(bytes)
            return read.map { .passed($0) } ?? .needsMore
        } catch {
            return .refused(error.reason)
        }
    }
}
