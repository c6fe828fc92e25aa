/// Where a listener accepts connections.
public enum ListenAddress: Sendable, Hashable {
    /// `host` is an IP literal without brackets, or `*` for every address of both families. Port 0 lets the kernel choose.
    case tcp(host: String, port: UInt16)
    /// `mode` are the permission bits that the socket file gets.
    case unix(path: String, mode: UInt16)

    /// The longest path that fits into `sockaddr_un` with its closing NUL.
    static let unixPathLimit = 107

    static func parse(_ text: String) throws(ValueFault) -> ListenAddress {
        if text.hasPrefix("unix:") { return .unix(path: try unixPath(text, .valueAddress), mode: 0o660) }
        if text.contains("://") {
            throw ValueFault(.valueAddress, "\(quoted(text)) is a URL, not an address", help: "leave the scheme out")
        }
        guard let authority = Authority(text) else {
            throw ValueFault(.valueAddress, "\(quoted(text)) is not an address")
        }
        if authority.port == nil {
            if let port = decimal(text.utf8, limit: 65535) {
                throw ValueFault(
                    .valueAddress, "\(quoted(text)) is a port without an address",
                    help: "write `127.0.0.1:\(port)` for this machine alone, or `*:\(port)` for every address")
            }
            let isKnown = IPAddress(authority.host) != nil || HostName.fault(authority.host) == nil || text == "*"
            throw ValueFault(
                .valueAddress, "\(quoted(text)) has no port", help: isKnown ? "did you mean `\(text):8080`?" : nil)
        }
        if !authority.isBracketed, authority.host.contains(":") {
            // `::1:8080` is an address too, but hardly the one that was meant.
            let port = decimal((authority.port ?? "").utf8, limit: 65535)
            let meant = IPAddress(authority.host) != nil && port.map { $0 >= 80 } == true
                ? "[\(authority.host)]:\(authority.port ?? "")" : "[\(text)]:8080"
            throw ValueFault(
                .valueAddress, "the IPv6 address in \(quoted(text)) needs brackets", help: "did you mean \(quoted(meant))?")
        }
        let port = try authority.portNumber(.valueAddress, smallest: 0, of: text) ?? 0
        switch authority.host {
        case "" where !authority.isBracketed, "*" where !authority.isBracketed: return .tcp(host: "*", port: port)
        case "localhost" where !authority.isBracketed: return .tcp(host: "127.0.0.1", port: port)
        default: break
        }
        let parsed = IPAddress(authority.host)
        if authority.isBracketed, parsed?.isIPv6 != true {
            throw ValueFault(
                .valueAddress, "\(quoted(authority.host)) is not an IPv6 address",
                help: parsed.map { "did you mean `\($0):\(port)`?" }, part: 0..<(authority.portStart - 1))
        }
        guard let address = parsed else {
            throw ValueFault(
                .valueAddress, "\(quoted(authority.host)) is not an IP address of this machine",
                help: "a listener takes no name: what a name stands for can change; `*` is every address",
                part: 0..<(authority.portStart - 1))
        }
        return .tcp(host: address.description, port: port)
    }

    /// The path in `unix:PATH`.
    static func unixPath(_ text: String, _ code: DiagnosticCode) throws(ValueFault) -> String {
        let path = String(text.dropFirst(5))
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw ValueFault(
                code, "the path of a socket is absolute", help: path.isEmpty ? nil : "did you mean \(quoted("unix:/" + (path.contains("/") ? "" : "run/") + path))?",
                part: 5..<text.utf8.count)
        }
        guard path.utf8.count <= unixPathLimit else {
            throw ValueFault(
                code, "the path of a socket has at most \(unixPathLimit) bytes; this one has \(path.utf8.count)",
                part: 5..<text.utf8.count)
        }
        guard path.utf8.last != UInt8(ascii: "/") else {
            throw ValueFault(code, "\(quoted(path)) is a directory", part: 5..<text.utf8.count)
        }
        return path
    }
}

extension ListenAddress: CustomStringConvertible {
    /// As the configuration writes it: `*:8080`, `[::1]:8080`, `unix:/run/x.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path, _): "unix:\(path)"
        }
    }
}
