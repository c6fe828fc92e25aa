import FilterAPI

/// The limits of a section on one loop.
final class Limiter {
    /// One limit; they form a chain in the order in which their tables are locked.
    final class Link {
        /// Where it stands in the section.
        let index: Int
        let rate: CellRate
        let key: RequestKey
        let table: LimitTable
        let next: Link?

        init(_ index: Int, _ limit: LimitSettings, _ table: LimitTable, _ next: Link?) {
            self.index = index
            rate = limit.rate
            key = limit.key
            self.table = table
            self.next = next
        }

        /// Notes the keys of the request, of this limit and those behind it. False: one is empty, and that does not do.
        func identify(_ visit: inout Visit, _ request: inout Request, _ settings: LimiterSettings) -> Bool {
            if let hash = key.hash(of: &request, seed: table.seed) {
                visit.apply(index, hash)
            } else {
                switch settings.emptyKey {
                case .skip: break
                case .shared: visit.apply(index, table.seed)
                case .reject:
                    request.explain("the key \(key) is empty", by: "empty-key")
                    if settings.mode == .enforce { return false }
                }
            }
            return next?.identify(&visit, &request, settings) ?? true
        }

        /// Checks this limit and those behind it, and consumes only if all of them let the request pass. All locks are held meanwhile.
        func check(_ visit: inout Visit) {
            guard visit.applies(index) else {
                next?.check(&visit)
                return
            }
            table.update(visit.keys[index], now: visit.now) { point in
                let verdict = rate.check(point, now: visit.now, cost: visit.cost)
                visit.take(index, verdict)
                next?.check(&visit)
                var kept: Int64?
                if visit.isAllowed { kept = verdict.point } else if visit.penalises, verdict.retry > 0 { kept = rate.exhausted(visit.now) }
                visit.note(index, rate, kept ?? point)
                return kept
            }
        }

        /// The same without consuming anything.
        func look(_ visit: inout Visit) {
            if visit.applies(index) {
                let point = table.point(visit.keys[index])
                visit.take(index, rate.check(point, now: visit.now, cost: visit.cost))
                visit.note(index, rate, point)
            }
            next?.look(&visit)
        }
    }

    let settings: LimiterSettings
    let first: Link?
    let clock: LoopClock
    let loop: LoopContext
    let store: StoreConnection?
    /// Where an exchange remembers what came of it; nil where no response tells of it.
    private let slot: StateSlot<Outcome>?
    private let fields: QuotaFields
    private let keyMissing = Reply(400, RateLimit.keyMissing)
    /// Of the request at hand: in place, as it is too large to be passed around.
    private var visit = Visit()
    let storeFailed = Reply(503, RateLimit.storeFailed, fields: [(FieldName(.retryAfter), "1")])

    init(_ settings: LimiterSettings, _ loop: LoopContext) {
        self.settings = settings
        clock = loop.clock
        self.loop = loop
        store = settings.store.map { StoreConnection($0, loop) }
        slot = settings.tellsResponses ? loop.reserveState() : nil
        fields = QuotaFields(settings.limits, settings.fields)
        let tables = settings.limits.enumerated().map { index, limit in
            (index, limit, loop.shared("\(limit.identity) \(settings.maxKeys)") { LimitTable(keys: settings.maxKeys) })
        }
        // Whoever locks several tables, in this configuration or the next, locks them in the order of their addresses.
        var chain: Link?
        for (index, limit, table) in tables.sorted(by: { ObjectIdentifier($0.2) > ObjectIdentifier($1.2) }) { chain = Link(index, limit, table, chain) }
        first = chain
    }

    func decide(_ request: inout Request) -> RequestDecision {
        if let exemption = exemption(of: request) {
            request.explain("the client is exempt", by: "exempt", value: exemption)
            return .forward
        }
        let cost = cost(of: request)
        guard cost > 0 else { return .forward }
        visit.begin(clock.nanoseconds, cost, settings.penalises)
        if first?.identify(&visit, &request, settings) == false { return .respond(keyMissing) }
        if visit.applied == 0, !request.isExplained { return .forward }
        if request.isExplained {
            first?.look(&visit)
            explain(visit, request)
        } else if let store {
            return ask(store, visit, &request)
        } else {
            first?.check(&visit)
        }
        return finish(&visit, &request)
    }

    /// The decision, once all limits are checked. `inout` saves a copy; the visit stays as it is.
    func finish(_ visit: inout Visit, _ request: inout Request) -> RequestDecision {
        if let slot { request[slot] = Outcome(visit) }
        if settings.mode == .shadow { return .forward }
        if !visit.isAllowed { return .respond(fields.refusal(visit)) }
        guard visit.wait > 0 else { return .forward }
        return .delay(milliseconds: (visit.wait &+ 999_999) / 1_000_000)
    }

    private func cost(of request: borrowing Request) -> Int64 {
        guard !settings.costs.isEmpty else { return 1 }
        for index in settings.costs.indices where settings.costs[index].applies(to: request) {
            let cost = settings.costs[index].cost
            request.explain("it costs \(cost)", by: "cost", value: index)
            return cost
        }
        return 1
    }

    private func exemption(of request: borrowing Request) -> Int? {
        guard !settings.exempt.isEmpty, let address = request.clientAddress else { return nil }
        for index in settings.exempt.indices where settings.exempt[index].contains(address) { return index }
        return nil
    }

    private func explain(_ visit: Visit, _ request: borrowing Request) {
        if let store {
            request.explain("the store \(settings.store?.description ?? "") " + (store.isUp ? "decides; this gateway knows" : "is down (\(store.trouble))"), by: "store")
        }
        var evicted = [Int](repeating: 0, count: settings.limits.count)
        var link = first
        while let limit = link {
            evicted[limit.index] = limit.table.evictedLive
            link = limit.next
        }
        for (index, limit) in settings.limits.enumerated() {
            guard visit.applies(index) else {
                request.explain("\(limit.name): the key \(limit.key) is empty, so the limit does not apply", by: "empty-key")
                continue
            }
            var text = "\(limit.name): key \(limit.key.text(of: request)), \(visit.left[index]) of \(limit.rate.burst) left, then \(limit.rateAsGiven)"
            if visit.refused & 1 << UInt8(index) != 0 { text += "; refused" }
            if settings.mode == .shadow { text += "; only counted" }
            if evicted[index] > 0 { text += "; \(evicted[index]) keys were forgotten too early: raise `max-keys`" }
            request.explain(text, by: limit.option, value: limit.value)
        }
        if visit.isAllowed, visit.wait > 0, settings.mode == .enforce { request.explain("it waits \(visit.wait / 1_000_000) ms for its turn", by: "delay") }
    }

    /// Writes what clients are told on all responses.
    func tell(_ response: inout Response, for request: borrowing Request) {
        guard let slot else { return }
        let outcome = request[slot]
        if settings.mode == .shadow {
            if outcome.refused != 0 { response.fields.append(Self.shadow, text: RateLimit.refused.code) }
        } else {
            fields.write(outcome, to: &response)
        }
    }

    private static let shadow: FieldName = "Gateway-Shadow"
}

/// One request at the limits of a section. Limits are numbered in the section's order, also as bits.
struct Visit {
    private(set) var now: Int64 = 0
    private(set) var cost: Int64 = 0
    private(set) var penalises = false
    /// What stands in these counts only for limits that apply.
    private(set) var keys = InlineArray<8, UInt64>(repeating: 0)
    /// Requests that each limit has left, and nanoseconds until it has all of them.
    private(set) var left = InlineArray<8, Int64>(repeating: 0)
    private(set) var reset = InlineArray<8, Int64>(repeating: 0)
    private(set) var applied: UInt8 = 0
    private(set) var refused: UInt8 = 0
    /// Nanoseconds that the request waits, and those that the client should.
    private(set) var wait: Int64 = 0
    private(set) var retry: Int64 = 0

    /// Makes it as new.
    mutating func begin(_ now: Int64, _ cost: Int64, _ penalises: Bool) {
        self.now = now
        self.cost = cost
        self.penalises = penalises
        applied = 0
        refused = 0
        wait = 0
        retry = 0
    }

    var isAllowed: Bool { refused == 0 }
    func applies(_ index: Int) -> Bool { applied & 1 << UInt8(truncatingIfNeeded: index) != 0 }

    mutating func apply(_ index: Int, _ key: UInt64) {
        applied |= 1 << UInt8(truncatingIfNeeded: index)
        keys[index] = key
        left[index] = 0
        reset[index] = 0
    }

    mutating func take(_ index: Int, _ verdict: CellRate.Verdict) {
        wait = max(wait, verdict.wait)
        retry = max(retry, verdict.retry)
        if verdict.retry > 0 { refused |= 1 << UInt8(truncatingIfNeeded: index) }
    }

    mutating func note(_ index: Int, _ rate: CellRate, _ point: Int64) {
        left[index] = rate.left(point, now: now)
        reset[index] = max(0, point &- now)
    }
}

/// What an exchange remembers of its visit, for its response.
struct Outcome: BitwiseCopyable {
    private(set) var applied: UInt8 = 0
    private(set) var refused: UInt8 = 0
    private(set) var left = InlineArray<8, UInt32>(repeating: 0)
    private(set) var resetSeconds = InlineArray<8, UInt32>(repeating: 0)

    init(_ visit: Visit) {
        applied = visit.applied
        refused = visit.refused
        for index in 0..<8 where visit.applies(index) {
            left[index] = UInt32(clamping: visit.left[index])
            resetSeconds[index] = UInt32(clamping: (visit.reset[index] &+ 999_999_999) / 1_000_000_000)
        }
    }
}

/// Nothing is said on responses that pass.
final class SilentLimiter: RequestFilter {
    private let limiter: Limiter
    init(_ limiter: Limiter) { self.limiter = limiter }

    func processRequest(_ request: inout Request) -> RequestDecision { limiter.decide(&request) }
}

/// All responses tell of the limits.
final class TellingLimiter: RequestFilter, ResponseFilter {
    private let limiter: Limiter
    init(_ limiter: Limiter) { self.limiter = limiter }

    func processRequest(_ request: inout Request) -> RequestDecision { limiter.decide(&request) }
    func processResponse(_ response: inout Response, for request: borrowing Request) { limiter.tell(&response, for: request) }
}
