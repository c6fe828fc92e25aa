import FilterAPI

/// Finds out which version of an API a request is for, tells the app, and answers where there is no such version.
public final class VersionNegotiation: FilterPlugin {
    public static let name = "version-negotiation"
    public static let summary = "Finds out which version of an API a request is for, tells the app, and answers where there is no such version."
    public static let reasons = [
        VersionReason.list, VersionReason.choices, VersionReason.unknown, VersionReason.missing, VersionReason.conflict, VersionReason.malformed,
        VersionReason.sunset, VersionReason.brownOut,
    ]

    private let rules: VersionRules

    public init(_ options: FilterOptions) throws(ConfigurationError) { rules = try VersionRules(options) }

    public var order: FilterOrder { FilterOrder(roles: [.refusal]) }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        var apps: [AppReference?] = []
        for version in rules.catalog.versions {
            guard let name = version.app else {
                apps.append(nil)
                continue
            }
            guard let app = loop.app(named: name) else {
                throw ConfigurationError("there is no app `\(name)`", option: version.option.name, value: version.option.value)
            }
            apps.append(app)
        }
        return VersionNegotiator(rules, apps: apps, clock: loop.clock, slot: loop.reserveState())
    }
}

/// Why the filter answers.
enum VersionReason {
    static let list = ReplyReason(
        "version.list", "The versions of this API", fault: .nobody,
        happened: "The client asked for the list of versions, and the filter gave it.", advice: "Nothing is wrong.")
    static let choices = ReplyReason(
        "version.choices", "The request names no version that there is", fault: .client,
        happened: "The request names no version, or one that the filter does not know; it was answered with the list of versions.",
        advice: "Ask for one of the versions in the list. `default` and `unknown` of the filter's section say what happens otherwise.")
    static let unknown = ReplyReason(
        "version.unknown", "There is no such version", fault: .client,
        happened: "The request names a version that the filter does not know.",
        advice: "Ask for one of the versions in the answer, or add the version to the filter's section.")
    static let missing = ReplyReason(
        "version.missing", "The request names no version", fault: .client,
        happened: "The request names no version in any place where the filter looks, and `default` takes none for it.",
        advice: "Name a version, or set `default` of the filter's section.")
    static let conflict = ReplyReason(
        "version.conflict", "The request names two different versions", fault: .client,
        happened: "Two places of the request, such as path and Accept, name versions that contradict each other.",
        advice: "Name the version once. `on-conflict = first` of the filter's section lets the first source win.")
    static let malformed = ReplyReason(
        "version.malformed", "The version that the request names cannot be read", fault: .client,
        happened: "The field or parameter that names the version holds something that cannot be a version.",
        advice: "Send a version such as those in the answer.")
    static let sunset = ReplyReason(
        "version.sunset", "This version has ended", fault: .client,
        happened: "The version was in service until the time in Sunset (RFC 8594).", advice: "Use the successor, or another version in the answer.")
    static let brownOut = ReplyReason(
        "version.brown-out", "This version is switched off for a while, because it will end", fault: .client,
        happened: "The version is in one of the brown-outs of the filter's section.",
        advice: "Move to another version; this one is back at the time in Retry-After, but not for long.")
}
