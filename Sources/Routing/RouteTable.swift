import Buffers

/// A router's rules, compiled once and matched on the bytes of a request without an allocation.
///
/// The most specific rule wins, whatever the order: a host with its port, the host, the longest wildcard, any host; below it the
/// longest path by whole segments. A host without a rule for the path is passed over for the next less specific one. What a match
/// costs depends on the request's host and path, not on the number of rules.
public struct RouteTable: Sendable {
    private var hosts: HostTable
    private var paths = PathTree()
    private var values: [Int] = []

    /// Compiles the rules. Throws on the first that is not one, or that ties with one before it.
    public init(_ rules: [RouteRule]) throws(RouteRuleFault) {
        let anyRoot = paths.addRoot()
        hosts = HostTable(anyRoot: anyRoot)
        var roots: [HostKey: Int32] = [:]
        var named: [HostTable.Host] = []
        for (number, rule) in rules.enumerated() {
            var root = anyRoot
            if rule.host != .any {
                guard let key = HostKey(rule.host) else { throw .host(rule: number) }
                if let known = roots[key] {
                    root = known
                } else {
                    root = paths.addRoot()
                    roots[key] = root
                    named.append(HostTable.Host(name: key.name, port: key.port, isWildcard: key.isWildcard, root: root))
                }
            }
            guard let names = RulePath.names(rule.path) else { throw .path(rule: number) }
            if let first = paths.insert(names, below: root, rule: Int32(number)) {
                throw .tie(first: Int(first), second: number)
            }
            values.append(rule.value)
        }
        hosts.fill(named)
    }

    /// The rule that fits best, or nil if none does.
    /// - Parameters:
    ///   - authority: the Host field or the target's authority: host and optional port. May be empty.
    ///   - defaultPort: the port that an authority without one means (80, or 443 under TLS).
    ///   - path: the raw path of the target, without query.
    ///   - shape: what `PathPolicy.examine` found out about that path.
    public func match(authority: Span<UInt8>, defaultPort: UInt16, path: Span<UInt8>, shape: PathShape) -> RouteMatch? {
        var host = hosts.find(authority, defaultPort: defaultPort)
        while host >= 0 {
            let root = hosts.root(host)
            if let (rule, length) = shape.isPlain ? paths.longestPlain(path, below: root) : paths.longestDecoded(path, below: root) {
                return RouteMatch(value: values[Int(rule)], prefixLength: length)
            }
            host = hosts.fallback(host)
        }
        return nil
    }
}

/// A host rule in the form in which hosts are compared.
private struct HostKey: Hashable {
    var name: [UInt8]
    var port: Int32
    var isWildcard: Bool

    /// Nil for `any` and for what is no host.
    init?(_ rule: HostRule) {
        switch rule {
        case .any: return nil
        case .exact(let host, let port): (name, self.port, isWildcard) = ([UInt8](host.utf8), port.map(Int32.init) ?? -1, false)
        case .wildcard(let suffix): (name, port, isWildcard) = ([UInt8](suffix.utf8), -1, true)
        }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        for index in name.indices { name[index] = name[index].asciiLowercased }
        guard !name.isEmpty, name.count <= HostTable.longestName, name.first != UInt8(ascii: ".") else { return nil }
        // reg-name and IP literals (RFC 3986 §3.2.2), without escapes, which no client sends.
        let isLiteral = name.first == UInt8(ascii: "[") && name.last == UInt8(ascii: "]") && !isWildcard
        for byte in isLiteral ? name[1..<name.count - 1] : name[...] {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                break
            case UInt8(ascii: ":") where isLiteral: break
            default: return nil
            }
        }
    }
}
