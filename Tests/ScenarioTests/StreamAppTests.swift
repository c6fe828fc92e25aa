import Glibc
import HTTP2Wire
import Testing

/// Apps that speak HTTP/2 (`servers = h2://…`), to clients that speak HTTP/1 and HTTP/2.
@Suite struct StreamAppTests {
    static func run(listener: String = "", app: String = "", pipeline: String = "", filters: String = "", _ script: (Scenario) throws -> Void) throws {
        try StreamTests.run(listener: listener, app: app, pipeline: pipeline, filters: filters, scheme: "h2://", script)
    }

    @Test func `a request of HTTP/1 is a stream of the app's, and the answer comes back with its framing`() throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.send("POST /p?q HTTP/1.1\r\nHost: site.test\r\nContent-Length: 4\r\nX-A: b\r\nConnection: close, X-B\r\nX-B: gone\r\n\r\nbody")
            let app = try s.acceptStreams()
            let stream = try app.nextRequest()
            try app.waitFor("the body", until: { $0[stream].isComplete })
            let request = app[stream]
            #expect(request.heads[0].prefix(4).map(\.name).sorted() == [":authority", ":method", ":path", ":scheme"])
            #expect(request[":method"] == "POST" && request[":path"] == "/p?q" && request[":authority"] == "site.test" && request[":scheme"] == "http")
            #expect(request["x-a"] == "b" && request["content-length"] == "4" && request.bodyText == "body")
            #expect(request["x-forwarded-for"] == "127.0.0.1" && request["via"] == "1.1 sluice")
            for name in ["host", "connection", "x-b", "te", "transfer-encoding"] { #expect(request.all(name).isEmpty, "\(name)") }
            try app.respond(stream, 200, [("x-c", "d"), ("content-length", "6")], body: "answer".bytes)
            let response = try client.receiveResponse()
            #expect(response.bodyText == "answer" && response.head["X-C"] == "d" && response.head["Content-Length"] == "6")
            try client.expectClosed()
        }
    }

    @Test func `many exchanges share one connection`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let streams = try (0..<50).map { try client.get("/\($0)") }
            let app = try s.acceptStreams()
            let requests = try (0..<50).map { _ in try app.nextRequest() }
            for request in requests.reversed() { try app.respond(request, 200, body: app[request][":path"]!.bytes) }
            for (index, stream) in streams.enumerated() { try client.answer(to: stream, 200, "/\(index)") }
            try s.app.expectNoConnectionYet()
            // And one after the other.
            for index in 0..<20 {
                let stream = try client.get("/later/\(index)")
                let request = try app.nextRequest()
                try app.respond(request, 200, body: "\(index)".bytes)
                try client.answer(to: stream, 200, "\(index)")
            }
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `a POST whose stream or connection breaks after it was sent is not sent again`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let one = try client.request("POST", "/one")
            let app = try s.acceptStreams()
            let first = try app.nextRequest()
            try app.reset(first, 2)
            try client.reply(to: one, 502, "upstream.response.reset")
            let two = try client.request("POST", "/two")
            _ = try app.nextRequest()
            app.wire.close()
            #expect(try client.outcome(of: two).status == 502)
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `an app that resets a stream in the middle of its answer has the client's reset`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.get("/")
            let old = try s.connect()
            try old.get("/old")
            let app = try s.acceptStreams()
            for _ in 0..<2 {
                let request = try app.nextRequest()
                try app.send(Wire.headers(request, [(":status", "200")], ends: false) + Wire.data(request, "abc"))
                if app[request][":path"] == "/" { try client.waitFor("abc", until: { $0[stream].bodyText == "abc" }) } else { _ = try old.receive(through: "abc") }
                try app.reset(request, 2)
            }
            let outcome = try client.outcome(of: stream)
            #expect(!outcome.isComplete && outcome.resetCode == 2)
            try old.expectBrokenOff()
            #expect(position(of: "0\r\n\r\n".bytes, in: old.log) == nil)
            // The connection is as good as before.
            let next = try client.get("/next")
            try app.respond(app.nextRequest(), 200, body: "x".bytes)
            try client.answer(to: next, 200, "x")
        }
    }

    @Test func `a client that goes away has its stream reset, and the app's connection goes on`() throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.get("/gone")
            let app = try s.acceptStreams()
            let stream = try app.nextRequest()
            client.reset()
            try app.waitFor("RST_STREAM", until: { $0[stream].resetCode != nil })
            #expect(app[stream].resetCode == 8)
            let other = try s.connect()
            try other.get("/other")
            try app.respond(app.nextRequest(), 200, [("content-length", "1")], body: "x".bytes)
            try other.expectAnswer("x")
        }
    }

    @Test func `trailers go both ways, and an answer without a length is chunked to HTTP/1`() throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n")
            let app = try s.acceptStreams()
            let stream = try app.nextRequest()
            try app.waitFor("trailers", until: { $0[stream].isComplete })
            #expect(app[stream].bodyText == "abc" && app[stream]["te"] == "trailers")
            #expect(app[stream].trailers.map(\.name) == ["x-sum"])
            try app.respond(stream, 200, [("content-type", "application/grpc")], body: "answer".bytes, trailers: [("grpc-status", "0")])
            let response = try client.receiveResponse()
            #expect(response.bodyText == "answer" && response.trailers.map(\.name).map { $0.lowercased() } == ["grpc-status"])
            // Trailers alone, as gRPC's errors are: a head that ends the stream.
            try client.get("/error")
            try app.send(Wire.headers(app.nextRequest(), [(":status", "200"), ("grpc-status", "5")]))
            let error = try client.receiveResponse()
            #expect(error.body.isEmpty && error.head["grpc-status"] == "5")
        }
    }

    @Test func `both bodies flow at the same time, and end each by itself`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/duplex", ends: false)
            let app = try s.acceptStreams()
            let request = try app.nextRequest()
            try app.send(Wire.headers(request, [(":status", "200")], ends: false))
            for index in 0..<20 {
                try client.send(Wire.data(stream, "up \(index);"))
                try app.waitFor("up", until: { $0[request].bodyText.hasSuffix("up \(index);") })
                try app.send(Wire.data(request, "down \(index);"))
                try client.waitFor("down", until: { $0[stream].bodyText.hasSuffix("down \(index);") })
            }
            try client.send(Wire.data(stream, "", ends: true))
            try app.waitFor("the end", until: { $0[request].isComplete })
            try app.send(Wire.data(request, "bye") + Wire.headers(request, [("x-end", "1")]))
            #expect(try client.answer(to: stream).trailers.map(\.value) == ["1"])
        }
    }

    /// Though the app, which has nothing to say until then, does not wake the connection.
    @Test func `an app gets its window back when the client takes what waited for it`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 0)])
            try client.openConnection(1 << 20)
            let stream = try client.get("/")
            let app = try s.acceptStreams()
            let request = try app.nextRequest()
            let body = pattern(400_000)
            try app.send(Wire.headers(request, [(":status", "200")], ends: false))
            var sent = 0
            while case let count = try app.sendWhatFits(request, body[sent...]), count > 0 {
                sent += count
                try app.ping()
                try app.takeArrived()
            }
            try client.open(stream, 1 << 20)
            try app.sendBody(request, Array(body[sent...]), ends: true)
            #expect(try client.answer(to: stream).body == body)
        }
    }

    @Test func `large bodies arrive whole in both directions`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let body = pattern(3 << 20)
            let stream = try client.request("POST", "/large", [("content-length", "\(body.count)")], ends: false)
            let app = try s.acceptStreams()
            let request = try app.nextRequest()
            var sent = 0
            while !app[request].isComplete {
                if sent < body.count { sent += try client.sendWhatFits(stream, body[sent...].prefix(100_000), ends: sent + 100_000 >= body.count) }
                try client.takeArrived()
                try app.takeArrived()
                if sent == body.count && !app[request].isComplete { _ = poll(nil, 0, 1) }
            }
            #expect(app[request].body == body)
            try app.send(Wire.headers(request, [(":status", "200")], ends: false))
            sent = 0
            while !client[stream].isOver {
                if sent < body.count { sent += try app.sendWhatFits(request, body[sent...].prefix(100_000), ends: sent + 100_000 >= body.count) }
                try client.takeArrived()
                try app.takeArrived()
                if sent == body.count && !client[stream].isOver { _ = poll(nil, 0, 1) }
            }
            #expect(client[stream].isComplete && client[stream].body == body)
        }
    }

    @Test func `an app whose windows are shut holds up its own upload alone, until its time is over`() throws {
        try StreamAppTests.run(app: "send-timeout = 500ms") { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/stuck", ends: false)
            let app = try s.acceptStreams(settings: [(Wire.initialWindow, 5)])
            app.opensWindows = false
            let request = try app.nextRequest()
            // More than the gateway keeps for it.
            try client.send(Wire.data(stream, pattern(16_000)) + Wire.data(stream, pattern(16_000)) + Wire.data(stream, pattern(16_000)))
            try app.waitFor("five bytes", until: { $0[request].body.count == 5 })
            let other = try client.get("/other")
            try app.respond(app.nextRequest(), 200, body: "x".bytes)
            try client.answer(to: other, 200, "x")
            try client.reply(to: stream, 504, "upstream.send.timeout")
        }
    }

    @Test func `HEAD, 204, 304 and answers without a body`() throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.acceptStreams()
            try app.send(Wire.headers(app.nextRequest(), [(":status", "200"), ("content-length", "99")]))
            let head = try client.receiveResponse(to: "HEAD")
            #expect(head.head["Content-Length"] == "99")
            for status in ["204", "304", "200", "404"] {
                try client.get("/\(status)")
                try app.send(Wire.headers(app.nextRequest(), [(":status", status)]))
                let response = try client.receiveResponse()
                #expect("\(response.status)" == status && response.body.isEmpty)
            }
            // The end may come as an empty DATA frame.
            try client.get("/late")
            let late = try app.nextRequest()
            try app.send(Wire.headers(late, [(":status", "200")], ends: false) + Wire.data(late, "", ends: true))
            #expect(try client.receiveResponse().body.isEmpty)
        }
    }

    @Test func `interim responses are passed on, and a flood of them is a 502`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.get("/hints")
            let app = try s.acceptStreams()
            let request = try app.nextRequest()
            try app.send(Wire.headers(request, [(":status", "103"), ("link", "</a>")], ends: false))
            try client.waitFor("103", until: { $0[stream].status == 103 })
            try app.respond(request, 200, body: "x".bytes)
            try client.answer(to: stream, 200, "x")
            // All in one go: more than any buffer holds.
            let flooded = try client.get("/flood")
            let second = try app.nextRequest()
            let interim = Wire.headers(second, [(":status", "103"), ("link", String(repeating: "a", count: 1000))], ends: false)
            try app.send(Array((0..<1000).map { _ in interim }.joined()) + Wire.headers(second, [(":status", "200")], ends: false) + Wire.data(second, "x", ends: true))
            let outcome = try client.outcome(of: flooded)
            #expect(outcome.status == 502 || outcome.resetCode != nil, "\(outcome.status)")
            #expect(!s.gateway.process.ended)
        }
    }

    /// A frame of some hundred bytes that unpacks to a head of 16 KiB, a thousand times.
    @Test func `a flood of interim responses that unpack to much more does not crash the gateway`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let flooded = try client.get("/flood")
            let app = try s.acceptStreams()
            let request = try app.nextRequest()
            let status = Wire.block([(":status", "103")])
            let stored = [0x40] + Wire.text("x") + Wire.text(String(repeating: "a", count: 3900))
            try app.send(Wire.frame(1, flags: 4, stream: request, status + stored))
            let indexed = Wire.frame(1, flags: 4, stream: request, status + [0xBE, 0xBE, 0xBE])
            try? app.send(Array((0..<200).map { _ in indexed }.joined()) + Wire.headers(request, [(":status", "200")], ends: false) + Wire.data(request, pattern(16_000), ends: true))
            let outcome = try client.outcome(of: flooded)
            #expect(outcome.status == 502 || outcome.resetCode != nil, "\(outcome.status)")
            #expect(!s.gateway.process.ended)
            let next = try client.get("/next")
            try app.respond(app.nextRequest(), 200, body: "x".bytes)
            try client.answer(to: next, 200, "x")
        }
    }

    static let malformed: [(what: String, head: [(String, String)])] = [
        ("no :status", [("x", "y")]),
        ("an odd :status", [(":status", "2000")]),
        (":status 99", [(":status", "099")]),
        (":status 101", [(":status", "101")]),
        (":status 600", [(":status", "600")]),
        ("two :status", [(":status", "200"), (":status", "200")]),
        ("a request's pseudo-field", [(":status", "200"), (":path", "/")]),
        ("transfer-encoding", [(":status", "200"), ("transfer-encoding", "chunked")]),
        ("connection", [(":status", "200"), ("connection", "close")]),
        ("CRLF in a value", [(":status", "200"), ("x", "a\r\nSet-Cookie: b")]),
        ("CRLF in a name", [(":status", "200"), ("x\r\nset-cookie", "b")]),
        ("upper case", [(":status", "200"), ("X", "b")]),
        ("two lengths", [(":status", "200"), ("content-length", "1"), ("content-length", "2")]),
    ]

    @Test func `malformed answers are a 502, and no other stream is disturbed`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let waiting = try client.get("/waiting")
            let app = try s.acceptStreams()
            let kept = try app.nextRequest()
            for (what, head) in StreamAppTests.malformed {
                let stream = try client.get("/bad")
                let request = try app.nextRequest()
                try app.send(Wire.headers(request, head, ends: false) + Wire.data(request, "abc", ends: true))
                let outcome = try client.outcome(of: stream)
                #expect(outcome.status == 502 && outcome.reason != nil, "\(what): \(outcome)")
            }
            try app.respond(kept, 200, body: "kept".bytes)
            try client.answer(to: waiting, 200, "kept")
        }
    }

    @Test(arguments: ["2", "5"])
    func `an answer of another length than it says is never more than that, and never complete with less`(length: String) throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.get("/")
            let app = try s.acceptStreams()
            let request = try app.nextRequest()
            try app.send(Wire.headers(request, [(":status", "200"), ("content-length", length)], ends: false) + Wire.data(request, "abc", ends: true))
            if length == "2" {
                // What it promised, and not the byte behind it.
                try client.expectAnswer("ab")
                try app.waitFor("RST_STREAM", until: { $0[request].resetCode == 1 })
            } else {
                try client.expectBrokenOff()
                #expect(client.log.starts(with: "HTTP/1.1 502".bytes) || client.log.suffix(7).elementsEqual("\r\n\r\nabc".bytes), "\(shown(client.log))")
            }
            let next = try s.connect()
            try next.get("/next")
            let peer = try s.nextStreams(beside: app)
            try peer.respond(peer.nextRequest(), 200, [("content-length", "1")], body: "x".bytes)
            try next.expectAnswer("x")
        }
    }

    @Test func `an app that never speaks is a 504, and one that speaks HTTP/1 a 502`() throws {
        try StreamAppTests.run(app: "response-timeout = 300ms") { s in
            let client = try s.connect()
            try client.get("/")
            let silent = try s.app.accept()
            try client.expectReply(504, "upstream.response.timeout")
            silent.close()
            try client.get("/")
            let old = try s.app.accept()
            try old.expect(Wire.preface)
            try old.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            #expect(try client.receiveResponse().status == 502)
        }
    }

    @Test func `an app that floods is cut off, and its requests fail`() throws {
        let floods: [(String, [UInt8])] = [
            ("PING", Wire.ping()), ("SETTINGS", Wire.settings()), ("WINDOW_UPDATE", Wire.windowUpdate(0, 1)), ("unknown", Wire.frame(0x55)),
        ]
        for (what, frame) in floods {
            try StreamAppTests.run { s in
                let client = try s.connectStreams()
                let stream = try client.request("POST", "/")
                let app = try s.acceptStreams()
                _ = try app.nextRequest()
                try? app.send(Array((0..<10_000).map { _ in frame }.joined()))
                let outcome = try client.outcome(of: stream)
                #expect(outcome.status == 502 && outcome.reason == "upstream.protocol.flood", "\(what): \(outcome)")
                app.wire.close()
                try s.serveOver(client, "/next")
            }
        }
    }

    @Test func `a filter asks an app that speaks HTTP/2`() throws {
        var options = Scenario.Options(servers: 2)
        options.file = { servers, _ in
            """
            [listener:web]
            listen = 127.0.0.1:0
            serve = site
            [pipeline:site]
            pipeline = auth app
            [filter:auth]
            use = forward-auth
            app = gate
            path = /check
            [app:gate]
            servers = h2://\(servers[1])
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options) { s in
            let client = try s.connect()
            try client.send("GET /secret HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n")
            let gate = try FrameConnection.app(s.apps[1].accept())
            let question = try gate.nextRequest()
            #expect(gate[question][":path"]?.hasPrefix("/check") == true && gate[question]["authorization"] == "Bearer x")
            try gate.respond(question, 200)
            try s.apps[0].accept().serve("GET /secret HTTP/1.1", answering: "secret")
            try client.expectAnswer("secret")
            try client.get("/refused")
            try gate.respond(gate.nextRequest(), 403, body: "no".bytes)
            #expect(try client.receiveResponse().status == 403)
        }
    }
}

extension Scenario {
    /// The app's end of the connection on which the next request comes: a new one, or `beside`, which is open.
    func nextStreams(beside known: FrameConnection, at location: SourceLocation = #_sourceLocation) throws -> FrameConnection {
        var isNew = false
        let found = try wait {
            isNew = app.listening.pending(POLLIN) != 0
            return try isNew || !known.wire.hasEnded && !known.arrivedRequests().isEmpty
        }
        guard found else { throw ScenarioFailure("no request comes again", at: location) }
        return isNew ? try acceptStreams(at: location) : known
    }

    /// A request of `client` that a new connection of the app's answers.
    func serveOver(_ client: FrameConnection, _ path: String, at location: SourceLocation = #_sourceLocation) throws {
        let stream = try client.get(path, at: location)
        let peer = try acceptStreams(at: location)
        try peer.respond(peer.nextRequest(at: location), 200, body: path.bytes, at: location)
        try client.answer(to: stream, 200, path, at: location)
    }
}
