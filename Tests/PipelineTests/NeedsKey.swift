import FilterAPI

public final class NeedsKey: FilterPlugin, RequestFilter {
    public static let name = "needs-key"
    public static let options = OptionSchema([Option("key", .string, isRequired: true, "What X-Key must be.")])
    public static let reasons = [missing]
    static let missing = ReplyReason(
        "key.missing", "The request has no valid key", fault: .client,
        happened: "X-Key is absent or not the key of the section.", advice: "Send the key.")

    private let key: String
    private let reply = Reply(401, NeedsKey.missing)

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        key = options.word("key") ?? ""
        if key.count < 8 { throw ConfigurationError("the key is too short", option: "key", help: "take 8 characters or more") }
    }

    public func processRequest(_ request: inout Request) -> RequestDecision {
        request.fields["X-Key"] == key ? .forward : .respond(reply)
    }
}
