import FilterAPI

/// Lets clients pass or not by their address.
public final class IPAccess: FilterPlugin {
    public static let name = "ip-access"
    public static let summary = "Lets clients pass or not by their address."

    public static let options = OptionSchema([
        Option("allow", .network, isList: true, isRepeatable: true, "Networks and addresses whose clients pass."),
        Option("deny", .network, isList: true, isRepeatable: true, "Networks and addresses whose clients do not pass. Of several networks around an address, in either list, the smallest counts."),
        Option(
            "allow-file", .string, isList: true, isRepeatable: true,
            "Files with further networks for `allow`, one a line; `#` and `;` begin comments. They are read again when they change."),
        Option(
            "deny-file", .string, isList: true, isRepeatable: true,
            "Files with further networks for `deny`. A network that a file of either kind denies, and another list allows, is denied."),
        Option(
            "otherwise", .choice(["allow", "deny"]),
            "What holds for addresses in no list: `deny` if there is an `allow` or `allow-file`, else `allow`."),
        Option("unix", .choice(["allow", "deny"]), "What holds for clients of a unix socket, which have no address: by default what `otherwise` says."),
    ])

    public static let reasons = [refused]
    static let refused = ReplyReason(
        "access.address", "The client's address may not ask for this", fault: .client,
        happened: "An ip-access filter does not let the client's address pass. Behind trusted proxies it is the address that they name.",
        advice: "If the client should pass, add its network to `allow`, or take it out of the file that has it. If the address is a proxy's, add the proxy to the listener's `trusted-proxies`.")

    /// Each costs a look-up for every request.
    private static let mostFiles = 16

    let allow: NetworkList
    let deny: NetworkList
    let files: [(path: String, option: String, value: Int)]
    let allowsOthers: Bool
    let allowsUnix: Bool
    let reply = Reply(403, IPAccess.refused)

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        allow = NetworkList(options.networks("allow"))
        deny = NetworkList(options.networks("deny"))
        let both = Set(allow.networks)
        if let index = deny.networks.firstIndex(where: both.contains) {
            throw ConfigurationError(
                "`\(deny.networks[index])` is allowed and denied", option: "deny", value: index, help: "remove it from one of the lists")
        }
        var files: [(path: String, option: String, value: Int)] = []
        for option in ["allow-file", "deny-file"] {
            for (index, path) in options.words(option).enumerated() {
                if files.contains(where: { $0.path == path }) {
                    throw ConfigurationError("`\(path)` is given twice", option: option, value: index, help: "remove it from one of the lists")
                }
                files.append((path, option, index))
            }
        }
        if files.count > Self.mostFiles {
            throw ConfigurationError("more than \(Self.mostFiles) files", option: files[Self.mostFiles].option, value: files[Self.mostFiles].value, help: "join some of them")
        }
        self.files = files
        let allows = !allow.networks.isEmpty || options.isGiven("allow-file")
        let denies = !deny.networks.isEmpty || options.isGiven("deny-file")
        allowsOthers = options.word("otherwise").map { $0 == "allow" } ?? !allows
        allowsUnix = options.word("unix").map { $0 == "allow" } ?? allowsOthers
        if allowsOthers, !denies {
            throw ConfigurationError(
                "this filter lets every address pass", option: options.isGiven("otherwise") ? "otherwise" : nil,
                help: "add `allow = …` or `deny = …`")
        }
        if !allowsOthers, !allows {
            throw ConfigurationError("this filter lets no address pass", option: "otherwise", help: "add `allow = …`")
        }
    }

    public var order: FilterOrder {
        FilterOrder([.before(.appAnswer, because: "what is answered there goes to every address")], roles: [.refusal])
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { try LoopIPAccess(self, on: loop) }
}

/// The filter on one loop.
final class LoopIPAccess: RequestFilter {
    /// One list, from the section or from a file.
    private enum Source {
        case section(NetworkList)
        case file(WatchedFile<NetworkList>)

        var list: NetworkList {
            switch self {
            case .section(let list): list
            case .file(let file): file.value
            }
        }
    }

    private let plugin: IPAccess
    /// Those that deny first: of the same network in two lists, the first one counts.
    private var sources: [(list: Source, allows: Bool, option: String, value: Int?)] = []

    init(_ plugin: IPAccess, on loop: LoopContext) throws(ConfigurationError) {
        self.plugin = plugin
        if !plugin.deny.networks.isEmpty { sources.append((.section(plugin.deny), false, "deny", nil)) }
        for (path, option, value) in plugin.files where option == "deny-file" {
            sources.append((.file(try Self.watch(path, option, on: loop)), false, option, value))
        }
        if !plugin.allow.networks.isEmpty { sources.append((.section(plugin.allow), true, "allow", nil)) }
        for (path, option, value) in plugin.files where option == "allow-file" {
            sources.append((.file(try Self.watch(path, option, on: loop)), true, option, value))
        }
    }

    private static func watch(_ path: String, _ option: String, on loop: LoopContext) throws(ConfigurationError) -> WatchedFile<NetworkList> {
        try loop.watchFile(path, upTo: NetworkList.mostBytes) { content throws(ConfigurationError) in
            try NetworkList(content, path, option: option)
        }
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        guard let address = request.clientAddress?.unmapped else {
            request.explain("a client of a unix socket \(plugin.allowsUnix ? "passes" : "does not pass")", by: "unix")
            return plugin.allowsUnix ? .forward : .respond(plugin.reply)
        }
        var smallest: (source: Int, network: Int, length: Int)?
        for index in sources.indices {
            let list = sources[index].list.list
            guard let network = list.smallest(around: address) else { continue }
            let length = list.networks[network].prefixLength
            if length > smallest?.length ?? -1 { smallest = (index, network, length) }
        }
        guard let smallest else {
            request.explain("\(address) \(plugin.allowsOthers ? "passes" : "does not pass"): it is in no list", by: "otherwise")
            return plugin.allowsOthers ? .forward : .respond(plugin.reply)
        }
        let passes = sources[smallest.source].allows
        request.explain(
            "\(address) \(passes ? "passes" : "does not pass"): it is in \(sources[smallest.source].list.list.networks[smallest.network])",
            by: sources[smallest.source].option, value: sources[smallest.source].value)
        return passes ? .forward : .respond(plugin.reply)
    }
}
