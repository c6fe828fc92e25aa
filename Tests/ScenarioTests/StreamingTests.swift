import Glibc
import Testing

/// Bytes go through as they come, and what nobody takes is not held in memory.
@Suite(.serialized) struct StreamingTests {
    static let memoryLimit = 64 << 20

    /// 64 MiB, or what `SLUICE_STREAM_BYTES` says (the 2 GiB of the acceptance run).
    static let total: Int = unsafe getenv("SLUICE_STREAM_BYTES").flatMap { unsafe Int(String(cString: $0)) } ?? 64 << 20

    @Test func `server-sent events arrive one by one`() throws {
        try Scenario.run { s in
            for framing in ["Transfer-Encoding: chunked\r\n", ""] {
                let client = try s.connect()
                try client.send("GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
                let app = try s.activeAppConnection()
                _ = try app.receiveRequest()
                try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\(framing)\r\n")
                #expect(try client.receiveHead()["Content-Type"] == "text/event-stream")
                for index in 0..<20 {
                    let event = "data: \(index)\n\n"
                    try app.send(framing.isEmpty ? event : "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
                    // The next event is sent only when this one has arrived.
                    #expect(try text(client.receive(through: event)).hasSuffix(event))
                }
                client.close()
                try app.expectEnded()
            }
        }
    }

    @Test func `a client that leaves a silent event stream frees the app`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/events")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(try client.receiveHead().status == 200)
            client.close()
            try app.expectEnded()
        }
    }

    /// Moves `total` bytes from `sender` to a `receiver` that stops until the gateway takes no more, then reads on; checks every byte.
    func move(from sender: ScriptedConnection, to receiver: ScriptedConnection, _ s: Scenario) throws -> (stalledAfter: Int, peak: Int) {
        let ring = pattern(65521) + pattern(65521)  // a prime length: a lost or doubled page shows
        var scratch = [UInt8](repeating: 0, count: 65521)
        let total = StreamingTests.total
        var sent = 0
        func sendMore() -> Bool {
            let offset = sent % 65521
            let count = sender.sendWhatFits(ring[offset..<min(offset + 65521, offset + total - sent)])
            sent += count
            return count > 0
        }
        // Nobody reads: the gateway must stop taking.
        while sent < total {
            if !sendMore() && sender.socket.await(POLLOUT, until: Deadline(.milliseconds(150))) == 0 { break }
        }
        let stalledAfter = sent
        var received = 0
        let deadline = Deadline(.seconds(150))
        while received < total {
            guard !receiver.hasEnded, !deadline.passed else { throw ScenarioFailure("only \(received) of \(total) bytes came") }
            while sent < total, sendMore() {}
            let count = try receiver.takeArrived(&scratch, equalTo: ring, position: received)
            received += count
            if count == 0 { _ = receiver.socket.await(POLLIN, until: Deadline(.milliseconds(20))) }
        }
        return (stalledAfter, s.gateway.memoryPeak)
    }

    @Test func `a download to a slow reader holds no memory`() throws {
        try Scenario.run { s in
            let client = try s.connect(receiveBuffer: 65536)
            try client.get("/big")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: \(StreamingTests.total)\r\n\r\n")
            #expect(try client.receiveHead()["Content-Length"] == "\(StreamingTests.total)")
            let (stalledAfter, peak) = try move(from: app, to: client, s)
            #expect(stalledAfter < 32 << 20, "the gateway took \(stalledAfter) bytes that nobody read")
            #expect(peak < StreamingTests.memoryLimit, "resident memory was \(peak)")
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    @Test func `an upload to a slow app holds no memory`() throws {
        var options = Scenario.Options(listener: "max-body = off")
        options.appReceiveBuffer = 65536
        try Scenario.run(options) { s in
            let client = try s.connect()
            try client.send("PUT /big HTTP/1.1\r\nHost: a\r\nContent-Length: \(StreamingTests.total)\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            let (stalledAfter, peak) = try move(from: client, to: app, s)
            #expect(stalledAfter < 32 << 20, "the gateway took \(stalledAfter) bytes that nobody read")
            #expect(peak < StreamingTests.memoryLimit, "resident memory was \(peak)")
            try app.answer("stored")
            try client.expectAnswer("stored")
        }
    }

    @Test func `a tunnel to a slow reader holds no memory`() throws {
        try Scenario.run { s in
            let client = try s.connect(receiveBuffer: 65536)
            try client.send(UpgradeTests.handshake)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send(UpgradeTests.accepted)
            #expect(try client.receiveHead().status == 101)
            let (stalledAfter, peak) = try move(from: app, to: client, s)
            #expect(stalledAfter < 32 << 20, "the gateway took \(stalledAfter) bytes that nobody read")
            #expect(peak < StreamingTests.memoryLimit, "resident memory was \(peak)")
        }
    }

    @Test func `pipelined requests whose answers nobody reads hold no memory`() throws {
        try Scenario.run { s in
            let client = try s.connect(receiveBuffer: 4096)
            let request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n".bytes
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".bytes + pattern(100_000)
            let requests = Array(repeatElement(request, count: 1000).joined())[...]
            var served = 0
            // Serves as long as the gateway asks and takes: it must stop asking.
            loop: while served < 1000 {
                while client.sendWhatFits(requests) > 0 {}
                guard let app = s.app.connections.last ?? (try? s.app.accept()) else { break }
                var left = answer[...]
                guard app.hasArrivals() || app.socket.await(POLLIN, until: Deadline(.milliseconds(150))) != 0 else { break }
                _ = try app.receiveRequest()
                while !left.isEmpty {
                    let count = app.sendWhatFits(left)
                    left = left.dropFirst(count)
                    if count == 0 && app.socket.await(POLLOUT, until: Deadline(.milliseconds(150))) == 0 { break loop }
                }
                served += 1
            }
            #expect(served < 200)
            #expect(s.gateway.memoryPeak < StreamingTests.memoryLimit)
            client.reset()
        }
    }
}
