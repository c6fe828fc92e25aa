import Configuration
import Seeded
import Testing

/// A route that is called unreachable is taken by no request: compared with a router that follows the rules word by word.
@Suite struct RouteReachTests {
    private static let hosts = ["a.org", "b.a.org", "c.b.a.org", "d.org"]
    private static let paths: [[String]] = {
        var paths: [[String]] = [[]]
        for length in 1...4 { paths += paths.filter { $0.count == length - 1 }.flatMap { [$0 + ["x"], $0 + ["y"]] } }
        return paths
    }()

    private struct Route {
        var host: String?
        var path: [String]
        /// nil is the app.
        var router: Int?
        /// nil leaves the path as it is.
        var replacement: [String]?
        var line = 0

        var key: String { (host ?? "") + "/" + path.joined(separator: "/") }

        /// How specific the route's host is for a request's host; nil if it is for others.
        func rank(_ requested: String) -> Int? {
            guard let host else { return 0 }
            guard host.hasPrefix("*.") else { return host == requested ? 1000 : nil }
            return requested.hasSuffix(host.dropFirst()) ? host.utf8.count : nil
        }
    }

    @Test func noRequestTakesAnUnreachableRoute() throws {
        var random = SeededGenerator(seed: 7)
        var warned = 0
        for _ in 0..<400 {
            var routers = (0..<3).map { router in randomRoutes(of: router, &random) }
            let text = written(&routers)
            let (plan, diagnostics) = load(text)
            try #require(plan != nil, "\(text)\n\(diagnostics.text())")
            let unreachable = Set(diagnostics.filter { $0.code == .routeUnreachable }.compactMap { $0.location?.line })
            let taken = linesTaken(routers)
            #expect(unreachable.isDisjoint(with: taken), "\(text)\n\(diagnostics.text())")
            warned += unreachable.count
        }
        // Otherwise the test would say nothing.
        #expect(warned > 100)
    }

    private func randomRoutes(of router: Int, _ random: inout SeededGenerator) -> [Route] {
        let patterns: [String?] = [nil, nil, nil, "a.org", "b.a.org", "d.org", "*.a.org", "*.b.a.org"]
        var routes: [Route] = []
        for _ in 0...Int.random(in: 0...5, using: &random) {
            let path = Self.paths.filter { $0.count <= 2 }.randomElement(using: &random) ?? []
            let replacement: [String]? = [nil, nil, [], ["x"], ["y", "x"]].randomElement(using: &random) ?? nil
            let target: Int? = router == 2 ? nil : [nil, router + 1, 2].randomElement(using: &random) ?? nil
            let route = Route(
                host: patterns.randomElement(using: &random) ?? nil, path: path, router: target, replacement: replacement)
            if !routes.contains(where: { $0.key == route.key }) { routes.append(route) }
        }
        return routes
    }

    private func written(_ routers: inout [[Route]]) -> String {
        var lines = ["[listener:l]", "listen = 127.0.0.1:80", "serve = r0", "[app:app]", "use = echo"]
        for router in routers.indices {
            lines.append("[router:r\(router)]")
            for index in routers[router].indices {
                let route = routers[router][index]
                var line = "\(route.key) = \(route.router.map { "r\($0)" } ?? "app")"
                if let replacement = route.replacement {
                    line += replacement.isEmpty ? " strip-prefix" : " replace-prefix=/" + replacement.joined(separator: "/")
                }
                lines.append(line)
                routers[router][index].line = lines.count
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The lines of all routes that some request takes.
    private func linesTaken(_ routers: [[Route]]) -> Set<Int> {
        var lines: Set<Int> = []
        for host in Self.hosts {
            for path in Self.paths {
                var path = path
                var router: Int? = 0
                while let current = router {
                    let fitting = routers[current].filter { $0.rank(host) != nil && path.starts(with: $0.path) }
                    guard
                        let route = fitting.max(by: {
                            ($0.rank(host) ?? 0, $0.path.count) < ($1.rank(host) ?? 0, $1.path.count)
                        })
                    else { break }
                    lines.insert(route.line)
                    if let replacement = route.replacement { path = replacement + path.dropFirst(route.path.count) }
                    router = route.router
                }
            }
        }
        return lines
    }
}
