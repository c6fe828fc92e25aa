import FilterAPI

/// A field value with variables in it: `{client-address}`.
struct ValueTemplate {
    private enum Piece {
        case text([UInt8])
        case clientAddress, clientCertificate, host, method, path, query, target, scheme, tlsVersion
        /// The value of a field of the request.
        case field(FieldName)
    }

    private static let names = [
        "client-address", "client-certificate", "field:NAME", "host", "method", "path", "query", "scheme", "target", "tls-version",
    ]

    private var pieces: [Piece] = []

    init(_ text: String, _ option: String, _ index: Int) throws(ConfigurationError) {
        var literal: [UInt8] = []
        var rest = text[...]
        while let character = rest.first {
            rest.removeFirst()
            if character == "{" && rest.first == "{" || character == "}" && rest.first == "}" {
                rest.removeFirst()
                literal += Array(String(character).utf8)
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    throw ConfigurationError("a `{` without its `}`", option: option, value: index, help: "write `{{` for the character itself")
                }
                if !literal.isEmpty { pieces.append(.text(literal)) }
                literal = []
                pieces.append(try Self.variable(String(rest[..<end]), option, index))
                rest = rest[rest.index(after: end)...]
            } else {
                literal += Array(String(character).utf8)
            }
        }
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.text(literal)) }
    }

    private static func variable(_ name: String, _ option: String, _ index: Int) throws(ConfigurationError) -> Piece {
        switch name {
        case "client-address": return .clientAddress
        case "client-certificate": return .clientCertificate
        case "host": return .host
        case "method": return .method
        case "path": return .path
        case "query": return .query
        case "scheme": return .scheme
        case "target": return .target
        case "tls-version": return .tlsVersion
        default:
            if name.hasPrefix("field:"), let field = FieldName(name.dropFirst("field:".count)) { return .field(field) }
            throw ConfigurationError(
                "there is no variable `{\(name)}`", option: option, value: index,
                expected: names.map { "`{\($0)}`" }.joined(separator: ", "), help: "write `{{` for the character itself")
        }
    }

    /// The value for this request. Without variables nothing is built.
    func text(_ request: borrowing Request) -> [UInt8] {
        if pieces.count == 1, case .text(let bytes) = pieces[0] { return bytes }
        var bytes: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .text(let text): bytes += text
            case .clientAddress: bytes += Array((request.clientAddress.map(\.description) ?? "unix").utf8)
            case .clientCertificate: bytes += request.clientCertificate ?? []
            case .host: bytes += Array(request.authority.utf8)
            case .method: bytes += Array(request.methodText.utf8)
            case .path: bytes += Array(request.path.utf8)
            case .query: bytes += Array((request.query ?? "").utf8)
            case .scheme: bytes += Array((request.isHTTPS ? "https" : "http").utf8)
            case .target: bytes += Array(request.originalTarget.utf8)
            case .tlsVersion: if let version = request.tlsVersion { bytes += Array("\(version)".utf8) }
            case .field(let name): bytes += Array((request.fields[name] ?? "").utf8)
            }
        }
        return bytes
    }
}
