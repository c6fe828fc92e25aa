import FilterAPI

/// Refuses requests while something behind the gateway is being worked on.
public struct Maintenance: FilterPlugin {
    public static let name = "maintenance"
    public static let summary = "Answers 503 with Retry-After while something behind the gateway is being worked on, to all requests or to those that write."

    public static let options = OptionSchema([
        Option("active", .boolean, standard: "off", "Maintenance is on, whatever the other options say."),
        Option(
            "active-file", .string, isList: true, isRepeatable: true,
            "Files that switch it on: while one of them is there, maintenance is on. They are looked for once a second."),
        Option(
            "active-during", .period, isList: true, isRepeatable: true,
            "Periods in which maintenance is on, as `2026-12-01T10:00Z/2h`: when it begins, in UTC, and how long it is."),
        Option(
            "refuse", .choice(["all", "writes"]), standard: "all",
            "`writes` lets GET, HEAD, OPTIONS and TRACE pass, but for those that ask for another protocol (WebSocket): the apps can be read, not changed."),
        Option("paths", .string, isList: true, isRepeatable: true, "Only these paths and those below them are refused. Without the option all are."),
        Option("methods", .token, isList: true, isRepeatable: true, "Only these methods are refused. Without the option all are."),
        Option(
            "hosts", .string, isList: true, isRepeatable: true,
            "Only requests for these hosts are refused; `*.example.org` is every host below `example.org`. Without the option all are."),
        Option("except-paths", .string, isList: true, isRepeatable: true, "These paths and those below them are served all the same."),
        Option("except-addresses", .network, isList: true, isRepeatable: true, "Clients of these networks are served all the same."),
        Option(
            "except-field", .string,
            "Requests with this field and value are served all the same, as `\"X-Maintenance-Pass: SECRET\"`. The app never gets the field."),
        Option(
            "retry-after", .duration(.seconds(1) ... .seconds(366 * 86_400)), or: ["none"], standard: "5m",
            "What `Retry-After` says where it is not known when maintenance ends."),
        Option(
            "until", .date,
            "When maintenance is expected to end: `Retry-After` says it as long as that is to come. It ends nothing."),
        Option("message", .string, standard: "Maintenance", "What the body says, in a sentence."),
        Option("html-file", .string, "A page for those who want HTML, instead of the usual one. It is read again when it changes."),
        Option("json-file", .string, "A body for those who want JSON, instead of the usual problem. It is read again when it changes."),
        Option("text-file", .string, "A body for those who want plain text. It is read again when it changes."),
    ])

    public static let reasons = [down, readOnly]
    static let down = ReplyReason(
        "maintenance.down", "The service is being maintained", fault: .nobody,
        happened: "A filter `maintenance` is active, and the request is one that it refuses.",
        advice: "Wait, or end the maintenance: by the option `active`, the file of `active-file` or the period of `active-during`.")
    static let readOnly = ReplyReason(
        "maintenance.read-only", "The service can only be read while it is being maintained", fault: .nobody,
        happened: "A filter `maintenance` with `refuse = writes` is active, and the request may change something.",
        advice: "Wait, or end the maintenance: by the option `active`, the file of `active-file` or the period of `active-during`.")

    let isActive: Bool
    let files: [String]
    let periods: [Range<Int64>]
    let refused: RefusedRequests
    let exceptAddresses: [CIDR]
    let pass: PassField?
    let text: MaintenanceText

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        isActive = options.boolean("active") ?? false
        files = options.words("active-file")
        periods = Self.joined(
            options["active-during"].compactMap { if case .period(let start, let seconds) = $0 { start..<start + seconds } else { nil } })
        if !options.isGiven("active"), files.isEmpty, periods.isEmpty {
            throw ConfigurationError("this maintenance never begins", help: "add `active-file = PATH`, `active-during = PERIOD` or `active = on`")
        }
        refused = try RefusedRequests(options)
        exceptAddresses = options.networks("except-addresses")
        pass = try PassField(options)
        text = MaintenanceText(options, reason: refused.onlyWrites ? Self.readOnly : Self.down)
    }

    /// Periods that touch are one, so that a client is not told to come back when the next begins.
    private static func joined(_ periods: [Range<Int64>]) -> [Range<Int64>] {
        var joined: [Range<Int64>] = []
        for period in periods.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, period.lowerBound <= last.upperBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, period.upperBound)
            } else {
                joined.append(period)
            }
        }
        return joined
    }

    public var order: FilterOrder {
        FilterOrder(roles: [.refusal], fields: pass.map { [.reads("\($0.name)"), .removes("\($0.name)")] } ?? [])
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { try LoopMaintenance(self, on: loop) }
}

/// The maintenance on one loop.
final class LoopMaintenance: RequestFilter {
    /// Why it is on.
    private enum Cause {
        case option
        case file(Int)
        case period(Int)
    }

    private let plan: Maintenance
    private let clock: LoopClock
    private var files: [WatchedFile<Bool>] = []
    private var answers: MaintenanceAnswers

    init(_ plan: Maintenance, on loop: LoopContext) throws(ConfigurationError) {
        self.plan = plan
        clock = loop.clock
        answers = try MaintenanceAnswers(plan.text, on: loop)
        for file in plan.files { files.append(try loop.watchPresence(of: file, option: "active-file")) }
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        let hasPass = plan.pass?.take(from: &request) ?? false
        guard let cause else {
            request.explain("no maintenance now")
            return .forward
        }
        guard plan.refused.contains(request) else {
            request.explain("maintenance, but not of what this request is for")
            return .forward
        }
        if hasPass {
            request.explain("maintenance, but the request has the field that lets it pass", by: "except-field")
            return .forward
        }
        if isExcepted(request.clientAddress) {
            request.explain("maintenance, but not for this client", by: "except-addresses")
            return .forward
        }
        explain(cause, request)
        return .respond(answers.answer(to: request, until: end(cause)))
    }

    private func isExcepted(_ address: IPAddress?) -> Bool {
        guard let address else { return false }
        let held = plan.exceptAddresses
        let networks = held.span
        for index in networks.indices where networks[index].contains(address) { return true }
        return false
    }

    private var cause: Cause? {
        if plan.isActive { return .option }
        for index in files.indices where files[index].value { return .file(index) }
        for index in plan.periods.indices where plan.periods[index].contains(clock.wallSeconds) { return .period(index) }
        return nil
    }

    /// When it ends, as far as that is known and to come.
    private func end(_ cause: Cause) -> Int64? {
        if let until = plan.text.until, until > clock.wallSeconds { return until }
        if case .period(let index) = cause { return plan.periods[index].upperBound }
        return nil
    }

    private func explain(_ cause: Cause, _ request: borrowing Request) {
        switch cause {
        case .option: request.explain("maintenance", by: "active")
        case .file(let index): request.explain("maintenance, as \(plan.files[index]) is there", by: "active-file", value: index)
        case .period(let index): request.explain("maintenance until \(HTTPDate.timestamp(plan.periods[index].upperBound))", by: "active-during")
        }
    }
}
