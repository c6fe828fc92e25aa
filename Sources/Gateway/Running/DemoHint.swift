import EventLoops
import Proxy

/// What to try, where a listener leads to the built-in demo app alone: the first run of a newcomer.
enum DemoHint {
    /// The lines to print; none for other listeners.
    static func lines(_ routes: RouteSettings, _ apps: [AppSettings], at address: SocketAddress) -> [String] {
        guard case .destination(let index) = routes, index < apps.count, case .echo = apps[index] else { return [] }
        let curl = "curl -i" + (address.family == .unix ? " --unix-socket \(address.text.dropFirst("unix:".count))" : "")
        let base = "http://" + (address.family == .unix ? "localhost" : reachable(address))
        return [
            "  the demo app answers with the request as it arrived; try:",
            "    \(curl) '\(base)/hello?name=world'",
            "    \(curl) --data 'some text' \(base)/",
            "    \(curl) --path-as-is \(base)/a/../b    # refused: two programs could take it for two paths",
        ]
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
