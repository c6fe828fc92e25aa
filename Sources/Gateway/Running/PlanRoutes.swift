import Configuration
import Proxy
import Routing

/// From the routers and pipelines of a plan to compiled ones. Each router is compiled once, however often it is mounted. Destinations are
/// numbers: the apps in their order, then the pipelines.
struct PlanRoutes {
    private let plan: Plan
    private let routers: RouterSet

    init(_ plan: Plan) {
        self.plan = plan
        routers = RouterSet(plan.routers.map { Self.compile($0, in: plan) })
    }

    /// Where the requests of a listener go that serves `destination`.
    func settings(of destination: Destination) -> RouteSettings {
        switch plan.next(destination) {
        case .app(let number): .destination(number)
        case .router(let router): .routers(routers, start: router)
        }
    }

    /// The pipelines in the order of the plan. One that leads to another holds the other's filters too.
    var pipelines: [PipelineSettings] {
        plan.pipelines.map { pipeline in
            var filters = pipeline.filters
            var destination = pipeline.destination
            while case .pipeline(let next) = destination {
                filters += plan.pipelines[next].filters
                destination = plan.pipelines[next].destination
            }
            return PipelineSettings(name: pipeline.name, filters: filters, routes: settings(of: destination))
        }
    }

    private static func compile(_ router: RouterPlan, in plan: Plan) -> RouterSet.Router {
        let rules = router.routes.enumerated().map { rule(of: $1, value: $0) }
        let routes = router.routes.map { RouterSet.Route(plan.next($0.destination), rewrite: rewrite(of: $0)) }
        do {
            return RouterSet.Router(try RouteTable(rules), routes: routes)
        } catch {
            preconditionFailure("a checked router is no route table: \(error)")
        }
    }

    /// A route as a rule of a table.
    static func rule(of route: RoutePlan, value: Int) -> RouteRule { RouteRule(host: hostRule(route.host), path: route.path, value: value) }

    private static func hostRule(_ pattern: HostPattern?) -> HostRule {
        switch pattern {
        case nil: .any
        case .exact(let host, let port): .exact(host, port: port.map { UInt16($0) })
        case .wildcard(let suffix): .wildcard(suffix: suffix)
        }
    }

    private static func rewrite(of route: RoutePlan) -> Routing.PathRewrite {
        switch route.rewrite {
        case .none: return .none
        case .stripPrefix: return .stripPrefix
        case .replacePrefix(let path):
            guard let replacing = Routing.PathRewrite.replacingPrefix(with: path) else {
                preconditionFailure("a checked path is one that a request may have")
            }
            return replacing
        }
    }
}

extension Plan {
    /// Where requests go first that are sent to `destination`: pipelines without filters are nothing on the way.
    fileprivate func next(_ destination: Destination) -> RouterSet.Destination {
        var destination = destination
        while true {
            switch destination {
            case .app(let app): return .app(app)
            case .router(let router): return .router(router)
            case .pipeline(let index):
                if !pipelines[index].filters.isEmpty { return .app(apps.count + index) }
                destination = pipelines[index].destination
            }
        }
    }
}
