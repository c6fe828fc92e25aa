import FilterAPI

/// Sends clients to another scheme, host or path.
public final class Redirect: FilterPlugin, RequestFilter {
    public static let name = "redirect"
    public static let summary = "Sends clients to another scheme, host or path."

    private static let statuses = ["301", "302", "303", "307", "308"]

    public static let options = OptionSchema([
        Option("https", .boolean, standard: "off", "Sends what came without TLS to the same URL with `https`."),
        Option("https-port", .integer(1...65_535), standard: "443", "The port of `https` URLs that have the client's host or that of `host`."),
        Option(
            "hosts", .string, or: ["any"], isList: true, isRepeatable: true,
            "With `https`: the hosts that clients may be sent to, by the name that they asked for; `*.example.org` stands for all names below. Others are answered with 421. `any` trusts every Host field."),
        Option("host", .host, "The one host of the site: requests for others are sent to it. Without a port, the port of a request does not matter."),
        Option(
            "rule",
            .entry(
                .string,
                OptionSchema([
                    Option(
                        "to", .string, isRequired: true,
                        "A path of the same host, or a URL. `{name}` and a `/*` at the end of its path are what they stood for."),
                    Option("status", .choice(statuses), "Another status than the section's."),
                    Option("query", .choice(["keep", "drop"]), standard: "keep", "What becomes of the client's query. A query of `to` comes before it."),
                ])), isList: true, isRepeatable: true,
            "A path that has moved: `/old`, `/users/{name}/photo` where `{name}` is one name between slashes, or `/old/*` for `/old` and all below it. An exact path comes before the others, of which the first that fits counts."),
        Option(
            "except", .string, isList: true, isRepeatable: true,
            "Paths that are never redirected, with all below them, such as `/.well-known/acme-challenge`."),
        Option(
            "status", .choice(statuses), standard: "308",
            "The status of redirections. 308 and 307 keep method and body, 303 makes it a GET, with 301 and 302 clients differ; 301 and 308 are remembered by clients."),
    ])

    public static let reasons = [toHTTPS, toHost, byRule, unknownHost]
    static let toHTTPS = ReplyReason(
        "redirect.https", "The site is reached by https", fault: .nobody,
        happened: "The request came without TLS, and a redirect filter sent the client to the same URL with https.",
        advice: "Nothing, unless the client comes back without TLS: then a proxy before the gateway ends TLS and is not in `trusted-proxies`, or does not send X-Forwarded-Proto.")
    static let toHost = ReplyReason(
        "redirect.host", "The site has another name", fault: .nobody,
        happened: "The request was for another host than the `host` of a redirect filter, which sent the client there.",
        advice: "Nothing. If the client comes back with the same host, something before the gateway changes the Host field.")
    static let byRule = ReplyReason(
        "redirect.rule", "What was asked for has moved", fault: .nobody,
        happened: "A rule of a redirect filter is for the path of the request.", advice: "Nothing, or use the new URL in links.")
    static let unknownHost = ReplyReason(
        "redirect.host.unknown", "The host is not served here", fault: .client,
        happened: "The client should be sent to the https URL of its host, but the host is not in the `hosts` of the redirect filter.",
        advice: "If the host is yours, add it to `hosts`. Otherwise somebody asks for names that are not yours.")

    private let isHTTPS: Bool
    private let port: Int
    /// `hosts = any`
    private let trustsHosts: Bool
    private let hosts: HostSet
    private let host: HostText?
    private let table: RuleTable
    private let dropsQuery: [Bool]
    private let exemptions: [PathPattern]
    private let status: UInt16
    private let misdirected = Reply(421, Redirect.unknownHost)

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        isHTTPS = options.boolean("https") ?? false
        port = options.integer("https-port") ?? 443
        status = Self.status(options.word("status")) ?? 308
        host = options.word("host").flatMap { HostText($0) }
        trustsHosts = options.isKeyword("hosts", "any")
        hosts = try HostSet(options, option: "hosts")
        exemptions = try Self.exemptions(options)
        table = try Self.table(options)
        dropsQuery = options.entries("rule").map { $0.attributes.word("query") == "drop" }
        let namesHosts = trustsHosts || !hosts.isEmpty
        if isHTTPS, host == nil, !namesHosts {
            throw ConfigurationError(
                "`https` needs to know the hosts of the site", option: "https",
                help: "add `hosts = example.org *.example.org`, so that no client makes the gateway name another's host, or `host = example.org`")
        }
        if namesHosts, !isHTTPS || host != nil {
            throw ConfigurationError(
                "`hosts` has no use here", option: "hosts",
                help: host == nil ? "it goes with `https = on`" : "`host` sends requests for every host to the one")
        }
        if options.isGiven("https-port"), !isHTTPS || host?.port != nil {
            throw ConfigurationError(
                "`https-port` has no use here", option: "https-port", help: isHTTPS ? "`host` has a port of its own" : "it goes with `https = on`")
        }
        guard isHTTPS || host != nil || !table.rules.isEmpty else {
            throw ConfigurationError("this filter redirects nothing", help: "add `https = on`, `host` or a `rule`")
        }
        try checkRules()
    }

    private static func status(_ word: String?) -> UInt16? { word.flatMap { UInt16($0) } }

    private static func exemptions(_ options: FilterOptions) throws(ConfigurationError) -> [PathPattern] {
        var patterns: [PathPattern] = []
        for (index, word) in options.words("except").enumerated() {
            let path = word.hasSuffix("/") && word != "/" ? String(word.dropLast()) : word
            do throws(PatternFault) {
                let pattern = try PathPattern(path.hasSuffix("/*") ? path : path == "/" ? "/*" : path + "/*")
                guard pattern.names.isEmpty else { throw PatternFault("a variable in `\(word)`", "a path without variables") }
                patterns.append(pattern)
            } catch {
                throw ConfigurationError(error.message, option: "except", value: index, expected: error.expected)
            }
        }
        return patterns
    }

    private static func table(_ options: FilterOptions) throws(ConfigurationError) -> RuleTable {
        var rules: [RedirectRule] = []
        for (index, entry) in options.entries("rule").enumerated() {
            do throws(PatternFault) {
                let pattern = try PathPattern(entry.value.description)
                let target = try RedirectTarget(entry.attributes.word("to") ?? "", for: pattern)
                rules.append(RedirectRule(pattern: pattern, target: target, status: status(entry.attributes.word("status"))))
            } catch {
                throw ConfigurationError(error.message, option: "rule", value: index, expected: error.expected)
            }
        }
        if let excess = rules.indices.filter({ !rules[$0].pattern.isExact }).dropFirst(mostPatterns).first {
            throw ConfigurationError(
                "more than \(mostPatterns) rules with variables or `*`", option: "rule", value: excess,
                help: "each of them is tried for every request; rules for one path each may be any number")
        }
        return RuleTable(rules)
    }

    private static let mostPatterns = 256

    private func checkRules() throws(ConfigurationError) {
        if let (index, by) = table.shadowed() {
            throw ConfigurationError(
                "no request gets to this rule: `\(table.rules[by].pattern.text)` comes before it", option: "rule", value: index,
                help: "remove one of the two, or change their order")
        }
        let own = { (authority: String) -> Bool in
            if let only = self.host { return only.name == HostText(authority)?.name }
            let bytes = Array(authority.utf8)
            return self.hosts.contains(bytes.span, ByteRange(start: 0, count: bytes.count))
        }
        if let circle = table.circle(isOwn: own, isExempt: { isExempt($0, $1) }) {
            let texts = (circle + [circle[0]]).map { "`\(table.rules[$0].pattern.text)`" }
            throw ConfigurationError(
                "clients are sent in a circle: \(texts.joined(separator: " → "))", option: "rule", value: circle[0],
                help: "let `to` be a path that no rule is for")
        }
    }

    // MARK: Requests

    public var order: FilterOrder {
        isHTTPS ? FilterOrder([.before(.login, because: "clients are asked there to send what they log in with in the clear")]) : FilterOrder()
    }

    public func processRequest(_ request: inout Request) -> RequestDecision {
        guard !request.isAsterisk else { return .forward }
        let needsTLS = isHTTPS && !request.isHTTPS
        var needsHost = false
        if let host { needsHost = !host.matches(request.fields.bytes, request.authorityRange) }
        let found = table.find(request.fields.bytes, request.pathRange)
        guard needsTLS || needsHost || found != nil else { return .forward }
        if isExempt(request.fields.bytes, request.pathRange) {
            request.explain("the path is never redirected", by: "except")
            return .forward
        }
        guard let location = location(request, found, needsTLS: needsTLS, needsHost: needsHost) else {
            request.explain("421: the host is not one of the listed", by: "hosts")
            return .respond(misdirected)
        }
        let text = String(decoding: location, as: UTF8.self)
        let reason = found != nil ? Self.byRule : needsTLS ? Self.toHTTPS : Self.toHost
        let status = found.flatMap { table.rules[$0].status } ?? status
        request.explain(
            "\(status) to \(text)", by: found != nil ? "rule" : needsTLS ? "https" : "host", value: found)
        return .respond(Reply(empty: status, reason, fields: [(Self.location, text)]))
    }

    private static let location = FieldName(.location)

    /// A path of another meaning for some reader than for this filter is not exempt.
    private func isExempt(_ bytes: Span<UInt8>, _ path: ByteRange) -> Bool {
        guard !exemptions.isEmpty, exemptions.contains(where: { $0.matches(bytes, path) }) else { return false }
        var walk = PathUnits(path)
        var length = 0
        var dots = 0
        while let unit = walk.next(in: bytes) {
            switch unit {
            case PathUnits.slash:
                if dots > 0 && dots == length && dots < 3 { return false }
                length = 0
                dots = 0
            case PathUnits.escapedSlash, UInt16(UInt8(ascii: "\\")): return false
            default:
                length += 1
                if unit == UInt16(UInt8(ascii: ".")) { dots += 1 }
            }
        }
        return dots == 0 || dots != length || dots > 2
    }

    /// The URL that the client is sent to; nil if its host may not stand in one.
    private func location(
        _ request: borrowing Request, _ found: Int?, needsTLS: Bool, needsHost: Bool
    ) -> [UInt8]? {
        let bytes = request.fields.bytes
        let target = found.map { table.rules[$0].target }
        var text: [UInt8] = []
        if let origin = target?.origin {
            text = origin
        } else if needsTLS || needsHost {
            guard let authority = authority(bytes, request.authorityRange, isSecure: needsTLS || request.isHTTPS) else { return nil }
            text = Array((needsTLS || request.isHTTPS ? "https://" : "http://").utf8) + authority
        }
        let pathStart = text.count
        if let target, let found {
            let captures = table.rules[found].pattern.captures(bytes, request.pathRange)
            target.appendPath(to: &text, bytes, captures)
            target.appendQuery(to: &text, bytes, captures)
            if !dropsQuery[found], request.queryRange.count > 1 {
                text.append(target.query.isEmpty ? UInt8(ascii: "?") : UInt8(ascii: "&"))
                text.append(bytes.extracting(request.queryRange.range.dropFirst()), escapingAllBut: \.isQueryCharacter)
            }
            text += target.fragment
        } else {
            let sent = request.originalTargetRange
            let start = Self.pathStart(bytes, sent)
            if start == sent.upper || bytes[start] != UInt8(ascii: "/") { text.append(UInt8(ascii: "/")) }
            text.append(bytes.extracting(start..<sent.upper), escapingAllBut: \.isQueryCharacter)
        }
        // Two slashes at the beginning would be another host's.
        if pathStart == 0 {
            while text.count > 1, text[1] == UInt8(ascii: "/") { text.remove(at: 1) }
        }
        return text
    }

    /// Host and port that the client is sent to.
    private func authority(_ bytes: Span<UInt8>, _ asked: ByteRange, isSecure: Bool) -> [UInt8]? {
        let suffix = isSecure && isHTTPS && port != 443 ? Array(":\(port)".utf8) : []
        if let host { return Array(host.text.utf8) + (host.port == nil ? suffix : []) }
        guard trustsHosts || hosts.contains(bytes, asked), let client = HostText(bytes, asked) else { return nil }
        return client.name + suffix
    }

    /// Where the path begins in a target as sent: behind the authority of an absolute one.
    private static func pathStart(_ bytes: Span<UInt8>, _ target: ByteRange) -> Int {
        var at = target.lower
        guard at < target.upper, bytes[at] != UInt8(ascii: "/") else { return at }
        var slashes = 0
        while at < target.upper {
            if bytes[at] == UInt8(ascii: "/") { slashes += 1 }
            if slashes == 3 || (slashes == 2 && bytes[at] == UInt8(ascii: "?")) { return at }
            at += 1
        }
        return at
    }
}
