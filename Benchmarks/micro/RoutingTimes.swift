import Routing

/// What examining and matching one request costs, with few routes and with many.
func measureRouting() throws {
    let policy = PathPolicy()
    for path in ["/", "/index.html", "/service-5/v1/items/1234567890", "/" + String(repeating: "segment-/", count: 28), "/%61/b/c;d/e/f%20g"] {
        let bytes = Array(path.utf8)
        measure("examine \(bytes.count) bytes \(path.prefix(18))") { count in
            var accepted = 0
            for _ in 0..<count {
                if case .accepted = policy.examine(bytes.span) { accepted &+= 1 }
            }
            return accepted
        }
    }
    for routes in [10, 100, 1_000, 10_000] {
        try measureMatches("\(routes) paths", pathRules(routes), authority: "localhost:8080") { "/service-\($0 % routes)/v1/items/1234567890" }
        try measureMatches("\(routes) hosts", hostRules(routes), authority: nil) { "host-\($0 % routes).example.org" }
    }
    // Every route in turn: what the processor's caches no longer hold costs more than the search itself.
    try measureMatches("10000 paths, all asked for", pathRules(10_000), authority: "localhost:8080", requests: 10_000) {
        "/service-\($0 * 7_919 % 10_000)/v1/items/1234567890"
    }
    try measureMatches("one rule", [RouteRule(host: .any, path: "/", value: 0)], authority: "localhost:8080") { _ in "/service-5/v1/items/1" }
}

private func pathRules(_ count: Int) -> [RouteRule] {
    (0..<count).map { RouteRule(host: .any, path: "/service-\($0)/v1", value: $0) }
}

private func hostRules(_ count: Int) -> [RouteRule] {
    (0..<count).map { RouteRule(host: .exact("host-\($0).example.org", port: nil), path: "/", value: $0) }
}

/// Ten requests in turn, as many whatever the table's size, so that what is measured is the table and not the test's own memory.
/// Without an authority, what `make` makes is the authority.
private func measureMatches(
    _ name: String, _ rules: [RouteRule], authority: String?, requests: Int = 10, make: (Int) -> String
) throws {
    let table = try RouteTable(rules)
    let policy = PathPolicy()
    // One array, so that a request is a range and taking one costs no reference count.
    var bytes: [UInt8] = []
    var authorities: [Range<Int>] = []
    var paths: [Range<Int>] = []
    for index in 0..<requests {
        let made = make(index * rules.count / requests)
        let start = bytes.count
        bytes += (authority ?? made).utf8
        authorities.append(start..<bytes.count)
        bytes += (authority == nil ? "/items/1234567890" : made).utf8
        paths.append(authorities[index].upperBound..<bytes.count)
    }
    measure("match, \(name)") { count in
        let text = bytes.span
        var found = 0
        var index = 0
        for _ in 0..<count {
            let path = text.extracting(paths[index])
            if case .accepted(let shape) = policy.examine(path),
                let match = table.match(authority: text.extracting(authorities[index]), defaultPort: 80, path: path, shape: shape)
            {
                found &+= match.value
            }
            index = index == requests &- 1 ? 0 : index &+ 1
        }
        return found
    }
}
