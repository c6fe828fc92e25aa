import FilterAPI

/// Which requests maintenance is for.
struct RefusedRequests: Sendable {
    let onlyWrites: Bool
    private let paths: [PathPrefix]
    private let exceptPaths: [PathPrefix]
    private let hosts: [HostRule]
    /// A bit for each of `Method`.
    private var methods: UInt16 = 0
    /// Methods that have no name in `Method`.
    private var otherMethods: [String] = []

    init(_ options: FilterOptions) throws(ConfigurationError) {
        onlyWrites = options.word("refuse") == "writes"
        paths = try Self.prefixes(options, "paths")
        exceptPaths = try Self.prefixes(options, "except-paths")
        var hosts: [HostRule] = []
        for (index, text) in options.words("hosts").enumerated() {
            guard let host = HostRule(text) else {
                throw ConfigurationError(
                    "`\(text)` is not a host", option: "hosts", value: index, expected: "a host without a port, or `*.` and a host")
            }
            hosts.append(host)
        }
        self.hosts = hosts
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
        return hosts.isEmpty || Self.matches(hosts, request)
    }

    private static func matches(_ prefixes: [PathPrefix], _ request: borrowing Request) -> Bool {
        let prefixes = prefixes.span
        for index in prefixes.indices where prefixes[index].matches(request) { return true }
        return false
    }

    private static func matches(_ hosts: [HostRule], _ request: borrowing Request) -> Bool {
        let hosts = hosts.span
        for index in hosts.indices where hosts[index].matches(request) { return true }
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

/// One host, or every host below one. Letter case, a port and a dot at the end do not matter.
struct HostRule: Sendable {
    private let name: [UInt8]
    private let isWildcard: Bool

    init?(_ text: String) {
        var bytes = text.utf8.map(\.asciiLowercased)
        isWildcard = bytes.starts(with: "*.".utf8)
        if isWildcard { bytes.removeFirst(2) }
        let isName = bytes.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }
        let isAddress = !isWildcard && bytes.count > 2 && bytes.first == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
            && IPAddress(text.dropFirst().dropLast())?.isIPv6 == true
        let dot = UInt8(ascii: ".")
        guard !bytes.isEmpty, bytes.first != dot, bytes.last != dot, isName || isAddress else { return nil }
        name = bytes
    }

    func matches(_ request: borrowing Request) -> Bool {
        let bytes = request.fields.bytes
        let range = request.authorityRange
        var end = range.upper
        var at = range.upper
        while at > range.lower && bytes[at &- 1].isDigit { at &-= 1 }
        // A colon inside of brackets has one of them or a digit or letter behind it, and the closing one at the very end.
        if at > range.lower, bytes[at &- 1] == UInt8(ascii: ":") { end = at &- 1 }
        if end > range.lower, bytes[end &- 1] == UInt8(ascii: ".") { end &-= 1 }
        let count = end &- range.lower
        guard isWildcard ? count > name.count &+ 1 : count == name.count else { return false }
        let start = end &- name.count
        if isWildcard, bytes[start &- 1] != UInt8(ascii: ".") { return false }
        for index in name.indices where bytes[start &+ index].asciiLowercased != name[index] { return false }
        return true
    }
}
