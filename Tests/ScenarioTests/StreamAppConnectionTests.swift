import Glibc
import HTTP2Wire
import Testing

/// Connections to apps that speak HTTP/2: how many there are, which of them a request takes, and what becomes of it when one ends.
@Suite struct StreamAppConnectionTests {
    @Test func `the app's limit of streams decides how many connections there are`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let first = try client.get("/first")
            let one = try s.acceptStreams(settings: [(Wire.maxStreams, 2)])
            try one.respond(one.nextRequest(), 200, body: "first".bytes)
            try client.answer(to: first, 200, "first")
            let streams = try (0..<4).map { try client.get("/\($0)") }
            let a = try one.nextRequest(), b = try one.nextRequest()
            let two = try s.acceptStreams(settings: [(Wire.maxStreams, 2)])
            let c = try two.nextRequest(), d = try two.nextRequest()
            try one.respond(a, 200, body: one[a][":path"]!.bytes)
            try one.respond(b, 200, body: one[b][":path"]!.bytes)
            try two.respond(c, 200, body: two[c][":path"]!.bytes)
            try two.respond(d, 200, body: two[d][":path"]!.bytes)
            for (index, stream) in streams.enumerated() { try client.answer(to: stream, 200, "/\(index)") }
        }
    }

    /// The gateway may have sent a hundred before the app has said that it takes fewer (RFC 9113 §5.1.2).
    @Test func `requests that were sent before the app told its limit are sent again`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let streams = try (0..<3).map { try client.get("/\($0)") }
            let app = try s.acceptStreams(settings: [(Wire.maxStreams, 1)])
            let first = try app.nextRequest()
            var served = 0
            // What the app refuses comes again, on this or on another connection.
            for stream in try app.arrivedRequests() where stream != first { try app.reset(stream, 7) }
            try app.respond(first, 200, body: app[first][":path"]!.bytes)
            served += 1
            var peers = [app]
            let done = try ScenarioTests.wait {
                try client.takeArrived()
                if let socket = try s.app.listening.accepted() {
                    peers.append(try .app(s.adopt(socket), settings: [(Wire.maxStreams, 1)]))
                }
                for peer in peers {
                    for _ in try peer.arrivedRequests() {
                        let stream = try peer.nextRequest()
                        try peer.respond(stream, 200, body: peer[stream][":path"]!.bytes)
                    }
                }
                return streams.allSatisfy { client[$0].isOver }
            }
            #expect(done)
            for (index, stream) in streams.enumerated() { try client.answer(to: stream, 200, "/\(index)") }
        }
    }

    @Test func `what an app has said of its limit holds for the connections that follow`() throws {
        try StreamAppTests.run { s in
            let limit = 5
            let client = try s.connectStreams()
            let streams = try (0..<60).map { try client.get("/\($0)") }
            var peers: [FrameConnection] = []
            let done = try ScenarioTests.wait {
                try client.takeArrived()
                if let socket = try s.app.listening.accepted() { peers.append(try .app(s.adopt(socket), settings: [(Wire.maxStreams, limit)])) }
                for peer in peers {
                    // All that came at once, of which it takes so many.
                    for (index, _) in try peer.arrivedRequests().enumerated() {
                        let stream = try peer.nextRequest()
                        if index < limit { try peer.respond(stream, 200, body: peer[stream][":path"]!.bytes) } else { try peer.reset(stream, 7) }
                    }
                }
                return streams.allSatisfy { client[$0].isOver }
            }
            #expect(done)
            for (index, stream) in streams.enumerated() { try client.answer(to: stream, 200, "/\(index)") }
        }
    }

    @Test(arguments: ["GET", "POST"])
    func `a refused stream is sent again, whatever its method is, and only so often`(method: String) throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let stream = try client.request(method, "/again")
            let app = try s.acceptStreams()
            try app.reset(app.nextRequest(), 7)
            let peer = try s.nextStreams(beside: app)
            try peer.respond(peer.nextRequest(), 200, body: "again".bytes)
            try client.answer(to: stream, 200, "again")
        }
    }

    @Test func `an app that refuses every stream gets an end of it`() throws {
        try StreamAppTests.run { s in
            let client = try s.connect()
            try client.get("/never")
            let app = try s.acceptStreams()
            var peer = app
            var tries = 0
            while tries < 10 {
                try peer.reset(peer.nextRequest(), 7)
                tries += 1
                _ = ScenarioTests.wait(upTo: .milliseconds(300)) { client.hasArrivals() || ((try? peer.arrivedRequests().isEmpty) == false) || s.app.listening.pending(POLLIN) != 0 }
                if client.hasArrivals() { break }
                if try peer.arrivedRequests().isEmpty { peer = try s.acceptStreams() }
            }
            try client.expectReply(502, "upstream.stream.refused")
            #expect(tries < 5)
        }
    }

    @Test func `streams above the last that GOAWAY names are sent again elsewhere, those below finish`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let kept = try client.request("POST", "/kept")
            let app = try s.acceptStreams()
            let first = try app.nextRequest()
            let moved = try client.request("POST", "/moved")
            _ = try app.nextRequest()
            try app.send(Wire.goAway(first))
            let other = try s.acceptStreams()
            let again = try other.nextRequest()
            #expect(other[again][":path"] == "/moved")
            try other.respond(again, 200, body: "moved".bytes)
            try client.answer(to: moved, 200, "moved")
            try app.respond(first, 200, body: "kept".bytes)
            try client.answer(to: kept, 200, "kept")
            // With its last stream the connection ends.
            try app.expectEnd()
            let next = try client.get("/next")
            try other.respond(other.nextRequest(), 200, body: "next".bytes)
            try client.answer(to: next, 200, "next")
        }
    }

    @Test func `a connection that is dead silent gets no further requests, one that answers others does`() throws {
        try StreamAppTests.run(app: "response-timeout = 300ms") { s in
            let client = try s.connect()
            try client.get("/1")
            let dead = try s.acceptStreams()
            _ = try dead.nextRequest()
            try client.expectReply(504, "upstream.response.timeout")
            try client.get("/2")
            let app = try s.acceptStreams()
            let slow = try app.nextRequest()
            // Meanwhile it answers another.
            let other = try s.connect()
            while app[slow].resetCode == nil {
                try other.get("/3")
                try app.respond(app.nextRequest(), 200, [("content-length", "1")], body: "x".bytes)
                try other.expectAnswer("x")
            }
            try client.expectReply(504, "upstream.response.timeout")
            try client.get("/4")
            try app.respond(app.nextRequest(), 200, [("content-length", "1")], body: "y".bytes)
            try client.expectAnswer("y")
        }
    }

    @Test func `fifty requests that wait for a connection which fails are answered, each once`() throws {
        try StreamAppTests.run(app: "connect-timeout = 1s") { s in
            s.app.stop()
            let client = try s.connectStreams()
            let streams = try (0..<50).map { try client.get("/\($0)") }
            for stream in streams { try client.reply(to: stream, 502, "upstream.connect.refused") }
        }
    }

    @Test func `a connection that breaks fails all its streams, and the next request opens another`() throws {
        try StreamAppTests.run { s in
            let client = try s.connectStreams()
            let streams = try (0..<20).map { try client.request("POST", "/\($0)") }
            let app = try s.acceptStreams()
            for _ in 0..<20 { _ = try app.nextRequest() }
            app.wire.reset()
            for stream in streams { #expect(try client.outcome(of: stream).status == 502) }
            try s.serveOver(client, "/next")
        }
    }

    @Test func `a connection on which the app allows no streams is not kept`() throws {
        try StreamAppTests.run { s in
            var connections: [FrameConnection] = []
            for _ in 0..<3 {
                let client = try s.connect()
                try client.get("/")
                while !client.hasArrivals() {
                    #expect(ScenarioTests.wait { client.hasArrivals() || s.app.listening.pending(POLLIN) != 0 })
                    guard !client.hasArrivals() else { break }
                    // SETTINGS_MAX_CONCURRENT_STREAMS
                    let app = try s.acceptStreams(settings: [(3, 0)])
                    try app.reset(app.nextRequest(), 7)
                    connections.append(app)
                }
                try client.expectReply(502, "upstream.stream.refused")
            }
            for app in connections { #expect(try wait { try _ = app.arrivedRequests(); return app.wire.hasEnded }) }
        }
    }

    @Test func `an idle connection is closed after its time`() throws {
        try StreamAppTests.run(app: "idle-timeout = 1s") { s in
            let client = try s.connectStreams()
            let stream = try client.get("/")
            let app = try s.acceptStreams()
            try app.respond(app.nextRequest(), 200, body: "x".bytes)
            try client.answer(to: stream, 200, "x")
            try app.expectEnd()
            try s.serveOver(client, "/next")
        }
    }

    @Test func `a stop lets the app finish its answers, and closes idle connections`() throws {
        try StreamAppTests.run { s in
            s.gatewayIsStopped = true
            let client = try s.connectStreams()
            let stream = try client.get("/")
            let app = try s.acceptStreams()
            let request = try app.nextRequest()
            s.gateway.process.signal(SIGTERM)
            try client.waitFor("GOAWAY", until: { !$0.goAways.isEmpty })
            try app.respond(request, 200, body: "finished".bytes)
            try client.answer(to: stream, 200, "finished")
            try app.expectEnd()
            #expect(s.gateway.process.waitForEnd(upTo: .seconds(10)) == .exit(0))
        }
    }
}
