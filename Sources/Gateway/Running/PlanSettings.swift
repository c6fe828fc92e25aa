import Configuration
import EventLoops
import FilterAPI
import HTTPMessage
import Proxy
import TLS
import Telemetry
import Upstreams

/// From the plan, which is about the config, to the settings, which are about running.
extension GatewaySettings {
    public init(_ plan: Plan) {
        let routes = PlanRoutes(plan)
        let filters = plan.filters.map(FilterSettings.init)
        let filterPlaces = filters.map { type(of: $0.plugin).place }
        self.init(
            apps: plan.apps.map { AppSettings($0, plan.gateway) },
            listeners: plan.listeners.map { listener in
                var setup = ListenerSetup(
                    addresses: listener.addresses.flatMap(\.socketAddresses), backlog: Int32(clamping: listener.backlog),
                    settings: ListenerSettings(listener), routes: routes.settings(of: listener.serve))
                setup.maxConnections = listener.maxConnections == 0 ? .max : listener.maxConnections
                setup.settings.isHTTPS = listener.through.contains { filterPlaces[$0] == .secureListener }
                if let mode = listener.addresses.lazy.compactMap(\.socketMode).first { setup.socketMode = mode }
                return setup
            })
        connectionsAskedFor = plan.connectionsAskedFor
        self.filters = filters
        pipelines = routes.pipelines
        filterTiming = plan.gateway.filterTiming ?? 0
        if case .count(let count) = plan.gateway.loops { loops = count }
        drainDelay = plan.gateway.drainDelay.milliseconds
        drainTimeout = plan.gateway.drainTimeout.milliseconds
        accessLog = plan.gateway.accessLog.map { log in
            let target: LogWriter.Target =
                switch log.target {
                case .stdout: .descriptor(1)
                case .stderr: .descriptor(2)
                case .file(let path): .file(path: path)
                }
            return AccessLogSettings(target: target, format: log.format == .json ? .json : .combined)
        }
    }
}

extension Plan {
    fileprivate var connectionsAskedFor: Int {
        let clients = listeners.reduce(0) { $0 + ($1.isMaxConnectionsGiven ? $1.maxConnections : 0) }
        return apps.reduce(clients) { sum, app in
            guard case .upstream(let upstream) = app.kind, upstream.isMaxConnectionsGiven else { return sum }
            return sum + upstream.maxConnections
        }
    }
}

extension FilterSettings {
    fileprivate init(_ plan: FilterPlan) {
        guard let plugin = plan.made as? any FilterPlugin else { preconditionFailure("a checked filter was made") }
        self.init(name: plan.name, plugin: plugin)
        if let timeout = plan.options.duration("ask-timeout") { askTimeout = timeout.milliseconds }
        failsOpen = plan.options.word("on-failure") == "open"
    }
}

extension ListenerSettings {
    fileprivate init(_ plan: ListenerPlan) {
        self.init(name: plan.name)
        through = plan.through
        protocols = []
        if plan.protocols.contains("http/1.1") { protocols.insert(.http1) }
        if plan.protocols.contains("h2") { protocols.insert(.http2) }
        if plan.protocols.contains("h2c") { protocols.insert(.priorKnowledge) }
        limits = HeadLimits(
            headBytes: plan.headLimits.headBytes, targetBytes: plan.headLimits.targetBytes, fieldCount: plan.headLimits.fieldCount)
        maxBodyBytes = plan.maxBodyBytes ?? .max
        requestsAConnection = plan.keepAliveRequests
        tellsTimes = plan.tellsTimes
        keepAliveTimeout = plan.timeouts.keepAlive.milliseconds
        headTimeout = plan.timeouts.head.milliseconds
        bodyIdleTimeout = plan.timeouts.bodyIdle.milliseconds
        writeIdleTimeout = plan.timeouts.writeIdle.milliseconds
        minBodyRate = Int64(clamping: plan.timeouts.minBodyRate ?? 0)
        minWriteRate = Int64(clamping: plan.timeouts.minWriteRate ?? 0)
        rateGrace = plan.timeouts.rateGrace.milliseconds
        trustedProxies = plan.trustedProxies.compactMap { network in
            SocketAddress.parse(network.address.description, port: 0).flatMap { AddressRange($0, prefixLength: network.prefixLength) }
        }
    }
}

extension AppSettings {
    fileprivate init(_ plan: AppPlan, _ gateway: GatewayPlan) {
        switch plan.kind {
        case .echo: self = .echo(name: plan.name)
        case .upstream(let upstream): self = .upstream(UpstreamSettings(upstream, name: plan.name, gateway))
        }
    }
}

extension UpstreamSettings {
    fileprivate init(_ plan: UpstreamPlan, name: String, _ gateway: GatewayPlan) {
        self.init(name: name, servers: plan.servers.map(ServerTarget.init))
        switch plan.host {
        case .preserve: host = .preserve
        case .server: host = .server
        case .fixed(let text): host = .fixed(text)
        }
        takesEscapedSeparators = plan.takesEscapedSeparators
        connectTimeout = plan.timeouts.connect.milliseconds
        responseTimeout = plan.timeouts.response.milliseconds
        bodyIdleTimeout = plan.timeouts.bodyIdle.milliseconds
        sendIdleTimeout = plan.timeouts.sendIdle.milliseconds
        tunnelIdleTimeout = plan.timeouts.tunnelIdle.milliseconds
        pool = PoolLimits(
            maxConnections: plan.maxConnections, maxIdle: plan.maxIdle, idleTimeout: plan.timeouts.idle.milliseconds,
            queueLength: plan.queueLength, queueTimeout: plan.timeouts.queue.milliseconds)
        retry = RetryAllowance(tries: plan.retry.tries, resendsIdempotent: plan.retry.idempotent)
        resolveEvery = plan.resolveEvery.milliseconds
        spoken =
            switch plan.spoken {
            case .http1: .http1
            case .http2: .http2
            case .negotiated: .negotiated
            }
        if plan.usesTLS {
            let trust: ServerTrust = !plan.tls.verifies ? .anyone : plan.tls.authorities.map { .authorities(path: $0) } ?? .system
            var identity: ClientIdentity?
            if let certificate = plan.tls.certificate, let key = plan.tls.key { identity = ClientIdentity(certificate: certificate, key: key) }
            tls = UpstreamTLSSettings(trust: trust, identity: identity, name: plan.tls.name)
        }
        forwarding = []
        if plan.forwardedFields.contains(.xForwarded) { forwarding.insert(.xForwarded) }
        if plan.forwardedFields.contains(.forwarded) { forwarding.insert(.forwarded) }
        if let via = gateway.via, plan.forwardedFields.contains(.via) {
            forwarding.insert(.via)
            viaPseudonym = via
        }
    }
}

extension ServerTarget {
    fileprivate init(_ plan: ServerAddress) {
        switch plan {
        case .unix(let path):
            guard let address = SocketAddress.unix(path: path) else { preconditionFailure("a checked path fits an address") }
            self = .address(address)
        case .tcp(let host, let port), .tls(let host, let port), .http2(let host, let port):
            self = SocketAddress.parse(host, port: port).map(ServerTarget.address) ?? .name(host: host, port: port)
        }
    }
}

extension ListenAddress {
    fileprivate var socketMode: UInt16? {
        if case .unix(_, let mode) = self { mode } else { nil }
    }

    /// `*` is every IPv4 and every IPv6 address.
    fileprivate var socketAddresses: [SocketAddress] {
        switch self {
        case .tcp("*", let port): [.anyIPv4(port: port), .anyIPv6(port: port)]
        case .tcp(let host, let port): SocketAddress.parse(host, port: port).map { [$0] } ?? []
        case .unix(let path, _): SocketAddress.unix(path: path).map { [$0] } ?? []
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least 1 unless it is zero.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let rest = attoseconds / 1_000_000_000_000_000
        let (total, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return .max }
        return total == 0 && rest == 0 && attoseconds > 0 ? 1 : total &+ rest
    }
}

extension Duration? {
    /// Never, where it is off.
    var milliseconds: Int64 { self?.milliseconds ?? Int64.max / 4 }
}
