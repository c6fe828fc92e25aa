/// `[app:NAME]`
public struct AppPlan: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// Answers with the request as it arrived, as JSON.
        case echo
        case upstream(UpstreamPlan)
    }

    public var name: String
    public var kind: Kind
}

/// The servers of an app, and how they are talked to.
public struct UpstreamPlan: Sendable, Equatable {
    /// At least one, in the order of the file.
    public var servers: [ServerAddress]
    public var host: HostPolicy
    /// Paths with `%2F` and `%5C` come to it.
    public var takesEscapedSeparators: Bool
    public var timeouts: UpstreamTimeoutsPlan
    /// Connections at once, over all servers and loops; 0 is no limit.
    public var maxConnections: Int
    /// The file says so; it is not the default.
    public var isMaxConnectionsGiven: Bool
    /// Unused connections that each loop keeps.
    public var maxIdle: Int
    /// Requests that wait on each loop for a connection.
    public var queueLength: Int
    public var retry: RetryPlan
    /// nil resolves names once, at start.
    public var resolveEvery: Duration?
    public var forwardedFields: ForwardedFields
    public var tls: UpstreamTLSPlan
    /// By all servers.
    public var spoken: AppProtocol

    /// All servers are reached by TLS.
    public var usesTLS: Bool { servers.first?.isSecure ?? false }
}

/// What the servers of an app speak.
public enum AppProtocol: String, Sendable {
    case http1 = "http/1.1"
    case http2 = "h2"
    /// What each says by TLS (ALPN).
    case negotiated = "auto"
}

/// How `https://` servers are talked to. Files are as the operator wrote them: absolute, or relative to the working directory.
public struct UpstreamTLSPlan: Sendable, Equatable {
    /// nil is the system's store.
    public var authorities: String?
    public var verifies: Bool
    /// A name, or an address without brackets; nil is the name of the server.
    public var name: String?
    public var certificate: String?
    public var key: String?
}

/// The Host field that an app gets.
public enum HostPolicy: Sendable, Equatable {
    /// The client's.
    case preserve
    /// The name and port of the server that the request goes to.
    case server
    case fixed(String)
}

/// How long an app may make no progress. nil is "off" throughout.
public struct UpstreamTimeoutsPlan: Sendable, Equatable {
    /// For one server.
    public var connect: Duration
    /// From the last byte of the request to the response head.
    public var response: Duration?
    /// Between two bytes of a response body.
    public var bodyIdle: Duration?
    /// While request bytes wait and the app takes none.
    public var sendIdle: Duration?
    /// While neither side of a tunnel sends anything.
    public var tunnelIdle: Duration?
    /// An unused connection in the pool.
    public var idle: Duration
    /// A request in the queue for a connection.
    public var queue: Duration
}

/// When a request is sent again.
public struct RetryPlan: Sendable, Equatable {
    /// Whether a request with an idempotent method is sent once more when a reused connection fails before the first byte of a
    /// response.
    public var idempotent: Bool
    /// Tries in all while no byte of the request can have reached the app; at least 1.
    public var tries: Int
}

/// Fields about the client that an app gets.
public struct ForwardedFields: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
    public static let xForwarded = ForwardedFields(rawValue: 1)
    /// Forwarded (RFC 7239).
    public static let forwarded = ForwardedFields(rawValue: 2)
    /// Via (RFC 9110 §7.6.3), under the gateway's pseudonym.
    public static let via = ForwardedFields(rawValue: 4)
}
