import FilterAPI

/// Lets scripts of other origins read answers (Fetch standard, "CORS protocol").
public final class CORS: FilterPlugin {
    public static let name = "cors"
    public static let summary = "Lets scripts of other origins read answers, and answers their browsers' preflights."

    public static let options = OptionSchema([
        Option(
            "origins", .string, or: ["any"], isRequired: true, isList: true, isRepeatable: true,
            "Whose scripts may: `https://app.example.org`, `https://*.example.org` for all hosts below, `http://localhost:*` for all ports, `null` for pages without an origin; `any` for everybody."),
        Option(
            "methods", .token, or: ["any"], standard: "GET HEAD POST", isList: true, isRepeatable: true,
            "The methods that they may use. `any` allows the one that is asked for."),
        Option(
            "allow-fields", .token, or: ["any"], isList: true, isRepeatable: true,
            "The request fields that they may set beyond those that every page may, such as `Content-Type` (for JSON) or `Authorization`. `any` allows those that are asked for."),
        Option("expose-fields", .token, isList: true, isRepeatable: true, "The response fields that they may read beyond those that every page may."),
        Option("credentials", .boolean, standard: "off", "Whether browsers send cookies and the like along. Not with `origins = any`."),
        Option("max-age", .duration(.seconds(0) ... .seconds(86_400)), or: ["off"], standard: "10m", "How long a browser may remember the answer to a preflight; `off` leaves it to the browser."),
        Option("private-network", .boolean, standard: "off", "Whether pages of public networks may reach this site in a private one."),
        Option(
            "app-fields", .choice(["replace", "keep"]), standard: "replace",
            "What becomes of the `Access-Control-…` fields of the app: they are removed, or those of a response that has an `Access-Control-Allow-Origin` are left as they are and nothing is added."),
    ])

    public static let reasons = [preflight, originRefused, methodRefused, fieldRefused]
    static let preflight = ReplyReason(
        "cors.preflight", "The preflight is answered", fault: .nobody,
        happened: "A browser asked whether a page of another origin may send a request, and the cors filter said that it may.", advice: "Nothing.")
    static let originRefused = ReplyReason(
        "cors.origin", "The origin is not allowed", fault: .client,
        happened: "A browser asked whether a page of another origin may send a request. The origin is not among the `origins` of the cors filter.",
        advice: "If the page is yours, add its origin: scheme, host and port as the browser's console shows them.")
    static let methodRefused = ReplyReason(
        "cors.method", "The method is not allowed to other origins", fault: .client,
        happened: "A page of an allowed origin wants to use a method that is not among the `methods` of the cors filter.",
        advice: "Add the method. Letter case matters: fetch sends `patch` as it is written.")
    static let fieldRefused = ReplyReason(
        "cors.field", "A field is not allowed to other origins", fault: .client,
        happened: "A page of an allowed origin wants to set a request field that is not among the `allow-fields` of the cors filter.",
        advice: "Add the field to `allow-fields`.")

    let origins: OriginList
    private let preflights: PreflightRules
    private let hasCredentials: Bool
    let exposed: [UInt8]
    let keepsAppFields: Bool

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        hasCredentials = options.boolean("credentials") ?? false
        origins = try OriginList(options, withCredentials: hasCredentials)
        preflights = try PreflightRules(options, withCredentials: hasCredentials)
        var names: [String] = []
        for (index, word) in options.words("expose-fields").enumerated() {
            if word == "*", hasCredentials {
                throw ConfigurationError(
                    "browsers take `*` for a name where credentials are sent", option: "expose-fields", value: index, help: "name the fields")
            }
            names.append(word)
        }
        exposed = Array(names.joined(separator: ", ").utf8)
        keepsAppFields = options.word("app-fields") == "keep"
    }

    public var order: FilterOrder { FilterOrder([.before(.login, because: "a browser's preflight carries no login, and is refused there")]) }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { LoopCORS(self, allowed: loop.reserveState()) }

    // MARK: Requests

    /// The Origin field, if there is one and only one.
    func origin(of request: borrowing Request) -> ByteRange? {
        guard let line = request.fields.firstIndex(of: .origin), request.fields.firstIndex(of: .origin, from: line + 1) == nil else { return nil }
        return request.fields.valueRange(at: line)
    }

    func isPreflight(_ request: borrowing Request) -> Bool {
        request.method == .options && !request.isAsterisk && request.fields.contains(.origin) && request.fields.contains(PreflightRules.requestMethod)
    }

    func answer(_ request: borrowing Request, allowed: ByteRange?) -> Reply {
        guard let allowed else {
            request.explain("preflight refused: the origin is not allowed", by: "origins")
            return preflights.refusal(Self.originRefused)
        }
        var origin = "*"
        if !origins.isAny { origin = request.fields.bytes.text(allowed) }
        return preflights.answer(request, origin: origin, hasCredentials: hasCredentials)
    }

    // MARK: Responses

    private static let allowOrigin: FieldName = "Access-Control-Allow-Origin"
    private static let allowCredentials: FieldName = "Access-Control-Allow-Credentials"
    private static let exposeHeaders: FieldName = "Access-Control-Expose-Headers"
    private static let origin = FieldName(.origin)
    private static let replaced: [FieldName] = [
        allowOrigin, allowCredentials, exposeHeaders, "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age",
        "Access-Control-Allow-Private-Network",
    ]

    func mark(_ response: inout Response, for request: borrowing Request, allowed: ByteRange) {
        if keepsAppFields, response.fields.contains(Self.allowOrigin) { return }
        for index in Self.replaced.indices { response.fields.remove(Self.replaced[index]) }
        if origins.isAny {
            response.fields.append(Self.allowOrigin, text: "*")
        } else {
            // Also where there is no origin, or none that is allowed: a cache must not give that answer to others.
            response.vary(on: Self.origin)
            guard !allowed.isEmpty else { return }
            response.fields.append(Self.allowOrigin, bytes: request.fields.bytes.extracting(allowed.range))
            if hasCredentials { response.fields.append(Self.allowCredentials, text: "true") }
        }
        let names = exposed
        if !names.isEmpty { response.fields.append(Self.exposeHeaders, bytes: names.span) }
    }
}

/// The filter on one loop: it remembers for each exchange which origin it allowed.
final class LoopCORS: RequestFilter, ResponseFilter {
    private let plugin: CORS
    /// The value of Origin in the bytes of the request; empty if it is not allowed.
    private let allowed: StateSlot<ByteRange>

    init(_ plugin: CORS, allowed: StateSlot<ByteRange>) {
        self.plugin = plugin
        self.allowed = allowed
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        guard request.fields.contains(.origin) else { return .forward }
        var allowed: ByteRange?
        if let origin = plugin.origin(of: request), plugin.origins.allows(request.fields.bytes, origin) { allowed = origin }
        if plugin.isPreflight(request) { return .respond(plugin.answer(request, allowed: allowed)) }
        if let allowed { request[self.allowed] = allowed }
        request.explain(
            allowed == nil ? "the origin is not allowed: its scripts cannot read the answer" : "the origin is allowed to read the answer", by: "origins")
        return .forward
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        plugin.mark(&response, for: request, allowed: request[allowed])
    }
}
