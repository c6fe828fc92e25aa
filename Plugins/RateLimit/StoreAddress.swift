import FilterAPI

/// Where a store is: `redis://user:password@host:port/database`, or `unix://password@/run/redis.sock?db=0`.
struct StoreAddress: Sendable {
    enum Place: Sendable {
        case host(String, port: Int32)
        case socket(String)
    }

    let place: Place
    let user: String?
    let password: String?
    let database: Int
    /// Without the password.
    let description: String

    private static let expected = "`redis://host:port/database` or `unix:///path/of.sock?db=0`"

    init(_ text: String) throws(ConfigurationError) {
        func wrong(_ message: String, help: String? = nil) -> ConfigurationError {
            ConfigurationError(message, option: "store", expected: Self.expected, help: help)
        }
        var rest: Substring
        let isSocket: Bool
        if text.hasPrefix("redis://") {
            rest = text.dropFirst("redis://".count)
            isSocket = false
        } else if text.hasPrefix("unix://") {
            rest = text.dropFirst("unix://".count)
            isSocket = true
        } else if text.hasPrefix("rediss://") {
            throw wrong("the store is reached without TLS", help: "put a tunnel such as stunnel between, or use `redis://` in a network of your own")
        } else {
            throw wrong("this is not the address of a store")
        }
        var user: String?
        var password: String?
        // The last `@` before the path: passwords may hold others, escaped.
        let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        if let at = rest[..<authorityEnd].lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { Self.decoded($0) }
            guard let first = parts[0], let last = parts[parts.count - 1] else { throw wrong("a malformed `%` escape in user or password") }
            password = last.isEmpty ? nil : last
            user = parts.count == 2 && !first.isEmpty ? first : nil
            rest = rest[rest.index(after: at)...]
        }
        self.user = user
        self.password = password
        if isSocket {
            let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts[0].hasPrefix("/"), parts[0].utf8.count > 1, parts[0].utf8.count < 108 else { throw wrong("a unix socket has an absolute path of at most 107 bytes") }
            place = .socket(String(parts[0]))
            var database = 0
            if parts.count == 2 {
                guard parts[1].hasPrefix("db="), let number = Int(parts[1].dropFirst(3)), number >= 0 else { throw wrong("`?\(parts[1])` is not a database") }
                database = number
            }
            self.database = database
            description = "unix://\(parts[0])"
        } else {
            let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            var host = parts[0]
            var port: Int32 = 6379
            if let colon = host.lastIndex(of: ":"), host.last != "]" {
                guard let number = UInt16(host[host.index(after: colon)...]), number > 0 else { throw wrong("`\(host)` has no valid port") }
                port = Int32(number)
                host = host[..<colon]
            }
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard !host.isEmpty, !host.contains(" ") else { throw wrong("the store has no host") }
            place = .host(String(host), port: port)
            var database = 0
            if parts.count == 2, !parts[1].isEmpty {
                guard let number = Int(parts[1]), number >= 0 else { throw wrong("`\(parts[1])` is not the number of a database") }
                database = number
            }
            self.database = database
            description = "redis://\(host):\(port)"
        }
    }

    /// Percent-escapes resolved; nil where one is malformed.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
