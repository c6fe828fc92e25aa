import Testing

/// How connections live on, on both sides (RFC 9112 §9).
@Suite struct KeepAliveTests {
    @Test func `two requests on one client connection use one app connection`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/one")
            let app = try s.app.accept()
            try app.serve("GET /one HTTP/1.1", answering: "first")
            try client.expectAnswer("first")
            try client.get("/two")
            try app.serve("GET /two HTTP/1.1", answering: "second")
            try client.expectAnswer("second")
            try s.app.expectNoConnectionYet()
            try client.expectNothingYet()
        }
    }

    @Test func `the app connection is shared by clients that come after one another`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            for index in 0..<5 {
                let client = try s.connect()
                try client.get("/\(index)")
                try app.serve("GET /\(index) HTTP/1.1", answering: "\(index)")
                try client.expectAnswer("\(index)")
                client.close()
            }
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `pipelined requests are answered in order`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            let requests = (0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
            try client.send(requests.joined())
            for index in 0..<20 {
                let app = try s.activeAppConnection()
                try app.serve("GET /\(index) HTTP/1.1", answering: "answer \(index)")
            }
            for index in 0..<20 { try client.expectAnswer("answer \(index)") }
            try client.expectNothingYet()
        }
    }

    @Test func `a pipelined request waits for the body before it`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloPOST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n")
            var app = try s.activeAppConnection()
            #expect(try app.serve("POST /a HTTP/1.1", answering: "a").bodyText == "hello")
            app = try s.activeAppConnection()
            #expect(try app.serve("POST /b HTTP/1.1", answering: "b").bodyText == "abc")
            app = try s.activeAppConnection()
            try app.serve("GET /c HTTP/1.1", answering: "c")
            for body in ["a", "b", "c"] { try client.expectAnswer(body) }
        }
    }

    @Test func `Connection close ends the client connection after the answer, the app connection stays`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let app = try s.app.accept()
            let request = try app.serve("GET /last HTTP/1.1", answering: "bye")
            #expect(request.head["Connection"] != "close")
            let response = try client.expectAnswer("bye")
            #expect(response.head["Connection"] == "close")
            try client.expectClosed()
            #expect(try s.probe() === app)
        }
    }

    @Test func `what comes behind a request with Connection close is not served`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.app.accept()
            try app.serve("GET /last HTTP/1.1", answering: "bye")
            try client.expectAnswer("bye")
            try client.expectEnded()
            #expect(try s.probe() === app)
        }
    }

    /// A close with unread bytes would be a reset, which can take the answer with it (RFC 9112 §9.6).
    @Test func `what comes behind a last request while the app works does not cost the client its answer`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try client.send("\r\n")
            try app.answer("bye")
            try client.expectAnswer("bye")
            try client.expectClosed()
        }
    }

    @Test func `HTTP 1 0 without keep-alive closes after the answer`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /old HTTP/1.0\r\nHost: a\r\n\r\n")
            let app = try s.app.accept()
            try app.serve("GET /old HTTP/1.1", answering: "ten")
            let response = try client.expectAnswer("ten")
            #expect(response.head.startLine.hasPrefix("HTTP/1.1 200"))
            try client.expectClosed()
        }
    }

    @Test func `HTTP 1 0 with keep-alive stays open and says so`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            for index in 0..<3 {
                try client.send("GET /\(index) HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
                let app = try s.activeAppConnection()
                try app.serve("GET /\(index) HTTP/1.1", answering: "ten")
                let response = try client.expectAnswer("ten")
                #expect(response.head["Connection"]?.lowercased() == "keep-alive")
            }
            #expect(s.app.connections.count == 1)
        }
    }

    @Test func `HTTP 1 0 needs no Host`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /nohost HTTP/1.0\r\n\r\n")
            let app = try s.app.accept()
            let request = try app.serve("GET /nohost HTTP/1.1", answering: "ok")
            #expect(request.head.all("Host").count == 1, "HTTP/1.1 to the app needs exactly one Host")
            try client.expectAnswer("ok")
            try client.expectClosed()
        }
    }

    @Test func `an HTTP 1 0 client never gets a chunked body`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(response.head["Transfer-Encoding"] == nil)
            #expect(response.bodyText == "hello world")
            try client.expectEnded()
        }
    }

    @Test func `an app that answers in HTTP 1 0 is not reused unless it said keep-alive`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/1")
            let first = try s.app.accept()
            _ = try first.receiveRequest()
            try first.send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            try client.expectAnswer("ok")
            try first.expectEnded()
            try client.get("/2")
            let second = try s.app.accept()
            _ = try second.receiveRequest()
            try second.send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
            try client.expectAnswer("ok")
            try client.get("/3")
            try second.serve("GET /3 HTTP/1.1", answering: "ok")
            try client.expectAnswer("ok")
        }
    }

    @Test func `an app that says Connection close is not reused and the client connection stays`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/1")
            let first = try s.app.accept()
            _ = try first.receiveRequest()
            try first.answer("one", "Connection: close\r\n")
            let response = try client.expectAnswer("one")
            #expect(response.head["Connection"]?.lowercased() != "close")
            try first.expectEnded()
            try client.get("/2")
            try s.app.accept().serve("GET /2 HTTP/1.1", answering: "two")
            try client.expectAnswer("two")
        }
    }

    @Test func `empty lines before a request line are skipped`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.app.accept()
            try app.serve("GET /1 HTTP/1.1", answering: "1")
            try client.expectAnswer("1")
            try client.send("\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            try app.serve("GET /2 HTTP/1.1", answering: "2")
            try client.expectAnswer("2")
        }
    }

    @Test func `a client that half-closes after its request still gets the answer`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/half")
            client.closeWriting()
            let app = try s.app.accept()
            try app.serve("GET /half HTTP/1.1", answering: "whole")
            try client.expectAnswer("whole")
            try client.expectClosed()
        }
    }

    @Test func `a head may be cut anywhere`() throws {
        try Scenario.run { s in
            let request = "GET /cut?x=1 HTTP/1.1\r\nHost: a.test\r\nX-Long: abcdef\r\n\r\n".bytes
            let client = try s.connect()
            var app: ScriptedConnection?
            for cut in 1..<request.count {
                try client.send(request, cutAt: [cut])
                app = try app ?? s.app.accept()
                let seen = try app!.serve("GET /cut?x=1 HTTP/1.1", answering: "\(cut)")
                #expect(seen.head["X-Long"] == "abcdef")
                try client.expectAnswer("\(cut)")
            }
            try client.send(request, cutAt: 1..<request.count)
            try app!.serve("GET /cut?x=1 HTTP/1.1", answering: "drip")
            try client.expectAnswer("drip")
        }
    }

    @Test func `a listener may bound the requests of a connection`() throws {
        try Scenario.run(listener: "keep-alive-requests = 2") { s in
            let client = try s.connect()
            try client.get("/1")
            let app = try s.app.accept()
            try app.serve("GET /1 HTTP/1.1", answering: "1")
            #expect(try client.expectAnswer("1").head["Connection"]?.lowercased() != "close")
            try client.get("/2")
            try app.serve("GET /2 HTTP/1.1", answering: "2")
            #expect(try client.expectAnswer("2").head["Connection"] == "close")
            try client.expectClosed()
        }
    }
}
