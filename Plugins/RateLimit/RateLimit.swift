import FilterAPI

/// Lets so many requests of a client pass in a time, and refuses or delays what is above.
public final class RateLimit: FilterPlugin {
    public static let name = "rate-limit"
    public static let summary = "Lets so many requests of a client pass in a time, and refuses or delays what is above."
    public static let reasons = [refused, keyMissing, storeFailed]

    static let refused = ReplyReason(
        "limit.rate", "There were too many requests", fault: .client,
        happened: "A limit of the section is used up for this key. The request was not passed on.",
        advice: "Send fewer requests, or raise `rate` or `burst`; `sluice explain` shows the key and what is left.")
    static let keyMissing = ReplyReason(
        "limit.key.missing", "The request lacks what it is counted by", fault: .client,
        happened: "A field, cookie or path that a limit's key needs is not there, and the section says `empty-key = reject`.",
        advice: "Send it, or choose another `empty-key`.")

    static let storeFailed = ReplyReason(
        "limit.store", "The gateway cannot count requests at the moment", fault: .gateway,
        happened: "The shared store did not answer, and the section says `on-store-failure = closed`.",
        advice: "See whether the store runs and can be reached; `sluice explain` shows its state. With `on-store-failure = local` each gateway counts alone meanwhile.")

    private static let burst = Option(
        "burst", .integer(1...1_000_000_000), "Requests that may come at once after a pause. Left out, it is the rate of one second, at least 1.")
    private static let delay = Option(
        "delay", .integer(0...1_000_000), standard: "0", "Further requests that wait for their turn instead of being refused.")
    private static let key = Option(
        "key", .string, standard: "client-address",
        "What requests are counted by: \(RequestKey.expectation).")

    public static let options = OptionSchema([
        Option("rate", .rate, "Requests of one key that may pass in a time."),
        burst, delay, key,
        Option(
            "limit",
            .entry(.rate, OptionSchema([burst, delay, key, Option("name", .token, "What the RateLimit fields call it. Left out, it is the section's name and a number.")])),
            isList: true, isRepeatable: true,
            "One of several limits, in place of `rate`: `limit = 10/s burst=20 key=client-address`. A request passes if it passes all of them."),
        Option(
            "cost",
            .entry(
                .integer(0...1_000_000),
                OptionSchema([
                    Option("method", .token, isList: true, "The requests have one of these methods. Left out, any."),
                    Option("path", .string, "The requests have a path of this shape, such as `/search/**`. Left out, any."),
                ])), isList: true, isRepeatable: true,
            "What a request counts as, if it is not 1: `cost = 10 method=POST path=/search/**`. The first line that fits counts; with 0 the request is not limited."),
        Option("exempt", .network, isList: true, "Clients that are not limited."),
        Option(
            "empty-key", .choice(["skip", "shared", "reject"]), standard: "skip",
            "What happens to a request that lacks what a key is made of: the limit does not apply, all such requests share one key, or they are answered with 400."),
        Option(
            "ipv4-prefix", .integer(0...32), standard: "32", "Leading bits of a client's IPv4 address that count."),
        Option(
            "ipv6-prefix", .integer(0...128), standard: "64",
            "Leading bits of a client's IPv6 address that count. Whoever has one address usually has a whole /64."),
        Option(
            "max-keys", .integer(1...100_000_000), standard: "65536",
            "Keys that each limit remembers, at about 40 bytes. When there are more, the one goes that was not seen for longest."),
        Option("penalise", .boolean, standard: "off", "Refused requests count too: a client that does not slow down gets nothing through."),
        Option(
            "fields", .choice(["ietf-10", "legacy-3", "x-ratelimit", "off"]), standard: "ietf-10",
            "Which fields tell clients of the limits: `RateLimit` and `RateLimit-Policy`, the older three `RateLimit-…`, three `X-RateLimit-…`, or none. Retry-After is always sent."),
        Option("fields-on", .choice(["refusals", "all"]), standard: "refusals", "Which responses have those fields."),
        Option(
            "store", .string,
            "A Redis or Valkey server that holds the limits of several gateways: `redis://user:password@host:port/database` or `unix://password@/path/of.sock?db=0`. Left out, each gateway counts in its own memory."),
        Option("store-timeout", .duration(.milliseconds(1) ... .seconds(10)), standard: "20ms", "How long a request waits for the store."),
        Option(
            "on-store-failure", .choice(["local", "open", "closed"]), standard: "local",
            "What happens without an answer of the store: this gateway counts alone, requests pass, or they are answered with 503."),
        Option(
            "mode", .choice(["enforce", "shadow", "off"]), standard: "enforce",
            "`shadow` counts as ever but lets everything pass at once; the response then has `Gateway-Shadow`. `off` does nothing."),
    ])

    private let settings: LimiterSettings

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        settings = try LimiterSettings(options)
    }

    public var order: FilterOrder {
        guard settings.mode != .off else { return FilterOrder() }
        return FilterOrder(
            [.before(.appAnswer, because: "what is answered there is not counted")], roles: settings.mode == .enforce ? [.refusal] : [],
            fields: settings.limits.flatMap { $0.key.fieldNames.map { .reads("\($0)") } })
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        if settings.mode == .off { return IdleLimiter() }
        let limiter = Limiter(settings, loop)
        return settings.tellsResponses ? TellingLimiter(limiter) : SilentLimiter(limiter)
    }
}

/// `mode = off`.
private final class IdleLimiter: Filter {}

/// What a section says, read. An object: a struct of this size is copied where it is passed on.
final class LimiterSettings: Sendable {
    enum Mode: Sendable { case enforce, shadow, off }
    enum EmptyKey: Sendable { case skip, shared, reject }
    enum OnStoreFailure: Sendable { case local, open, closed }

    let limits: [LimitSettings]
    let costs: [CostRule]
    let exempt: [CIDR]
    let emptyKey: EmptyKey
    let maxKeys: Int
    let penalises: Bool
    let fields: QuotaFields.Form
    let mode: Mode
    let store: StoreAddress?
    /// Milliseconds.
    let storeTimeout: Int64
    let onStoreFailure: OnStoreFailure
    /// The section's name, which keys in the store begin with.
    let section: String
    /// Responses that pass have something of this filter.
    let tellsResponses: Bool

    init(_ options: FilterOptions) throws(ConfigurationError) {
        limits = try LimitSettings.read(options)
        costs = try CostRule.read(options, limits)
        exempt = options.networks("exempt")
        emptyKey =
            switch options.word("empty-key") {
            case "shared": .shared
            case "reject": .reject
            default: .skip
            }
        maxKeys = options.integer("max-keys") ?? 65536
        penalises = options.boolean("penalise") ?? false
        fields = QuotaFields.Form(options.word("fields") ?? "")
        mode =
            switch options.word("mode") {
            case "shadow": .shadow
            case "off": .off
            default: .enforce
            }
        if let text = options.word("store") {
            store = try StoreAddress(text)
        } else {
            store = nil
            for option in ["store-timeout", "on-store-failure"] where options.isGiven(option) {
                throw ConfigurationError("`\(option)` stands without a `store`", option: option, help: "add `store = redis://host`, or remove it")
            }
        }
        let (seconds, attoseconds) = (options.duration("store-timeout") ?? .milliseconds(20)).components
        storeTimeout = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        onStoreFailure =
            switch options.word("on-store-failure") {
            case "open": .open
            case "closed": .closed
            default: .local
            }
        section = options.section
        tellsResponses = mode == .shadow || options.word("fields-on") == "all" && fields != .off
    }
}
