import Configuration
import Proxy
import Routing

/// A destination of the plan as one route table: routers mounted in routers become rules of their own, so that a request is matched
/// once however deep its app lies.
struct RouteFlattening {
    private let plan: Plan
    private var rules: [RouteRule] = []
    private var targets: [RouteTarget] = []
    private var seen: Set<Place> = []

    private struct Place: Hashable {
        var host: HostRule
        var path: [String]
    }

    /// A part of the paths that clients send, and as what it is seen by the router it leads to.
    private struct Mount {
        var host: HostRule
        /// As clients send it.
        var path: [String]
        /// What stands for it after the rewrites so far; nil while none was made.
        var seenAs: [String]?

        var view: [String] { seenAs ?? path }
    }

    /// The routes of a listener that serves `destination`.
    static func routes(of destination: Destination, in plan: Plan) -> RouteSettings {
        if case .app(let app) = plan.behindPipelines(destination) { return .app(app) }
        var flattening = RouteFlattening(plan: plan)
        flattening.add(destination, Mount(host: .any, path: [], seenAs: nil))
        do {
            return .table(try RouteTable(flattening.rules), targets: flattening.targets)
        } catch {
            // The checker refuses what a table refuses, and `seen` keeps ties out.
            preconditionFailure("a checked router is no route table: \(error)")
        }
    }

    private init(plan: Plan) { self.plan = plan }

    private mutating func add(_ destination: Destination, _ mount: Mount) {
        switch plan.behindPipelines(destination) {
        case .app(let app): add(RouteTarget(app: app, rewrite: Self.rewrite(mount)), at: mount)
        case .pipeline: preconditionFailure("a pipeline leads to an app or a router")
        case .router(let index):
            // What the inner router does not know ends there: it does not fall back to a route of the outer one.
            for route in plan.routers[index].routes.sorted(by: { $0.segments.count > $1.segments.count }) {
                if let inner = Self.combine(mount, route) { add(route.destination, inner) }
            }
            add(RouteTarget(app: nil), at: mount)
        }
    }

    private mutating func add(_ target: RouteTarget, at mount: Mount) {
        guard seen.insert(Place(host: mount.host, path: mount.path)).inserted else { return }
        rules.append(RouteRule(host: mount.host, path: Self.text(mount.path), value: targets.count))
        targets.append(target)
    }

    /// The requests that reach `mount` and take `route` there; nil when there are none.
    private static func combine(_ mount: Mount, _ route: RoutePlan) -> Mount? {
        guard let host = combine(mount.host, hostRule(route.host)) else { return nil }
        let view = mount.view
        let shared = min(view.count, route.segments.count)
        guard view[..<shared] == route.segments[..<shared] else { return nil }
        // Below the mount: the route is longer than what is seen of it. At the mount: it covers all of it.
        let below = Array(route.segments[shared...])
        let rest = Array(view[shared...])
        var inner = Mount(host: host, path: mount.path + below, seenAs: mount.seenAs.map { _ in view + below })
        switch route.rewrite {
        case .none: break
        case .stripPrefix: inner.seenAs = rest
        case .replacePrefix(let path): inner.seenAs = path.split(separator: "/").map(String.init) + rest
        }
        return inner
    }

    private static func combine(_ outer: HostRule, _ inner: HostRule) -> HostRule? {
        switch (outer, inner) {
        case (.any, let other), (let other, .any): return other
        case (.exact(let one, let onePort), .exact(let other, let otherPort)):
            guard one == other, onePort == nil || otherPort == nil || onePort == otherPort else { return nil }
            return .exact(one, port: onePort ?? otherPort)
        case (.exact(let host, let port), .wildcard(let suffix)), (.wildcard(let suffix), .exact(let host, let port)):
            return host.hasSuffix("." + suffix) ? .exact(host, port: port) : nil
        case (.wildcard(let one), .wildcard(let other)):
            if one == other || one.hasSuffix("." + other) { return outer }
            return other.hasSuffix("." + one) ? inner : nil
        }
    }

    private static func hostRule(_ pattern: HostPattern?) -> HostRule {
        switch pattern {
        case nil: .any
        case .exact(let host, let port): .exact(host, port: port.map { UInt16($0) })
        case .wildcard(let suffix): .wildcard(suffix: suffix)
        }
    }

    private static func rewrite(_ mount: Mount) -> Routing.PathRewrite {
        guard let seenAs = mount.seenAs, seenAs != mount.path else { return .none }
        return seenAs.isEmpty ? .stripPrefix : .replacePrefix(Array(text(seenAs).utf8))
    }

    private static func text(_ segments: [String]) -> String { "/" + segments.joined(separator: "/") }
}

extension Plan {
    /// The app or router that pipelines lead to. No filter is built in yet, so there is nothing to run on the way.
    func behindPipelines(_ destination: Destination) -> Destination {
        var destination = destination
        while case .pipeline(let index) = destination { destination = pipelines[index].destination }
        return destination
    }
}
