/// Checks the addresses of all listeners against each other and against the servers of apps.
struct AddressCheck {
    let listeners: [CheckedSection]
    let apps: [CheckedSection]

    private struct Port: Hashable {
        var host: String
        var port: UInt16
    }

    func run(_ report: inout Report) {
        let bound = checkListeners(&report)
        checkServers(bound, &report)
    }

    /// Reports addresses that are taken already.
    ///
    /// - Returns: every TCP address and socket path that is listened on.
    private func checkListeners(_ report: inout Report) -> [Port: SourceRange] {
        var bound: [Port: SourceRange] = [:]
        for listener in listeners {
            for (address, word) in zip(listener.addresses, listener.words["listen"] ?? []) {
                let keys: [Port]
                switch address {
                // The kernel chooses another port each time.
                case .tcp(_, 0): continue
                case .tcp("*", let port): keys = [Port(host: "0.0.0.0", port: port), Port(host: "::", port: port)]
                case .tcp(let host, let port): keys = [Port(host: host, port: port)]
                case .unix(let path, _): keys = [Port(host: PathText.normalized(path), port: 0)]
                }
                if let first = keys.compactMap({ bound[$0] }).first {
                    report.error(
                        .listenDuplicate, at: word.range, "\(quoted(word.text)) is listened on twice",
                        help: ["0.0.0.0", "::"].contains(keys[0].host) ? "`*` is `0.0.0.0` and `[::]`" : nil,
                        notes: [("first here", first)])
                }
                for key in keys where bound[key] == nil { bound[key] = word.range }
            }
        }
        return bound
    }

    /// Warns of apps whose server is this gateway itself.
    private func checkServers(_ bound: [Port: SourceRange], _ report: inout Report) {
        for app in apps {
            for (value, word) in zip(app.values["servers"], app.words["servers"] ?? []) {
                guard case .serverAddress(let server) = value else { continue }
                let keys: [Port] =
                    switch server.endpoint {
                    case .unix(let path): [Port(host: PathText.normalized(path), port: 0)]
                    case .tcp("localhost", let port): ["127.0.0.1", "::1", "0.0.0.0", "::"].map { Port(host: $0, port: port) }
                    case .tcp(let host, let port) where host.hasPrefix("127."): [Port(host: host, port: port), Port(host: "0.0.0.0", port: port)]
                    case .tcp("::1", let port): [Port(host: "::1", port: port), Port(host: "::", port: port)]
                    case .tcp(let host, let port), .tls(let host, let port), .http2(let host, let port): [Port(host: host, port: port)]
                    }
                guard let listener = keys.compactMap({ bound[$0] }).first else { continue }
                report.warning(
                    .dangerSelf, at: word.range, "\(quoted(word.text)) is this gateway itself: a request would come back to it again and again",
                    notes: [("it listens here", listener)])
            }
        }
    }
}
