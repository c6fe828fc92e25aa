import Testing

@testable import Routing

/// The trail that is explained leads where requests go.
@Suite struct RouteTrailTests {
    private static let routers = RouterSet([
        RouterSet.Router(
            try! RouteTable([
                RouteRule(host: .any, path: "/", value: 0), RouteRule(host: .any, path: "/a", value: 1),
                RouteRule(host: .exact("h", port: nil), path: "/b", value: 2), RouteRule(host: .wildcard(suffix: "h"), path: "/c", value: 3),
            ]),
            routes: [
                RouterSet.Route(.app(0)), RouterSet.Route(.router(1), rewrite: .stripPrefix), RouterSet.Route(.app(1)),
                RouterSet.Route(.router(1), rewrite: .replacePrefix(Array("/a/b".utf8))),
            ]),
        RouterSet.Router(
            try! RouteTable([RouteRule(host: .any, path: "/x", value: 0), RouteRule(host: .any, path: "/a", value: 1)]),
            routes: [RouterSet.Route(.app(2), rewrite: .stripPrefix), RouterSet.Route(.app(3))]),
    ])

    @Test(arguments: ["h", "i.h", "", "other:81"], ["/", "/a", "/a/x", "/a/x/y", "/a//x", "/%61/x", "/b/c", "/c", "/c/d", "/d"])
    func endsWhereTheRequestGoes(_ host: String, _ path: String) throws {
        let (authority, bytes) = (Array(host.utf8), Array(path.utf8))
        guard case .accepted(let shape) = PathPolicy().examine(bytes.span) else { throw PathFaultError() }
        let found = Self.routers.find(from: 0, authority: authority.span, defaultPort: 80, path: bytes.span, shape: shape)
        let trail = Self.routers.trail(from: 0, authority: authority.span, defaultPort: 80, path: bytes.span, shape: shape)
        #expect(trail.found == found)
        #expect(trail.stops.first?.path == bytes)
        #expect(trail.stops.last?.route == nil || found != nil)
    }

    private struct PathFaultError: Error {}

    @Test func eachRouterIsShownWithThePathThatItSees() throws {
        let (authority, path) = (Array("i.h".utf8), Array("/c/d".utf8))
        guard case .accepted(let shape) = PathPolicy().examine(path.span) else { throw PathFaultError() }
        let trail = Self.routers.trail(from: 0, authority: authority.span, defaultPort: 80, path: path.span, shape: shape)
        #expect(
            trail.stops == [
                RouteTrail.Stop(router: 0, path: path, route: 3), RouteTrail.Stop(router: 1, path: Array("/a/b/d".utf8), route: 1),
            ])
    }
}
