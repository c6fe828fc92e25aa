import Testing

/// What becomes of a message on its way: fields, methods without bodies, bodies by each framing.
@Suite struct MessageTests {
    @Test func `fields pass in order, with their spelling, hop-by-hop ones stop`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send(
                "GET /f HTTP/1.1\r\nHost: a.test\r\nX-One: 1\r\nx-two:  spaced \r\nX-One: again\r\nConnection: keep-alive, X-Hop\r\nX-Hop: drop\r\n"
                    + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nCookie: a=b\r\n\r\n")
            let app = try s.app.accept()
            let request = try app.receiveRequest()
            let kept = request.head.fields.filter { ["x-one", "x-two", "cookie"].contains($0.name.lowercased()) }
            #expect(kept.map(\.name) == ["X-One", "x-two", "X-One", "Cookie"])
            #expect(kept.map(\.value) == ["1", "spaced", "again", "a=b"])
            #expect(request.head["Host"] == "a.test")
            for hop in ["X-Hop", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Content-Length", "Upgrade"] {
                #expect(request.head.all(hop).isEmpty, "\(hop)")
            }
            try app.send(
                "HTTP/1.1 200 Fine\r\nX-A: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Gone\r\nX-Gone: x\r\nKeep-Alive: timeout=9\r\nServer: app\r\nContent-Length: 2\r\n\r\nok")
            let response = try client.receiveResponse()
            #expect(response.head.startLine == "HTTP/1.1 200 Fine")
            #expect(response.head.all("Set-Cookie") == ["a=1", "b=2"])
            #expect(response.head["X-A"] == "1")
            #expect(response.head["Server"] == "app")
            #expect(response.head["X-Gone"] == nil)
            #expect(response.head["Keep-Alive"] == nil)
            #expect(response.head["Content-Length"] == "2")
            #expect(response.head["Date"] != nil, "RFC 9110 §6.6.1: a response without Date gets one")
        }
    }

    @Test func `the app's own Date is kept`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.answer("x", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")
            #expect(try client.expectAnswer("x").head.all("Date") == ["Sun, 06 Nov 1994 08:49:37 GMT"])
        }
    }

    @Test func `HEAD passes the length and no body, and the connection goes on`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n")
            let response = try client.receiveResponse(to: "HEAD")
            #expect(response.head["Content-Length"] == "1000")
            #expect(response.head["ETag"] == "\"x\"")
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `HEAD of a chunked resource has no body either`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(try client.receiveResponse(to: "HEAD").status == 200)
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test(arguments: ["204 No Content", "304 Not Modified"])
    func `204 and 304 have no body and the connection goes on`(status: String) throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/x")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 \(status)\r\nETag: \"v\"\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(response.head.startLine == "HTTP/1.1 \(status)")
            #expect(response.head.all("Transfer-Encoding").isEmpty)
            #expect(status.hasPrefix("304") || response.head.all("Content-Length").isEmpty)
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `304 passes the length that a 200 would have`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/x")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n")
            #expect(try client.receiveResponse().head["Content-Length"] == "77")
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a body by Content-Length passes both ways`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            let up = pattern(200_000)
            try client.send("PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: \(up.count)\r\n\r\n")
            let app = try s.app.accept()
            let head = try app.receiveHead()
            #expect(head["Content-Length"] == "200000")
            for start in stride(from: 0, to: up.count, by: 50_000) {
                try client.send(Array(up[start..<(start + 50_000)]))
                try app.expect(Array(up[start..<(start + 50_000)]))
            }
            let down = pattern(300_000, from: 7)
            try app.send("HTTP/1.1 201 Created\r\nContent-Length: \(down.count)\r\n\r\n")
            let response = try client.receiveHead()
            #expect(response.startLine == "HTTP/1.1 201 Created")
            #expect(response["Content-Length"] == "300000")
            for start in stride(from: 0, to: down.count, by: 50_000) {
                try app.send(Array(down[start..<(start + 50_000)]))
                try client.expect(Array(down[start..<(start + 50_000)]))
            }
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `POST without a body tells the app that its length is 0`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let app = try s.app.accept()
            #expect(try app.serve("POST /e HTTP/1.1", answering: "x").head["Content-Length"] == "0")
            try client.expectAnswer("x")
            try client.send("GET /g HTTP/1.1\r\nHost: a\r\n\r\n")
            let get = try app.serve("GET /g HTTP/1.1", answering: "y")
            #expect(get.head.all("Content-Length").isEmpty && get.head.all("Transfer-Encoding").isEmpty)
            try client.expectAnswer("y")
        }
    }

    @Test func `a GET with a body passes it on`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /search HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
            let app = try s.app.accept()
            #expect(try app.serve("GET /search HTTP/1.1", answering: "x").bodyText == "{}")
            try client.expectAnswer("x")
        }
    }

    @Test func `chunked bodies pass both ways with trailers`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /c HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;name=value\r\npedia\r\n0\r\nX-Sum: 42\r\n\r\n")
            let app = try s.app.accept()
            let request = try app.receiveRequest()
            #expect(request.head.all("Transfer-Encoding") == ["chunked"])
            #expect(request.bodyText == "Wikipedia")
            #expect(request.trailers.map(\.name) == ["X-Sum"] && request.trailers.map(\.value) == ["42"])
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-End: yes\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(response.bodyText == "abc0123456789")
            #expect(response.trailers.map(\.name) == ["X-End"] && response.trailers.map(\.value) == ["yes"])
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a chunked request may be cut at every byte`() throws {
        try Scenario.run { s in
            let head = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".bytes
            let body = "4\r\nWiki\r\nb;x=\"y\"\r\npedia is it\r\n0\r\nX-Sum: 1\r\n\r\n".bytes
            let client = try s.connect()
            let app = try s.warm()
            for cut in 0..<body.count {
                try client.send(head)
                try client.send(body, cutAt: [cut])
                let request = try app.serve("POST /c HTTP/1.1", answering: "\(cut)")
                #expect(request.bodyText == "Wikipedia is it")
                try client.expectAnswer("\(cut)")
            }
            try client.send(head + body, cutAt: 1..<(head.count + body.count))
            #expect(try app.serve("POST /c HTTP/1.1", answering: "drip").bodyText == "Wikipedia is it")
            try client.expectAnswer("drip")
        }
    }

    @Test func `a chunked response may be cut at every byte`() throws {
        try Scenario.run { s in
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".bytes
            let body = "4\r\nWiki\r\nb\r\npedia is it\r\n0\r\nX-Sum: 1\r\n\r\n".bytes
            let whole = head + body
            let client = try s.connect()
            let app = try s.warm()
            for cut in 1..<whole.count {
                try client.get("/\(cut)")
                _ = try app.receiveRequest()
                try app.send(whole, cutAt: [cut])
                try client.expectAnswer("Wikipedia is it")
            }
            try client.get("/drip")
            _ = try app.receiveRequest()
            try app.send(whole, cutAt: 1..<whole.count)
            try client.expectAnswer("Wikipedia is it")
        }
    }

    @Test func `chunks arrive as they are sent, in both directions`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            for index in 0..<5 {
                try client.send("3\r\nup\(index)\r\n")
                #expect(try text(app.receive(through: "up\(index)\r\n")).hasSuffix("up\(index)\r\n"))
            }
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(try client.receiveHead().status == 200)
            for index in 0..<5 {
                try app.send("5\r\ndown\(index)\r\n")
                #expect(try text(client.receive(through: "down\(index)\r\n")).hasSuffix("down\(index)\r\n"))
                try client.send("1\r\nx\r\n")
                _ = try app.receive(through: "x\r\n")
            }
            try client.send("0\r\n\r\n")
            try app.expect("0\r\n\r\n")
            try app.send("0\r\n\r\n")
            try client.expect("0\r\n\r\n")
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a response that ends with the app's close arrives whole`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/old")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil ")
            let head = try client.receiveHead()
            try app.send("the end")
            app.close()
            // Either chunked, so that the client connection lives on, or until close: never cut off without a sign.
            let response = try client.receiveBody(of: head, untilClose: true)
            #expect(response.bodyText == "until the end")
        }
    }

    @Test func `an empty response that ends with the app's close is complete`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/old")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.0 200 OK\r\n\r\n")
            app.close()
            #expect(try client.receiveResponse().bodyText == "")
        }
    }

    @Test func `other methods pass as they are`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            let app = try s.warm()
            for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "M-SEARCH", "X"] {
                try client.send("\(method) /m HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nz")
                #expect(try app.serve("\(method) /m HTTP/1.1", answering: "ok").bodyText == "z")
                try client.expectAnswer("ok")
            }
        }
    }

    @Test func `a status without a phrase and one that nobody knows pass`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            let app = try s.warm()
            for line in ["HTTP/1.1 200 ", "HTTP/1.1 599 Odd", "HTTP/1.1 418 I'm a teapot"] {
                try client.get("/")
                _ = try app.receiveRequest()
                try app.send("\(line)\r\nContent-Length: 0\r\n\r\n")
                let head = try client.receiveHead()
                #expect(head.startLine.prefix(12) == line.prefix(12))
            }
        }
    }
}
