import FilterAPI

/// Which requests maintenance is for.
struct RefusedRequests: Sendable {
    let onlyWrites: Bool
    private let paths: [PathPrefix]
    private let exceptPaths: [PathPrefix]
    private let hosts: HostSet
    /// A bit for each of `Method`.
    private var methods: UInt16 = 0
    /// Methods that have no name in `Method`.
    private var otherMethods: [String] = []

    init(_ options: FilterOptions) throws(ConfigurationError) {
        onlyWrites = options.word("refuse") == "writes"
        paths = try Self.prefixes(options, "paths")
        exceptPaths = try Self.prefixes(options, "except-paths")
        hosts = try HostSet(options, option: "hosts")
        for (index, word) in options.words("methods").enumerated() {
            guard word == word.uppercased() else {
                throw ConfigurationError(
                    "`\(word)` is not a method", option: "methods", value: index, help: "letter case matters: did you mean `\(word.uppercased())`?")
            }
            if let known = Method.allCases.first(where: { "\($0.name)" == word }) { methods |= 1 << known.rawValue } else { otherMethods.append(word) }
        }
        if namesMethods && onlyWrites {
            throw ConfigurationError("`methods` and `refuse = writes` both say which methods are refused", option: "methods", help: "leave one of them out")
        }
    }

    private var namesMethods: Bool { methods != 0 || !otherMethods.isEmpty }

    private static func prefixes(_ options: FilterOptions, _ option: String) throws(ConfigurationError) -> [PathPrefix] {
        var prefixes: [PathPrefix] = []
        for (index, text) in options.words(option).enumerated() {
            guard let prefix = PathPrefix(text) else {
                throw ConfigurationError("`\(text)` is not a path", option: option, value: index, expected: "a path such as `/api`")
            }
            prefixes.append(prefix)
        }
        return prefixes
    }

    func contains(_ request: borrowing Request) -> Bool {
        if onlyWrites, !Self.mayWrite(request) { return false }
        if namesMethods, !isMethod(request) { return false }
        if !paths.isEmpty, !Self.matches(paths, request) { return false }
        if Self.matches(exceptPaths, request) { return false }
        return hosts.isEmpty || hosts.contains(request)
    }

    private static func matches(_ prefixes: [PathPrefix], _ request: borrowing Request) -> Bool {
        let prefixes = prefixes.span
        for index in prefixes.indices where prefixes[index].matches(request) { return true }
        return false
    }

    /// Not safe (RFC 9110 §9.2.1), as far as is known of the method; or it opens a tunnel, in which anything may be said.
    private static func mayWrite(_ request: borrowing Request) -> Bool {
        switch request.method {
        case .get, .head, .options, .trace: request.asksUpgrade
        default: true
        }
    }

    private func isMethod(_ request: borrowing Request) -> Bool {
        if request.method != .other { return methods >> request.method.rawValue & 1 != 0 }
        return !otherMethods.isEmpty && otherMethods.contains(request.methodText)
    }
}
