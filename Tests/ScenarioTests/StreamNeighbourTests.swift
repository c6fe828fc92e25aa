import HTTP2Wire
import Testing

/// A connection to an app carries the streams of many clients: what goes wrong with some of them is nothing to the others.
@Suite struct StreamNeighbourTests {
    @Test func `clients that do not read their answers leave the others what they need of the connection's window`() throws {
        try StreamAppTests.run { s in
            let greedy = try s.connectStreams(settings: [(Wire.initialWindow, 0)])
            greedy.opensWindows = false
            for index in 0..<60 { try greedy.get("/large/\(index)") }
            let app = try s.acceptStreams()
            try app.shakeHands()
            let body = pattern(512 << 10)
            for _ in 0..<60 {
                let stream = try app.nextRequest()
                try app.send(Wire.headers(stream, [(":status", "200")], ends: false))
                var sent = 0
                // Until the gateway takes no more of it.
                while true {
                    sent += try app.sendWhatFits(stream, body[sent...])
                    try app.ping()
                    let more = try app.sendWhatFits(stream, body[sent...])
                    sent += more
                    if more == 0 { break }
                }
            }
            let other = try s.connect()
            try other.get("/other")
            try app.respond(app.nextRequest(), 200, [("content-length", "5")], body: "other".bytes)
            try other.expectAnswer("other")
        }
    }

    /// Events go to one client before and after what the script does with the same connection to the app.
    private func besideEvents(app options: String = "", _ script: (Scenario, FrameConnection) throws -> Void) throws {
        try StreamAppTests.run(app: options) { s in
            let events = try s.connect()
            try events.get("/events")
            let app = try s.acceptStreams()
            let quiet = try app.nextRequest()
            try app.send(Wire.headers(quiet, [(":status", "200")], ends: false) + Wire.data(quiet, "one;"))
            _ = try events.receive(through: "one;")
            try script(s, app)
            try app.send(Wire.data(quiet, "two;"))
            _ = try events.receive(through: "two;")
        }
    }

    @Test func `an app that does not read one body goes on with other streams`() throws {
        try besideEvents(app: "send-timeout = 300ms") { s, app in
            // A body whose end stays with the gateway.
            let client = try s.connectStreams()
            app.opensWindows = false
            let stream = try client.request("POST", "/", ends: false)
            let slow = try app.nextRequest()
            try app.send(Wire.headers(slow, [(":status", "200")], ends: false))
            try client.sendBody(stream, pattern(70_000), ends: true)
            try app.waitFor("the window's bytes", until: { $0[slow].body.count == 65_535 })
            // For more than twice the time.
            for index in 0..<4 {
                let other = try s.connect()
                try other.get("/time/\(index)")
                let request = try app.nextRequest()
                _ = ScenarioTests.wait(upTo: .milliseconds(250)) { app.wire.hasEnded }
                try app.respond(request, 200, [("content-length", "1")], body: "x".bytes)
                try other.expectAnswer("x")
            }
            try app.send(Wire.data(slow, "done", ends: true))
            try client.answer(to: stream, 200, "done")
        }
    }

    /// Go's servers end each stream so whose request they do not read to its end.
    @Test(arguments: [0, 2])
    func `an app may reset as many streams as it is asked for`(code: Int) throws {
        try besideEvents { s, app in
            let client = try s.connectStreams()
            for index in 0..<300 {
                let stream = try client.request("POST", "/\(index)", ends: false)
                let request = try app.nextRequest()
                if code == 0 { try app.respond(request, 401, body: "no".bytes) }
                try app.reset(request, code)
                if code == 0 { try client.answer(to: stream, 401, "no") } else { try client.reply(to: stream, 502, "upstream.response.reset") }
            }
        }
    }

    /// What a frame costs one client's connection, a connection with many streams brings for each of them.
    @Test func `many streams may each bring frames without a body`() throws {
        try besideEvents { s, app in
            let client = try s.connectStreams()
            let streams = try (0..<50).map { try client.get("/\($0)") }
            let requests = try streams.map { _ in try app.nextRequest() }
            for request in requests { try app.send(Wire.headers(request, [(":status", "200")], ends: false)) }
            // A flush without anything to flush, a frame that nobody knows, and a window for a request that had no body.
            let each = requests.flatMap { Wire.data($0, "") + Wire.frame(0x55, stream: $0) + Wire.windowUpdate($0, 1) }
            for _ in 0..<15 { try app.send(each + Wire.ping()) }
            for request in requests { try app.send(Wire.data(request, "end", ends: true)) }
            for stream in streams { try client.answer(to: stream, 200, "end") }
        }
    }

    @Test func `malformed answers end their streams, however many they are`() throws {
        try besideEvents { s, app in
            let client = try s.connectStreams()
            for index in 0..<150 {
                let stream = try client.get("/\(index)")
                try app.send(Wire.headers(app.nextRequest(), [(":status", "200"), ("connection", "close")]))
                try client.reply(to: stream, 502, "upstream.response.malformed")
            }
        }
    }
}
