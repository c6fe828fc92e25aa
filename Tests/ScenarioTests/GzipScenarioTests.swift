import Glibc
import Testing

/// Compressed responses of the running gateway.
@Suite struct GzipScenarioTests {
    private func scenario(_ gzip: String = "", filters: String = "gzip", _ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options(gateway: "access-log = stdout")
        options.site = { servers, _ in Self.site(servers[0], gzip, filters) }
        try Scenario.run(options, script)
    }

    private static func site(_ server: String, _ gzip: String, _ filters: String) -> String {
        """
        [pipeline:site]
        pipeline = \(filters) app
        [filter:gzip]
        use = gzip
        \(gzip)
        [filter:gunzip]
        use = gunzip
        [app:app]
        servers = \(server)

        """
    }

    private let body = (0..<400).map { "line \($0) of a text that repeats itself\n" }.joined()

    @Test func `exchange after exchange on one connection, coded or not`() throws {
        try scenario { s in
            let client = try s.connect()
            for (accepted, type, isCoded) in [("gzip", "text/plain", true), ("br", "text/plain", false), ("gzip", "image/png", false), ("gzip", "text/css", true)] {
                try client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \(accepted)\r\n\r\n")
                let app = try s.activeAppConnection()
                #expect(try app.receiveHead()["Accept-Encoding"] == nil)
                try app.answer(body, "Content-Type: \(type)\r\nETag: \"v1\"\r\n")
                let response = try client.receiveResponse()
                #expect(response.head["Content-Encoding"] == (isCoded ? "gzip" : nil))
                #expect(response.head["Transfer-Encoding"] == (isCoded ? "chunked" : nil))
                #expect(response.head["ETag"] == (isCoded ? "\"v1-gz\"" : "\"v1\""))
                #expect(try (isCoded ? GzipReader.decode(response.body) : response.bodyText) == body)
            }
            // And again, with what the client has.
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"v1-gz\"\r\n\r\n")
            let app = try s.activeAppConnection()
            #expect(try app.receiveHead()["If-None-Match"] == "\"v1\"")
            try app.send("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n")
            let confirmed = try client.receiveResponse()
            #expect(confirmed.head.status == 304)
            #expect(confirmed.head["ETag"] == "\"v1-gz\"")
            #expect(confirmed.head["Vary"] == "Accept-Encoding")
            try client.send("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            try s.activeAppConnection().send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\n")
            let head = try client.receiveResponse(to: "HEAD")
            #expect(head.head["Content-Encoding"] == "gzip")
            #expect(head.head["Content-Length"] == nil)
            #expect(s.app.connections.count == 1)
        }
    }

    @Test func `each event of a stream can be decoded before the next is sent`() throws {
        try scenario("event-streams = on") { s in
            let client = try s.connect()
            try client.send("GET /events HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            // The head does not wait for the first event.
            #expect(try client.receiveHead()["Content-Encoding"] == "gzip")
            let reader = try GzipReader()
            var expected = ""
            for index in 0..<30 {
                let event = "data: {\"number\": \(index), \"status\": \"active\"}\n\n"
                expected += event
                try app.send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
                while reader.body.count < expected.utf8.count { try reader.take(receiveChunk(client)) }
                #expect(text(reader.body) == expected)
            }
            try app.send("0\r\n\r\n")
            while !reader.isComplete { try reader.take(receiveChunk(client)) }
            try client.expect("0\r\n\r\n")
        }
    }

    private func receiveChunk(_ client: ScriptedConnection) throws -> [UInt8] {
        let line = try client.receive(through: "\r\n").dropLast(2)
        guard let size = Int(text(line), radix: 16), size > 0 else { throw ScenarioFailure("no chunk: \(shown(Array(line)))") }
        let bytes = try client.receive(size)
        try client.expect("\r\n")
        return bytes
    }

    @Test func `an HTTP 1 0 client gets the coded body until the close`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            try app.answer(body, "Content-Type: text/plain\r\n")
            let response = try client.receiveResponse()
            #expect(response.head["Content-Encoding"] == "gzip")
            #expect(response.head["Transfer-Encoding"] == nil && response.head["Content-Length"] == nil)
            #expect(try GzipReader.decode(response.body) == body)
        }
    }

    /// The loop may have 4 coders: if one were lost with each client that leaves, the last response would not be coded.
    @Test func `clients that leave in the middle give their coders back`() throws {
        try scenario("memory = 1MiB\nstatus-field = on") { s in
            let piece = "1000\r\n\(String(repeating: "0123456789abcdef", count: 256))\r\n"
            for round in 0..<30 {
                let client = try s.connect()
                try client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n\(piece)")
                #expect(try client.receiveHead()["Gateway-Compression"] == "gzip", "round \(round)")
                // A close may be a half-close: the gateway waits two seconds before it believes it.
                if round == 7 { client.close() } else if round % 2 == 0 { client.reset() } else { app.close() }
                if round % 2 == 1 && round != 7 {
                    // The app's end in the middle is the client's too: no last chunk.
                    #expect(try !text(client.receiveToEnd()).hasSuffix("0\r\n\r\n"))
                } else {
                    try app.expectEnded()
                }
            }
        }
    }

    @Test func `a client that does not read stops the app, and holds no memory`() throws {
        try scenario { s in
            let client = try s.connect(receiveBuffer: 65536)
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(StreamingTests.total)\r\n\r\n")
            // Bytes that do not become fewer.
            let noise = pattern(65521)
            var sent = 0
            while sent < StreamingTests.total {
                let offset = sent % noise.count
                let count = app.sendWhatFits(noise[offset..<min(noise.count, offset + StreamingTests.total - sent)])
                sent += count
                if count == 0 && app.socket.await(POLLOUT, until: Deadline(.milliseconds(150))) == 0 { break }
            }
            #expect(sent < StreamingTests.total, "all of it was taken, and nobody read")
            #expect(s.gateway.memoryPeak < StreamingTests.memoryLimit)
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("curl"), "curl is not installed"))
    func `a long body is coded as it comes, at constant memory`() throws {
        try scenario { s in
            let file = "\(s.folder)/out"
            let curl = try Child([
                try Programs.require("curl"), "-sS", "--compressed", "--max-time", "100", "--noproxy", "*", "-o", file, "-w", "%{size_download}", s.url + "/",
            ])
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(StreamingTests.total)\r\n\r\n")
            let block = (body + body + body).bytes
            var sent = 0
            while sent < StreamingTests.total {
                let piece = Array(block.prefix(StreamingTests.total - sent))
                try app.send(piece)
                sent += piece.count
            }
            #expect(curl.waitForEnd(upTo: .seconds(60)) == .exit(0))
            curl.collect()
            let downloaded = try #require(Int(text(curl.stdout)))
            #expect(downloaded < StreamingTests.total / 10, "\(downloaded) bytes")
            let got = try #require(contents(of: file))
            #expect(got.count == StreamingTests.total)
            #expect(got.starts(with: block) && got.suffix(1000).elementsEqual((block + block)[(StreamingTests.total % block.count + block.count - 1000)..<(StreamingTests.total % block.count + block.count)]))
            #expect(s.gateway.memoryPeak < StreamingTests.memoryLimit)
        }
    }

    /// With a coder each, 300 streams would take 50 MiB.
    @Test func `idle event streams share a few coders`() throws {
        try scenario("memory = 1MiB\nevent-streams = on") { s in
            var streams: [(client: ScriptedConnection, app: ScriptedConnection, reader: GzipReader)] = []
            for _ in 0..<300 {
                let client = try s.connect()
                try client.send("GET /events HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                #expect(try client.receiveHead()["Content-Encoding"] == "gzip")
                streams.append((client, app, try GzipReader()))
            }
            let before = s.gateway.memory
            for round in 0..<2 {
                let event = "data: \(round) and some more of it\n\n"
                for stream in streams {
                    let known = stream.reader.body.count
                    try stream.app.send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
                    while stream.reader.body.count < known + event.utf8.count { try stream.reader.take(receiveChunk(stream.client)) }
                    #expect(text(stream.reader.body).hasSuffix(event))
                }
            }
            let growth = s.gateway.memory - before
            #expect(growth < 16 << 20, "\(growth >> 10) KiB for 300 streams")
        }
    }

    @Test func `gunzip decodes for those who cannot, and cuts off what is broken`() throws {
        try scenario(filters: "gunzip gzip") { s in
            let coded: [UInt8] = try {
                let client = try s.connect()
                try client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.answer(body, "Content-Type: text/plain\r\n")
                return try client.receiveResponse().body
            }()
            let client = try s.connect()
            func serve(_ bytes: [UInt8], promised: Int) throws {
                try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: \(promised)\r\n\r\n".bytes + bytes)
            }
            for _ in 0..<2 {
                try serve(coded, promised: coded.count)
                let response = try client.receiveResponse()
                #expect(response.head["Content-Encoding"] == nil)
                #expect(response.bodyText == body)
            }
            var broken = coded
            broken[broken.count - 5] ^= 1
            try serve(broken, promised: broken.count)
            // No last chunk, if anything: the client sees that this is not the whole.
            #expect(try !text(client.receiveToEnd()).hasSuffix("0\r\n\r\n"))
            #expect(s.gateway.process.waitForOutput { $0.contains("filter.transform.failed") })
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("nginx") && Programs.isHereOrMustBe("curl"), "nginx or curl is not installed"))
    func `curl gets nginx's files, compressed or not`() throws {
        let peers = RealPeerTests()
        let folder = try peers.site()
        defer { Folder.remove(folder) }
        let nginx = try Nginx(in: folder) { _ in "gzip on; gzip_types *; gzip_proxied any;" }
        var options = Scenario.Options()
        options.site = { _, _ in Self.site("127.0.0.1:\(nginx.port)", "", "gzip") }
        try Scenario.run(options) { s in
            let (gateway, direct) = (s.url, nginx.url)
            for path in ["/hello.txt", "/empty.txt", "/big.txt", "/absent"] {
                #expect(try peers.curl(["--compressed", gateway + path]) == peers.curl([direct + path]), "\(path)")
                #expect(try peers.curl([gateway + path]) == peers.curl([direct + path]), "\(path)")
            }
            #expect(try peers.curl(["--compressed", "-0", gateway + "/big.txt"]) == peers.curl([direct + "/big.txt"]))
            #expect(try peers.curl(["--compressed", "-r", "5-20", "-w", "%{http_code}", gateway + "/big.txt"]) == peers.curl(["-r", "5-20", "-w", "%{http_code}", direct + "/big.txt"]))
            let head = try peers.curl(["--compressed", "-D", "-", "-o", "/dev/null", gateway + "/big.txt"])
            #expect(head.lowercased().contains("content-encoding: gzip\r\n") && head.lowercased().contains("vary: accept-encoding\r\n"))
            let tag = try #require(head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("etag: ") }).dropFirst(6)
            #expect(tag.hasSuffix("-gz\""))
            #expect(try peers.curl(["--compressed", "-H", "If-None-Match: \(tag)", "-w", "%{http_code}", gateway + "/big.txt"]) == "304")
            #expect(try peers.curl(["-H", "If-None-Match: \(tag)", "-w", "%{http_code}", "-o", "/dev/null", gateway + "/big.txt"]) == "200")
            nginx.stop()
        }
    }
}
