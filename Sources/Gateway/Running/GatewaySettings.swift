import EventLoops
import Proxy
import Telemetry

/// Everything that `GatewayProcess` needs to serve, resolved from a plan or from the command line. Immutable.
public struct GatewaySettings: Sendable {
    /// Event loops; 0 for one a core.
    public var loops = 0
    /// Milliseconds between SIGTERM and the drain, in which filters know that the gateway ends.
    public var drainDelay: Int64 = 0
    /// Milliseconds for exchanges in flight when the drain has begun.
    public var drainTimeout: Int64 = 30_000
    public var accessLog: AccessLogSettings?
    public var apps: [AppSettings]
    public var filters: [FilterSettings] = []
    public var pipelines: [PipelineSettings] = []
    /// One exchange of so many has its filters timed; 0 for none.
    public var filterTiming = 0
    public var listeners: [ListenerSetup]
    /// Connections that the operator asked for by `max-connections`, on both sides; defaults do not count.
    public var connectionsAskedFor = 0

    public init(apps: [AppSettings], listeners: [ListenerSetup]) {
        self.apps = apps
        self.listeners = listeners
    }
}

/// One listener: where it listens, what it demands, and where its requests go.
public struct ListenerSetup: Sendable {
    public var addresses: [SocketAddress]
    public var backlog: Int32
    /// Permission bits of the files of unix addresses.
    public var socketMode: UInt16 = 0o660
    /// Connections open at once, over all loops and addresses; `Int.max` for no limit.
    public var maxConnections = Int.max
    public var settings: ListenerSettings
    public var routes: RouteSettings

    public init(addresses: [SocketAddress], backlog: Int32 = 1024, settings: ListenerSettings, routes: RouteSettings) {
        self.addresses = addresses
        self.backlog = backlog
        self.settings = settings
        self.routes = routes
    }
}

public struct AccessLogSettings: Sendable {
    public var target: LogWriter.Target
    public var format: AccessLogEncoder.Format

    public init(target: LogWriter.Target, format: AccessLogEncoder.Format) {
        self.target = target
        self.format = format
    }
}
