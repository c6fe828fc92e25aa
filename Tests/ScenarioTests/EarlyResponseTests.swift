import Testing

/// The app answers while the request body is still coming (RFC 9112 §9.5, §9.6).
@Suite struct EarlyResponseTests {
    @Test func `an app that answers 413 and closes: the client gets the 413`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
            try client.send(pattern(100_000))
            let app = try s.app.accept()
            _ = try app.receiveHead()
            _ = try app.receive(1000)
            try app.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
            app.closeWriting()
            let response = try client.receiveResponse()
            #expect(response.status == 413)
            #expect(response.bodyText == "big")
            #expect(response.head["Gateway-Reason"] == nil)
            client.close()
            try app.expectBrokenOff()
            try s.probe()
        }
    }

    @Test func `an app that answers 413 and closes with the body unread, so that the kernel resets: the client gets the 413`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
            // The client must have its answer before the reset: the reset may destroy what the gateway has not read yet.
            let response = try client.receiveResponse()
            #expect(response.status == 413)
            #expect(response.bodyText == "big")
            try? client.send(pattern(500_000), within: .milliseconds(50))
            app.close()
            client.close()
            try s.probe()
        }
    }

    @Test func `an app that answers 200 at once and reads on gets the whole body`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n")
            #expect(try client.receiveHead().status == 200)
            #expect(try text(client.receive(through: "early\r\n")).hasSuffix("early\r\n"))
            let body = pattern(100_000)
            try client.send(body)
            try app.expect(body)
            try app.send("4\r\nlate\r\n0\r\n\r\n")
            #expect(try text(client.receive(through: "0\r\n\r\n")).contains("late"))
            try client.get("/next")
            let next = try s.activeAppConnection()
            try next.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `a complete answer before the body's end: the rest of the body never becomes a request`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            try client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: \(smuggled.utf8.count + 10)\r\n\r\n0123456789")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.expect("0123456789")
            try app.answer("enough")
            try client.expectAnswer("enough")
            // Either the connection closes, or this is taken as the body's rest: nobody serves it.
            try? client.send(smuggled)
            let served = try s.probe()
            #expect(served === app || !text(served.log).contains("smuggled"))
            client.close()
            for connection in s.app.connections where connection !== app { #expect(!text(connection.log).contains("smuggled")) }
        }
    }

    @Test func `a reply of the gateway before the body was read: the body never becomes a request`() throws {
        try Scenario.run(listener: "max-body = 1KiB") { s in
            let app = try s.warm()
            let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            for _ in 0..<3 {
                let client = try s.connect()
                try client.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n")
                try client.expectReply(413, "request.body.too-large")
                try? client.send(smuggled)
                try? client.send(smuggled)
                #expect(try s.probe() === app)
                client.close()
            }
            #expect(!text(app.log).contains("smuggled"))
        }
    }

    @Test func `the app connection of an answer that came too early is not reused while the body is owed`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
            _ = try app.receiveHead()
            try app.expect("12345")
            try app.answer("early")
            try client.expectAnswer("early")
            client.close()
            // The probe must go elsewhere: on this connection its first five bytes would be body.
            let other = try s.probe()
            #expect(other !== app)
            try app.expectEnded()
        }
    }

    @Test func `an app that answers and closes while the client still sends: nothing hangs`() throws {
        try Scenario.run { s in
            for _ in 0..<10 {
                let client = try s.connect()
                try client.send("POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n")
                let app = try s.app.accept()
                _ = try app.receiveHead()
                try app.send("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy")
                app.close()
                let response = try client.receiveResponse()
                #expect(response.status == 503)
                #expect(response.bodyText == "busy")
                client.close()
            }
            try s.probe()
        }
    }
}
