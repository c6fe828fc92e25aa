import FilterAPI

/// Asks an external service whether a request may pass.
public final class ForwardAuth: FilterPlugin {
    public static let name = "forward-auth"
    public static let summary = "Asks an external service whether a request may pass, as Traefik's forwardAuth and nginx's auth_request do."
    public static let asks = true

    public static let options = OptionSchema([
        Option("app", .section, isRequired: true, "The `[app:NAME]` that is asked. Its limits, time-outs and `host` hold."),
        Option("method", .choice(["GET", "HEAD", "POST"]), standard: "GET", "The method of the question. It has no body."),
        Option(
            "path", .string, standard: "/",
            "Path and query of the question. `{uri}` at its end stands for the path and query of the client's request, as `forwarded-uri` says."),
        Option(
            "forwarded-uri", .choice(["original", "current"]), standard: "original",
            "Which path and query the service is told, in X-Forwarded-Uri and for `{uri}`: those that the client sent, or those that stand at this filter, behind the routes and filters before it."),
        Option(
            "pass", .token, or: ["all"], standard: CopiedFields.usuallyPassed, isList: true, isRepeatable: true,
            "Fields of the client's request that the service gets. `all` passes every one that can be passed, but for conditions and ranges."),
        Option(
            "copy-to-app", .token, isList: true, isRepeatable: true,
            "Fields of an answer that lets the request through which the app gets. The client's own, and other spellings of them, are always removed."),
        Option(
            "copy-to-client", .token, standard: CopiedFields.usuallyCopied, isList: true, isRepeatable: true,
            "Fields of an answer that does not let the request through which the client gets."),
        Option(
            "set-cookie", .boolean, standard: "off",
            "Whether Set-Cookie of an answer that lets the request through goes to the client, with the app's response."),
        Option(
            "max-body", .byteCount(0...1 << 20), standard: "64KiB",
            "Size of the body that goes to the client with an answer that does not let the request through. A larger one is replaced by the gateway's own."),
    ])

    public static let reasons = [denied, unexpected]

    static let denied = ReplyReason(
        "auth.denied", "The request is not let through", fault: .client,
        happened: "The service that a forward-auth filter asks answered with 401, 403, 429 or a redirection. Its answer went to the client.",
        advice: "Whoever should get in needs other credentials, or the service other rules.")
    static let unexpected = ReplyReason(
        "auth.unexpected", "The service that decides about requests did not understand the question", fault: .config,
        happened: "The service that a forward-auth filter asks answered with a 4xx status that is no decision. The request was answered with 503, whatever on-failure says: clients can bring about such answers.",
        advice: "Look at `path` and `method` of the filter's section, at `host` of the app's, and at the service's own log.")

    let app: String
    let question: Question
    let fields: CopiedFields
    let passesCookies: Bool
    let maxBody: Int

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        app = options.word("app") ?? ""
        question = try Question(options)
        fields = try CopiedFields(options)
        passesCookies = options.boolean("set-cookie") ?? false
        maxBody = Int(options.byteCount("max-body") ?? 0)
    }

    public var order: FilterOrder {
        FilterOrder(
            [.before(.appAnswer, because: "what is answered there was not allowed by the service")], roles: [.refusal, .login], fields: fields.uses)
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        guard let service = loop.app(named: app) else { throw ConfigurationError("there is no app `\(app)`", option: "app") }
        return passesCookies ? LoopForwardAuthWithCookies(self, service, loop.reserveObject()) : LoopForwardAuth(self, service)
    }
}

/// The filter on one loop.
class LoopForwardAuth: RequestFilter {
    private let plugin: ForwardAuth
    private let service: AppReference

    init(_ plugin: ForwardAuth, _ service: AppReference) {
        self.plugin = plugin
        self.service = service
    }

    final func processRequest(_ request: inout Request) -> RequestDecision {
        // Before anything is decided: what the service and the app are told must not be the client's, whatever comes of the question.
        for name in Question.told { request.fields.strip(name) }
        plugin.fields.stripAliases(&request.fields)
        let question = plugin.question.ask(request, plugin.fields, bodyLimit: plugin.maxBody)
        plugin.fields.stripCopied(&request.fields)
        request.explain("asks the app `\(plugin.app)`: \(question.method.name) \(plugin.question.path)", by: "app")
        return .ask(service, question, then: decide)
    }

    private func decide(_ request: inout Request, _ answer: borrowing SubResponse) -> RequestDecision {
        switch answer.status {
        case 200...299:
            if answer.bodyState == .brokenOff { return .unanswered }
            plugin.fields.copyToApp(answer.fields, to: &request.fields)
            keepCookies(of: answer.fields, for: &request)
            return .forward
        case 300...303, 305...399, 401, 403, 429: return .respond(plugin.fields.denial(answer))
        // The client can bring these about: they must not open what fails open.
        case 400...499: return .respond(Self.misunderstood)
        default: return .unanswered
        }
    }

    /// For the response to the client.
    func keepCookies(of fields: borrowing Fields, for request: inout Request) {}

    private static let misunderstood = Reply(503, ForwardAuth.unexpected)
}

/// The same where cookies that the service sets go to the client with the app's response.
final class LoopForwardAuthWithCookies: LoopForwardAuth, ResponseFilter {
    /// The lines of one exchange.
    final class Cookies {
        let values: [[UInt8]]
        init(_ values: [[UInt8]]) { self.values = values }
    }

    private let slot: ObjectSlot<Cookies>

    init(_ plugin: ForwardAuth, _ service: AppReference, _ slot: ObjectSlot<Cookies>) {
        self.slot = slot
        super.init(plugin, service)
    }

    override func keepCookies(of fields: borrowing Fields, for request: inout Request) {
        guard fields.contains(.setCookie) else { return }
        request[slot] = Cookies(CopiedFields.values(of: CopiedFields.setCookie, in: fields))
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        guard let cookies = request[slot] else { return }
        for value in cookies.values { response.fields.append(CopiedFields.setCookie, bytes: value.span) }
    }
}
