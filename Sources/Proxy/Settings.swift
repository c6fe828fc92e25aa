import EventLoops
import HTTPMessage
import Routing
import TLS
import Upstreams

/// Versions of HTTP that a listener speaks.
public struct SpokenProtocols: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let http1 = SpokenProtocols(rawValue: 1)
    /// By TLS, where the client chooses it.
    public static let http2 = SpokenProtocols(rawValue: 2)
    /// On plain connections whose client begins with it (RFC 9113 §3.3).
    public static let priorKnowledge = SpokenProtocols(rawValue: 4)
}

/// What one listener demands of its clients. Times are milliseconds; `Int64.max` means never.
public struct ListenerSettings: Sendable {
    public var name: String
    public var limits = HeadLimits()
    /// Bytes of a request body; `UInt64.max` for no limit.
    public var maxBodyBytes = UInt64.max
    /// Requests on one connection; 0 for no limit.
    public var requestsAConnection = 0
    /// An idle kept-alive connection is closed after this time.
    public var keepAliveTimeout: Int64 = 60_000
    /// From the first byte of a head (or from accept) to its end.
    public var headTimeout: Int64 = 15_000
    /// Without one byte of a body that is being received.
    public var bodyIdleTimeout: Int64 = 30_000
    /// Without the client taking one byte of what is being sent.
    public var writeIdleTimeout: Int64 = 60_000
    /// Bytes a second below which a body is given up, in both directions; 0 for no minimum.
    public var minBodyRate: Int64 = 240
    public var minWriteRate: Int64 = 240
    /// How long a body may be slower than that.
    public var rateGrace: Int64 = 10_000
    /// Proxies whose forwarding fields are believed.
    public var trustedProxies: [AddressRange] = []
    /// Responses say how long what took (`Server-Timing`).
    public var tellsTimes = false
    /// The scheme that apps are told.
    public var isHTTPS = false
    public var protocols: SpokenProtocols = [.http1, .http2]
    /// Indexes into the filters: those that work on its connections, the outermost first.
    public var through: [Int] = []

    public init(name: String) { self.name = name }

    /// Whether forwarding fields on a connection from `address` are believed.
    func trusts(_ address: SocketAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }
}

/// Who `Host` names to the app.
public enum HostPolicy: Sendable, Equatable {
    /// The client's.
    case preserve
    /// The server's own address.
    case server
    case fixed(String)
}

/// Which fields tell the app about the client.
public struct ForwardingFields: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let xForwarded = ForwardingFields(rawValue: 1)
    public static let forwarded = ForwardingFields(rawValue: 2)
    public static let via = ForwardingFields(rawValue: 4)
    public static let all: ForwardingFields = [.xForwarded, .forwarded, .via]
}

/// How an app is talked to. Times are milliseconds.
public struct UpstreamSettings: Sendable {
    public var name: String
    public var servers: [ServerTarget]
    public var host = HostPolicy.preserve
    public var connectTimeout: Int64 = 5_000
    /// From the end of the request to the response head.
    public var responseTimeout: Int64 = 60_000
    /// Without one byte of a response body.
    public var bodyIdleTimeout: Int64 = 60_000
    /// Without the app taking one byte of the request.
    public var sendIdleTimeout: Int64 = 60_000
    /// Without one byte either way in a tunnel.
    public var tunnelIdleTimeout: Int64 = 3_600_000
    /// This loop's share.
    public var pool = PoolLimits()
    public var retry = RetryAllowance()
    public var resolveEvery: Int64 = 30_000
    public var forwarding = ForwardingFields.all
    /// Paths with `%2F` and `%5C` go to this app; to others they are refused.
    public var takesEscapedSeparators = false
    public var viaPseudonym = "sluice"
    /// What its servers speak.
    public enum Spoken: Sendable {
        case http1
        /// By TLS if `tls` is there, else from the first byte on (RFC 9113 §3.3).
        case http2
        /// What each chooses by ALPN (RFC 7301): `tls` is there.
        case negotiated
    }
    public var spoken = Spoken.http1
    /// nil for plain connections.
    public var tls: UpstreamTLSSettings?
    /// What `tls` becomes when its files are read: `secure()`.
    public private(set) var security: UpstreamSecurity?
    public var limits = HeadLimits(headBytes: 32 * 1024, targetBytes: 8 * 1024, fieldCount: 256)

    public init(name: String, servers: [ServerTarget]) {
        self.name = name
        self.servers = servers
    }

    /// Reads the files that TLS needs. Errors: a file that cannot be read, named.
    public mutating func secure() throws(TLSSetupFault) {
        guard let tls else { return }
        func context(_ protocols: [String]) throws(TLSSetupFault) -> TLSClientContext {
            try TLSClientContext(trust: tls.trust, identity: tls.identity, protocols: protocols)
        }
        security = UpstreamSecurity(
            http1: try spoken == .http2 ? nil : context(["http/1.1"]),
            multiplexed: try spoken == .http1 ? nil : context(spoken == .http2 ? ["h2"] : ["h2", "http/1.1"]), name: tls.name)
    }
}

/// How an app is to be talked to by TLS: files that nobody has opened yet.
public struct UpstreamTLSSettings: Sendable {
    public var trust: ServerTrust
    public var identity: ClientIdentity?
    /// The name that certificates must have; nil for the server's own.
    public var name: String?

    public init(trust: ServerTrust, identity: ClientIdentity? = nil, name: String? = nil) {
        self.trust = trust
        self.identity = identity
        self.name = name
    }
}

/// The same, ready for use.
public struct UpstreamSecurity: Sendable {
    /// For connections of HTTP/1.1; nil if there are none.
    public var http1: TLSClientContext?
    /// For connections that may speak HTTP/2; nil if there are none.
    public var multiplexed: TLSClientContext?
    /// The name that certificates must have; nil for the server's own.
    public var name: String?
}

/// A server of an app as configured.
public enum ServerTarget: Sendable, Equatable {
    case address(SocketAddress)
    /// A name that is resolved, and resolved again.
    case name(host: String, port: UInt16)

    /// As written in logs and in `Host`: `host:port`, `unix:/path`.
    public var text: String {
        switch self {
        case .address(let address): address.text
        case .name(let host, let port): "\(host):\(port)"
        }
    }
}

/// What a route leads to.
public enum AppSettings: Sendable {
    /// The built-in demo app.
    case echo(name: String)
    case upstream(UpstreamSettings)

    /// The name of its section.
    public var name: String {
        switch self {
        case .echo(let name): name
        case .upstream(let upstream): upstream.name
        }
    }
}

/// Resolves a name off the loop. The answer comes on any thread: the addresses, or none when the name does not resolve.
public typealias NameResolution = @Sendable (_ host: String, _ port: UInt16, _ answer: @escaping @Sendable ([SocketAddress]) -> Void) -> Void

/// Told on a loop's thread when a call failed for want of descriptors or memory; `now` is milliseconds on the loop's clock. It must not
/// wait for anything.
public typealias ShortageReport = @Sendable (_ error: SystemError, _ now: Int64) -> Void

/// Everything that a loop needs to serve: immutable, shared by all loops.
public struct ProxySettings: Sendable {
    public var apps: [AppSettings]
    public var filters = FilterSet()
    public var pipelines: [PipelineSettings] = []
    /// One exchange of so many has its filters timed, and all decisions of filters are counted; 0 does neither.
    public var filterTiming = 0
    /// Bytes of a slab for heads; a head must fit.
    public var slabSize = 32 * 1024
    /// Bytes of a slab for bodies.
    public var bodySlabSize = 128 * 1024
    public var resolve: NameResolution?
    /// What names resolved to when the gateway started, by `host:port`.
    public var knownAddresses: [String: [SocketAddress]] = [:]
    public var shortage: ShortageReport?

    public init(apps: [AppSettings]) { self.apps = apps }

    /// Some app takes paths with `%2F` and `%5C`.
    var takesEscapedSeparators: Bool {
        apps.contains { if case .upstream(let upstream) = $0 { upstream.takesEscapedSeparators } else { false } }
    }
}

/// Where the requests of a listener or of a pipeline go. Destinations are numbers: the apps of `ProxySettings` in their order, then its
/// pipelines.
public enum RouteSettings: Sendable {
    /// All to one destination.
    case destination(Int)
    /// By host and path, from router `start` on.
    case routers(RouterSet, start: Int)
}

/// A range of IP addresses: `10.0.0.0/8`. IPv4 addresses mapped into IPv6 count as IPv4.
public struct AddressRange: Sendable, Equatable {
    private let isIPv6: Bool
    private let high: UInt64
    private let low: UInt64
    private let prefixLength: Int

    /// - Parameter prefixLength: leading bits that must agree: at most 32 for IPv4, 128 for IPv6.
    public init?(_ address: SocketAddress, prefixLength: Int) {
        let address = address.unmapped
        guard address.family != .unix, prefixLength >= 0, prefixLength <= (address.family == .ipv6 ? 128 : 32) else { return nil }
        isIPv6 = address.family == .ipv6
        (high, low) = Self.words(address)
        self.prefixLength = prefixLength
    }

    public func contains(_ address: SocketAddress) -> Bool {
        let address = address.unmapped
        guard address.family != .unix, (address.family == .ipv6) == isIPv6 else { return false }
        let (otherHigh, otherLow) = Self.words(address)
        let highBits = min(prefixLength, 64)
        let lowBits = max(0, prefixLength - 64)
        return (high ^ otherHigh) & Self.mask(highBits) == 0 && (low ^ otherLow) & Self.mask(lowBits) == 0
    }

    private static func mask(_ bits: Int) -> UInt64 { bits == 0 ? 0 : ~0 << UInt64(64 - bits) }

    private static func words(_ address: SocketAddress) -> (UInt64, UInt64) {
        let bytes = address.ipBytes
        var words: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 { words.0 = words.0 << 8 | UInt64(bytes[index]) }
        for index in 8..<16 { words.1 = words.1 << 8 | UInt64(bytes[index]) }
        return words
    }
}
