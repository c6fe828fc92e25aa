/// Where an app is reached.
public enum ServerAddress: Sendable, Hashable {
    /// `host` is a name or an IP literal without brackets.
    case tcp(host: String, port: UInt16)
    /// The same by TLS.
    case tls(host: String, port: UInt16)
    /// The same by HTTP/2 without TLS.
    case http2(host: String, port: UInt16)
    case unix(path: String)

    static func parse(_ text: String) throws(ValueFault) -> ServerAddress {
        if text.hasPrefix("unix:") { return .unix(path: try ListenAddress.unixPath(text, .valueServer)) }
        var rest = text
        var defaultPort: UInt16?
        var scheme = "http"
        if let mark = text.firstRange(of: "://") {
            scheme = text[..<mark.lowerBound].lowercased()
            switch scheme {
            case "http":
                rest = String(text[mark.upperBound...])
                defaultPort = 80
            case "https":
                rest = String(text[mark.upperBound...])
                defaultPort = 443
            case "h2":
                rest = String(text[mark.upperBound...])
                defaultPort = 80
            case "h2c", "grpc":
                throw ValueFault(
                    .valueServer, "\(quoted(scheme)) is not a scheme of a server", help: "did you mean `h2://`, which is HTTP/2 without TLS?",
                    part: 0..<scheme.utf8.count)
            case "h2s", "grpcs":
                throw ValueFault(
                    .valueServer, "\(quoted(scheme)) is not a scheme of a server",
                    help: "HTTP/2 by TLS is `https://` with a line `protocol = h2` in the app", part: 0..<scheme.utf8.count)
            default:
                throw ValueFault(
                    .valueServer, "\(quoted(scheme)) is not a scheme of a server",
                    help: "servers are `http://host:port`, `https://host:port`, `h2://host:port`, `host:port` or `unix:/path`", part: 0..<scheme.utf8.count)
            }
        }
        let start = text.utf8.count - rest.utf8.count
        if let end = rest.utf8.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            let path = String(rest[end...])
            guard path == "/" else {
                let from = start + rest[..<end].utf8.count
                throw ValueFault(
                    .valueServer, "a server has no path", help: "put it on the route: `replace-prefix=\(path)`",
                    part: from..<text.utf8.count)
            }
            rest = String(rest[..<end])
        }
        if let at = rest.utf8.lastIndex(of: UInt8(ascii: "@")) {
            throw ValueFault(
                .valueServer, "a server has no user name or password", part: start..<(start + rest[...at].utf8.count))
        }
        guard var authority = Authority(rest), !authority.host.isEmpty || authority.port != nil else {
            throw ValueFault(.valueServer, "\(quoted(text)) is not a server")
        }
        authority.portStart += start
        if !authority.isBracketed, authority.host.contains(":") {
            throw ValueFault(
                .valueServer, "the IPv6 address in \(quoted(text)) needs brackets",
                help: "did you mean `[\(authority.host)]:\(authority.port ?? "")`?")
        }
        let port = try authority.portNumber(.valueServer, smallest: 1, of: text) ?? defaultPort
        guard let port else {
            if decimal(rest.utf8, limit: 65535) != nil {
                throw ValueFault(.valueServer, "\(quoted(text)) has no host", help: "did you mean `127.0.0.1:\(rest)`?")
            }
            let isKnown = authority.isBracketed || IPAddress(authority.host) != nil || HostName.fault(authority.host) == nil
            throw ValueFault(
                .valueServer, "\(quoted(text)) has no port", help: isKnown ? "did you mean `\(rest):80`?" : nil)
        }
        let hostRange = start..<(start + authority.host.utf8.count + (authority.isBracketed ? 2 : 0))
        guard !authority.host.isEmpty else {
            throw ValueFault(.valueServer, "\(quoted(text)) has no host", help: "did you mean `127.0.0.1:\(port)`?")
        }
        if let address = IPAddress(authority.host), address.isIPv6 == authority.isBracketed {
            return server(scheme, address.description, port)
        }
        if authority.isBracketed {
            throw ValueFault(.valueServer, "\(quoted(authority.host)) is not an IPv6 address", part: hostRange)
        }
        if let fault = HostName.fault(authority.host) {
            throw ValueFault(.valueServer, "the host \(quoted(authority.host)) \(fault)", part: hostRange)
        }
        return server(scheme, authority.host.lowercased(), port)
    }

    private static func server(_ scheme: String, _ host: String, _ port: UInt16) -> ServerAddress {
        switch scheme {
        case "https": .tls(host: host, port: port)
        case "h2": .http2(host: host, port: port)
        default: .tcp(host: host, port: port)
        }
    }
}

extension ServerAddress {
    /// Reached by TLS.
    var isSecure: Bool { if case .tls = self { true } else { false } }

    /// Reached by HTTP/2 without TLS.
    var isHTTP2: Bool { if case .http2 = self { true } else { false } }

    /// The same host and port.
    var endpoint: ServerAddress {
        switch self {
        case .tls(let host, let port), .http2(let host, let port): .tcp(host: host, port: port)
        case .tcp, .unix: self
        }
    }
}

extension ServerAddress: CustomStringConvertible {
    /// As the configuration writes it: `127.0.0.1:9292`, `[::1]:9292`, `https://app:443`, `unix:/run/x.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): Self.text(host, port)
        case .tls(let host, let port): "https://" + Self.text(host, port)
        case .http2(let host, let port): "h2://" + Self.text(host, port)
        case .unix(let path): "unix:\(path)"
        }
    }

    private static func text(_ host: String, _ port: UInt16) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
