import FilterAPI

/// One limit of a section.
struct LimitSettings: Sendable {
    /// Stands in the RateLimit fields.
    let name: String
    let rate: CellRate
    /// As the configuration says it.
    let rateAsGiven: Rate
    let key: RequestKey
    /// The option that it is from, and which of its values.
    let option: String
    let value: Int?

    static let most = 8
    /// Seconds that a request may wait for its turn.
    static let longestWait: Int64 = 60

    /// The limits of a section: those of `limit`, or the one of `rate`.
    static func read(_ options: FilterOptions) throws(ConfigurationError) -> [LimitSettings] {
        let entries = options.entries("limit")
        var limits: [LimitSettings] = []
        if let rate = options.rate("rate") {
            guard entries.isEmpty else {
                throw ConfigurationError("`rate` and `limit` exclude each other", option: "limit", help: "make the `rate` another line `limit = …`")
            }
            let limit = try LimitSettings(
                options.section, rate, options.integer("burst"), options.integer("delay") ?? 0, options.word("key") ?? "", options,
                (option: "rate", value: nil))
            limits.append(limit)
        } else {
            for option in ["burst", "delay", "key"] where options.isGiven(option) {
                throw ConfigurationError(
                    "`\(option)` stands without a `rate`", option: option,
                    help: entries.isEmpty ? "add `rate = 100/s`" : "it is an attribute of a limit: `limit = 100/s \(option)=…`")
            }
            for (index, entry) in entries.enumerated() {
                guard case .rate(let rate) = entry.value else { continue }
                let limit = try LimitSettings(
                    entry.attributes.word("name") ?? (entries.count == 1 ? options.section : "\(options.section)-\(index + 1)"), rate,
                    entry.attributes.integer("burst"), entry.attributes.integer("delay") ?? 0, entry.attributes.word("key") ?? "", options,
                    (option: "limit", value: index))
                if let other = limits.first(where: { $0.identity == limit.identity }) {
                    throw ConfigurationError("this limit counts the same as `\(other.name)`", option: "limit", value: index, help: "leave the wider one out")
                }
                if limits.contains(where: { $0.name == limit.name }) {
                    throw ConfigurationError("two limits are called `\(limit.name)`", option: "limit", value: index)
                }
                limits.append(limit)
            }
        }
        guard !limits.isEmpty else { throw ConfigurationError("this filter has no limit", help: "add `rate = 100/s`, or lines `limit = 100/s key=…`") }
        guard limits.count <= most else {
            throw ConfigurationError("more than \(most) limits in one section", option: "limit", value: most, help: "put further ones into a second filter")
        }
        return limits
    }

    private init(
        _ name: String, _ rate: Rate, _ burst: Int?, _ delay: Int, _ key: String, _ options: FilterOptions, _ place: (option: String, value: Int?)
    ) throws(ConfigurationError) {
        self.name = name
        rateAsGiven = rate
        option = place.option
        value = place.value
        self.key = try RequestKey(
            key, ipv4Prefix: options.integer("ipv4-prefix") ?? 32, ipv6Prefix: options.integer("ipv6-prefix") ?? 64,
            option: place.option == "rate" ? "key" : place.option, value: place.value)
        let seconds = max(1, UInt64(rate.period.components.seconds))
        let perSecond = Int64(clamping: max(1, rate.count / seconds))
        guard let cells = CellRate(rate, burst: burst.map(Int64.init) ?? perSecond, delay: Int64(delay)) else {
            throw ConfigurationError(
                "`\(rate)` with this burst cannot be kept", option: place.option, value: place.value, expected: "a rate up to `1000000/s`",
                help: "the burst must come back within nine years")
        }
        guard cells.interval * cells.delay <= Self.longestWait * 1_000_000_000 else {
            throw ConfigurationError(
                "the last of \(delay) waiting requests would wait \(cells.interval * cells.delay / 1_000_000_000) s", option: place.option == "rate" ? "delay" : place.option,
                value: place.value, expected: "at most \(Self.longestWait) s", help: "take a smaller `delay`")
        }
        self.rate = cells
    }

    /// What its keys' points depend on: a limit that has the same keeps them when the configuration changes.
    var identity: String { "\(rate.interval) \(key) \(keyPrefixes)" }
    private var keyPrefixes: String { "\(key.ipv4Prefix)/\(key.ipv6Prefix)" }

    /// Of the RateLimit fields: the quota comes back within so many seconds.
    var windowSeconds: Int64 { max(1, (rate.interval * rate.burst + 999_999_999) / 1_000_000_000) }
}

/// What a request counts as.
struct CostRule: Sendable {
    let cost: Int64
    /// Empty for all.
    private let methods: [[UInt8]]
    private let path: PathTemplate?

    static func read(_ options: FilterOptions, _ limits: [LimitSettings]) throws(ConfigurationError) -> [CostRule] {
        var rules: [CostRule] = []
        for (index, entry) in options.entries("cost").enumerated() {
            guard case .integer(let cost) = entry.value else { continue }
            if let limit = limits.first(where: { Int64(cost) > $0.rate.burst }) {
                throw ConfigurationError(
                    "a request that costs \(cost) can never pass `\(limit.name)`, whose burst is \(limit.rate.burst)", option: "cost", value: index,
                    help: "take a larger `burst`")
            }
            let path: PathTemplate?
            if let text = entry.attributes.word("path") {
                path = try PathTemplate(text, option: "cost", value: index)
            } else {
                path = nil
            }
            rules.append(CostRule(cost: Int64(cost), methods: entry.attributes.words("method").map { Array($0.utf8) }, path: path))
        }
        return rules
    }

    func applies(to request: borrowing Request) -> Bool {
        if let path, !path.matches(request) { return false }
        guard !methods.isEmpty else { return true }
        for index in methods.indices where request.fields.bytes.matches(request.methodRange, methods[index]) { return true }
        return false
    }
}
