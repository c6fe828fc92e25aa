import FilterAPI

/// Refuses requests that are larger than an app should have to take, and responses that are larger than clients should get.
public final class SizeLimit: FilterPlugin, RequestFilter {
    public static let name = "size-limit"
    public static let summary = "Refuses requests that are larger than an app should have to take, and breaks off responses that do not end."

    public static let options = OptionSchema([
        Option("max-body", .byteCount(0 ... .max), or: ["off"], standard: "off", "The most bytes of a body. One that says it is larger is refused at once, another when it has grown above it."),
        Option("max-target", .byteCount(1 ... 131_072), or: ["off"], standard: "off", "The most bytes of the request target as sent: path and query."),
        Option("max-query", .byteCount(0 ... 131_072), or: ["off"], standard: "off", "The most bytes of the query, without its `?`."),
        Option("max-fields", .byteCount(1 ... 1_048_576), or: ["off"], standard: "off", "The most bytes of all field lines together: names, values and four more for each line."),
        Option("max-field", .byteCount(1 ... 1_048_576), or: ["off"], standard: "off", "The most bytes of the value of one field line, such as one of Cookie."),
        Option(
            "max-response-body", .byteCount(0 ... .max), or: ["off"], standard: "off",
            "The most bytes of a response body of the app, as the app sends it. One that says it is larger is replaced by a 502, another broken off when it has grown above it."),
        Option("max-field-count", .integer(1...10_000), or: ["off"], standard: "off", "The most field lines."),
    ])

    public static let reasons = [targetTooLong, queryTooLong, fieldsTooLarge]
    static let targetTooLong = ReplyReason(
        "limit.target", "The request target is too long", fault: .client,
        happened: "Path and query are longer than the `max-target` of a size-limit filter.", advice: "If the app needs such targets, raise it.")
    static let queryTooLong = ReplyReason(
        "limit.query", "The query is too long", fault: .client, happened: "The query is longer than the `max-query` of a size-limit filter.",
        advice: "If the app needs such queries, raise it. Much data belongs into a body.")
    static let fieldsTooLarge = ReplyReason(
        "limit.fields", "The fields are too large", fault: .client,
        happened: "The fields of the request are above `max-fields`, `max-field` or `max-field-count` of a size-limit filter. Often cookies are the cause.",
        advice: "If the app needs such fields, raise the option. `sluice explain` shows which one it is.")

    private let mostBody: UInt64
    let mostResponseBody: UInt64
    private let mostTarget: UInt64
    private let mostQuery: UInt64
    private let mostFields: UInt64
    private let mostField: UInt64
    private let mostLines: UInt64
    /// Some limit of fields is on.
    private let looksAtFields: Bool
    private let targetReply = Reply(414, SizeLimit.targetTooLong)
    private let queryReply = Reply(414, SizeLimit.queryTooLong)
    private let fieldsReply = Reply(431, SizeLimit.fieldsTooLarge)

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        mostBody = options.byteCount("max-body") ?? .max
        mostResponseBody = options.byteCount("max-response-body") ?? .max
        mostTarget = options.byteCount("max-target") ?? .max
        mostQuery = options.byteCount("max-query") ?? .max
        mostFields = options.byteCount("max-fields") ?? .max
        mostField = options.byteCount("max-field") ?? .max
        mostLines = options.integer("max-field-count").map(UInt64.init) ?? .max
        looksAtFields = min(mostFields, mostField, mostLines) < .max
        guard min(mostBody, mostResponseBody, mostTarget, mostQuery) < .max || looksAtFields else {
            throw ConfigurationError("this filter limits nothing", help: "add `max-body = 1MiB`, or another of its options")
        }
        if options.byteCount("max-query") != nil, mostQuery >= mostTarget {
            throw ConfigurationError(
                "no query gets that long", option: "max-query", help: "`max-target` counts the query, too, and is not larger")
        }
        if options.byteCount("max-field") != nil, mostField >= mostFields {
            throw ConfigurationError("no field gets that large", option: "max-field", help: "`max-fields` counts it, too, and is not larger")
        }
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        mostResponseBody < .max ? ResponseSizeLimit(self) : self
    }

    public var order: FilterOrder { FilterOrder(roles: [.refusal]) }

    public func processRequest(_ request: inout Request) -> RequestDecision {
        let target = request.originalTargetRange
        if UInt64(target.count) > mostTarget {
            request.explain("414: the target has \(target.count) bytes, \(mostTarget) are allowed", by: "max-target")
            return .respond(targetReply)
        }
        let query = UInt64(request.queryRange.count)
        // The `?` is not counted.
        if query > 1, query - 1 > mostQuery {
            request.explain("414: the query has \(query - 1) bytes, \(mostQuery) are allowed", by: "max-query")
            return .respond(queryReply)
        }
        if looksAtFields, exceedsFields(request) { return .respond(fieldsReply) }
        if mostBody < .max {
            request.limitBody(to: mostBody)
            if let length = request.contentLength, length > mostBody {
                request.explain("413: the body has \(length) bytes, \(mostBody) are allowed", by: "max-body")
            }
        }
        return .forward
    }

    /// O(lines). Stops at the first limit that is passed.
    private func exceedsFields(_ request: borrowing Request) -> Bool {
        var bytes: UInt64 = 0
        var lines: UInt64 = 0
        for index in 0..<request.fields.count where request.fields.isPresent(at: index) {
            let value = UInt64(request.fields.valueRange(at: index).count)
            lines += 1
            bytes += UInt64(request.fields.nameRange(at: index).count) + value + 4
            if value > mostField {
                request.explain("431: a field has \(value) bytes, \(mostField) are allowed", by: "max-field")
                return true
            }
            if lines > mostLines {
                request.explain("431: there are more than \(mostLines) field lines", by: "max-field-count")
                return true
            }
            if bytes > mostFields {
                request.explain("431: the fields have more than \(mostFields) bytes", by: "max-fields")
                return true
            }
        }
        return false
    }
}

/// The same where responses are limited: only then they are shown to it.
private final class ResponseSizeLimit: RequestFilter, ResponseFilter {
    private let plugin: SizeLimit

    init(_ plugin: SizeLimit) { self.plugin = plugin }

    func processRequest(_ request: inout Request) -> RequestDecision { plugin.processRequest(&request) }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        response.limitBody(to: plugin.mostResponseBody)
        if let length = response.contentLength, length > plugin.mostResponseBody, !response.isReply {
            request.explain("502: the response has \(length) bytes, \(plugin.mostResponseBody) are allowed", by: "max-response-body")
        }
    }
}
