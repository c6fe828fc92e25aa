import CAllocations
import Routing
import Testing

@Suite struct RoutingAllocationTests {
    @Test func matchingAllocatesNothing() throws {
        let table = try RouteTable(
            (0..<100).map { RouteRule(host: .any, path: "/service-\($0)/v1", value: $0) } + [
                RouteRule(host: .exact("api.example.org", port: nil), path: "/", value: 1_000),
                RouteRule(host: .wildcard(suffix: "example.org"), path: "/service-7", value: 1_001),
            ])
        let policy = PathPolicy()
        let authorities = ["API.example.org:8080", "www.example.org", "localhost:80", ""].map { Array($0.utf8) }
        let paths = ["/service-7/v1/items/1234567890", "/%73ervice-7//v1;x=1/y", "/", "/x/../y", "/service-99/v1"].map { Array($0.utf8) }
        /// Indexes, since an unoptimised walk over an array's elements allocates by itself.
        func matches(rounds: Int) -> Int {
            var matches = 0
            for number in 0..<rounds * authorities.count * paths.count {
                let path = paths[number % paths.count]
                let authority = authorities[number / paths.count % authorities.count]
                guard case .accepted(let shape) = policy.examine(path.span),
                    let match = table.match(authority: authority.span, defaultPort: 80, path: path.span, shape: shape)
                else { continue }
                matches += 1
                _ = PathRewrite.stripPrefix.parts(of: path.span, match)
            }
            return matches
        }
        // The first round makes the run time's own tables of types.
        _ = matches(rounds: 1)
        allocations_start()
        let matches = matches(rounds: 100)
        let allocations = allocations_stop()
        #expect(allocations <= 0, "\(allocations) allocations")
        #expect(matches > 100)
    }
}
