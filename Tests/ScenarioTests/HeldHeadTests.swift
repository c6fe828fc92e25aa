import Glibc
import Testing

/// Responses whose length the app does not say, where gzip leaves short ones alone: the head waits for the beginning of the body, and no longer
/// than until the app pauses.
@Suite struct HeldHeadTests {
    private func scenario(_ filters: String = "gzip", _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options()
        options.file = { servers, _ in
            """
            [gateway]
            loops = 1
            access-log = stdout
            [listener:web]
            listen = 127.0.0.1:0
            serve = site
            [pipeline:site]
            pipeline = \(filters) app
            [filter:gzip]
            use = gzip
            [filter:bound]
            use = size-limit
            max-response-body = 100B
            [filter:eager]
            use = gzip
            min-length = 0B
            [filter:headers]
            use = headers
            response-set = "X-Outer: yes"
            response-remove = Vary
            [filter:late]
            use = headers
            response-set = "ETag: \\"late\\""
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options, script)
    }

    @Test(arguments: ["bound gzip", "gzip bound"])
    func `a limit of the response holds for what was held, too`(filters: String) throws {
        try scenario(filters) { s in
            let client = try s.connect()
            let whole = Self.chunked + chunks(String(repeating: "x", count: 200), each: 50) + "0\r\n\r\n"
            try ask(s, client).send(whole)
            #expect(try client.receiveResponse().reason == "upstream.response.too-large")
            // A part of it, and then a pause.
            try ask(s, client).send(Self.chunked + chunks(String(repeating: "x", count: 200), each: 50))
            let response = try client.receiveHead()
            if response.status == 200 { try client.expectBrokenOff() } else { #expect(response.status == 502) }
            #expect(client.log.count { $0 == UInt8(ascii: "x") } <= 100)
        }
    }

    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"v1\"\r\n"
    private static let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"

    private func ask(_ s: Scenario, _ client: ScriptedConnection, _ line: String = "GET / HTTP/1.1") throws -> ScriptedConnection {
        try client.send("\(line)\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
        let app = try s.activeAppConnection()
        _ = try app.receiveRequest()
        return app
    }

    /// Lets the gateway find everything that `send` does at once, whoever is scheduled when.
    private func whileItStands(_ s: Scenario, _ send: () throws -> Void) rethrows {
        s.gateway.process.signal(SIGSTOP)
        defer { s.gateway.process.signal(SIGCONT) }
        try send()
    }

    private func chunks(_ text: String, each size: Int) -> String {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: size).map {
            let piece = bytes[$0..<min($0 + size, bytes.count)]
            return "\(String(piece.count, radix: 16))\r\n\(String(decoding: piece, as: UTF8.self))\r\n"
        }.joined()
    }

    private let long = (0..<400).map { "line \($0) of a text that repeats itself\n" }.joined()

    @Test func `a short body is sent as it is, with its length`() throws {
        try scenario { s in
            let client = try s.connect()
            for (body, size) in [("", 1), ("x", 1), ("a short answer", 3), (String(repeating: "y", count: 1023), 100)] {
                let app = try ask(s, client)
                try whileItStands(s) { try app.send(Self.chunked + chunks(body, each: size) + "0\r\n\r\n") }
                let response = try client.receiveResponse()
                #expect(response.head["Content-Length"] == "\(body.utf8.count)")
                #expect(response.head["Content-Encoding"] == nil)
                #expect(response.head["ETag"] == "\"v1\"")
                #expect(response.head["Vary"] == "Accept-Encoding")
                #expect(response.bodyText == body)
            }
            #expect(s.app.connections.count == 1)
        }
    }

    @Test func `a body that reaches the least length is compressed from its first byte`() throws {
        try scenario { s in
            let client = try s.connect()
            for (body, size) in [(String(repeating: "y", count: 1024), 1024), (String(repeating: "z", count: 1024), 1023), (long, 7), (long, 5000), (long, 100_000)] {
                let app = try ask(s, client)
                try whileItStands(s) { try app.send(Self.chunked + chunks(body, each: size) + "0\r\nX-Sum: 7\r\n\r\n") }
                let response = try client.receiveResponse()
                #expect(response.head["Content-Encoding"] == "gzip")
                #expect(response.head["ETag"] == "\"v1-gz\"")
                #expect(try GzipReader.decode(response.body) == body)
                #expect(response.trailers.first?.value == "7")
            }
        }
    }

    @Test func `the close of the app is the end of a short body too`() throws {
        for version in ["1.1", "1.0"] {
            try scenario { s in
                let client = try s.connect()
                try client.send("GET / HTTP/\(version)\r\nHost: a\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try whileItStands(s) {
                    try app.send(Self.head + "\r\nuntil the close")
                    app.closeWriting()
                }
                let response = try client.receiveResponse()
                #expect(response.head["Content-Length"] == "15")
                #expect(response.bodyText == "until the close")
                // The length is known now, so the client's connection stays, whatever its version.
                let next = try ask(s, client)
                try next.answer("next", "Content-Type: text/plain\r\n")
                #expect(try client.receiveResponse().bodyText == "next")
            }
        }
    }

    @Test func `trailers of a short body arrive`() throws {
        try scenario { s in
            let client = try s.connect()
            let app = try ask(s, client)
            try whileItStands(s) { try app.send(Self.chunked + "5\r\nshort\r\n0\r\nX-Sum: 12\r\n\r\n") }
            let response = try client.receiveResponse()
            #expect(response.head["Content-Encoding"] == nil)
            #expect(response.head["Transfer-Encoding"] == "chunked")
            #expect(response.bodyText == "short")
            #expect(response.trailers.map(\.value) == ["12"])
        }
    }

    @Test func `a pause sends the head, and what came before it`() throws {
        try scenario { s in
            let client = try s.connect()
            for beginning in ["", "first"] {
                let app = try ask(s, client)
                try app.send(Self.chunked + (beginning.isEmpty ? "" : chunks(beginning, each: 100)))
                // Nothing more is sent before the client has this.
                #expect(try client.receiveHead()["Content-Encoding"] == "gzip")
                let reader = try GzipReader()
                while reader.body.count < beginning.utf8.count { try reader.take(receiveChunk(client)) }
                #expect(text(reader.body) == beginning)
                try app.send("6\r\n, last\r\n0\r\n\r\n")
                while !reader.isComplete { try reader.take(receiveChunk(client)) }
                try client.expect("0\r\n\r\n")
                #expect(text(reader.body) == beginning + ", last")
            }
        }
    }

    private func receiveChunk(_ client: ScriptedConnection) throws -> [UInt8] {
        let line = try client.receive(through: "\r\n").dropLast(2)
        guard let size = Int(text(line), radix: 16), size > 0 else { throw ScenarioFailure("no chunk: \(shown(Array(line)))") }
        let bytes = try client.receive(size)
        try client.expect("\r\n")
        return bytes
    }

    @Test func `an app that drips cannot put the head off`() throws {
        try scenario { s in
            let client = try s.connect()
            let app = try ask(s, client)
            try app.send(Self.chunked)
            var sent = 0
            while client.socket.await(POLLIN, until: Deadline(.milliseconds(2))) == 0, sent < 1000 {
                try app.send("1\r\nx\r\n")
                sent += 1
            }
            #expect(sent < 500, "the head came behind \(sent) pieces")
            try app.send("0\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(try (response.head["Content-Encoding"] == nil ? response.bodyText : GzipReader.decode(response.body)) == String(repeating: "x", count: sent))
        }
    }

    @Test func `a body in pieces arrives, however they fall`() throws {
        try scenario { s in
            let client = try s.connect()
            for size in [1, 40, 1100, 3000] {
                let app = try ask(s, client)
                let body = String(long.prefix(size))
                let bytes = (Self.chunked + chunks(body, each: 17) + "0\r\n\r\n").bytes
                try app.send(bytes, cutAt: [Self.chunked.utf8.count, Self.chunked.utf8.count + 1, Self.chunked.utf8.count + 30, bytes.count - 3])
                let response = try client.receiveResponse()
                #expect(try (response.head["Content-Encoding"] == nil ? response.bodyText : GzipReader.decode(response.body)) == body)
            }
        }
    }

    /// Nothing has gone to the client yet, so there is still a status for it.
    @Test(arguments: [
        ("5\r\nshort\r\n-1\r\n", false, "upstream.response.chunk.malformed"), ("5\r\nshort\r\n0\r\nx y\r\n\r\n", false, "upstream.response.trailer.malformed"),
        ("5\r\nshort\r\n", true, "upstream.response.closed"), ("", true, "upstream.response.closed"),
    ])
    func `what goes wrong before the head is sent is a 502`(_ rest: String, _ closes: Bool, _ reason: String) throws {
        try scenario("headers gzip") { s in
            let client = try s.connect()
            let app = try ask(s, client)
            try whileItStands(s) {
                try app.send(Self.chunked + rest)
                if closes { app.closeWriting() }
            }
            let reply = try client.expectReply(502, reason)
            #expect(reply.head["X-Outer"] == "yes")
            #expect(reply.head["ETag"] == nil && reply.head["Content-Encoding"] == nil)
            try app.expectEnded()
            try ask(s, client).answer("next", "Content-Type: text/plain\r\n")
            #expect(try client.receiveResponse().bodyText == "next")
        }
    }

    @Test func `filters see the head once, in their order, when it is decided`() throws {
        for (body, isCoded) in [("short", false), (long, true)] {
            try scenario("headers gzip late") { s in
                let client = try s.connect()
                let app = try ask(s, client)
                try whileItStands(s) { try app.send(Self.chunked + chunks(body, each: 900) + "0\r\n\r\n") }
                let response = try client.receiveResponse()
                #expect(response.head.all("X-Outer") == ["yes"])
                #expect(response.head["Vary"] == nil, "who stands outside has the last word")
                #expect(response.head["ETag"] == (isCoded ? "\"late-gz\"" : "\"late\""))
                #expect(try (isCoded ? GzipReader.decode(response.body) : response.bodyText) == body)
            }
        }
    }

    @Test func `what gzip will not touch is not held`() throws {
        try scenario { s in
            for (request, fields) in [
                ("Accept-Encoding: br", "Content-Type: text/plain"), ("Accept-Encoding: gzip", "Content-Type: image/png"),
                ("Accept-Encoding: gzip", "Content-Type: text/plain\r\nContent-Encoding: br"), ("Accept-Encoding: gzip\r\nCache-Control: no-transform", "Content-Type: text/plain"),
            ] {
                let client = try s.connect()
                try client.send("GET / HTTP/1.1\r\nHost: a\r\n\(request)\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try whileItStands(s) { try app.send("HTTP/1.1 200 OK\r\n\(fields)\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n") }
                let response = try client.receiveResponse()
                #expect(response.head["Transfer-Encoding"] == "chunked", "\(request) \(fields)")
                #expect(response.bodyText == "x")
            }
        }
    }

    @Test func `HEAD, and a 304, have no body to wait for`() throws {
        try scenario { s in
            let client = try s.connect()
            let app = try ask(s, client, "HEAD / HTTP/1.1")
            try app.send(Self.chunked)
            // What GET would get if it was long: nobody can know.
            #expect(try client.receiveResponse(to: "HEAD").head["Content-Encoding"] == "gzip")
            let next = try ask(s, client)
            try next.send("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n")
            #expect(try client.receiveResponse().head.status == 304)
            #expect(s.app.connections.count == 1)
        }
    }

    @Test func `an early hint goes out before, and the head behind it waits`() throws {
        try scenario { s in
            let client = try s.connect()
            let app = try ask(s, client)
            try whileItStands(s) { try app.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + Self.chunked + "5\r\nshort\r\n0\r\n\r\n") }
            #expect(try client.receiveHead().status == 103)
            #expect(try client.receiveResponse().head["Content-Length"] == "5")
        }
    }

    @Test func `an answer before the end of the request`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nContent-Length: 10\r\n\r\n12345")
            let app = try s.activeAppConnection()
            _ = try app.receiveHead()
            try app.expect("12345")
            try whileItStands(s) { try app.send(Self.chunked + "5\r\nearly\r\n0\r\n\r\n") }
            let response = try client.receiveResponse()
            #expect(response.head["Content-Length"] == "5")
            #expect(response.bodyText == "early")
            try client.send("67890GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            try s.activeAppConnection().serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a client that leaves meanwhile ends the exchange`() throws {
        try scenario { s in
            for _ in 0..<10 {
                let client = try s.connect()
                let app = try ask(s, client)
                try whileItStands(s) {
                    try app.send(Self.chunked + "1\r\nx\r\n")
                    client.reset()
                }
                try app.expectEnded()
            }
            try s.probe()
        }
    }

    @Test func `the log tells what the client got`() throws {
        try scenario { s in
            let client = try s.connect()
            let app = try ask(s, client, "GET /counted HTTP/1.1")
            try whileItStands(s) { try app.send(Self.chunked + "5\r\nshort\r\n0\r\n\r\n") }
            #expect(try client.receiveResponse().bodyText == "short")
            #expect(s.gateway.process.waitForOutput { $0.contains("\"GET /counted HTTP/1.1\" 200 5 ") })
        }
    }

    /// A slow producer that has said how much it will send: what came before it paused can be read.
    @Test func `a compressed body of known length goes on through pauses too`() throws {
        try scenario { s in
            let client = try s.connect()
            let app = try ask(s, client)
            try app.send(Self.head + "Content-Length: \(long.utf8.count)\r\n\r\n")
            let reader = try GzipReader()
            let bytes = long.bytes
            var sent = 0
            #expect(try client.receiveHead()["Content-Encoding"] == "gzip")
            for size in [1, 3000, 40] {
                try app.send(Array(bytes[sent..<sent + size]))
                sent += size
                while reader.body.count < sent { try reader.take(receiveChunk(client)) }
                #expect(reader.body == Array(bytes[..<sent]))
            }
            try app.send(Array(bytes[sent...]))
            while !reader.isComplete { try reader.take(receiveChunk(client)) }
            #expect(text(reader.body) == long)
            try client.expect("0\r\n\r\n")
        }
    }
}
