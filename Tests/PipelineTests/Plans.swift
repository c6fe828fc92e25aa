import FilterAPI

public final class Plans: FilterPlugin {
    public static let name = "plans"
    public static let asks = true
    public static let options = OptionSchema([Option("app", .section, isRequired: true, "Who knows the customers' plans.")])
    public static let reasons = [unknown]
    static let unknown = ReplyReason(
        "plan.none", "Nobody knows this customer", fault: .client, happened: "The app has no plan for X-Customer.", advice: "Sign up.")

    private let app: String

    public init(_ options: FilterOptions) throws(ConfigurationError) { app = options.word("app") ?? "" }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        guard let app = loop.app(named: app) else { throw ConfigurationError("there is no such app", option: "app") }
        return LoopPlans(app)
    }
}

final class LoopPlans: RequestFilter {
    private let app: AppReference
    private let refusal = Reply(403, Plans.unknown)

    init(_ app: AppReference) { self.app = app }

    func processRequest(_ request: inout Request) -> RequestDecision {
        // Only this filter may tell the app, whatever comes of the question.
        request.fields.strip("X-Plan")
        var question = SubRequest(.get, target: "/plans")
        question.copy("X-Customer", from: request.fields)
        return .ask(app, question) { [refusal] request, answer in
            switch answer.status {
            case 200:
                request.fields["X-Plan"] = answer.fields["X-Plan"]
                return .forward
            case 404: return .respond(refusal)
            default: return .unanswered
            }
        }
    }
}
