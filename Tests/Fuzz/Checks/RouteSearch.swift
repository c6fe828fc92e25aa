import Routing

/// The best rule for a request by the words of the documentation: a search through all rules, on the path as an app reads it.
package enum RouteSearch {
    /// `authority` is a host with an optional port, or empty; `segments` are those of the request's path.
    package static func best(_ rules: [RouteRule], _ authority: String, _ segments: [String], defaultPort: Int = 80) -> RouteRule? {
        let (host, port) = split(authority)
        var best: (rank: [Int], rule: RouteRule)? = nil
        for rule in rules {
            let names = AppReading.splitsFirst.segments(rule.path)
            guard let rank = rank(rule.host, host, port ?? defaultPort), segments.starts(with: names) else { continue }
            let candidate = rank + [names.count]
            if best.map({ $0.rank.lexicographicallyPrecedes(candidate) }) ?? true { best = (candidate, rule) }
        }
        return best?.rule
    }

    private static func split(_ authority: String) -> (host: String, port: Int?) {
        let literalEnd = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[literalEnd...].firstIndex(of: ":") else { return (plain(authority), nil) }
        return (plain(String(authority[..<colon])), Int(authority[authority.index(after: colon)...]))
    }

    /// In lower case and without the trailing dot.
    private static func plain(_ host: String) -> String {
        let lower = host.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    /// How specific a rule for this host is: more is better. nil if it is not for this host.
    private static func rank(_ rule: HostRule, _ host: String, _ port: Int) -> [Int]? {
        switch rule {
        case .any: return [0, 0]
        case .wildcard(let suffix):
            let suffix = "." + plain(suffix)
            return host.hasSuffix(suffix) && host.count > suffix.count ? [1, suffix.count] : nil
        case .exact(let name, let wanted):
            guard plain(name) == host, wanted == nil || Int(wanted ?? 0) == port else { return nil }
            return [2, wanted == nil ? 0 : 1]
        }
    }
}
