/// Routers that may be mounted in each other, and the way of a request through them.
///
/// Each router decides by itself: the one that a route leads to sees only the requests that took this route, with the path as the route
/// rewrote it, and what it has no route for is not found; no other route of the outer router is tried. So a route is a fence: what
/// stands at its destination is all that its requests can reach.
public struct RouterSet: Sendable {
    /// Where a route leads.
    public enum Destination: Equatable, Sendable {
        /// The caller's number of an app.
        case app(Int)
        /// Another router: its index in the set.
        case router(Int)
    }

    /// What a router does with the requests that its table's value names.
    public struct Route: Sendable {
        public var destination: Destination
        public var rewrite: PathRewrite

        public init(_ destination: Destination, rewrite: PathRewrite = .none) {
            self.destination = destination
            self.rewrite = rewrite
        }
    }

    /// One router: a table whose values are indexes into `routes`.
    public struct Router: Sendable {
        let table: RouteTable
        let routes: [Route]

        public init(_ table: RouteTable, routes: [Route]) {
            self.table = table
            self.routes = routes
        }
    }

    private let routers: [Router]
    private static let root: [UInt8] = [UInt8(ascii: "/")]

    /// No router may lead to itself, by whatever way: a request that took it would never arrive.
    public init(_ routers: [Router]) { self.routers = routers }

    /// The app that a request comes to from router `start`, and what of its path is sent; nil if a router on the way has no route
    /// for it. Allocates only where a route rewrites with `replacePrefix` on the way to another router. See `RouteTable.match` for the
    /// parameters.
    public func find(
        from start: Int, authority: Span<UInt8>, defaultPort: UInt16, path: Span<UInt8>, shape: PathShape
    ) -> FoundRoute? {
        var found = FoundRoute(app: 0)
        var router = start
        while true {
            guard let match = match(in: router, found, authority, defaultPort, path, shape) else { return nil }
            let route = routers[router].routes[match.value]
            found.apply(route.rewrite, match.prefixLength, path)
            switch route.destination {
            case .app(let app):
                found.app = app
                return found
            case .router(let next): router = next
            }
        }
    }

    /// The same way, router by router, for those who explain it.
    public func trail(
        from start: Int, authority: Span<UInt8>, defaultPort: UInt16, path: Span<UInt8>, shape: PathShape
    ) -> RouteTrail {
        var trail = RouteTrail()
        var found = FoundRoute(app: 0)
        var router = start
        while true {
            let match = match(in: router, found, authority, defaultPort, path, shape)
            trail.stops.append(RouteTrail.Stop(router: router, path: found.sentPath(of: path), route: match?.value))
            guard let match else { return trail }
            let route = routers[router].routes[match.value]
            found.apply(route.rewrite, match.prefixLength, path)
            switch route.destination {
            case .app(let app):
                found.app = app
                trail.found = found
                return trail
            case .router(let next): router = next
            }
        }
    }

    private func match(
        in router: Int, _ found: FoundRoute, _ authority: Span<UInt8>, _ defaultPort: UInt16, _ path: Span<UInt8>, _ shape: PathShape
    ) -> RouteMatch? {
        if let replacement = found.replacement {
            // Rare: a router behind a replaced prefix. What is matched must lie in one piece.
            var whole = replacement
            for index in found.rest..<path.count { whole.append(path[index]) }
            return routers[router].table.match(
                authority: authority, defaultPort: defaultPort, path: whole.span, shape: PathShape(isPlain: false))
        }
        if found.rest == path.count {
            let root = Self.root
            return routers[router].table.match(authority: authority, defaultPort: defaultPort, path: root.span, shape: shape)
        }
        return routers[router].table.match(
            authority: authority, defaultPort: defaultPort, path: path.extracting(found.rest..<path.count), shape: shape)
    }
}
