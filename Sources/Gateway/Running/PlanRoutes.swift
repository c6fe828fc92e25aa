import Configuration
import Proxy
import Routing

/// From the routers of a plan to compiled ones. Each is compiled once, however often it is mounted.
struct PlanRoutes {
    private let plan: Plan
    private let routers: RouterSet

    init(_ plan: Plan) {
        self.plan = plan
        routers = RouterSet(plan.routers.map { Self.compile($0, in: plan) })
    }

    /// Where the requests of a listener go that serves `destination`.
    func settings(of destination: Destination) -> RouteSettings {
        switch plan.behindPipelines(destination) {
        case .app(let app): .app(app)
        case .router(let router): .routers(routers, start: router)
        }
    }

    private static func compile(_ router: RouterPlan, in plan: Plan) -> RouterSet.Router {
        let rules = router.routes.enumerated().map { index, route in
            RouteRule(host: hostRule(route.host), path: route.path, value: index)
        }
        let routes = router.routes.map { RouterSet.Route(plan.behindPipelines($0.destination), rewrite: rewrite(of: $0)) }
        do {
            return RouterSet.Router(try RouteTable(rules), routes: routes)
        } catch {
            preconditionFailure("a checked router is no route table: \(error)")
        }
    }

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
    /// The app or router that pipelines lead to. No filter is built in yet, so there is nothing to run on the way.
    fileprivate func behindPipelines(_ destination: Destination) -> RouterSet.Destination {
        var destination = destination
        while true {
            switch destination {
            case .app(let app): return .app(app)
            case .router(let router): return .router(router)
            case .pipeline(let index): destination = pipelines[index].destination
            }
        }
    }
}
