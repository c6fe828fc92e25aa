import Configuration
import Routing

/// What became of one route of a router that a request came to.
enum RouteVerdict: String {
    case taken
    /// It fits as well; the one that was taken is more specific.
    case lessSpecific = "less specific"
    case otherPath = "another path"
    case otherHost = "another host"

    /// Asks each rule alone, so that nothing but the router's own table says what fits.
    ///
    /// - Parameter policy: what accepted the path; one that lets escaped separators pass, as the router has seen it already.
    static func all(
        of routes: [RoutePlan], taken: Int?, authority: String, defaultPort: UInt16, path: [UInt8], _ policy: PathPolicy
    ) -> [RouteVerdict] {
        guard case .accepted(let shape) = policy.examine(path.span) else { return routes.map { _ in .otherPath } }
        let host = Array(authority.utf8)
        let root = Array("/".utf8)
        guard case .accepted(let rootShape) = policy.examine(root.span) else { return [] }
        func fits(_ rule: RouteRule, _ path: [UInt8], _ shape: PathShape) -> Bool {
            guard let table = try? RouteTable([rule]) else { return false }
            return table.match(authority: host.span, defaultPort: defaultPort, path: path.span, shape: shape) != nil
        }
        return routes.enumerated().map { index, route in
            if index == taken { return .taken }
            let rule = PlanRoutes.rule(of: route, value: 0)
            if fits(rule, path, shape) { return .lessSpecific }
            return fits(RouteRule(host: rule.host, path: "/", value: 0), root, rootShape) ? .otherPath : .otherHost
        }
    }
}
