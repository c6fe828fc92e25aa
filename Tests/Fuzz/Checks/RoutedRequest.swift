import Buffers
import HTTP1
import HTTPMessage
import Routing

/// A request and some routers, read from the lines of a fuzz target's input: path, authority, and a rule a line. A line `-` begins the
/// next router.
///
/// A rule is `HOST/PATH`, with `>` and a path behind it to replace what was matched, `>` alone to strip it, and ` @` at its end to
/// lead to the next router. `HOST` is empty, a host with an optional port, or `*.` and a domain.
struct RoutedRequest {
    struct Router {
        var rules: [RouteRule] = []
        var routes: [RouterSet.Route] = []
    }

    var path: [UInt8]
    /// Empty where the input's is none that the parser accepts.
    var authority: String
    /// Rules that make no table are left out. At least one router; the last leads to apps alone.
    var routers = [Router()]

    init(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 48, omittingEmptySubsequences: false)
        path = Array(lines[0])
        let host = lines.count > 1 ? Array(lines[1]) : []
        authority = parseRequest("GET / HTTP/1.1\r\nHost: ".octets + host + "\r\n\r\n".octets).authority
        for line in lines.dropFirst(2) {
            if line.elementsEqual("-".utf8), routers.count < 4 { routers.append(Router()) } else { add(String(decoding: line, as: UTF8.self)) }
        }
        for index in routers.last?.routes.indices ?? 0..<0 { routers[routers.count - 1].routes[index].destination = .app(index) }
    }

    private mutating func add(_ line: String) {
        var text = Substring(line)
        let router = routers.count - 1
        let leadsOn = text.hasSuffix(" @")
        if leadsOn { text = text.dropLast(2) }
        let parts = text.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
        let slash = parts[0].firstIndex(of: "/") ?? parts[0].startIndex
        var rewrite = PathRewrite.none
        if parts.count > 1 { rewrite = parts[1].isEmpty ? .stripPrefix : PathRewrite.replacingPrefix(with: String(parts[1])) ?? .none }
        let rule = RouteRule(
            host: Self.host(parts[0][..<slash]), path: String(parts[0][slash...]), value: routers[router].rules.count)
        guard rule.value < 16, (try? RouteTable(routers[router].rules + [rule])) != nil else { return }
        routers[router].rules.append(rule)
        routers[router].routes.append(RouterSet.Route(leadsOn ? .router(router + 1) : .app(rule.value), rewrite: rewrite))
    }

    private static func host(_ text: Substring) -> HostRule {
        if text.isEmpty { return .any }
        if text.hasPrefix("*.") { return .wildcard(suffix: String(text.dropFirst(2))) }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return .exact(String(text), port: nil)
        }
        return .exact(String(text[..<colon]), port: port)
    }

    /// The path that an app gets in the request line for `found`: the request written, and read again.
    func sent(_ found: FoundRoute) -> [UInt8]? {
        let bytes = "GET ".octets + path + "?q=/../%2e HTTP/1.1\r\nHost: a\r\n\r\n".octets
        var fields = newFieldTable()
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits())
        guard parser.parse(bytes.span, from: 0, into: &head, fields: &fields) == .complete else { return nil }
        var out = OutputBuffer(Slab(byteCount: 32 * 1024))
        let replacement = found.replacement ?? []
        HeadWriter.writeRequestLine(head, in: bytes.span, replacing: found.rest, with: replacement.span, to: &out)
        out.append("Host: a\r\n\r\n")
        let written = out.readable.array(ByteRange(start: 0, count: out.count))
        let again = parseRequest(written)
        check(again.outcome == .complete && again.end == written.count, "the request line is one that can be read", bytes)
        check(again.query == "?q=/../%2e", "the query is left alone", bytes)
        return again.path.octets
    }
}
