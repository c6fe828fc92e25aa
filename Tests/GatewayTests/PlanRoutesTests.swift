import Configuration
import Proxy
import Routing
import Seeded
import Testing

@testable import Gateway

@Suite struct PlanRoutesTests {
    private static func plan(_ text: String) throws -> Plan {
        struct OneFile: ConfigurationFiles {
            var text: String
            func read(_ path: String) throws(FileFailure) -> [UInt8] { Array(text.utf8) }
            func match(_ glob: String) -> [String] { [] }
        }
        let (plan, diagnostics) = Configuration.load(path: "x.conf", files: OneFile(text: text))
        return try #require(plan, "\(diagnostics.text())")
    }

    /// The name of the app that a request comes to and the path that is sent; nil if there is no route.
    private static func way(_ plan: Plan, host: String, path: String) throws -> String? {
        guard case .routers(let routers, let start) = try #require(GatewaySettings(plan).listeners.first).routes else {
            Issue.record("no routers")
            return nil
        }
        let bytes = Array(path.utf8)
        guard case .accepted(let shape) = PathPolicy().examine(bytes.span) else { return nil }
        let found = routers.find(from: start, authority: Array(host.utf8).span, defaultPort: 80, path: bytes.span, shape: shape)
        guard let found else { return nil }
        let sent = (found.replacement ?? []) + bytes[found.rest...]
        return plan.apps[found.app].name + " " + (sent.isEmpty ? "/" : String(decoding: sent, as: UTF8.self))
    }

    private static let apps = ["one", "two", "three"].map { "[app:\($0)]\nuse = echo\n" }.joined()
    private static let listener = "[listener:web]\nlisten = 127.0.0.1:0\nserve = outer\n"

    @Test func aRouteIsAFence() throws {
        let plan = try Self.plan("""
            \(Self.listener)\(Self.apps)
            [router:outer]
            / = one
            /shop = shop
            /shop/static = two
            [router:shop]
            /shop/cart = three
            /shop/static/x = three
            api.org/shop/static = three
            """)
        #expect(try Self.way(plan, host: "a.org", path: "/shop/cart/1") == "three /shop/cart/1")
        // What the shop has no route for is not found; it does not fall to `/`.
        #expect(try Self.way(plan, host: "a.org", path: "/shop/other") == nil)
        // The longer route of the outer router comes first, whatever the inner one says of the path or the host.
        #expect(try Self.way(plan, host: "a.org", path: "/shop/static/x") == "two /shop/static/x")
        #expect(try Self.way(plan, host: "api.org", path: "/shop/static") == "two /shop/static")
        #expect(try Self.way(plan, host: "a.org", path: "/shopping") == "one /shopping")
    }

    @Test func rewritesAddUp() throws {
        let plan = try Self.plan("""
            \(Self.listener)\(Self.apps)
            [router:outer]
            /a = inner strip-prefix
            /b = inner replace-prefix=/p/q
            /c/d = pipe strip-prefix
            [pipeline:pipe]
            pipeline = one
            [router:inner]
            / = one
            /x = two strip-prefix
            /p/q/x = three replace-prefix=/new
            /p = three strip-prefix
            """)
        for (path, expected) in [
            ("/a", "one /"), ("/a/", "one /"), ("/a/y", "one /y"), ("/a/x", "two /"), ("/a/x/y", "two /y"), ("/a//x//y", "two /y"),
            ("/b", "three /q"), ("/b/y", "three /q/y"), ("/b/x", "three /new"), ("/b/x/y", "three /new/y"),
            ("/c/d/e%20f", "one /e%20f"), ("/c/d", "one /"), ("/%61/x;v=1/y", "two /y"), ("/b;v=1/x/y", "three /new/y"),
        ] {
            #expect(try Self.way(plan, host: "h", path: path) == expected, "\(path)")
        }
        #expect(try Self.way(plan, host: "h", path: "/c") == nil)
    }

    /// Random routers in routers, against a search that goes from router to router over lists of names.
    @Test(arguments: 0..<60) func equalsASearchFromRouterToRouter(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let text = Self.listener + Self.apps + Self.randomRouters(&random)
        let plan = try Self.plan(text)
        for _ in 0..<200 {
            let host = ["a.org", "b.a.org", "c.b.a.org", "x.net"].randomElement(using: &random)!
            let names = (0..<Int.random(in: 1...5, using: &random)).map { _ in ["p", "q", "r"].randomElement(using: &random)! }
            let path = "/" + names.joined(separator: "/")
            let expected = Self.search(plan, "outer", host, names)
            #expect(try Self.way(plan, host: host, path: path) == expected, "\(host) \(path)\n\(text)")
        }
    }

    private static func randomRouters(_ random: inout SeededGenerator) -> String {
        let order = ["outer", "second", "third"]
        var text = ""
        for (index, router) in order.enumerated() {
            text += "[router:\(router)]\n"
            var keys: Set<String> = []
            // Every router is used: a route to the next one always stands first.
            for number in 0..<Int.random(in: 2...6, using: &random) {
                let host = ["", "", "", "a.org", "b.a.org", "*.a.org"].randomElement(using: &random)!
                let names = (0..<Int.random(in: 0...3, using: &random)).map { _ in ["p", "q"].randomElement(using: &random)! }
                let key = host + "/" + names.joined(separator: "/")
                guard keys.insert(key).inserted else { continue }
                let next = Array(order[(index + 1)...])
                let destination = number < next.count ? next[number] : (["one", "two", "three"] + next).randomElement(using: &random)!
                let rewrite = ["", "", " strip-prefix", " replace-prefix=/q", " replace-prefix=/p/p"].randomElement(using: &random)!
                text += "\(key) = \(destination)\(names.isEmpty && rewrite == " strip-prefix" ? "" : rewrite)\n"
            }
        }
        return text
    }

    private static func search(_ plan: Plan, _ router: String, _ host: String, _ names: [String]) -> String? {
        let routes = plan.routers.first { $0.name == router }?.routes ?? []
        func rank(_ pattern: HostPattern?) -> Int? {
            switch pattern {
            case nil: 0
            case .exact(let name, _): name == host ? 1000 : nil
            case .wildcard(let suffix): host.hasSuffix("." + suffix) ? suffix.count : nil
            }
        }
        let fitting = routes.filter { rank($0.host) != nil && names.starts(with: $0.segments) }
        guard let best = fitting.max(by: { (rank($0.host)!, $0.segments.count) < (rank($1.host)!, $1.segments.count) }) else { return nil }
        let rest = Array(names.dropFirst(best.segments.count))
        let seen: [String]
        switch best.rewrite {
        case .none: seen = names
        case .stripPrefix: seen = rest
        case .replacePrefix(let path): seen = path.split(separator: "/").map(String.init) + rest
        }
        switch best.destination {
        case .app(let app): return plan.apps[app].name + " /" + seen.joined(separator: "/")
        case .router(let next): return search(plan, plan.routers[next].name, host, seen)
        case .pipeline: return nil
        }
    }
}
