import Glibc
import Testing

/// Names of app servers that change their addresses while the gateway runs (docs/upstreams.md). The look-ups are the system's own, over a
/// hosts file that only the gateway sees.
@Suite(.enabled(if: HostsFile.isAllowed, "this system lets nobody mount: no hosts file of a test's own"))
struct NameChangeTests {
    /// The app behind `names`, on 127.0.0.1 and on the same port of 127.0.0.2 and 127.0.0.3.
    func scenario(_ hosts: String, names: [String] = ["app.test"], app: String = "", _ script: (Scenario, [ScriptedApp]) throws -> Void) throws {
        var options = Scenario.Options()
        options.hosts = hosts
        options.file = { servers, _ in
            let port = servers[0].split(separator: ":")[1]
            return """
                [gateway]
                loops = 1
                [listener:web]
                listen = 127.0.0.1:0
                serve = app
                [app:app]
                servers = \(names.map { "\($0):\(port)" }.joined(separator: " "))
                resolve-interval = 1s
                \(app)

                """
        }
        try Scenario.run(options) { s in
            let others = try ["127.0.0.2", "127.0.0.3"].map { try ScriptedApp(host: $0, port: s.app.listening.localPort) }
            try script(s, [s.app] + others)
            others.flatMap(\.connections).forEach { $0.close() }
        }
    }

    /// Which of `apps` the next request comes to, on which connection; it is answered.
    func ask(_ client: ScriptedConnection, _ apps: [ScriptedApp]) throws -> (app: Int, connection: ScriptedConnection) {
        try client.get("/who", host: "app.test")
        var found: (Int, ScriptedConnection)?
        _ = try wait {
            for (index, app) in apps.enumerated() {
                if app.listening.pending(1) != 0 { _ = try app.accept() }
                if let connection = app.connections.first(where: { $0.hasArrivals() }) { found = (index, connection) }
            }
            return found != nil
        }
        let (index, connection) = try #require(found, "no app is asked")
        try connection.serve("GET /who HTTP/1.1", answering: "app \(index)")
        try client.expectAnswer("app \(index)")
        return (index, connection)
    }

    /// Asks until app `wanted` answers.
    func awaitApp(_ wanted: Int, _ client: ScriptedConnection, _ apps: [ScriptedApp]) throws {
        guard try wait(until: { try ask(client, apps).app == wanted }) else { throw ScenarioFailure("app \(wanted) is never asked") }
    }

    @Test func `requests follow the name, and idle connections to its old address are closed`() throws {
        try scenario("127.0.0.1 app.test\n") { s, apps in
            let client = try s.connect()
            let first = try ask(client, apps)
            #expect(first.app == 0)
            #expect(try ask(client, apps).connection === first.connection)
            try write("127.0.0.2 app.test\n", to: "\(s.folder)/hosts")
            try awaitApp(1, client, apps)
            try first.connection.expectClosed()
            #expect(try ask(client, apps).app == 1)
            // And back: an address that was gone is as good as a new one.
            try write("127.0.0.1 app.test\n", to: "\(s.folder)/hosts")
            try awaitApp(0, client, apps)
            #expect(try ask(client, apps).app == 0)
        }
    }

    @Test func `a response under way ends on the old address, whose connection is then closed`() throws {
        try scenario("127.0.0.1 app.test\n") { s, apps in
            let client = try s.connect(), other = try s.connect()
            try client.get("/slow", host: "app.test")
            let slow = try apps[0].accept()
            _ = try slow.receiveRequest()
            try slow.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            _ = try client.receive(through: "first")
            try write("127.0.0.2 app.test\n", to: "\(s.folder)/hosts")
            try awaitApp(1, other, apps)
            try slow.send("later")
            try client.expect("later")
            try slow.expectClosed()
            #expect(try ask(client, apps).app == 1)
        }
    }

    @Test func `all addresses of a name take turns, and one that is added joins them`() throws {
        try scenario("127.0.0.1 app.test\n127.0.0.2 app.test\n") { s, apps in
            let client = try s.connect()
            let turns = try (0..<4).map { _ in try ask(client, apps).app }
            #expect(turns == [0, 1, 0, 1] || turns == [1, 0, 1, 0])
            try write("127.0.0.1 app.test\n127.0.0.2 app.test\n127.0.0.3 app.test\n", to: "\(s.folder)/hosts")
            try awaitApp(2, client, apps)
            let more = try (0..<6).map { _ in try ask(client, apps).app }
            #expect((0..<3).allSatisfy { index in more.filter { $0 == index }.count == 2 }, "\(more)")
        }
    }

    @Test func `a name that does not resolve at the start is found when it appears`() throws {
        try scenario("127.0.0.9 other.test\n") { s, apps in
            let client = try s.connect()
            try client.get("/early", host: "app.test")
            try client.expectReply(502, "upstream.resolve.failed")
            #expect(s.gateway.errors.contains("app.test"))
            try write("127.0.0.2 app.test\n", to: "\(s.folder)/hosts")
            let isServed = try wait {
                try client.get("/who", host: "app.test")
                var isAsked = false
                _ = wait {
                    isAsked = apps[1].listening.pending(1) != 0
                    return isAsked || client.hasArrivals()
                }
                guard isAsked else {
                    try client.expectReply(502, "upstream.resolve.failed")
                    return false
                }
                try apps[1].accept().serve("GET /who HTTP/1.1", answering: "app 1")
                try client.expectAnswer("app 1")
                return true
            }
            #expect(isServed)
        }
    }

    @Test func `a name that resolves no more keeps its last address`() throws {
        try scenario("127.0.0.1 app.test\n127.0.0.2 other.test\n", names: ["app.test", "other.test"]) { s, apps in
            let client = try s.connect()
            #expect(try Set((0..<4).map { _ in try ask(client, apps).app }) == [0, 1])
            // Both names are looked up at the same times: when the other has changed twice, the empty answer has come.
            try write("127.0.0.3 other.test\n", to: "\(s.folder)/hosts")
            try awaitApp(2, client, apps)
            try write("127.0.0.2 other.test\n", to: "\(s.folder)/hosts")
            try awaitApp(1, client, apps)
            let asked = try (0..<4).map { _ in try ask(client, apps).app }
            #expect(asked.filter { $0 == 0 }.count == 2 && asked.filter { $0 == 1 }.count == 2, "\(asked)")
        }
    }

    /// The kernel answers nobody for a listening socket whose queue is full, and whoever connects asks again, some seconds later.
    @Test func `a connection that takes its time is for the name that it was begun for, wherever that leads meanwhile`() throws {
        try scenario("127.0.0.1 first.test\n127.0.0.2 app.test\n", names: ["first.test", "app.test"], app: "host = server\nconnect-timeout = 30s") { s, apps in
            let port = s.app.listening.localPort
            #expect(listen(apps[1].listening.number, 0) == 0)
            let filler = try #require(try Descriptor.connected(to: "127.0.0.2", port: port))
            var clients: [ScriptedConnection] = []
            func ask() throws {
                clients.append(try s.connect())
                try clients[clients.count - 1].get("/who")
            }
            // One of two takes its turn there.
            try ask()
            try ask()
            _ = try apps[0].accept()
            try write("127.0.0.1 first.test\n127.0.0.3 app.test\n", to: "\(s.folder)/hosts")
            let hasMoved = try wait {
                try ask()
                return apps[2].listening.await(POLLIN, until: Deadline(.milliseconds(200))) != 0
            }
            #expect(hasMoved)
            _ = try apps[1].accept()
            #expect(try apps[1].accept().receiveHead()["Host"] == "app.test:\(port)")
            #expect(try apps[2].accept().receiveHead()["Host"] == "app.test:\(port)")
            clients.forEach { $0.close() }
            filler.close()
        }
    }

    /// The third address gets the number that the first had.
    @Test func `connections of HTTP2 to an address that is gone carry nothing more`() throws {
        try scenario("127.0.0.1 app.test\n", app: "protocol = h2") { s, apps in
            let client = try s.connect()
            var peers: [(app: Int, peer: FrameConnection)] = []
            /// Which app the next request comes to.
            func ask() throws -> Int {
                try client.get("/who", host: "app.test")
                var found: Int?
                _ = try wait {
                    for (index, app) in apps.enumerated() where app.listening.pending(1) != 0 { peers.append((index, try .app(app.accept()))) }
                    for (index, peer) in peers where try !peer.arrivedRequests().isEmpty {
                        try peer.respond(peer.nextRequest(), 200, body: "app \(index)".bytes)
                        found = index
                    }
                    return found != nil
                }
                let index = try #require(found, "no app is asked")
                try client.expectAnswer("app \(index)")
                return index
            }
            #expect(try ask() == 0)
            for next in [1, 2, 0] {
                try write("127.0.0.\(next + 1) app.test\n", to: "\(s.folder)/hosts")
                #expect(try wait { try ask() == next }, "app \(next)")
                #expect(try ask() == next)
            }
        }
    }
}
