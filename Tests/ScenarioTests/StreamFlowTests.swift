import Glibc
import HTTP2Wire
import Testing

/// Windows of HTTP/2 against the pace of apps and clients: nobody stalls the others, and what waits takes bounded memory.
@Suite struct StreamFlowTests {
    @Test func `a stream whose window is shut does not hold up the others`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 10)])
            client.opensWindows = false
            let stalled = try client.get("/stalled")
            let one = try s.app.accept()
            _ = try one.receiveRequest()
            try one.answer(String(repeating: "s", count: 100_000))
            try client.waitFor("ten bytes", until: { $0[stalled].body.count == 10 })
            for index in 0..<20 {
                let other = try client.get("/\(index)")
                let app = try s.activeAppConnection()
                try app.serve("GET /\(index) HTTP/1.1", answering: "0123456789")
                try client.answer(to: other, 200, "0123456789")
            }
            try client.open(stalled, 200_000)
            try client.openConnection(200_000)
            #expect(try client.answer(to: stalled).body.count == 100_000)
        }
    }

    /// What h2o and Envoy were measured to take: 230 to 391 MiB.
    @Test func `a hundred answers of four megabytes to a client whose windows are shut take bounded memory`() throws {
        try StreamTests.run(app: "max-connections = 100") { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 0)])
            client.opensWindows = false
            let before = s.gateway.memory
            let streams = try (0..<100).map { try client.get("/\($0)") }
            let body = pattern(4 << 20)
            var sent = [Int](repeating: 0, count: 100)
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".bytes
            for _ in 0..<100 {
                let app = try s.app.accept()
                _ = try app.receiveRequest()
                try app.send(head)
            }
            // As much as the gateway takes: until nothing more goes anywhere.
            var quiet = 0
            while quiet < 20 {
                var progress = 0
                for (index, app) in s.app.connections.enumerated() {
                    let count = app.sendWhatFits(body[sent[index]..<min(sent[index] + 65_536, body.count)])
                    sent[index] += count
                    progress += count
                }
                quiet = progress == 0 ? quiet + 1 : 0
                if progress == 0 { _ = poll(nil, 0, 5) }
            }
            let grown = s.gateway.memory - before
            #expect(grown < 32 << 20, "\(grown >> 20) MiB")
            for stream in streams { #expect(client[stream].body.isEmpty) }
            // One of them goes on when its window opens.
            try client.open(streams[50], 5 << 20)
            try client.openConnection(5 << 20)
            var index = 0
            while !client[streams[50]].isComplete {
                for (index, app) in s.app.connections.enumerated() where sent[index] < body.count {
                    sent[index] += app.sendWhatFits(body[sent[index]..<min(sent[index] + 65_536, body.count)])
                }
                try client.takeArrived()
                index += 1
                if index > 100_000 { throw ScenarioFailure("no end: \(client[streams[50]].body.count)") }
                _ = poll(nil, 0, 1)
            }
            #expect(client[streams[50]].body == body)
        }
    }

    @Test func `an upload goes no faster than the app takes it, and takes bounded memory`() throws {
        var options = StreamTests.options()
        options.appReceiveBuffer = 8192
        try Scenario.run(options) { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/slow", [("content-length", "\(8 << 20)")], ends: false)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            let before = s.gateway.memory
            let body = pattern(8 << 20)
            var sent = 0
            var quiet = 0
            while quiet < 20 {
                let count = try client.sendWhatFits(stream, body[sent...], ends: true)
                sent += count
                try client.takeArrived()
                quiet = count == 0 ? quiet + 1 : 0
                if count == 0 { _ = poll(nil, 0, 5) }
            }
            // The kernel's buffers, the window, and what the gateway has on its way.
            #expect(sent < 6 << 20, "\(sent)")
            #expect(s.gateway.memory - before < 4 << 20)
            // Meanwhile another stream's upload is served.
            let other = try client.request("POST", "/quick", ends: false)
            try client.send(Wire.data(other, "abc", ends: true))
            let quick = try s.app.accept()
            #expect(try quick.receiveRequest().bodyText == "abc")
            try quick.answer("quick")
            try client.answer(to: other, 200, "quick")
            var got: [UInt8] = []
            while got.count < body.count {
                if sent < body.count { sent += try client.sendWhatFits(stream, body[sent...], ends: true) }
                try client.takeArrived()
                if app.hasArrivals() { got += try app.receive(app.unread.count) } else { _ = poll(nil, 0, 1) }
            }
            #expect(got == body)
            try app.answer("all")
            try client.answer(to: stream, 200, "all")
        }
    }

    @Test func `uploads that wait for a place at the app leave the one that has it what it needs of the connection's window`() throws {
        try StreamTests.run(app: "max-connections = 1\nqueue-timeout = 1m") { s in
            let client = try s.connectStreams()
            let served = try client.request("POST", "/served", ends: false)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            for index in 0..<40 {
                let stream = try client.request("POST", "/waits/\(index)", ends: false)
                _ = try client.sendWhatFits(stream, pattern(65_535)[...])
                try client.ping()
            }
            try client.sendBody(served, pattern(200_000), ends: true)
            _ = try app.receive(through: "\r\n0\r\n\r\n")
            try app.answer("all")
            try client.answer(to: served, 200, "all")
        }
    }

    @Test func `both bodies of an exchange flow at the same time`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request("POST", "/echo", ends: false)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            var answered = ""
            for index in 0..<50 {
                let word = "word \(index);"
                try client.send(Wire.data(stream, word))
                try app.expect("\(String(word.utf8.count, radix: 16))\r\n\(word)\r\n")
                try app.send("\(String(word.utf8.count, radix: 16))\r\n\(word)\r\n")
                answered += word
                try client.waitFor(word, until: { $0[stream].bodyText == answered })
            }
            try client.send(Wire.data(stream, "", ends: true))
            try app.expect("0\r\n\r\n")
            try app.send("0\r\n\r\n")
            try client.answer(to: stream, 200, answered)
        }
    }

    @Test func `a client that opens its windows byte by byte gets its answer, and costs no more frames than bytes`() throws {
        try StreamTests.run { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 0)])
            client.opensWindows = false
            let stream = try client.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "0123456789")
            try client.waitFor("the head", until: { $0[stream].status == 200 })
            for count in 1...10 {
                try client.open(stream, 1)
                try client.waitFor("byte \(count)", until: { $0[stream].body.count == count })
            }
            #expect(try client.answer(to: stream, 200, "0123456789").dataFrames <= 11)
        }
    }

    /// A page whose video is paused: whether all of the answer waits with the gateway, or the app has more of it.
    @Test(arguments: [10, 1 << 20])
    func `a stream whose window stays shut is given up after the time-out, and the others go on`(count: Int) throws {
        try StreamTests.run(listener: "write-timeout = 300ms", app: "max-connections = 4") { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 5)])
            client.opensWindows = false
            let stream = try client.get("/paused")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
            _ = app.sendWhatFits([UInt8](repeating: 0x61, count: count)[...])
            try client.waitFor("five bytes", until: { $0[stream].body.count == 5 })
            let events = try client.get("/events")
            let other = try s.activeAppConnection()
            _ = try other.receiveRequest()
            try other.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            try client.waitFor("the end of the one", until: { $0[stream].isOver })
            #expect(client[stream].resetCode != nil && client[stream].body.count == 5)
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=client.w") }, "\(s.gateway.errors)")
            try client.open(events, 5)
            try other.send("-last")
            try client.answer(to: events, 200, "first-last")
            #expect(client.goAways.isEmpty)
        }
    }

    @Test(arguments: [1, 20])
    func `a client that reads nothing from the kernel is cut off after the time-out`(streams: Int) throws {
        try StreamTests.run(listener: "write-timeout = 300ms\nkeep-alive-timeout = 1s", app: "max-connections = 100") { s in
            let client = try s.connectStreams(settings: [(Wire.initialWindow, 0x7FFF_FFFF)], receiveBuffer: 4096)
            try client.send(Wire.windowUpdate(0, 0x7FFF_0000))
            for index in 0..<streams { try client.get("/\(index)") }
            let body = [UInt8](repeating: 0x61, count: 1 << 20)
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.count * 64)\r\n\r\n".bytes
            for _ in 0..<streams {
                let app = try s.app.accept()
                _ = try app.receiveRequest()
                try app.send(head)
            }
            // Each app sends on until the gateway gives it up.
            let given = ScenarioTests.wait {
                for app in s.app.connections where app.socket.number >= 0 {
                    _ = app.sendWhatFits(body[...])
                    if app.socket.pending(POLLIN) != 0 { app.close() }
                }
                return s.app.connections.allSatisfy { $0.socket.number < 0 }
            }
            #expect(given)
            // And so is the connection.
            let local = client.wire.socket.localPort, remote = client.wire.socket.remotePort
            #expect(ScenarioTests.wait { s.gateway.extraSockets == 0 }, "\(s.gateway.extraSockets) sockets of \(local), \(remote)")
            #expect(ScenarioTests.wait { s.gateway.errors.contains("reason=client.w") }, "\(s.gateway.errors)")
        }
    }
}
