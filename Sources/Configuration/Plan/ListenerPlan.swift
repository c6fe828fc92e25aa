/// `[listener:NAME]`
public struct ListenerPlan: Sendable, Equatable {
    public var name: String
    /// At least one; no two listeners share one.
    public var addresses: [ListenAddress]
    public var serve: Destination
    /// Of `h2`, `http/1.1` and `h2c`.
    public var protocols: [String]
    /// Indexes into the plan's filters: those that work on its connections, the outermost first.
    public var through: [Int]
    /// Connections open at once, over all loops and addresses; 0 is no limit.
    public var maxConnections: Int
    /// The file says so; it is not the default.
    public var isMaxConnectionsGiven: Bool
    /// As for `listen(2)`.
    public var backlog: Int
    public var headLimits: HeadLimitsPlan
    /// Size of a request body in bytes; nil is no limit.
    public var maxBodyBytes: UInt64?
    public var timeouts: ListenerTimeoutsPlan
    /// Requests on one connection; 0 is no limit.
    public var keepAliveRequests: Int
    /// Responses have a `Server-Timing` field.
    public var tellsTimes: Bool
    /// Networks whose forwarding fields are believed on this listener: its own list, or the gateway's.
    public var trustedProxies: [CIDR]
}

/// How large a request head may be.
public struct HeadLimitsPlan: Sendable, Equatable {
    /// From the request line to the empty line, in bytes; at most 32 KiB.
    public var headBytes: Int
    /// The request target, in bytes; at most `headBytes`.
    public var targetBytes: Int
    /// Field lines; at most 256.
    public var fieldCount: Int
}

/// How long a client may make no progress. nil is "off" throughout.
public struct ListenerTimeoutsPlan: Sendable, Equatable {
    /// A connection without a request.
    public var keepAlive: Duration
    /// From the first byte of a head, or from the accept, to its last.
    public var head: Duration?
    /// Between two bytes of a request body.
    public var bodyIdle: Duration?
    /// Bytes a second that a request body has to reach on average.
    public var minBodyRate: UInt64?
    /// While response bytes wait and the client takes none.
    public var writeIdle: Duration?
    /// Bytes a second that the client has to take on average while bytes wait.
    public var minWriteRate: UInt64?
    /// How long the rates do not count at the start of a body.
    public var rateGrace: Duration
}
