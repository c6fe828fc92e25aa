import Glibc
import Testing

/// Python's app servers behind: each answer through the gateway is the app's own, whatever the server does with its connections.
@Suite struct PythonAppTests {
    /// What serves `wsgi_app.py`.
    enum Server: String, CaseIterable {
        /// HTTP/1.0: closes after each answer, and a close is the end of what has no length.
        case wsgiref
        /// HTTP/1.1: closes after each answer and says so.
        case gunicornSync
        /// Keeps connections for a second and closes them without having said so.
        case gunicornThreads
        case uvicorn

        var python: String? {
            switch self {
            case .wsgiref: PythonPeer.plain
            case .gunicornSync, .gunicornThreads: PythonPeer.withGunicorn
            case .uvicorn: PythonPeer.withUvicorn
            }
        }

        func start() throws -> (process: Child, port: UInt16) {
            let folder = PythonPeer.path("")
            switch self {
            case .wsgiref: return try PythonPeer.start(python, [PythonPeer.path("wsgi_app.py")])
            case .gunicornSync:
                return try PythonPeer.start(python, ["-m", "gunicorn", "--chdir", folder, "-b", "127.0.0.1:0", "wsgi_app:app"], portBehind: "127.0.0.1:")
            case .gunicornThreads:
                return try PythonPeer.start(
                    python, ["-m", "gunicorn", "--chdir", folder, "-b", "127.0.0.1:0", "--threads", "4", "--keep-alive", "1", "wsgi_app:app"],
                    portBehind: "127.0.0.1:")
            case .uvicorn:
                return try PythonPeer.start(
                    python, ["-m", "uvicorn", "--app-dir", folder, "--interface", "wsgi", "--port", "0", "wsgi_app:app"], portBehind: "127.0.0.1:")
            }
        }
    }

    /// What the way may change: the fields of each connection, and those that name the time and the gateway. The length of the body is
    /// compared by itself: it is written anew, behind the others.
    static let ofTheWay: Set<String> = ["connection", "keep-alive", "transfer-encoding", "date", "via", "content-length"]

    /// An answer as the comparison wants it.
    func answer(_ connection: ScriptedConnection, _ request: String) throws -> [String] {
        try connection.send(request)
        let method = String(request.prefix { $0 != " " })
        var response = try connection.receiveResponse(to: method)
        while response.status < 200 { response = try connection.receiveResponse(to: method) }
        let status = response.head.startLine.split(separator: " ", maxSplits: 1).last.map(String.init) ?? ""
        let fields = response.head.fields.map { (name: $0.name.lowercased(), value: $0.value) }.filter { !Self.ofTheWay.contains($0.name) }
        // A 204 must have none (RFC 9110 §8.6), whatever wsgiref thinks.
        let length = response.status == 204 ? [] : response.head.all("Content-Length")
        return [status] + fields.map { "\($0.name): \($0.value)" } + length + [text(response.body)]
    }

    /// Requests without the field that names the host.
    func requests(_ server: Server, tag: String) -> [String] {
        func request(_ line: String, _ fields: [String] = [], _ body: String = "") -> String {
            (["\(line) HTTP/1.1", "Host: app.test"] + fields).joined(separator: "\r\n") + "\r\n\r\n" + body
        }
        let form = "a=1+2&b=%26&c="
        let large = String(repeating: "0123456789", count: 20_000)
        var requests = [
            request("GET /file"), request("HEAD /file"),
            request("GET /file", ["Range: bytes=100-199"]), request("GET /file", ["Range: bytes=131000-"]), request("GET /file", ["Range: bytes=999999-"]),
            request("GET /file", ["If-None-Match: \(tag)"]), request("HEAD /file", ["If-None-Match: \(tag)"]),
            request("GET /file", ["If-Modified-Since: Tue, 01 Jul 2025 12:00:00 GMT"]), request("GET /file", ["If-Match: \"other\""]),
            request("GET /file", ["If-Range: \(tag)", "Range: bytes=0-9"]), request("GET /file", ["If-Range: \"old\"", "Range: bytes=0-9"]),
            request("POST /form", ["Content-Type: application/x-www-form-urlencoded", "Content-Length: \(form.utf8.count)"], form),
            request("POST /upload", ["Content-Length: \(large.utf8.count)"], large), request("PUT /upload", ["Content-Length: 0"]),
            request("GET /stream"), request("GET /cookies?a=b%20c&d", ["Cookie: a=1; b=2"]), request("GET /moved"), request("HEAD /moved"),
            request("GET /empty"), request("GET /broken"), request("GET /absent/%C3%A6//x"), request("OPTIONS /absent"), request("DELETE /upload"),
        ]
        // The standard library's server reads no chunks.
        if server != .wsgiref {
            requests += [
                request("POST /upload", ["Transfer-Encoding: chunked"], "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"),
                request("PUT /upload", ["Transfer-Encoding: chunked"], "30d40\r\n\(large)\r\n0\r\n\r\n"),
                request("POST /upload", ["Expect: 100-continue", "Content-Length: 5"], "hello"),
            ]
        }
        return requests
    }

    @Test(arguments: Server.allCases.filter { PythonPeer.isHereOrMustBe($0.python) })
    func `an answer through the gateway is the app's own`(server: Server) throws {
        let (app, port) = try server.start()
        func stop() {
            app.signal(SIGTERM)
            _ = app.waitForEnd(upTo: .seconds(10))
        }
        defer { stop() }
        func direct() throws -> ScriptedConnection { ScriptedConnection(try #require(try Descriptor.connected(port: port)), name: "the direct client") }
        try Scenario.run(Scenario.Options(appAddress: "127.0.0.1:\(port)")) { s in
            // One connection for all: that the app closes its own must not end it.
            let client = try s.connect()
            let first = try direct()
            try first.get("/file")
            let tag = try #require(try first.receiveResponse().head["ETag"])
            for request in requests(server, tag: tag) {
                let connection = try direct()
                let (wanted, got) = (try answer(connection, request), try answer(client, request))
                connection.close()
                #expect(got == wanted, "\(shown(request.bytes.prefix(200)))")
            }
            if server == .gunicornThreads {
                // The app closes what is idle; the gateway notices, and the next request finds another connection.
                #expect(wait { s.gateway.extraSockets <= 1 })
                for method in ["GET", "POST"] {
                    try client.send("\(method) /moved HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                    #expect(try client.receiveResponse().status == 302)
                }
            }
            stop()
        }
    }
}
