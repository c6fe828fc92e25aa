import Configuration

extension Plan {
    /// The plan as text, one value a line: what the golden files hold.
    var dump: String {
        var lines: [String] = []
        lines.append("gateway")
        lines.append("  loops            \(gateway.loops)")
        lines.append("  drain delay      \(gateway.drainDelay)")
        lines.append("  drain timeout    \(text(gateway.drainTimeout))")
        lines.append("  access log       \(gateway.accessLog.map { "\($0.target) \($0.format)" } ?? "off")")
        lines.append("  trusted proxies  \(text(gateway.trustedProxies))")
        lines.append("  via              \(gateway.via ?? "off")")
        lines.append("  filter timing    \(gateway.filterTiming.map(String.init) ?? "off")")
        for listener in listeners { lines += dump(listener) }
        for router in routers {
            lines.append("router \(router.name)")
            for route in router.routes {
                let key = (route.host.map(\.description) ?? "") + route.path
                lines.append("  \(key) -> \(text(route.destination)) \(route.rewrite)  # \(route.location)")
            }
        }
        for pipeline in pipelines {
            let steps = pipeline.filters.map { "filter \(filters[$0].name)" } + [text(pipeline.destination)]
            lines.append("pipeline \(pipeline.name)")
            lines.append("  \(steps.joined(separator: ", "))")
        }
        for filter in filters {
            lines.append("filter \(filter.name): \(filter.use)  # \(filter.location)")
            for name in filter.options.names {
                lines.append("  \(name) = \(filter.options[name].map(\.description).joined(separator: " | "))")
            }
        }
        for app in apps { lines += dump(app) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func dump(_ listener: ListenerPlan) -> [String] {
        let times = listener.timeouts
        return [
            "listener \(listener.name)",
            "  addresses        " + listener.addresses.map { "\($0)" }.joined(separator: " ")
                + listener.addresses.compactMap { if case .unix(_, let mode) = $0 { " mode 0\(String(mode, radix: 8))" } else { nil } }.joined(),
            "  serve            \(text(listener.serve))"
                + (listener.through.isEmpty ? "" : ", through \(listener.through.map { "filter \(filters[$0].name)" }.joined(separator: ", "))"),
            "  protocols        \(listener.protocols.joined(separator: " "))",
            "  connections      \(listener.maxConnections), backlog \(listener.backlog)",
            "  head             \(listener.headLimits.headBytes) bytes, target \(listener.headLimits.targetBytes), fields \(listener.headLimits.fieldCount)",
            "  body             \(listener.maxBodyBytes.map(String.init) ?? "off")",
            "  keep alive       \(times.keepAlive), requests \(listener.keepAliveRequests)",
            "  server timing    \(listener.tellsTimes)",
            "  head timeout     \(text(times.head))",
            "  body             idle \(text(times.bodyIdle)), rate \(times.minBodyRate.map(String.init) ?? "off")",
            "  write            idle \(text(times.writeIdle)), rate \(times.minWriteRate.map(String.init) ?? "off")",
            "  rate grace       \(times.rateGrace)",
            "  trusted proxies  \(text(listener.trustedProxies))",
        ]
    }

    private func dump(_ app: AppPlan) -> [String] {
        guard case .upstream(let upstream) = app.kind else { return ["app \(app.name): echo"] }
        let times = upstream.timeouts
        var fields: [String] = []
        if upstream.forwardedFields.contains(.xForwarded) { fields.append("x-forwarded") }
        if upstream.forwardedFields.contains(.forwarded) { fields.append("forwarded") }
        if upstream.forwardedFields.contains(.via) { fields.append("via") }
        return [
            "app \(app.name)",
            "  servers          " + upstream.servers.map(\.description).joined(separator: " "),
            "  protocol         \(upstream.spoken.rawValue)",
        ] + (upstream.usesTLS ? ["  tls              \(text(upstream.tls))"] : []) + [
            "  host             \(upstream.host)",
            "  paths            escaped separators \(upstream.takesEscapedSeparators ? "on" : "off")",
            "  connect          \(times.connect), tries \(upstream.retry.tries), retry idempotent \(upstream.retry.idempotent)",
            "  response         \(text(times.response)), body idle \(text(times.bodyIdle)), send idle \(text(times.sendIdle))",
            "  pool             \(upstream.maxConnections) connections, \(upstream.maxIdle) idle for \(times.idle)",
            "  queue            \(upstream.queueLength) for \(times.queue)",
            "  resolve every    \(text(upstream.resolveEvery))",
            "  fields           \(fields.isEmpty ? "off" : fields.joined(separator: " "))",
        ]
    }

    private func text(_ tls: UpstreamTLSPlan) -> String {
        let own = tls.certificate.map { ", own certificate \($0) with key \(tls.key ?? "none")" } ?? ""
        return "\(tls.verifies ? "verified by \(tls.authorities ?? "the system's store")" : "not verified"), name \(tls.name ?? "of the server")\(own)"
    }
    private func text(_ duration: Duration?) -> String { duration.map { "\($0)" } ?? "off" }
    private func text(_ networks: [CIDR]) -> String {
        networks.isEmpty ? "none" : networks.map(\.description).joined(separator: " ")
    }
    private func text(_ destination: Destination) -> String {
        switch destination {
        case .app: "app \(name(of: destination))"
        case .router: "router \(name(of: destination))"
        case .pipeline: "pipeline \(name(of: destination))"
        }
    }
}
