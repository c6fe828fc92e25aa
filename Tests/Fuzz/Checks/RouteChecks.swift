import Buffers
import Routing

/// Checks the way of a request through routers (see `RoutedRequest` for the input): what was matched, what is sent, and what any app
/// makes of what it gets agree.
package func checkRoutes(_ bytes: [UInt8]) {
    let request = RoutedRequest(bytes)
    guard request.path.count <= 4096 else { return }
    var policy = PathPolicy()
    if case .refused(.escapedSeparator) = policy.examine(request.path.span) { policy.allowsEscapedSeparators = true }
    guard case .accepted(let shape) = policy.examine(request.path.span) else { return }
    checkAccepted(request.path, policy)
    let tables = request.routers.compactMap { try? RouteTable($0.rules) }
    check(tables.count == request.routers.count, "rules that made a table one by one make one together", bytes)
    let authority = request.authority.octets
    let found = RouterSet(zip(tables, request.routers).map { RouterSet.Router($0, routes: $1.routes) })
        .find(from: 0, authority: authority.span, defaultPort: 80, path: request.path.span, shape: shape)
    // The same way, step by step, on whole paths.
    var path = request.path
    var router = 0
    while true {
        guard case .accepted(let shape) = policy.examine(path.span) else { return check(false, "what is sent is accepted again", bytes) }
        let rules = request.routers[router].rules
        let match = tables[router].match(authority: authority.span, defaultPort: 80, path: path.span, shape: shape)
        let segments = AppReading.splitsFirst.segments(text(path))
        check(match?.value == RouteSearch.best(rules, request.authority, segments)?.value, "the table finds what a search finds", bytes)
        guard let match else { return check(found == nil, "no route at the end of the way", bytes) }
        let route = request.routers[router].routes[match.value]
        path = step(path, match, rules[match.value], route.rewrite, policy, bytes)
        switch route.destination {
        case .router(let next): router = next
        case .app(let app):
            guard let found else { return check(false, "a route at the end of the way", bytes) }
            check(found.app == app, "the app at the end of the way", bytes)
            return check(request.sent(found) == path, "the request line holds what the routes made", bytes)
        }
    }
}

/// All apps read an accepted path alike.
private func checkAccepted(_ path: [UInt8], _ policy: PathPolicy) {
    check(path.first == UInt8(ascii: "/") && path.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"#?\\".utf8.contains($0) }, "path bytes", path)
    // Behind an escaped separator apps differ; the operator said that his splits first.
    guard !policy.allowsEscapedSeparators else { return }
    let once = [UInt8(ascii: "/")] + path.drop { $0 == UInt8(ascii: "/") }
    let segments = AppReading.splitsFirst.segments(text(path))
    for reading in AppReading.allCases { check(reading.segments(text(once)) == segments, "\(reading) reads another path", path) }
    check(!segments.contains(".") && !segments.contains(".."), "no dot segments", path)
}

/// Rewrites `path` as one route does, and checks that it is what the route says.
private func step(
    _ path: [UInt8], _ match: RouteMatch, _ rule: RouteRule, _ rewrite: PathRewrite, _ policy: PathPolicy, _ bytes: [UInt8]
) -> [UInt8] {
    let names = AppReading.splitsFirst.segments(rule.path)
    let prefix = Array(path.prefix(match.prefixLength))
    check(AppReading.splitsFirst.segments(text(prefix)) == names, "the matched part is the rule's path", bytes)
    check(match.prefixLength == path.count || path[match.prefixLength] == UInt8(ascii: "/"), "it ends where a segment does", bytes)
    var out = OutputBuffer(Slab(byteCount: 16 * 1024))
    rewrite.write(path.span, match, to: &out)
    let sent = out.readable.array(ByteRange(start: 0, count: out.count))
    check(sent.first == UInt8(ascii: "/") && !sent.starts(with: "//".utf8), "what is sent begins with one slash", bytes)
    let segments = AppReading.splitsFirst.segments(text(path))
    let wanted: [String] =
        switch rewrite {
        case .none: segments
        case .stripPrefix: Array(segments.dropFirst(names.count))
        case .replacePrefix(let new): AppReading.splitsFirst.segments(text(new)) + segments.dropFirst(names.count)
        }
    for reading in policy.allowsEscapedSeparators ? [.splitsFirst] : AppReading.allCases {
        check(reading.segments(text(sent)) == wanted, "\(reading) reads something else than what was matched", bytes)
    }
    return sent
}

private func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
