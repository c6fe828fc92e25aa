import Configuration
import EventLoops
import FilterAPI

@testable import Gateway

/// Decides by the path, and says why.
final class Gate: FilterPlugin {
    static let name = "gate"
    static let asks = true
    static let options = OptionSchema([
        Option("words", .token, isList: true, isRepeatable: true, "Words."),
        Option("limit", .integer(1...9), standard: "7", "A number."),
        Option("app", .section, "Another app."),
    ])
    static let reasons = [denied]
    static let denied = ReplyReason("gate.denied", "The gate is shut", fault: .client, happened: "The path is denied.", advice: "Take another.")

    private let app: String?

    init(_ options: FilterOptions) { app = options.word("app") }

    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { GateFilter(other: app.flatMap { loop.app(named: $0) }) }
}

private final class GateFilter: RequestFilter, ResponseFilter, CompletionObserver {
    private let reply = Reply(403, Gate.denied, fields: [("X-Gate", "shut")])
    private let other: AppReference?

    init(other: AppReference?) { self.other = other }

    func processRequest(_ request: inout Request) -> RequestDecision {
        precondition(request.isExplained)
        request.explain("path \(request.path), \(request.clientAddress.map(\.description) ?? "unix")")
        switch request.path {
        case "/deny":
            request.explain("it is the second word\u{1B}[31m", by: "words", value: 1)
            return .respond(reply)
        case "/ask":
            request.explain("asks the oracle")
            return .ask({ () async throws -> Bool in preconditionFailure("asked") }, then: { _, _ in preconditionFailure("answered") })
        case "/delay":
            request.explain("too fast", by: "limit")
            return .delay(milliseconds: 250) { [reply] request in
                request.explain("still too fast", by: "limit")
                return .respond(reply)
            }
        default:
            request.path = "/new" + request.path
            request.query = "q"
            request.fields["X-Old"] = nil
            request.fields.append("X-New", "1")
            request.fields.append("X-New", "2")
            request.limitBody(to: 1000)
            if let other { request.send(to: other) }
            return .forward
        }
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        request.explain("marks the response", by: "nothing")
        response.fields["X-Gate"] = "\(response.status)"
    }

    func exchangeDidFinish(_ summary: borrowing ExchangeSummary, for request: borrowing Request) {
        preconditionFailure("an exchange that is only explained does not end")
    }
}

enum Explained {
    static let config = """
        [gateway]
        trusted-proxies = 10.0.0.0/8
        [listener:web]
        listen = 127.0.0.1:8080 unix:/run/web.sock
        serve  = site
        max-target = 100B
        [listener:inner]
        listen = 127.0.0.1:8081 [::1]:8084
        serve  = long
        [listener:everywhere]
        listen = *:8082 127.0.0.1:8084
        serve = web
        [router:site]
        /                = web
        /gate            = gate strip-prefix
        /gate/deep       = web
        *.example.org/   = gate
        api.example.org/ = api
        [router:api]
        /v1              = web replace-prefix=/v2
        [pipeline:gate]
        pipeline = gate late
        [pipeline:long]
        pipeline = first gate
        [filter:first]
        use = gate
        [filter:gate]
        use   = gate
        words = one
                two
        app   = other
        ask-timeout = 2s
        [app:late]
        servers = app.internal:9292 127.0.0.1:9293
        response-timeout = 300ms
        host = server
        [app:other]
        servers = 127.0.0.1:9294
        [app:web]
        use = echo
        [listener:streams]
        listen    = 127.0.0.1:8085
        protocols = h2c
        serve     = calls
        [app:calls]
        servers = h2://127.0.0.1:50051

        """

    private struct OneFile: ConfigurationFiles {
        func read(_ path: String) throws(FileFailure) -> [UInt8] { Array(Explained.config.utf8) }
        func match(_ pattern: String) -> [String] { [] }
    }

    static func report(
        _ url: String, _ fields: [String] = [], method: String = "GET", from: String? = nil, listener: String? = nil
    ) throws -> RequestReport {
        let registry = FilterRegistry([Gate.self])
        let (plan, text, diagnostics) = Configuration.loadWithText(path: "g.conf", files: OneFile(), filters: registry.schemas)
        guard let plan else { throw ExplainFault.failed(diagnostics.text()) }
        let reporter = RequestReporter(plan: plan, text: text, reasons: KnownReason.all(registry))
        return try reporter.report(
            on: try ExplainedRequest(method: method, url: url, fields: fields), listener: listener,
            from: from.flatMap { $0 == "unix" ? RequestReporter.unixClient : .parse($0, port: 0) })
    }

    /// The report as text, with the date that is in it made the same.
    static func text(_ report: RequestReport, isColored: Bool = false) -> String {
        ReportText.write(report, isColored: isColored).replacing(/Date: [^\n]*/, with: "Date: now")
    }
}
