import FilterAPI

/// Lets so many requests of a client be under way at once; further ones wait or are refused.
public final class ConcurrencyLimit: FilterPlugin {
    public static let name = "concurrency-limit"
    public static let summary = "Lets so many requests of a client be under way at once; further ones wait or are refused."
    public static let reasons = [refused, keyMissing]

    static let refused = ReplyReason(
        "limit.concurrency", "There were too many requests at once", fault: .client,
        happened: "So many requests of this key were under way as `max` allows, and none ended in time. The request was not passed on.",
        advice: "Send fewer requests at once, or raise `max` or `queue`; `sluice explain` shows the key. If the app has become slow, look there.")
    static let keyMissing = ReplyReason(
        "limit.concurrency.key-missing", "The request lacks what it is counted by", fault: .client,
        happened: "A field, cookie or path that the limit's key needs is not there, and the section says `empty-key = reject`.",
        advice: "Send it, or choose another `empty-key`.")

    public static let options = OptionSchema([
        Option("max", .integer(1...1_000_000), isRequired: true, "Requests of one key that may be under way at once, on all loops. A WebSocket counts as long as it is open."),
        Option(
            "key", .string, standard: "client-address",
            "What requests are counted by: \(RequestKey.expectation)."),
        Option("queue", .integer(0...10_000), standard: "0", "Further requests of one key that wait for a place, first come, first served."),
        Option("queue-timeout", .duration(.milliseconds(1) ... .seconds(60)), standard: "1s", "How long a request waits for a place; then it is refused."),
        Option("exempt", .network, isList: true, "Clients that are not limited."),
        Option(
            "empty-key", .choice(["skip", "shared", "reject"]), standard: "skip",
            "What happens to a request that lacks what a key is made of: the limit does not apply, all such requests share one key, or they are answered with 400."),
        Option("ipv4-prefix", .integer(0...32), standard: "32", "Leading bits of a client's IPv4 address that count."),
        Option("ipv6-prefix", .integer(0...128), standard: "64", "Leading bits of a client's IPv6 address that count."),
        Option(
            "mode", .choice(["enforce", "shadow", "off"]), standard: "enforce",
            "`shadow` counts as ever but lets everything pass at once; the response then has `Gateway-Shadow`. `off` does nothing."),
    ])

    enum Mode { case enforce, shadow, off }

    let most: Int
    let key: RequestKey
    let queue: Int
    /// Milliseconds.
    let queueTimeout: Int64
    let exempt: [CIDR]
    let emptyKey: String
    let refusal: Reply
    let mode: Mode

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        most = options.integer("max") ?? 1
        key = try RequestKey(
            options.word("key") ?? "", ipv4Prefix: options.integer("ipv4-prefix") ?? 32, ipv6Prefix: options.integer("ipv6-prefix") ?? 64, option: "key")
        queue = options.integer("queue") ?? 0
        if queue == 0, options.isGiven("queue-timeout") {
            throw ConfigurationError("`queue-timeout` stands without a `queue`", option: "queue-timeout", help: "add `queue = 10`, or remove it")
        }
        let (seconds, attoseconds) = (options.duration("queue-timeout") ?? .seconds(1)).components
        queueTimeout = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        exempt = options.networks("exempt")
        emptyKey = options.word("empty-key") ?? "skip"
        mode =
            switch options.word("mode") {
            case "shadow": .shadow
            case "off": .off
            default: .enforce
            }
        refusal = Reply(
            429, Self.refused,
            fields: [
                (FieldName(.retryAfter), "1"), ("RateLimit", "\"\(options.section)\";r=0"),
                ("RateLimit-Policy", "\"\(options.section)\";q=\(most);qu=\"concurrent-requests\""),
            ],
            type: "https://iana.org/assignments/http-problem-types#quota-exceeded", members: [("violated-policies", .list([.string(options.section)]))])
    }

    public var order: FilterOrder {
        mode == .off
            ? FilterOrder() : FilterOrder(roles: mode == .enforce ? [.refusal] : [], fields: key.fieldNames.map { .reads("\($0)") })
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        switch mode {
        case .enforce: PlaceKeeper(self, loop)
        case .shadow: ShadowPlaceKeeper(self, loop)
        case .off: IdleKeeper()
        }
    }
}

/// `mode = off`.
private final class IdleKeeper: Filter {}

/// The part on one loop: takes places for requests, and gives them back when their exchanges end, however they do.
private class PlaceKeeper: RequestFilter, CompletionObserver {
    /// What one exchange has. Kept for further ones.
    final class Holding {
        enum State {
            case nothing, place
            case waiting(Waiter)
        }
        var key: UInt64 = 0
        var state = State.nothing
        /// Where it is only counted: what would have happened otherwise.
        var shadow: StaticString?
    }

    fileprivate let settings: ConcurrencyLimit
    fileprivate let table: PlaceTable
    fileprivate let slot: ObjectSlot<Holding>
    private let loop: LoopContext
    private var free: [Holding] = []
    private let keyMissing = Reply(400, ConcurrencyLimit.keyMissing)

    init(_ settings: ConcurrencyLimit, _ loop: LoopContext) {
        self.settings = settings
        self.loop = loop
        slot = loop.reserveObject()
        // Under a name without `max`: a change of it does not forget what is under way.
        table = loop.shared("\(settings.key) \(settings.key.ipv4Prefix)/\(settings.key.ipv6Prefix)") { PlaceTable() }
    }

    final func processRequest(_ request: inout Request) -> RequestDecision {
        // The same filter in an outer pipeline has counted it.
        if request[slot] != nil { return .forward }
        if let exemption = exemption(of: request) {
            request.explain("the client is exempt", by: "exempt", value: exemption)
            return .forward
        }
        var key = settings.key.hash(of: &request, seed: table.seed)
        if key == nil {
            request.explain("the key \(settings.key) is empty", by: "empty-key")
            switch settings.emptyKey {
            case "shared": key = table.seed
            case "reject": if settings.mode == .enforce { return .respond(keyMissing) }
            default: break
            }
        }
        guard let key else { return .forward }
        if request.isExplained { return explain(key, request) }
        return enter(key, &request)
    }

    func enter(_ key: UInt64, _ request: inout Request) -> RequestDecision {
        if table.take(key, most: settings.most) {
            hold(key, .place, &request)
            return .forward
        }
        return settings.queue > 0 ? wait(key, &request) : .respond(settings.refusal)
    }

    private func exemption(of request: borrowing Request) -> Int? {
        guard !settings.exempt.isEmpty, let address = request.clientAddress else { return nil }
        for index in settings.exempt.indices where settings.exempt[index].contains(address) { return index }
        return nil
    }

    private func explain(_ key: UInt64, _ request: borrowing Request) -> RequestDecision {
        let (taken, waiting) = table.counts(key)
        let isShadow = settings.mode == .shadow
        let isFull = isShadow ? taken >= settings.most + settings.queue : taken >= settings.most && waiting >= settings.queue
        request.explain(
            "key \(settings.key.text(of: request)), \(taken) of \(settings.most) under way, \(waiting) waiting" + (isFull ? "; refused" : "")
                + (isShadow ? "; only counted" : ""), by: "max")
        return isFull && !isShadow ? .respond(settings.refusal) : .forward
    }

    private func wait(_ key: UInt64, _ request: inout Request) -> RequestDecision {
        let waiter = Waiter(loop.makeEvent())
        switch table.take(key, most: settings.most, orWait: waiter, longest: settings.queue) {
        case .full: return .respond(settings.refusal)
        case .taken:
            hold(key, .place, &request)
            return .forward
        case .waiting:
            hold(key, .waiting(waiter), &request)
            return .wait(for: waiter.event, atMost: settings.queueTimeout) { [table, slot, settings] request in
                guard let holding = request[slot] else { return .respond(settings.refusal) }
                if table.stopWaiting(key, waiter) {
                    holding.state = .place
                    return .forward
                }
                holding.state = .nothing
                return .respond(settings.refusal)
            }
        }
    }

    fileprivate final func hold(_ key: UInt64, _ state: Holding.State, shadow: StaticString? = nil, _ request: inout Request) {
        let holding = free.popLast() ?? Holding()
        holding.key = key
        holding.state = state
        holding.shadow = shadow
        request[slot] = holding
    }

    final func exchangeDidFinish(_ summary: ExchangeSummary, for request: borrowing Request) {
        guard let holding = request[slot] else { return }
        switch holding.state {
        // Refused after it had waited, or told twice: the filter stands in two pipelines of the exchange.
        case .nothing: return
        case .place: table.leave(holding.key, most: settings.most)
        case .waiting(let waiter):
            if table.stopWaiting(holding.key, waiter) { table.leave(holding.key, most: settings.most) }
        }
        holding.state = .nothing
        if free.count < 4096 { free.append(holding) }
    }
}

/// `mode = shadow`: nobody waits or is refused. Those who would have waited count as under way, those who would have been refused do not,
/// so that the count is about what enforcement would come to.
private final class ShadowPlaceKeeper: PlaceKeeper, ResponseFilter {
    private static let field: FieldName = "Gateway-Shadow"

    override func enter(_ key: UInt64, _ request: inout Request) -> RequestDecision {
        if let before = table.count(key, below: settings.most + settings.queue) {
            hold(key, .place, shadow: before < settings.most ? nil : "limit.concurrency;waits", &request)
        } else {
            hold(key, .nothing, shadow: "limit.concurrency", &request)
        }
        return .forward
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        guard let shadow = request[slot]?.shadow else { return }
        response.fields.append(Self.field, text: shadow)
    }
}
