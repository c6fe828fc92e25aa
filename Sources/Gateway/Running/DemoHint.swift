import EventLoops
import Proxy
import Routing

/// What to try, where the root of a listener is the built-in demo app: the first run of a newcomer.
enum DemoHint {
    /// The lines to print; none for other listeners.
    ///
    /// - Parameter trust: the option with which curl trusts the listener's certificate, where that is known.
    static func lines(
        _ routes: RouteSettings, _ apps: [AppSettings], at address: SocketAddress, isHTTPS: Bool = false, isHTTP2Alone: Bool = false, trust: String? = nil
    ) -> [String] {
        guard let index = root(routes), index < apps.count, case .echo = apps[index] else { return [] }
        // By TLS, curl asks for HTTP/2 by itself.
        let prior = isHTTP2Alone && !isHTTPS ? " --http2-prior-knowledge" : ""
        // The certificate of a try is often one that curl does not trust.
        let trusting = trust.map { " \($0)" } ?? (isHTTPS ? "k" : "")
        let curl = "curl -i" + trusting + prior + (address.family == .unix ? " --unix-socket \(address.text.dropFirst("unix:".count))" : "")
        let base = (isHTTPS ? "https://" : "http://") + (address.family == .unix ? "localhost" : reachable(address))
        return [
            "  the demo app answers with the request as it arrived; try:",
            "    \(curl) '\(base)/hello?name=world'",
            "    \(curl) --data 'some text' \(base)/",
            "    \(curl) --path-as-is \(base)/a/../b    # refused: two programs could take it for two paths",
        ]
    }

    /// Where `/` leads on any host.
    private static func root(_ routes: RouteSettings) -> Int? {
        switch routes {
        case .destination(let index): return index
        case .routers(let routers, let start):
            let path: [UInt8] = [UInt8(ascii: "/")]
            guard case .accepted(let shape) = PathPolicy().examine(path.span) else { return nil }
            return routers.find(from: start, authority: Span(), defaultPort: 80, path: path.span, shape: shape)?.app
        }
    }

    /// An address that a client on this machine can connect to.
    private static func reachable(_ address: SocketAddress) -> String {
        switch address.ipText {
        case "0.0.0.0": "127.0.0.1:\(address.port)"
        case "::": "[::1]:\(address.port)"
        default: address.text
        }
    }
}
