import Glibc
import Testing

/// A gateway between scripted clients and scripted apps, from its start to its stop.
///
/// The script is one thread: it moves the client and the app in turn, so what happens first is written first. When it is through,
/// the gateway must still live, hold no connection, and stop cleanly.
final class Scenario {
    /// A folder of this scenario alone; removed at its end.
    let folder: String
    let apps: [ScriptedApp]
    let gateway: Gateway
    private var clients: [ScriptedConnection] = []
    /// The script stopped the gateway itself.
    var gatewayIsStopped = false

    var app: ScriptedApp { apps[0] }

    /// Options for one listener `web` that serves one app `app`; each is lines of the configuration file.
    struct Options {
        var binary = Gateway.binary
        var loops = 1
        var gateway = ""
        var listener = ""
        var app = ""
        /// How many scripted apps there are: the servers of `app`.
        var servers = 1
        /// The app's address instead of theirs.
        var appAddress: String?
        var unixServer = false
        var ipv6Server = false
        /// The receive buffer of the apps' sockets, for slow readers.
        var appReceiveBuffer: Int32?
        var fileLimit: Int?
        /// What the listener serves instead of `app`: the section of `site`, and those that it needs, from the apps' addresses and the scenario's
        /// folder.
        var site: ((_ servers: [String], _ folder: String) -> String)?
        /// The whole file instead, from the apps' addresses and the scenario's folder.
        var file: ((_ servers: [String], _ folder: String) -> String)?
        var listeners = ["web"]
        /// What the gateway finds in its hosts file, which is `FOLDER/hosts` then.
        var hosts: String?
    }

    private init(_ options: Options) throws {
        let folder = try Folder.made()
        self.folder = folder
        do {
            apps = try (0..<options.servers).map { index in
                if options.ipv6Server { return try ScriptedApp.overIPv6() }
                return options.unixServer
                    ? try ScriptedApp(unix: "\(folder)/app\(index).sock") : try ScriptedApp(receiveBuffer: options.appReceiveBuffer)
            }
            let servers = apps.map(\.address)
            let app = "[app:app]\nservers = \(options.appAddress ?? servers.joined(separator: " "))\n\(options.app)\n"
            let file = options.file?(servers, folder) ?? """
                [gateway]
                loops = \(options.loops)
                \(options.gateway)

                [listener:web]
                listen = 127.0.0.1:0
                serve = \(options.site == nil ? "app" : "site")
                \(options.listener)

                \(options.site?(servers, folder) ?? app)
                """
            try write(file, to: "\(folder)/gateway.conf")
            let outer = try options.hosts.map { try HostsFile.place($0, in: folder) } ?? []
            gateway = try Gateway(
                binary: options.binary, arguments: ["run", "\(folder)/gateway.conf"], listeners: options.listeners, fileLimit: options.fileLimit, within: outer)
        } catch {
            Folder.remove(folder)
            throw error
        }
    }

    /// Runs a script and the checks at its end.
    static func run(_ options: Options = Options(), _ script: (Scenario) throws -> Void) throws {
        let scenario = try Scenario(options)
        defer { Folder.remove(scenario.folder) }
        do {
            try script(scenario)
            scenario.clients.forEach { $0.close() }
            scenario.apps.flatMap(\.connections).forEach { $0.close() }
            scenario.apps.forEach { $0.stop() }
            if !scenario.gatewayIsStopped { try scenario.gateway.finish() }
        } catch {
            let ended = scenario.gateway.process.ended
            // A dying gateway may still be writing why.
            let ending = ended ? scenario.gateway.process.waitForEnd(upTo: .seconds(10)) : nil
            throw ScenarioFailure("""
                \(error)
                gateway: \(ending.map { "ended, \($0)" } ?? "runs") stderr: \(scenario.gateway.errors)
                """)
        }
    }

    static func run(
        gateway: String = "", listener: String = "", app: String = "", servers: Int = 1,
        _ script: (Scenario) throws -> Void
    ) throws {
        try run(Options(gateway: gateway, listener: listener, app: app, servers: servers), script)
    }

    /// A new client connection to the listener.
    func connect(to listener: String = "web", from source: String? = nil, receiveBuffer: Int32? = nil, at location: SourceLocation = #_sourceLocation) throws
        -> ScriptedConnection
    {
        guard let port = gateway.ports[listener], let socket = try Descriptor.connected(port: port, from: source, receiveBuffer: receiveBuffer)
        else { throw ScenarioFailure("the gateway refuses the connection", at: location) }
        let made = ScriptedConnection(socket, name: "the client (connection \(clients.count + 1))")
        clients.append(made)
        return made
    }

    /// Where other programs find the listener.
    var url: String { "http://127.0.0.1:\(gateway.ports["web"] ?? 0)" }

    /// Stops the gateway, and waits until it has begun to stop: it refuses new connections.
    func drain(with signal: Int32 = SIGTERM, at location: SourceLocation = #_sourceLocation) throws {
        gatewayIsStopped = true
        gateway.process.signal(signal)
        let port = gateway.ports["web"] ?? 0
        #expect(try wait { try Descriptor.connected(port: port) == nil }, sourceLocation: location)
    }

    /// The gateway that was stopped ends as it should.
    func expectEnd(at location: SourceLocation = #_sourceLocation) {
        gatewayIsStopped = true
        #expect(gateway.process.waitForEnd(upTo: .seconds(10)) == .exit(0), sourceLocation: location)
    }

    /// Registers a client connection that the script made itself.
    func adopt(_ socket: Descriptor) -> ScriptedConnection {
        let made = ScriptedConnection(socket, name: "the client (connection \(clients.count + 1))")
        clients.append(made)
        return made
    }

    /// The connection on which an app has something to read now, or a new one: waits for the first.
    func activeAppConnection(at location: SourceLocation = #_sourceLocation) throws -> ScriptedConnection {
        var found: ScriptedConnection?
        _ = try wait {
            for app in apps where app.listening.number >= 0 && app.listening.pending(POLLIN) != 0 { _ = try app.accept() }
            found = apps.flatMap(\.connections).first { $0.hasArrivals() }
            return found != nil
        }
        guard let found else { throw ScenarioFailure("no app has anything to read", at: location) }
        return found
    }

    /// One exchange of a new client: after it, everything that the gateway did before on its one loop has been done, so that what
    /// an app has not seen by now it was not sent. The client's answer must be its own. Returns the connection that served it.
    @discardableResult
    func probe(at location: SourceLocation = #_sourceLocation) throws -> ScriptedConnection {
        let client = try connect(at: location)
        try client.send("GET /probe HTTP/1.1\r\nHost: probe.test\r\n\r\n", at: location)
        let connection = try activeAppConnection(at: location)
        let request = try connection.receiveRequest(at: location)
        guard request.head.startLine == "GET /probe HTTP/1.1", request.head["Host"] == "probe.test", connection.unread.isEmpty else {
            throw ScenarioFailure("an app was sent \(request.head.startLine) and \(shown(connection.unread)) beside the probe", at: location)
        }
        try connection.answer("probe", at: location)
        let response = try client.receiveResponse(at: location)
        guard response.status == 200, response.bodyText == "probe", client.unread.isEmpty else {
            throw ScenarioFailure("the probe got \(response.head.startLine) \(shown(response.body)) \(shown(client.unread))", at: location)
        }
        client.close()
        return connection
    }

    /// A pooled app connection that has served one request: what threats need to be dangerous.
    func warm(at location: SourceLocation = #_sourceLocation) throws -> ScriptedConnection {
        try probe(at: location)
    }
}
