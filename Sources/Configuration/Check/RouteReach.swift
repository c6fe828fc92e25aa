/// Warns of routes that no request can take, because of the hosts and paths by which their router is reached.
///
/// Routes of one router never hide each other: the most specific wins and two alike are an error. But a router that is mounted
/// on another one sees only what the outer route lets through.
struct RouteReach {
    /// What is known of every request that comes to a router by one way.
    private struct Way {
        var host: HostPattern?
        /// The segments that the path begins with, as the router sees it.
        var prefix: [String] = []
        /// The last route on the way, if there was one.
        var mount: (router: Int, route: Int)?
    }

    private let builder: PlanBuilder
    private let graph: Graph
    private let order: [Int]
    /// More ways than this to one section are taken as "anything may come".
    private static let wayLimit = 32

    /// - Parameter order: every node before those that it leads to.
    init(_ builder: PlanBuilder, _ graph: Graph, _ order: [Int]) {
        self.builder = builder
        self.graph = graph
        self.order = order
    }

    func run(_ report: inout Report) {
        var ways = [[Way]](repeating: [], count: builder.routes.count + builder.pipelineLinks.count)
        func add(_ way: Way, to destination: Destination) {
            guard let node = graph.node(destination) else { return }
            if ways[node].count < Self.wayLimit {
                ways[node].append(way)
            } else {
                ways[node] = [Way()] + ways[node].dropFirst()
            }
        }
        let tables = builder.routes.map(table)
        for link in builder.serve { if let link { add(Way(), to: link.destination) } }
        for node in order where !ways[node].isEmpty {
            guard node < builder.routes.count else {
                if let link = builder.pipelineLinks[node - builder.routes.count] {
                    for way in ways[node] { add(way, to: link.destination) }
                }
                continue
            }
            for (index, route) in builder.routes[node].enumerated() {
                let open = ways[node].filter { isOpen($0, route, tables) }
                if open.isEmpty {
                    warn(route, ways[node][0], &report)
                } else if let link = builder.routeLinks[node][index] {
                    for way in open { add(narrowed(way, by: route, (node, index)), to: link.destination) }
                }
            }
        }
    }

    private struct Place: Hashable {
        var host: HostPattern?
        var path: RoutePath
    }

    private func table(_ routes: [CheckedRoute]) -> Set<Place> {
        Set(routes.map { Place(host: $0.host, path: $0.path) })
    }

    /// Whether requests that come by a way can take a route.
    private func isOpen(_ way: Way, _ route: CheckedRoute, _ tables: [Set<Place>]) -> Bool {
        guard hostsMeet(way.host, route.host) else { return false }
        let path = route.path.segments
        guard path.starts(with: way.prefix) || way.prefix.starts(with: path) else { return false }
        guard let mount = way.mount else { return true }
        // A longer route beside the mount takes its requests away before they come here.
        let outer = builder.routes[mount.router][mount.route]
        var needed = outer.path.segments
        switch outer.rewrite {
        case .none: if path.count > needed.count { needed = path }
        case .stripPrefix: needed += path
        case .replacePrefix(let text): needed += path.dropFirst(text.split(separator: "/").count)
        }
        for count in stride(from: outer.path.segments.count + 1, through: needed.count, by: 1) {
            let place = Place(host: outer.host, path: RoutePath(segments: Array(needed.prefix(count))))
            if tables[mount.router].contains(place) { return false }
        }
        return true
    }

    /// What is known of the requests of a way once they took a route.
    private func narrowed(_ way: Way, by route: CheckedRoute, _ mount: (Int, Int)) -> Way {
        let path = route.path.segments
        let known = path.count > way.prefix.count ? path : way.prefix
        var narrowed = Way(host: narrower(way.host, route.host), mount: mount)
        switch route.rewrite {
        case .none: narrowed.prefix = known
        case .stripPrefix: narrowed.prefix = Array(known.dropFirst(path.count))
        case .replacePrefix(let text): narrowed.prefix = text.split(separator: "/").map(String.init) + known.dropFirst(path.count)
        }
        return narrowed
    }

    private func warn(_ route: CheckedRoute, _ way: Way, _ report: inout Report) {
        var help = "what comes before this router sends such requests elsewhere"
        var notes: [(String, SourceRange)] = []
        if let mount = way.mount {
            let outer = builder.routes[mount.router][mount.route]
            notes = [("the route that leads to this router", outer.key)]
            if !hostsMeet(way.host, route.host) {
                help = "only requests for \(quoted(way.host?.description ?? "")) come to this router"
            } else if !way.prefix.isEmpty, !route.path.segments.starts(with: way.prefix) {
                let path = RoutePath(segments: way.prefix).text
                help = "only paths at and below \(quoted(path)) come to this router; `strip-prefix` on the route that leads here would take that off"
            } else {
                help = "a longer route in \(builder.routerSections[mount.router].title) takes these requests"
            }
        }
        report.warning(.routeUnreachable, at: route.key, "no request can take this route", help: help, notes: notes)
    }

    // MARK: Hosts

    private func hostsMeet(_ left: HostPattern?, _ right: HostPattern?) -> Bool {
        guard let left, let right else { return true }
        switch (left, right) {
        case (.exact(let a, let aPort), .exact(let b, let bPort)): return a == b && (aPort == nil || bPort == nil || aPort == bPort)
        case (.exact(let host, _), .wildcard(let suffix)), (.wildcard(let suffix), .exact(let host, _)):
            return host.hasSuffix("." + suffix)
        case (.wildcard(let a), .wildcard(let b)): return a == b || a.hasSuffix("." + b) || b.hasSuffix("." + a)
        }
    }

    /// The narrower of two patterns that meet.
    private func narrower(_ left: HostPattern?, _ right: HostPattern?) -> HostPattern? {
        guard let left else { return right }
        guard let right else { return left }
        switch (left, right) {
        case (.exact(_, nil), .exact): return right
        case (.exact, _): return left
        case (_, .exact): return right
        case (.wildcard(let a), .wildcard(let b)): return a.utf8.count >= b.utf8.count ? left : right
        }
    }
}
