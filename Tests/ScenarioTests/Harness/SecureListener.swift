import Glibc
import TLS
import Testing

/// A gateway with a listener `secure` that speaks TLS, beside `web`, which does not, both before the same scripted app.
enum SecureListener {
    /// Lines of the configuration file.
    struct Options {
        var loops = 1
        var gateway = ""
        var listener = ""
        var web = ""
        var tls = ""
        var app = ""
        /// The app's address instead of the scripted app's.
        var appAddress: String?
        var fileLimit: Int?
    }

    static func run(_ options: Options = Options(), _ script: (Scenario, TestAuthority) throws -> Void) throws {
        let authority = try TestAuthority()
        let own = try authority.issue()
        var scenario = Scenario.Options(servers: options.appAddress == nil ? 1 : 0)
        scenario.listeners = ["web", "secure"]
        scenario.fileLimit = options.fileLimit
        scenario.file = { servers, _ in
            """
            [gateway]
            loops = \(options.loops)
            \(options.gateway)

            [listener:web]
            listen = 127.0.0.1:0
            serve = app
            \(options.web)

            [listener:secure]
            listen = 127.0.0.1:0
            through = tls
            serve = app
            \(options.listener)

            [filter:tls]
            use = tls-termination
            certificate = \(own.certificate)
            private-key = \(own.key)
            \(options.tls)

            [app:app]
            servers = \(options.appAddress ?? servers.joined(separator: " "))
            \(options.app)

            """
        }
        try Scenario.run(scenario) { s in try script(s, authority) }
    }
}

extension Scenario {
    /// A client's connection to a listener that speaks TLS, whose handshake has succeeded.
    func connectSecurely(
        _ authority: TestAuthority, _ manner: SecureEnd.Manner = SecureEnd.Manner(), to listener: String = "secure", receiveBuffer: Int32? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws -> ScriptedConnection {
        let client = try connect(to: listener, receiveBuffer: receiveBuffer, at: location)
        let end = try SecureEnd(over: client.socket, trusting: authority, manner)
        let outcome = end.shakeHands(over: client.socket)
        guard outcome == .done else { throw ScenarioFailure("\(client.name): the handshake came to \(outcome)", at: location) }
        client.socket.secure = end
        return client
    }
}
