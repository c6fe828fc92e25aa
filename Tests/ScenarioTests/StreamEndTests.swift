import Glibc
import HTTP2Wire
import Testing

/// How streams and their connections end: by the client, by the app, by time, by the gateway's own stop.
@Suite struct StreamEndTests {
    @Test func `a reset before the app answers ends the app's connection, and other streams go on`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.get("/slow")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try client.reset(stream)
            try app.expectEnded()
            let other = try client.get("/other")
            try s.app.accept().serve("GET /other HTTP/1.1", answering: "x")
            try client.answer(to: other, 200, "x")
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=client.reset") })
        }
    }

    @Test(arguments: ["within its body", "within the answer", "within both"])
    func `a stream that is reset leaves nothing for the next request`(phase: String) throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            for round in 0..<10 {
                let hasBody = phase != "within the answer"
                let stream = try client.request(hasBody ? "POST" : "GET", "/\(round)", hasBody ? [("content-length", "100")] : [], ends: !hasBody)
                let app = try s.activeAppConnection()
                _ = try app.receiveHead()
                if hasBody {
                    try client.send(Wire.data(stream, "secret of \(round)"))
                    try app.expect("secret of \(round)")
                }
                if phase != "within its body" {
                    try app.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nanswer of \(round)")
                    try client.waitFor("the answer", until: { $0[stream].bodyText == "answer of \(round)" })
                }
                try client.reset(stream)
                try app.expectBrokenOff()
                app.close()
                try s.probe().close()
            }
        }
    }

    @Test func `a client that goes away ends all its streams' app connections`() throws {
        try StreamTests.run(app: "max-connections = 20") { s in
            let client = try s.connectStreams()
            for index in 0..<20 { try client.get("/\(index)") }
            for _ in 0..<20 { _ = try s.app.accept().receiveRequest() }
            client.wire.close()
            for app in s.app.connections { try app.expectEnded() }
        }
    }

    @Test(arguments: [false, true])
    func `an app that dies in the middle of a body resets the stream`(chunked: Bool) throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.get("/dies")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            try client.waitFor("abc", until: { $0[stream].bodyText == "abc" })
            app.close()
            let response = try client.outcome(of: stream)
            #expect(!response.isComplete && response.resetCode == 2)
            let other = try client.get("/other")
            try s.app.accept().serve("GET /other HTTP/1.1", answering: "x")
            try client.answer(to: other, 200, "x")
        }
    }

    @Test func `an app that closes without an answer is a 502, and garbage too`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/", [("content-length", "0")])
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            app.close()
            try client.reply(to: stream, 502, "upstream.response.closed")
            let odd = try client.get("/")
            let second = try s.app.accept()
            _ = try second.receiveRequest()
            try second.send("SSH-2.0-x\r\n\r\n")
            try client.reply(to: odd, 502, "upstream.response.malformed")
        }
    }

    @Test func `an answer before the body's end ends the stream without asking for the rest`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/early", [("content-length", "1000000")], ends: false)
            try client.send(Wire.data(stream, "begin"))
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.expect("begin")
            try app.send("HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
            app.closeWriting()
            try client.waitFor("RST_STREAM", until: { $0[stream].isComplete && $0[stream].resetCode != nil })
            #expect(client[stream].status == 401 && client[stream].bodyText == "no" && client[stream].resetCode == 0)
            try app.expectBrokenOff()
            // What was on its way is dropped.
            try client.send(Wire.data(stream, "late"))
            let other = try client.get("/other")
            try s.app.accept().serve("GET /other HTTP/1.1", answering: "x")
            try client.answer(to: other, 200, "x")
        }
    }

    @Test func `a body that stops coming is a 408, and its connection goes on`() throws {
        try StreamTests.run(listener: "body-timeout = 200ms") { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/", [("content-length", "10")], ends: false)
            try client.send(Wire.data(stream, "01234"))
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.expect("01234")
            try client.reply(to: stream, 408, "request.body.timeout")
            try app.expectEnded()
            let other = try client.get("/other")
            try s.app.accept().serve("GET /other HTTP/1.1", answering: "x")
            try client.answer(to: other, 200, "x")
        }
    }

    @Test func `an app that does not answer is a 504, and its connection goes on`() throws {
        try StreamTests.run(app: "response-timeout = 200ms") { s in
            let client = try s.connectStreams()
            let stream = try client.get("/")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try client.reply(to: stream, 504, "upstream.response.timeout")
            try app.expectEnded()
        }
    }

    @Test func `a client that sends the preface and nothing else is sent away after the time for a head`() throws {
        try StreamTests.run(listener: "head-timeout = 200ms\nkeep-alive-timeout = 1h") { s in
            let silent = try s.connect()
            try silent.send(Wire.preface)
            try silent.expectBrokenOff()
            let client = try s.connectStreams()
            try client.expectGoAway(0)
        }
    }

    @Test(arguments: ["HEADERS without their end", "half of HEADERS", "half of a frame's header"])
    func `a head that does not come to its end does not hold a connection`(what: String) throws {
        try StreamTests.run(listener: "head-timeout = 200ms\nkeep-alive-timeout = 1h") { s in
            let client = try s.connectStreams()
            let first = try client.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "x")
            try client.answer(to: first, 200, "x")
            switch what {
            case "HEADERS without their end": try client.send(Wire.frame(1, flags: 1, stream: 3, Wire.block(Wire.get)))
            case "half of HEADERS": try client.send(Array(Wire.get(3).dropLast(10)))
            default: try client.send([0, 0, 10, 1])
            }
            try client.expectEnd()
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=request.head.timeout") }, "\(s.gateway.errors)")
        }
    }

    @Test func `an idle connection is closed after its time, and a PING does not prolong it`() throws {
        try StreamTests.run(listener: "keep-alive-timeout = 1s\nwrite-timeout = 1h") { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 1)])
            client.opensWindows = false
            // A body that waited for a window leaves no other deadline behind.
            let stream = try client.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "0123456789")
            try client.waitFor("a byte", until: { $0[stream].body.count == 1 })
            try client.open(stream, 100)
            try client.answer(to: stream, 200, "0123456789")
            let begin = ContinuousClock.now
            while client.goAways.isEmpty, ContinuousClock.now - begin < .seconds(10) {
                try? client.send(Wire.ping())
                _ = client.wire.socket.await(POLLIN, until: Deadline(.milliseconds(200)))
                try client.takeArrived()
                _ = poll(nil, 0, 100)
            }
            #expect(client.goAways.first?.code == 0)
            try client.expectEnd()
            #expect(ContinuousClock.now - begin < .seconds(5))
        }
    }

    @Test func `the last request that a connection may carry is announced, and those before it are answered`() throws {
        try StreamTests.run(listener: "keep-alive-requests = 3") { s in
            let client = try s.connectStreams()
            var app: ScriptedConnection?
            for index in 0..<3 {
                let stream = try client.get("/\(index)")
                let connection = try app ?? s.app.accept()
                app = connection
                try connection.serve("GET /\(index) HTTP/1.1", answering: "\(index)")
                try client.answer(to: stream, 200, "\(index)")
            }
            try client.expectEnd()
            #expect(client.goAways.map(\.code) == [0, 0] && client.goAways.last?.last == 5)
        }
    }

    @Test func `a connection above the limit is refused, and one that closes makes room`() throws {
        try StreamTests.run(listener: "max-connections = 1") { s in
            let client = try s.connectStreams()
            let stream = try client.get("/")
            let app = try s.app.accept()
            try app.serve("GET / HTTP/1.1", answering: "x")
            try client.answer(to: stream, 200, "x")
            let second = try s.connect()
            try second.send(Wire.preface + Wire.settings())
            try second.expectBrokenOff()
            client.wire.close()
            _ = ScenarioTests.wait { s.gateway.extraSockets <= 1 }
            let third = try s.connectStreams()
            let again = try third.get("/")
            try app.serve("GET / HTTP/1.1", answering: "y")
            try third.answer(to: again, 200, "y")
        }
    }

    @Test(arguments: [true, false])
    func `a stop lets streams in flight finish, sends GOAWAY twice, and then ends the process`(answersPings: Bool) throws {
        try StreamTests.run { s in
            s.gatewayIsStopped = true
            let client = try s.connectStreams()
            client.acknowledges = answersPings
            let stream = try client.get("/slow")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            let idle = try s.connectStreams()
            try idle.waitFor("SETTINGS", until: { !$0.settings.isEmpty })
            s.gateway.process.signal(SIGTERM)
            try idle.expectGoAway(0)
            try client.waitFor("GOAWAY", until: { !$0.goAways.isEmpty })
            #expect(client.goAways[0].last == 0x7FFF_FFFF)
            if answersPings {
                try client.waitFor("the second GOAWAY", until: { $0.goAways.count == 2 })
                #expect(client.goAways[1].last == 1 && client.goAways[1].code == 0)
            }
            try app.answer("finished")
            try client.answer(to: stream, 200, "finished")
            try client.expectEnd()
            #expect(s.gateway.process.waitForEnd(upTo: .seconds(10)) == .exit(0))
        }
    }
}
