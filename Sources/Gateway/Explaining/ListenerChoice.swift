import Configuration

/// Which listener a request comes to.
struct ListenerChoice: Equatable {
    /// Its index in the plan.
    var index: Int
    /// Why this one.
    var cause: String

    /// - Parameter name: the one that the operator wants; nil to go by the URL.
    init(for request: ExplainedRequest, name: String?, among listeners: [ListenerPlan], isHTTPS: (Int) -> Bool) throws(ExplainFault) {
        if let name {
            guard let index = listeners.firstIndex(where: { $0.name == name }) else {
                let hint = nearestName(to: name, among: listeners.map(\.name)).map { " Did you mean \($0)?" } ?? ""
                throw .usage("There is no listener '\(name)'.\(hint)")
            }
            self.init(index: index, cause: "named on the command line")
            return
        }
        if listeners.count == 1 {
            self.init(index: 0, cause: "the only one")
            return
        }
        var found: [(index: Int, rank: Int)] = []
        for (index, listener) in listeners.enumerated() where isHTTPS(index) == request.isHTTPS {
            let ranks = listener.addresses.compactMap { Self.rank($0, request) }
            if let rank = ranks.max() { found.append((index, rank)) }
        }
        let best = found.filter { $0.rank == found.map(\.rank).max() }
        guard let first = best.first, best.count == 1 else {
            let list = listeners.map { "\($0.name) (\($0.addresses.map(\.description).joined(separator: " ")))" }.joined(separator: ", ")
            let what = best.isEmpty ? "No listener accepts" : "Several listeners accept"
            throw .usage("\(what) \(request.isHTTPS ? "https" : "http") on port \(request.port) of \(request.host): name one of \(list) with --listener.")
        }
        self.init(index: first.index, cause: "it has the port of the URL")
    }

    private init(index: Int, cause: String) {
        self.index = index
        self.cause = cause
    }

    /// How well an address fits the URL; nil if its port is another.
    private static func rank(_ address: ListenAddress, _ request: ExplainedRequest) -> Int? {
        guard case .tcp(let host, let port) = address, port == request.port else { return nil }
        let own = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if own == request.host { return 2 }
        return ["*", "0.0.0.0", "::"].contains(own) ? 1 : 0
    }
}
