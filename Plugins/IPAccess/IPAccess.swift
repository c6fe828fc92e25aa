import FilterAPI

/// Lets clients pass or not by their address.
public final class IPAccess: FilterPlugin, RequestFilter {
    public static let name = "ip-access"
    public static let summary = "Lets clients pass or not by their address."

    public static let options = OptionSchema([
        Option("allow", .network, isList: true, isRepeatable: true, "Networks and addresses whose clients pass."),
        Option("deny", .network, isList: true, isRepeatable: true, "Networks and addresses whose clients do not pass. Of several networks around an address, in either list, the smallest counts."),
        Option(
            "otherwise", .choice(["allow", "deny"]),
            "What holds for addresses in no list: `deny` if there is an `allow`, else `allow`."),
        Option("unix", .choice(["allow", "deny"]), "What holds for clients of a unix socket, which have no address: by default what `otherwise` says."),
    ])

    public static let reasons = [refused]
    static let refused = ReplyReason(
        "access.address", "The client's address may not ask for this", fault: .client,
        happened: "An ip-access filter does not let the client's address pass. Behind trusted proxies it is the address that they name.",
        advice: "If the client should pass, add its network to `allow`. If the address is a proxy's, add the proxy to the listener's `trusted-proxies`.")

    private let table: AddressTable
    private let networks: [CIDR]
    /// How many of the networks are those of `allow`, which come first.
    private let allowed: Int
    private let allowsOthers: Bool
    private let allowsUnix: Bool
    private let reply = Reply(403, IPAccess.refused)

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        let allow = options.networks("allow").map(Self.folded)
        let deny = options.networks("deny").map(Self.folded)
        let both = Set(allow)
        if let index = deny.firstIndex(where: both.contains) {
            throw ConfigurationError("`\(deny[index])` is allowed and denied", option: "deny", value: index, help: "remove it from one of the lists")
        }
        allowsOthers = options.word("otherwise").map { $0 == "allow" } ?? allow.isEmpty
        allowsUnix = options.word("unix").map { $0 == "allow" } ?? allowsOthers
        if allowsOthers, deny.isEmpty {
            throw ConfigurationError(
                "this filter lets every address pass", option: options.isGiven("otherwise") ? "otherwise" : nil,
                help: "add `allow = …` or `deny = …`")
        }
        if !allowsOthers, allow.isEmpty {
            throw ConfigurationError("this filter lets no address pass", option: "otherwise", help: "add `allow = …`")
        }
        // One and the same network twice in a list is one.
        var seen: Set<CIDR> = []
        let allowedOnce = allow.filter { seen.insert($0).inserted }
        let deniedOnce = deny.filter { seen.insert($0).inserted }
        networks = allowedOnce + deniedOnce
        allowed = allowedOnce.count
        table = AddressTable(networks)
    }

    /// A network of IPv4-mapped addresses (`::ffff:10.0.0.0/104`) as the IPv4 network that it stands for.
    private static func folded(_ network: CIDR) -> CIDR {
        let plain = network.address.unmapped
        guard network.isIPv6, !plain.isIPv6, network.prefixLength >= 96 else { return network }
        return CIDR(plain, prefixLength: network.prefixLength - 96) ?? network
    }

    public var order: FilterOrder {
        FilterOrder([.before(.appAnswer, because: "what is answered there goes to every address")], roles: [.refusal])
    }

    public func processRequest(_ request: inout Request) -> RequestDecision {
        guard let address = request.clientAddress else {
            request.explain("a client of a unix socket \(allowsUnix ? "passes" : "does not pass")", by: "unix")
            return allowsUnix ? .forward : .respond(reply)
        }
        let found = table.find(address)
        var passes = allowsOthers
        if let found { passes = found < allowed }
        request.explain(
            "\(address) \(passes ? "passes" : "does not pass"): \(found.map { "it is in \(networks[$0])" } ?? "it is in no list")",
            by: found == nil ? "otherwise" : passes ? "allow" : "deny")
        return passes ? .forward : .respond(reply)
    }
}
