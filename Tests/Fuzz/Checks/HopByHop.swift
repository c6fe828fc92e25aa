import HTTPMessage

/// Which fields go no further, written out by name (RFC 9110 §7.6.1, §6.5.1) with none of the writer's code.
extension StrictHead {
    private static let hopByHop: Set = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]
    static let requestStops = hopByHop.union(["host", "content-length", "expect", "proxy-authorization"])
    static let responseStops = hopByHop.union(["content-length"])
    static let forwarding: Set = [
        "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip", "client-cert",
        "client-cert-chain",
    ]
    /// Framing, routing and authentication, and what speaks of the connection: never in a trailer.
    static let trailerStops = hopByHop.union(forwarding).union([
        "content-length", "host", "authorization", "proxy-authorization", "cookie", "set-cookie", "location", "content-type",
        "content-encoding", "expect",
    ])
    /// What a client cannot take away by nominating it in `Connection`.
    private static let protected = forwarding.union([
        "host", "content-length", "transfer-encoding", "content-type", "content-encoding", "content-range", "authorization", "cookie",
        "set-cookie", "origin", "x-request-id", "gateway-reason", "location", "cache-control", "vary",
    ])

    /// The fields that are passed on: neither in `stops`, nor nominated in a `Connection` field, nor an alias of a known name.
    static func passedOn(_ fields: [ParsedField], dropping stops: Set<String>) -> [ParsedField] {
        let options = fields.filter { $0.name.lowercased() == "connection" }
            .flatMap { $0.value.split(separator: UInt8(ascii: ",")) }
            .map { String(decoding: $0, as: UTF8.self).trimmingBlanks.lowercased() }
        let nominated = Set(options).subtracting(protected).subtracting(["close"])
        return fields.filter { field in
            let name = field.name.lowercased()
            return !stops.contains(name) && !nominated.contains(name) && (common(name) == name || knownNames[common(name)] == nil)
        }
    }

    /// The name as CGI's rules read it: in lower case, and a dash for all that is neither letter nor digit.
    static func common(_ name: String) -> String {
        String(name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }

    /// Lines of `head` that frame a body.
    static func framingLines(_ head: [UInt8]) -> Int {
        head.split(separator: UInt8(ascii: "\n")).count { line in
            let name = common(String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self))
            return name == "content-length" || name == "transfer-encoding"
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let isBlank = { (scalar: Character) in scalar == " " || scalar == "\t" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
