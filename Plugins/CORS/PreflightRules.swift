import FilterAPI

/// What a preflight may ask for, and its answers (Fetch standard, "CORS-preflight request").
struct PreflightRules {
    static let requestMethod: FieldName = "Access-Control-Request-Method"
    private static let requestHeaders: FieldName = "Access-Control-Request-Headers"
    private static let requestPrivateNetwork: FieldName = "Access-Control-Request-Private-Network"

    /// Nil for any.
    private let methods: [String]?
    /// Nil for any; in lower case.
    private let fields: Set<String>?
    /// As they are answered.
    private let fieldText: String
    private let maxAge: String?
    private let allowsPrivateNetwork: Bool
    private let refusals: [String: Reply]

    /// Names that one preflight may ask for.
    private static let mostNames = 100

    init(_ options: FilterOptions, withCredentials: Bool) throws(ConfigurationError) {
        methods = try Self.methods(options)
        (fields, fieldText) = try Self.fields(options)
        maxAge = options.duration("max-age").map { String($0.components.seconds) }
        allowsPrivateNetwork = options.boolean("private-network") ?? false
        let vary = Self.vary
        refusals = Dictionary(
            uniqueKeysWithValues: [CORS.originRefused, CORS.methodRefused, CORS.fieldRefused].map { ("\($0.code)", Reply(403, $0, fields: [vary])) })
    }

    private static func methods(_ options: FilterOptions) throws(ConfigurationError) -> [String]? {
        if options.isKeyword("methods", "any") { return nil }
        let words = options.words("methods")
        for (index, word) in words.enumerated() {
            if isForbidden(word) {
                throw ConfigurationError("no script can use \(word.uppercased())", option: "methods", value: index, help: "leave it out")
            }
            if word == "*" { throw ConfigurationError("`*` is not a method", option: "methods", value: index, help: "every method is `any`") }
            if word != word.uppercased(), ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].contains(word.uppercased()) {
                throw ConfigurationError("`\(word)` is not the method \(word.uppercased())", option: "methods", value: index, help: "letter case of methods matters: did you mean `\(word.uppercased())`?")
            }
        }
        return words
    }

    /// Methods that browsers never send for a script.
    private static func isForbidden(_ method: String) -> Bool { ["TRACE", "CONNECT", "TRACK"].contains(method.uppercased()) }

    private static func fields(_ options: FilterOptions) throws(ConfigurationError) -> (Set<String>?, String) {
        if options.isKeyword("allow-fields", "any") { return (nil, "") }
        let words = options.words("allow-fields")
        for (index, word) in words.enumerated() where word == "*" {
            throw ConfigurationError("`*` is not a field", option: "allow-fields", value: index, help: "every field is `any`")
        }
        return (Set(words.map { $0.lowercased() }), words.joined(separator: ", "))
    }

    private static let vary: (FieldName, String) = (
        FieldName(.vary), "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network"
    )

    func refusal(_ reason: ReplyReason) -> Reply {
        guard let reply = refusals["\(reason.code)"] else { preconditionFailure("no such refusal") }
        return reply
    }

    /// The answer to a preflight of an origin that is allowed.
    func answer(_ request: borrowing Request, origin: String, hasCredentials: Bool) -> Reply {
        let asked = request.fields.values(of: Self.requestMethod)
        guard asked.count == 1, FieldName(asked[0]) != nil, !Self.isForbidden(asked[0]), methods?.contains(asked[0]) ?? true else {
            request.explain("preflight refused: the method is not allowed", by: "methods")
            return refusal(CORS.methodRefused)
        }
        guard let names = names(in: request) else {
            request.explain("preflight refused: a field is not allowed", by: "allow-fields")
            return refusal(CORS.fieldRefused)
        }
        var lines: [(FieldName, String)] = [("Access-Control-Allow-Origin", origin)]
        if hasCredentials { lines.append(("Access-Control-Allow-Credentials", "true")) }
        lines.append(("Access-Control-Allow-Methods", methods?.joined(separator: ", ") ?? asked[0]))
        let allowed = fields == nil ? names : fieldText
        if !allowed.isEmpty { lines.append(("Access-Control-Allow-Headers", allowed)) }
        if let maxAge { lines.append(("Access-Control-Max-Age", maxAge)) }
        if allowsPrivateNetwork, request.fields[Self.requestPrivateNetwork] == "true" {
            lines.append(("Access-Control-Allow-Private-Network", "true"))
        }
        lines.append(Self.vary)
        request.explain("preflight answered: the request is allowed", by: "origins")
        return Reply(empty: 204, CORS.preflight, fields: lines)
    }

    /// The names that the preflight asks for, joined; nil if one of them is not allowed or none at all.
    private func names(in request: borrowing Request) -> String? {
        var names: [String] = []
        var index = request.fields.firstIndex(of: Self.requestHeaders)
        while let line = index {
            var list = TokenList(request.fields.valueRange(at: line))
            while let element = list.next(in: request.fields.bytes) {
                let name = request.fields.bytes.text(element)
                guard names.count < Self.mostNames, FieldName(name) != nil, fields?.contains(name.lowercased()) ?? true else { return nil }
                names.append(name)
            }
            index = request.fields.firstIndex(of: Self.requestHeaders, from: line + 1)
        }
        return names.joined(separator: ", ")
    }
}
