import Glibc
import Testing

/// Bodies that are transformed while the app lies about them, or the client does not wait.
@Suite struct TransformedBodyTests {
    private func scenario(_ script: (Scenario) throws -> Void) throws {
        var options = Scenario.Options()
        options.site = { servers, _ in
            """
            [pipeline:site]
            pipeline = gzip gunzip app
            [filter:gzip]
            use = gzip
            min-length = 0B
            [filter:gunzip]
            use = gunzip
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options, script)
    }

    private static let type = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

    /// What the app sends before it closes, and the body that the client may take for whole; nil: none.
    static let lies: [(String, String, String?)] = [
        ("less than it said", "Content-Length: 100\r\n\r\nhello", nil),
        ("no last chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", nil),
        ("half of the last chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", nil),
        ("a size that is none", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n-1\r\n", nil),
        ("more than the chunk said", "Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n", nil),
        ("trailers that are none", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx y\r\n\r\n", nil),
        ("more than it said", "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "hello"),
        ("more behind the last chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "hello"),
        ("nothing at all", "Content-Length: 0\r\n\r\n", ""),
        ("no length", "\r\nhello", "hello"),
    ]

    @Test(arguments: lies) func `an app that lies: what is cut does not look whole, and what comes behind is nobody's`(_ what: String, _ rest: String, _ whole: String?) throws {
        for version in ["1.1", "1.0"] {
            try scenario { s in
                let client = try s.connect()
                try client.send("GET / HTTP/\(version)\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.send(Self.type + rest)
                if whole == nil || !rest.contains(":") { app.closeWriting() }
                if let whole {
                    let response = try client.receiveResponse()
                    #expect(try GzipReader.decode(response.body) == whole, "\(version)")
                } else if version == "1.1" {
                    #expect(try !text(client.receiveToEnd()).hasSuffix("0\r\n\r\n"))
                } else {
                    // Only a reset tells that it is not whole.
                    try client.expectBrokenOff()
                }
                // The next request gets an answer of its own.
                let next = try s.connect()
                try next.send("GET /next HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                let other = try s.activeAppConnection()
                _ = try other.receiveRequest()
                try other.answer("next", "Content-Type: text/plain\r\n")
                #expect(try GzipReader.decode(next.receiveResponse().body) == "next")
            }
        }
    }

    @Test func `requests that wait behind a transformed response are answered in their order`() throws {
        try scenario { s in
            let client = try s.connect()
            let asks = (0..<6).map { "\($0 == 3 ? "HEAD" : "GET") /\($0) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \($0 % 2 == 0 ? "gzip" : "br")\r\n\r\n" }
            try client.send(asks.joined())
            for number in 0..<6 {
                let app = try s.activeAppConnection()
                #expect(try app.receiveRequest().head.startLine.contains("/\(number) "))
                try app.send(Self.type + "Transfer-Encoding: chunked\r\n\r\n")
                if number == 3 {
                    #expect(try client.receiveResponse(to: "HEAD").head["Content-Encoding"] == nil)
                    continue
                }
                let body = "answer \(number) \(String(repeating: "x", count: number * 20_000))"
                try app.send("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\nX-Sum: \(number)\r\n\r\n")
                let response = try client.receiveResponse()
                #expect(try (number % 2 == 0 ? GzipReader.decode(response.body) : response.bodyText) == body)
            }
        }
    }

    @Test func `chunks of one byte are coded as a whole, and one at a time`() throws {
        try scenario { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            let app = try s.activeAppConnection()
            _ = try app.receiveRequest()
            try app.send(Self.type + "Transfer-Encoding: chunked\r\n\r\n")
            let count = 100_000
            try app.send(String(repeating: "1\r\nx\r\n", count: count) + "0\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(try GzipReader.decode(response.body) == String(repeating: "x", count: count))
            // The sender's chunks are not the receiver's.
            #expect(response.body.count < count / 10, "\(response.body.count)")
        }
    }
}
