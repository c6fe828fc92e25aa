import Testing

/// A gateway that asks a service about every request: what scenarios of forward-auth and of sub-requests begin with.
enum Guarded {
    /// Options of the parts of the file; each is lines.
    struct Parts {
        var filter = "ask-timeout = 20s"
        var service = ""
        var app = ""
        var gateway = ""
        var path = "/verify"
    }

    static let yes = "HTTP/1.1 200 OK\r\nX-User: alice\r\nContent-Length: 2\r\n\r\nok"

    /// `apps[0]` is the service, `apps[1]` the app behind it.
    static func run(_ parts: Parts = Parts(), _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(servers: 2)
        options.gateway = parts.gateway
        options.site = { servers, _ in
            """
            [pipeline:site]
            pipeline = trace auth app
            [filter:trace]
            use = headers
            response-set = "X-Trace: {path}"
            [filter:auth]
            use = forward-auth
            app = service
            path = \(parts.path)
            copy-to-app = X-User
            \(parts.filter)
            [app:service]
            servers = \(servers[0])
            \(parts.service)
            [app:app]
            servers = \(servers[1])
            \(parts.app)

            """
        }
        try Scenario.run(options, script)
    }

    /// One request that is let through: after it, everything before is known to be done. Returns the service's connection.
    @discardableResult
    static func pass(_ s: Scenario, _ path: String = "/probe", at location: SourceLocation = #_sourceLocation) throws -> ScriptedConnection {
        let client = try s.connect()
        try client.get(path, host: "a")
        let service = try s.activeAppConnection(at: location)
        #expect(try service.receiveRequest().head.startLine == "GET /verify HTTP/1.1", sourceLocation: location)
        try service.send(yes)
        let app = try s.activeAppConnection(at: location)
        #expect(s.apps[1].connections.contains { $0 === app }, sourceLocation: location)
        try app.serve("GET \(path) HTTP/1.1", answering: "probe", at: location)
        try client.expectAnswer("probe", at: location)
        client.close()
        return service
    }
}
