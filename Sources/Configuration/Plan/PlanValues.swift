// The step from checked values to the plan. Every value is there: it was checked, or is a default that reads as its type.

extension PlanBuilder {
    /// The plan of sections that were found to be right.
    func plan(_ filters: [FilterPlan], _ report: Report) -> Plan {
        Plan(
            gateway: gatewayPlan,
            listeners: listeners.indices.compactMap { index in serve[index].map { listenerPlan(listeners[index], $0.destination, through[index]) } },
            routers: routerSections.indices.map { router in
                RouterPlan(
                    name: routerSections[router].name,
                    routes: zip(routes[router], routeLinks[router]).compactMap { route, link in
                        guard let link else { return nil }
                        return RoutePlan(
                            host: route.host, path: route.path.text, segments: route.path.segments, destination: link.destination,
                            rewrite: route.rewrite, location: report.location(of: route.key))
                    })
            },
            pipelines: pipelineSections.indices.compactMap { pipeline in
                pipelineLinks[pipeline].map {
                    PipelinePlan(
                        name: pipelineSections[pipeline].name, filters: pipelineSteps[pipeline].map(\.filter), destination: $0.destination)
                }
            },
            filters: filters,
            apps: apps.map { AppPlan(name: $0.name, kind: appKind($0.values)) })
    }

    private var gatewayPlan: GatewayPlan {
        let values = gateway.values
        let target: AccessLogPlan.Target? =
            switch values.word("access-log") {
            case nil: nil
            case "stdout": .stdout
            case "stderr": .stderr
            case let path?: .file(path)
            }
        let format = values.word("access-log-format").flatMap(AccessLogPlan.Format.init) ?? .combined
        return GatewayPlan(
            loops: values.integer("loops").map(LoopCount.count) ?? .auto,
            drainDelay: values.required(values.duration, "drain-delay"),
            drainTimeout: values.duration("drain-timeout"),
            accessLog: target.map { AccessLogPlan(target: $0, format: format) },
            trustedProxies: values.networks("trusted-proxies"),
            via: values.word("via"),
            filterTiming: values.integer("filter-timing"))
    }

    private func listenerPlan(_ section: CheckedSection, _ serve: Destination, _ through: [Int]) -> ListenerPlan {
        let values = section.values
        return ListenerPlan(
            name: section.name,
            addresses: section.addresses,
            serve: serve,
            protocols: values.words("protocols"),
            through: through,
            maxConnections: values.integer("max-connections") ?? 0,
            isMaxConnectionsGiven: values.isGiven("max-connections"),
            backlog: values.required(values.integer, "backlog"),
            headLimits: HeadLimitsPlan(
                headBytes: Int(values.required(values.byteCount, "max-head")),
                targetBytes: Int(values.required(values.byteCount, "max-target")),
                fieldCount: values.required(values.integer, "max-fields")),
            maxBodyBytes: values.byteCount("max-body"),
            timeouts: ListenerTimeoutsPlan(
                keepAlive: values.required(values.duration, "keep-alive-timeout"),
                head: values.duration("head-timeout"),
                bodyIdle: values.duration("body-timeout"),
                minBodyRate: values.byteRate("min-body-rate"),
                writeIdle: values.duration("write-timeout"),
                minWriteRate: values.byteRate("min-write-rate"),
                rateGrace: values.required(values.duration, "min-rate-grace")),
            keepAliveRequests: values.integer("keep-alive-requests") ?? 0,
            tellsTimes: values.required(values.boolean, "server-timing"),
            trustedProxies: values.isGiven("trusted-proxies")
                ? values.networks("trusted-proxies") : gateway.values.networks("trusted-proxies"))
    }

    private func appKind(_ values: OptionValues) -> AppPlan.Kind {
        if values.word("use") == "echo" { return .echo }
        let host: HostPolicy =
            if let fixed = values.word("host") {
                .fixed(fixed)
            } else {
                values.isKeyword("host", "server") ? .server : .preserve
            }
        var fields: ForwardedFields = []
        for word in values.words("forwarded-fields") {
            switch word {
            case "x-forwarded": fields.insert(.xForwarded)
            case "forwarded": fields.insert(.forwarded)
            case "via": fields.insert(.via)
            default: preconditionFailure("the schema has a choice that the plan does not know: \(word)")
            }
        }
        let servers: [ServerAddress] = values["servers"].compactMap { if case .serverAddress(let server) = $0 { server } else { nil } }
        return .upstream(
            UpstreamPlan(
                servers: servers,
                host: host,
                takesEscapedSeparators: values.required(values.boolean, "escaped-separators"),
                timeouts: UpstreamTimeoutsPlan(
                    connect: values.required(values.duration, "connect-timeout"),
                    response: values.duration("response-timeout"),
                    bodyIdle: values.duration("body-timeout"),
                    sendIdle: values.duration("send-timeout"), tunnelIdle: values.duration("tunnel-timeout"),
                    idle: values.required(values.duration, "idle-timeout"),
                    queue: values.required(values.duration, "queue-timeout")),
                maxConnections: values.integer("max-connections") ?? 0,
                isMaxConnectionsGiven: values.isGiven("max-connections"),
                maxIdle: values.required(values.integer, "max-idle"),
                queueLength: values.required(values.integer, "queue-length"),
                retry: RetryPlan(
                    idempotent: values.required(values.boolean, "retry-idempotent"),
                    tries: values.required(values.integer, "tries")),
                resolveEvery: values.duration("resolve-interval"),
                forwardedFields: fields,
                tls: UpstreamTLSPlan(
                    authorities: values.word("tls-authorities"), verifies: values.required(values.boolean, "tls-verify"),
                    name: values.word("tls-name").map { Authority($0)?.host ?? $0 }, certificate: values.word("tls-certificate"),
                    key: values.word("tls-private-key")),
                spoken: servers.contains { $0.isHTTP2 } ? .http2 : values.word("protocol").flatMap(AppProtocol.init) ?? .http1))
    }
}

extension CheckedSection {
    /// The addresses of a listener, the socket files with their mode.
    var addresses: [ListenAddress] {
        var mode: UInt16 = 0
        if case .fileMode(let bits)? = values["socket-mode"].first { mode = bits }
        return values["listen"].compactMap { value in
            guard case .listenAddress(let address) = value else { return nil }
            if case .unix(let path, _) = address { return .unix(path: path, mode: mode) }
            return address
        }
    }
}

extension OptionValues {
    /// The value of an option that has a default and no keyword, so that it is always there.
    func required<Value>(_ read: (String) -> Value?, _ name: String) -> Value {
        guard let value = read(name) else { preconditionFailure("the schema gives \(name) no default") }
        return value
    }
}
