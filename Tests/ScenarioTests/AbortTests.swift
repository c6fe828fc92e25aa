import Testing

/// Clients that go away at the worst moment: the pool stays clean, nobody gets another's bytes.
@Suite struct AbortTests {
    static let upload = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n012345678901234567890123456789"
    static let chunkedUpload = "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n5\r\nabcde\r\n0\r\nX-T: 1\r\n\r\n"

    @Test(arguments: [upload, chunkedUpload], [true, false])
    func `a client that dies at any byte of an upload leaves no dirty connection`(upload: String, byReset: Bool) throws {
        try Scenario.run { s in
            let bytes = upload.bytes
            for cut in 1..<bytes.count {
                let client = try s.connect()
                try client.send(Array(bytes[..<cut]))
                if cut % 3 != 0 { try client.awaitTaken() }
                if byReset { client.reset() } else { client.close() }
                // A strict app: whatever came on a connection before the probe must be whole requests, or the connection is not used.
                try s.probeStrictly()
            }
        }
    }

    /// Its log line is made in the exchange that was used before, of whose request nothing may be left.
    @Test func `a client that goes away within its head, after others were served, hurts nobody`() throws {
        try Scenario.run(gateway: "access-log = stderr") { s in
            let client = try s.connect()
            try client.get("/a/long/path")
            try s.app.accept().serve("GET /a/long/path HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
            client.close()
            let gone = try s.connect()
            try gone.send("GET /b HTTP/1.1\r\nHos")
            gone.close()
            #expect(s.gateway.process.waitForErrors { $0.contains("reason=client.closed") })
            let line = s.gateway.errors.split(separator: "\n").first { $0.contains("reason=client.closed") } ?? ""
            #expect(!line.contains("/a/long/path") && line.contains("end=CR-C"))
            try s.probe()
        }
    }

    @Test func `a client that closes in the middle of a response frees the app connection`() throws {
        try Scenario.run { s in
            for byReset in [true, false] {
                let app = try s.warm()
                let client = try s.connect()
                try client.get("/long")
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 1000))
                #expect(try client.receiveHead().status == 200)
                if byReset { client.reset() } else { client.close() }
                // The app goes on sending, as apps do, until it learns that nobody reads.
                for _ in 0..<1000 where (try? app.send(pattern(10_000))) == nil { break }
                try app.expectEnded()
                #expect(try s.probe() !== app)
            }
        }
    }

    @Test func `a client that closes before the answer frees the app connection`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.get("/wait")
            _ = try app.receiveRequest()
            client.reset()
            try app.expectEnded()
            #expect(try s.probe() !== app)
        }
    }

    @Test func `a thousand aborted requests leave nothing behind`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let before = s.gateway.memory
            for index in 0..<1000 {
                let client = try s.connect()
                try client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\nX: ")
                client.reset()
            }
            #expect(try s.probe() === app)
            #expect(wait { s.gateway.extraSockets <= 1 })
            #expect(s.gateway.memory - before < 16 << 20)
        }
    }
}

extension Scenario {
    /// As `probe`, on an app that reads strictly: requests before the probe are read and answered, broken-off ones must end the
    /// connection before anything else is sent on it.
    func probeStrictly() throws {
        let client = try connect()
        try client.get("/probe", host: "probe.test")
        while true {
            let connection = try activeAppConnection()
            let arrived = text(connection.unread)
            if arrived.hasPrefix("GET /probe") {
                try connection.serve("GET /probe HTTP/1.1", answering: "probe")
                try client.expectAnswer("probe")
                client.close()
                return
            }
            guard arrived.hasPrefix("POST /upload HTTP/1.1\r\n") else { throw ScenarioFailure("the app was sent \(shown(connection.unread))") }
            guard !arrived.contains("probe") else { throw ScenarioFailure("a request inside a body: \(shown(connection.unread))") }
            // Whole, or broken off?
            if arrived.hasSuffix("\r\n\r\n012345678901234567890123456789") || arrived.hasSuffix("\r\n0\r\nX-T: 1\r\n\r\n") {
                _ = try connection.receiveRequest()
                try? connection.answer("stored")
            } else {
                try connection.expectBrokenOff()
            }
        }
    }
}
