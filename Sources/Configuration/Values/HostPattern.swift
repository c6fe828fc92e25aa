/// The hosts that a route is for. Hosts compare without regard to letter case.
public enum HostPattern: Sendable, Hashable {
    /// One host, in lower case; an IPv6 address stands in brackets, as in a Host field. With a port, only requests whose Host
    /// field names that port.
    case exact(String, port: Int?)
    /// Every host below `suffix`, at any depth, and not `suffix` itself: `*.example.org` has the suffix `example.org`.
    case wildcard(suffix: String)

    static func parse(_ text: String) throws(ValueFault) -> HostPattern {
        if text.utf8.first == UInt8(ascii: "*") { return try wildcard(text) }
        if let star = text.utf8.firstIndex(of: UInt8(ascii: "*")) {
            let offset = text.utf8.distance(from: text.startIndex, to: star)
            throw ValueFault(
                .routeHost, "`*` stands inside the host \(quoted(text))",
                help: "only a whole first label can be a wildcard: `*.example.org/`", part: offset..<offset + 1)
        }
        guard let authority = Authority(text) else { throw ValueFault(.routeHost, "\(quoted(text)) is not a host") }
        if !authority.isBracketed, authority.host.contains(":") {
            throw ValueFault(
                .routeHost, "the IPv6 address in \(quoted(text)) needs brackets", help: "did you mean `[\(text)]/`?")
        }
        let port = try authority.portNumber(.routeHost, smallest: 1, of: text).map(Int.init)
        if let address = IPAddress(authority.host), address.isIPv6 == authority.isBracketed {
            return .exact(address.isIPv6 ? "[\(address)]" : "\(address)", port: port)
        }
        if authority.isBracketed { throw ValueFault(.routeHost, "\(quoted(authority.host)) is not an IPv6 address") }
        try check(authority.host, at: 0)
        return .exact(authority.host.lowercased(), port: port)
    }

    private static func wildcard(_ text: String) throws(ValueFault) -> HostPattern {
        guard text != "*" else {
            throw ValueFault(.routeHost, "`*` alone is not a host", help: "leave the host out for every host: the key is then the path")
        }
        guard text.hasPrefix("*.") else {
            throw ValueFault(
                .routeHost, "a wildcard is a whole label", help: "did you mean `*.\(text.dropFirst())/`?", part: 0..<1)
        }
        let suffix = String(text.dropFirst(2))
        if let colon = suffix.utf8.firstIndex(of: UInt8(ascii: ":")) {
            let start = 2 + suffix[..<colon].utf8.count
            throw ValueFault(
                .routeHost, "a wildcard host has no port", help: "leave it out: the route is then for every port",
                part: start..<text.utf8.count)
        }
        if suffix.contains("*") { throw ValueFault(.routeHost, "only the first label can be a wildcard") }
        try check(suffix, at: 2)
        return .wildcard(suffix: suffix.lowercased())
    }

    private static func check(_ name: String, at offset: Int) throws(ValueFault) {
        let part = offset..<offset + name.utf8.count
        if name.utf8.last == UInt8(ascii: "."), name.utf8.count > 1 {
            throw ValueFault(
                .routeHost, "the host \(quoted(name)) ends with a dot",
                help: "leave it out: `\(name.dropLast())` is also what a client with the dot reaches", part: part)
        }
        if let fault = HostName.fault(name) { throw ValueFault(.routeHost, "the host \(quoted(name)) \(fault)", part: part) }
    }
}

extension HostPattern: CustomStringConvertible {
    /// As the configuration writes it: `api.example.org`, `api.example.org:8443`, `*.example.org`.
    public var description: String {
        switch self {
        case .exact(let host, let port): port.map { "\(host):\($0)" } ?? host
        case .wildcard(let suffix): "*.\(suffix)"
        }
    }
}
