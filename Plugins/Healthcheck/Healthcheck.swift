import FilterAPI

/// Tells load balancers whether this gateway wants requests, before any app is asked: oslo.middleware's.
public struct Healthcheck: FilterPlugin {
    public static let name = "healthcheck"
    public static let summary = "Answers the health checks of load balancers, before any app is asked."

    public static let options = OptionSchema([
        Option("path", .string, standard: "/healthcheck", "The path that is answered, and no other below it. Queries do not matter."),
        Option(
            "disable-by-file", .string, isList: true, isRepeatable: true,
            "Files that take the gateway out of service: while one of them is there, the answer is 503 `DISABLED BY FILE`."),
        Option(
            "enable-by-file", .string, isList: true, isRepeatable: true,
            "Files that put the gateway into service: while one of them is missing, the answer is 503 `FILE PATH MISSING`."),
        Option(
            "allowed-source-ranges", .network, isList: true, isRepeatable: true,
            "Clients that are answered. The requests of others pass on as if there were no health check. Without the option all are answered."),
        Option(
            "ignore-proxied-requests", .boolean, standard: "off",
            "Lets requests pass on that come through a proxy, which a forwarding field tells: then only those that connect to the gateway itself are answered."),
        Option("detailed", .boolean, standard: "off", "Says what each check found, with the names of the files."),
    ])

    public static let reasons = [ok, disabled, draining, method]
    static let ok = ReplyReason(
        "healthcheck.ok", "The gateway is in service", fault: .nobody,
        happened: "A health check was answered by the gateway itself.", advice: "Nothing: all is well.")
    static let disabled = ReplyReason(
        "healthcheck.disabled", "The gateway was taken out of service", fault: .nobody,
        happened: "A file of `disable-by-file` is there, or one of `enable-by-file` is missing, so the health check says no.",
        advice: "Remove the file, or make it, when the gateway shall serve again. `detailed = on` says which one it is.")
    static let draining = ReplyReason(
        "healthcheck.draining", "The gateway is shutting down", fault: .nobody,
        happened: "A health check came while the gateway drains, or in the `drain-delay` before.", advice: "Nothing: the load balancer sends its requests elsewhere.")
    static let method = ReplyReason(
        "healthcheck.method", "A health check is a GET or a HEAD", fault: .client,
        happened: "The path of the health check was asked for with another method.", advice: "Use GET or HEAD.")

    let path: [UInt8]
    let disablingFiles: [String]
    let enablingFiles: [String]
    let sources: [CIDR]
    let ignoresProxied: Bool
    let isDetailed: Bool

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        let text = options.word("path") ?? "/"
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0.isTargetCharacter && $0 != UInt8(ascii: "?") }) else {
            throw ConfigurationError("`\(text)` is not a path", option: "path", expected: "a path such as `/healthcheck`")
        }
        path = Array(text.utf8)
        disablingFiles = options.words("disable-by-file")
        enablingFiles = options.words("enable-by-file")
        guard disablingFiles.count + enablingFiles.count <= HealthState.mostFiles else {
            throw ConfigurationError("more than \(HealthState.mostFiles) files", option: enablingFiles.isEmpty ? "disable-by-file" : "enable-by-file")
        }
        sources = options.networks("allowed-source-ranges")
        ignoresProxied = options.boolean("ignore-proxied-requests") ?? false
        isDetailed = options.boolean("detailed") ?? false
    }

    public var order: FilterOrder { FilterOrder([.before(.login, because: "a load balancer has no login, and its health checks are refused there")]) }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { try LoopHealthcheck(self, on: loop) }
}

/// The health check on one loop.
final class LoopHealthcheck: RequestFilter {
    private let plan: Healthcheck
    private let loop: LoopContext
    private var disabling: [WatchedFile<Bool>] = []
    private var enabling: [WatchedFile<Bool>] = []
    /// Answers to the state that was last seen: they are made when it changes.
    private var answers: HealthAnswers
    private let wrongMethod = Reply(405, Healthcheck.method, fields: [("Allow", "GET, HEAD")])

    init(_ plan: Healthcheck, on loop: LoopContext) throws(ConfigurationError) {
        self.plan = plan
        self.loop = loop
        for file in plan.disablingFiles { disabling.append(try loop.watchPresence(of: file, option: "disable-by-file")) }
        for file in plan.enablingFiles { enabling.append(try loop.watchPresence(of: file, option: "enable-by-file")) }
        answers = HealthAnswers(HealthState(), plan)
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        guard isForMe(request) else { return .forward }
        switch request.method {
        case .get, .head: break
        default: return .respond(wrongMethod)
        }
        let state = state
        if state != answers.state { answers = HealthAnswers(state, plan) }
        request.explain("the health check answers \(answers.reasons.joined(separator: ", "))", by: "path")
        if request.method == .head { return .respond(answers.head) }
        return .respond(answers.bodies[request.preferred(among: HealthAnswers.types) ?? 0])
    }

    private func isForMe(_ request: borrowing Request) -> Bool {
        guard isPath(request) else { return false }
        if !plan.sources.isEmpty {
            guard let address = request.clientAddress, plan.sources.contains(where: { $0.contains(address) }) else {
                request.explain("the client is in no network of allowed-source-ranges: no health check for it", by: "allowed-source-ranges")
                return false
            }
        }
        if plan.ignoresProxied, Self.isProxied(request.fields) {
            request.explain("it comes through a proxy: no health check for it", by: "ignore-proxied-requests")
            return false
        }
        return true
    }

    private func isPath(_ request: borrowing Request) -> Bool {
        let range = request.pathRange
        // An empty path is `/`.
        return range.isEmpty ? plan.path.count == 1 : request.fields.bytes.matches(range, plan.path)
    }

    private static func isProxied(_ fields: borrowing Fields) -> Bool {
        fields.contains(.forwarded) || fields.contains(.xForwardedFor) || fields.contains(.xForwardedHost)
            || fields.contains(.xForwardedProto) || fields.contains(.xForwardedPort) || fields.contains(.xRealIP)
    }

    private var state: HealthState {
        var state = HealthState()
        for index in disabling.indices where disabling[index].value { state.insert(index) }
        for index in enabling.indices where !enabling[index].value { state.insert(disabling.count &+ index) }
        state.isDraining = loop.isDraining
        return state
    }
}
