import HTTP2Wire
import Testing

/// Requests of clients that speak HTTP/2, over the real binary, to an app that speaks HTTP/1.
@Suite struct StreamTests {
    /// The pipeline between listener and app, and its filters' sections, are lines of the configuration file. The access log is on stderr.
    static func options(listener: String = "", app: String = "", pipeline: String = "", filters: String = "", scheme: String = "", loops: Int = 1) -> Scenario.Options {
        var options = Scenario.Options()
        options.file = { servers, _ in
            """
            [gateway]
            loops = \(loops)
            access-log = stderr
            [listener:web]
            listen = 127.0.0.1:0
            serve = \(pipeline.isEmpty ? "app" : "site")
            protocols = h2c http/1.1
            \(listener)
            \(pipeline.isEmpty ? "" : "[pipeline:site]\npipeline = \(pipeline) app\n\(filters)")
            [app:app]
            servers = \(servers.map { scheme + $0 }.joined(separator: " "))
            \(app)

            """
        }
        return options
    }

    static func run(
        listener: String = "", app: String = "", pipeline: String = "", filters: String = "", scheme: String = "", loops: Int = 1,
        _ script: (Scenario) throws -> Void
    ) throws {
        try Scenario.run(options(listener: listener, app: app, pipeline: pipeline, filters: filters, scheme: scheme, loops: loops), script)
    }

    @Test func `a GET reaches the app as HTTP/1.1, and its answer comes back as HTTP/2`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.get("/page?x=1", [("user-agent", "tester"), ("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")])
            let app = try s.app.accept()
            let request = try app.receiveRequest()
            #expect(request.head.startLine == "GET /page?x=1 HTTP/1.1")
            #expect(request.head["Host"] == "app.test")
            #expect(request.head["User-Agent"] == "tester")
            #expect(request.head["Cookie"] == "a=1; b=2")
            #expect(request.head["X-Forwarded-For"] == "127.0.0.1")
            #expect(request.head["X-Forwarded-Proto"] == "http")
            #expect(request.head["X-Forwarded-Host"] == "app.test")
            #expect(request.head["Via"] == "2.0 sluice")
            #expect(request.head.names.allSatisfy { !$0.hasPrefix(":") })
            try app.answer("hello", "X-One: 1\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nConnection: X-Two\r\nX-Two: gone\r\nKeep-Alive: timeout=5\r\n")
            let response = try client.answer(to: stream, 200, "hello")
            #expect(response["x-one"] == "1" && response["content-length"] == "5" && response["date"] != nil)
            #expect(response.all("set-cookie") == ["a=b", "c=d"])
            for name in ["connection", "keep-alive", "transfer-encoding", "x-two"] { #expect(response.all(name).isEmpty, "\(name)") }
            try wait(for: "\"GET /page?x=1 HTTP/2.0\" 200 5", in: s)
        }
    }

    /// Waits for a text in the access log.
    func wait(for entry: String, in s: Scenario, at location: SourceLocation = #_sourceLocation) throws {
        guard ScenarioTests.wait(until: { s.gateway.errors.contains(entry) }) else {
            throw ScenarioFailure("no \(entry) in the access log: \(s.gateway.errors)", at: location)
        }
    }

    @Test func `the preface is recognised in every cut, and HTTP/1.1 is spoken on the same port`() throws {
        try StreamTests.run { s in
            let app = try s.warm()
            for cut in 1..<(Wire.preface.count + 9) {
                let wire = try s.connect()
                try wire.send(Wire.preface + Wire.settings() + Wire.get(1), cutAt: [cut])
                try app.serve("GET / HTTP/1.1", answering: "cut \(cut)")
                let bytes = try wire.receive(through: "cut \(cut)")
                #expect(bytes.count > 30)
                wire.close()
            }
            // Begins as the preface does.
            let client = try s.connect()
            try client.send("PRI * HTTP/1.1\r\nHost: a\r\n\r\n".bytes, cutAt: [3, 14])
            #expect(try client.receiveHead().status == 400)
        }
    }

    @Test func `a listener without http/1.1 refuses it, and one without h2c refuses HTTP/2`() throws {
        var options = Scenario.Options()
        options.file = { servers, _ in
            """
            [listener:new]
            listen = 127.0.0.1:0
            serve = app
            protocols = h2c
            [listener:old]
            listen = 127.0.0.1:0
            serve = app
            [app:app]
            servers = \(servers[0])

            """
        }
        options.listeners = ["new", "old"]
        try Scenario.run(options) { s in
            let old = try s.connect(to: "new")
            try old.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try old.expectFinalReply(505, "request.version.unsupported")
            let new = try s.connect(to: "old")
            try new.send(Wire.preface)
            let refusal = try new.receiveHead()
            #expect(refusal.status == 400 || refusal.status == 505)
            let good = try s.connectStreams(to: "new")
            let stream = try good.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "x")
            try good.answer(to: stream, 200, "x")
        }
    }

    @Test(arguments: [("expect", "tea", 417), ("x-long", String(repeating: "a", count: 40_000), 431)])
    func `a HEAD that is refused gets no body`(name: String, value: String, status: Int) throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            try client.shakeHands()
            let stream = client.takeNumber()
            let block = Wire.block([(":method", "HEAD"), (":scheme", "http"), (":path", "/"), (":authority", "app.test"), (name, value)])
            try client.send(Wire.frame(1, flags: block.count > 16_384 ? 1 : 5, stream: stream, Array(block.prefix(16_384))))
            var at = 16_384
            while at < block.count {
                try client.send(Wire.frame(9, flags: at + 16_384 >= block.count ? 4 : 0, stream: stream, Array(block[at..<min(at + 16_384, block.count)])))
                at += 16_384
            }
            let answer = try client.outcome(of: stream)
            #expect(answer.status == status && answer.isComplete && answer.dataFrames == 0)
        }
    }

    @Test func `HEAD, 204, 304 and an empty answer have no body, and keep their fields`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let head = try client.request("HEAD", "/h")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: \"a\"\r\n\r\n")
            let first = try client.answer(to: head, 200, "")
            #expect(first["content-length"] == "1234" && first["etag"] == "\"a\"")
            for (status, fields) in [(204, ""), (304, "ETag: \"b\"\r\n"), (200, "Content-Length: 0\r\n"), (404, "Content-Length: 0\r\n")] {
                let stream = try client.get("/\(status)")
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 \(status) X\r\n\(fields)\r\n")
                let response = try client.answer(to: stream, status, "")
                #expect(response.dataFrames == 0)
            }
        }
    }

    @Test func `a body goes to the app with its length where the client says it, and in chunks where it does not`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let known = try client.request("POST", "/known", [("content-length", "10")], ends: false)
            let app = try s.app.accept()
            let head = try app.receiveHead()
            #expect(head["Content-Length"] == "10" && head.all("Transfer-Encoding").isEmpty)
            try client.send(Wire.data(known, "01234"))
            try app.expect("01234")
            try client.send(Wire.data(known, "56789", ends: true))
            try app.expect("56789")
            try app.answer("known")
            try client.answer(to: known, 200, "known")
            let unknown = try client.request("POST", "/unknown", ends: false)
            let second = try app.receiveHead()
            #expect(second["Transfer-Encoding"] == "chunked" && second.all("Content-Length").isEmpty)
            try client.send(Wire.data(unknown, "abc") + Wire.data(unknown, "", ends: true))
            #expect(try text(app.receiveChunkedBody().body) == "abc")
            try app.answer("unknown")
            try client.answer(to: unknown, 200, "unknown")
            // A request that ends with its head has no body, whatever its method is.
            let empty = try client.request("POST", "/empty")
            let third = try app.receiveRequest()
            #expect(third.body.isEmpty && third.head.all("Transfer-Encoding").isEmpty)
            try app.answer("empty")
            try client.answer(to: empty, 200, "empty")
        }
    }

    @Test func `trailers go both ways`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/t", [("te", "trailers")], ends: false)
            try client.send(Wire.data(stream, "body") + Wire.headers(stream, [("x-sum", "42"), ("x-more", "b")]))
            let app = try s.app.accept()
            let request = try app.receiveRequest()
            #expect(request.bodyText == "body" && request.trailers.map(\.name).map { $0.lowercased() } == ["x-sum", "x-more"])
            #expect(request.trailers.map(\.value) == ["42", "b"])
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n3\r\nabc\r\n0\r\nX-End: yes\r\nGrpc-Status: 0\r\n\r\n")
            let response = try client.answer(to: stream, 200, "abc")
            #expect(response.trailers.map(\.name) == ["x-end", "grpc-status"] && response.trailers.map(\.value) == ["yes", "0"])
            // An answer without a body may have trailers too.
            let second = try client.get("/u", [("te", "trailers")])
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nGrpc-Status: 5\r\n\r\n")
            #expect(try client.answer(to: second, 200, "").trailers.map(\.value) == ["5"])
        }
    }

    @Test func `interim responses come in front of the final one, and an expectation is passed on`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/e", [("expect", "100-continue"), ("content-length", "4")], ends: false)
            let app = try s.app.accept()
            #expect(try app.receiveHead()["Expect"] == "100-continue")
            try app.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            try client.waitFor("100", until: { $0[stream].heads.count == 2 })
            #expect(client[stream].heads[0].contains { $0.name == "link" && $0.value == "</a>" })
            #expect(client[stream].status == 100)
            try client.send(Wire.data(stream, "body", ends: true))
            try app.expect("body")
            try app.answer("done")
            try client.answer(to: stream, 200, "done")
            let odd = try client.request("POST", "/e", [("expect", "200-ok"), ("content-length", "4")], ends: false)
            try client.reply(to: odd, 417, "request.expectation.unsupported")
        }
    }

    @Test func `a hundred requests at once are answered, in whatever order the app answers them`() throws {
        try StreamTests.run(app: "max-connections = 100") { s in
            let client = try s.connectStreams()
            let streams = try (0..<100).map { try client.get("/\($0)") }
            var waiting: [(ScriptedConnection, String)] = []
            for _ in 0..<100 {
                let app = try s.app.accept()
                waiting.append((app, try app.receiveRequest().head.startLine))
            }
            #expect(Set(waiting.map(\.1)).count == 100)
            for (app, line) in waiting.reversed() { try app.answer(line) }
            for (index, stream) in streams.enumerated() { try client.answer(to: stream, 200, "GET /\(index) HTTP/1.1") }
        }
    }

    @Test func `replies of the gateway are HTTP/2 too`() throws {
        try StreamTests.run(listener: "max-target = 64B\nmax-fields = 10\nmax-body = 4B", app: "connect-timeout = 1s") { s in
            let client = try s.connectStreams()
            try client.reply(to: client.get("/" + String(repeating: "a", count: 100)), 414, "request.target.too-long")
            try client.reply(to: client.get("/", (0..<20).map { ("x-\($0)", "y") }), 431, "request.head.too-many-fields")
            try client.reply(to: client.request("POST", "/", [("content-length", "5")], ends: false), 413, "request.body.too-large")
            try client.reply(to: client.request("CONNECT", "/"), 405, "request.method.connect")
            // A head above the limit, in a frame and its continuation.
            try client.reply(to: client.get("/", [("x", String(repeating: "a", count: 17_000))]), 431, "request.head.too-large")
            s.app.stop()
            try client.reply(to: client.get("/gone"), 502, "upstream.connect.refused")
            try wait(for: "reason=request.body.too-large", in: s)
        }
    }

    @Test func `a body that grows beyond the limit is a 413, and other streams go on`() throws {
        try StreamTests.run(listener: "max-body = 10B") { s in
            let client = try s.connectStreams()
            let big = try client.request("POST", "/big", ends: false)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try client.send(Wire.data(big, "0123456789"))
            try client.send(Wire.data(big, "x"))
            try client.reply(to: big, 413, "request.body.too-large")
            try app.expectBrokenOff()
            let other = try client.get("/other")
            try s.app.accept().serve("GET /other HTTP/1.1", answering: "fine")
            try client.answer(to: other, 200, "fine")
        }
    }

    @Test func `filters work on streams as on connections`() throws {
        try StreamTests.run(
            pipeline: "versions limit gzip",
            filters: """
                [filter:versions]
                use = version-negotiation
                version = v2.0
                version = v2.1
                [filter:limit]
                use = rate-limit
                rate = 1/h
                burst = 2
                [filter:gzip]
                use = gzip
                event-streams = on
                """
        ) { s in
            let client = try s.connectStreams()
            #expect(try client.outcome(of: client.get("/")).status == 300)
            let zipped = try client.get("/v2/a", [("accept-encoding", "gzip")])
            let app = try s.app.accept()
            let request = try app.receiveRequest()
            #expect(request.head.startLine.hasSuffix("/a HTTP/1.1"))
            try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            try app.send("b\r\ndata: one\n\n\r\n")
            try client.waitFor("the first event", until: { $0[zipped].dataFrames > 0 })
            #expect(!client[zipped].isComplete)
            let reader = try GzipReader()
            try reader.take(client[zipped].body)
            #expect(text(reader.body) == "data: one\n\n")
            try app.send("b\r\ndata: two\n\n\r\n0\r\n\r\n")
            #expect(try GzipReader.decode(client.answer(to: zipped).body) == "data: one\n\ndata: two\n\n")
            let third = try client.get("/v2/b")
            _ = try app.receiveRequest()
            try app.answer("x")
            try client.answer(to: third)
            let limited = try client.outcome(of: client.get("/v2/c"))
            #expect(limited.status == 429 && limited["retry-after"] != nil)
        }
    }
}
