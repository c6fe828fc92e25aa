import Glibc
import Testing

@testable import TLS

/// A listener that speaks TLS carries what a plain one carries, the same way.
@Suite struct SecureListenerTests {
    static let versions = [12, 13]

    private func run(_ version: Int, _ options: SecureListener.Options = SecureListener.Options(), _ script: (Scenario, () throws -> ScriptedConnection) throws -> Void) throws {
        try SecureListener.run(options) { s, authority in
            try script(s) { try s.connectSecurely(authority, SecureEnd.Manner(version: version)) }
        }
    }

    // MARK: Requests and answers

    @Test(arguments: versions)
    func `a connection is kept, and pipelined requests are answered in order`(version: Int) throws {
        try run(version) { s, connect in
            let client = try connect()
            try client.get("/1")
            let app = try s.app.accept()
            let first = try app.serve("GET /1 HTTP/1.1", answering: "one")
            #expect(first.head["X-Forwarded-Proto"] == "https")
            try client.expectAnswer("one")
            try client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            for number in 2...4 { try app.serve("GET /\(number) HTTP/1.1", answering: "number \(number)") }
            for number in 2...4 { try client.expectAnswer("number \(number)") }
            try client.expectClosed()
        }
    }

    @Test(arguments: versions)
    func `a body with a length and one in chunks come whole, however they are cut`(version: Int) throws {
        try run(version) { s, connect in
            let client = try connect()
            let body = pattern(50_000)
            let sized = "POST /sized HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n".bytes + body
            try client.send(sized, cutAt: [1, 20, 60, 5_000, 30_000])
            let app = try s.app.accept()
            let request = try app.receiveRequest()
            #expect(request.body == body)
            try app.answer("sized")
            try client.expectAnswer("sized")
            try client.send("POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            var at = 0
            for size in [1, 16, 4_095, 16_384, 20_000, 9_504] {
                try client.send("\(String(size, radix: 16))\r\n".bytes + body[at..<at + size] + "\r\n".bytes)
                at += size
            }
            try client.send("0\r\nX-Sum: 1\r\n\r\n")
            #expect(try app.receiveRequest().body == body)
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n")
            try client.expectAnswer("four")
        }
    }

    @Test(arguments: versions)
    func `an interim answer, an early one and an event come when the app sends them`(version: Int) throws {
        try run(version) { s, connect in
            let client = try connect()
            try client.send("PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try client.expectNothingYet()
            try app.send("HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try client.receiveHead().status == 100)
            try client.send("body")
            try app.expect("body")
            try app.answer("done")
            try client.expectAnswer("done")

            try client.get("/events")
            _ = try app.receiveRequest()
            try app.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(try client.receiveHead().status == 200)
            for number in 0..<5 {
                try app.send("9\r\ndata: \(number)\n\n\r\n")
                try client.expect("9\r\ndata: \(number)\n\n\r\n")
            }
            try app.send("0\r\n\r\n")
            try client.expect("0\r\n\r\n")

            let other = try connect()
            try other.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbeginning")
            let busy = try s.activeAppConnection()
            _ = try busy.receiveHead()
            try busy.answer("too much", status: "413 Content Too Large", "Connection: close\r\n")
            busy.close()
            let answer = try other.receiveResponse()
            #expect(answer.status == 413 && answer.bodyText == "too much")
        }
    }

    @Test(arguments: versions)
    func `a WebSocket handshake opens a tunnel both ways`(version: Int) throws {
        try run(version) { s, connect in
            let client = try connect()
            let app = try s.openTunnel(client, saying: "first")
            for index in 0..<10 {
                let (up, down) = (pattern(1_000 + 3_001 * index, from: index), pattern(30_000 - index, from: 99 * index))
                try client.send(up)
                try app.expect(up)
                try app.send(down)
                try client.expect(down)
            }
            client.closeWriting()
            try app.expectEnded()
            try app.send("last words")
            app.close()
            try client.expect("last words")
            try client.expectEnded()
        }
    }

    @Test(arguments: versions)
    func `a client that has said its end gets its answer`(version: Int) throws {
        try run(version) { s, connect in
            let client = try connect()
            try client.get("/")
            client.closeWriting()
            let app = try s.app.accept()
            try app.serve("GET / HTTP/1.1", answering: "after the end")
            try client.expectAnswer("after the end")
            try client.expectEnded()
        }
    }

    // MARK: Large bodies

    /// Sends 20 MiB from one to the other, as fast as they take it, and compares. The gateway holds no more than `most` of it.
    private func pass(_ s: Scenario, from: ScriptedConnection, to: ScriptedConnection, total: Int, _ most: Int) throws {
        let before = s.gateway.memory
        let ring = pattern(65521) + pattern(65521)  // a prime length: a lost or doubled record shows
        var scratch = [UInt8](repeating: 0, count: 65521)
        var sent = 0
        func sendMore() -> Bool {
            let offset = sent % 65521
            let count = from.sendWhatFits(ring[offset..<min(offset + 65521, offset + total - sent)])
            sent += count
            return count > 0
        }
        // Nobody reads: the gateway takes what the kernel's buffers hold, and no more.
        while sent < total {
            if !sendMore() && from.socket.await(POLLOUT, until: Deadline(.milliseconds(300))) == 0 { break }
        }
        #expect(s.gateway.memoryPeak - before < most, "it holds \(s.gateway.memoryPeak - before) bytes of \(sent)")
        var received = 0
        let deadline = Deadline(.seconds(60))
        while received < total {
            guard !to.hasEnded, !deadline.passed else { throw ScenarioFailure("only \(received) of \(total) bytes came") }
            while sent < total, sendMore() {}
            let count = try to.takeArrived(&scratch, equalTo: ring, position: received)
            received += count
            if count == 0 { _ = to.socket.await(POLLIN, until: Deadline(.milliseconds(20))) }
        }
        #expect(s.gateway.memoryPeak - before < most, "it held \(s.gateway.memoryPeak - before) bytes")
    }

    @Test(arguments: versions, [false, true])
    func `20 MiB either way are the same bytes, and a slow reader holds no memory`(version: Int, chunked: Bool) throws {
        let total = 20 << 20
        try SecureListener.run { s, authority in
            let client = try s.connectSecurely(authority, SecureEnd.Manner(version: version), receiveBuffer: 65536)
            try client.send("PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
            let app = try s.app.accept()
            #expect(try app.receiveHead()["Content-Length"] == "\(total)")
            try pass(s, from: client, to: app, total: total, 8 << 20)
            try app.answer("all came")
            try client.expectAnswer("all came")
            try client.get("/down")
            _ = try app.receiveRequest()
            if chunked {
                // One chunk: what the gateway makes of it is its own affair, the payload is not.
                try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                #expect(try client.receiveHead()["Transfer-Encoding"] == "chunked")
                for index in 0..<40 {
                    let block = pattern(30_000, from: index)
                    try app.send("7530\r\n".bytes + block + "\r\n".bytes)
                    var got: [UInt8] = []
                    while got.count < block.count {
                        let size = try #require(Int(text(try client.receive(through: "\r\n").dropLast(2)), radix: 16))
                        got += try client.receive(size)
                        try client.expect("\r\n")
                    }
                    #expect(got == block)
                }
                try app.send("0\r\n\r\n")
                try client.expect("0\r\n\r\n")
            } else {
                try app.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                #expect(try client.receiveHead()["Content-Length"] == "\(total)")
                try pass(s, from: app, to: client, total: total, 8 << 20)
            }
            try client.get("/next")
            try app.serve("GET /next HTTP/1.1", answering: "next")
            try client.expectAnswer("next")
        }
    }

    // MARK: The end

    @Test(arguments: versions)
    func `a client may go away at any point`(version: Int) throws {
        try SecureListener.run { s, authority in
            let hello = try Hello.bytes(authority, version: version)
            for isReset in [false, true] {
                func leave(_ client: ScriptedConnection) {
                    if isReset { client.reset() } else { client.close() }
                }
                for cut in [0, 1, 5, 6, hello.count / 2, hello.count] {
                    let client = try s.connect(to: "secure")
                    try client.send(Array(hello[..<cut]))
                    if cut == hello.count { _ = client.socket.await(POLLIN, until: Deadline()) }
                    leave(client)
                }
                leave(try s.connectSecurely(authority, SecureEnd.Manner(version: version)))
                for beginning in ["G", "GET / HTTP/1.1\r\nHo"] {
                    let client = try s.connectSecurely(authority, SecureEnd.Manner(version: version))
                    try client.send(beginning)
                    leave(client)
                }
                func leave(after request: String, body: String = "", answer: String = "") throws {
                    let client = try s.connectSecurely(authority, SecureEnd.Manner(version: version))
                    try client.send(request + body)
                    let app = try s.activeAppConnection()
                    _ = try app.receiveHead()
                    try app.expect(body)
                    try app.send(answer)
                    if !answer.isEmpty { #expect(try client.receiveHead().status == 200) }
                    leave(client)
                    try app.expectBrokenOff()
                    app.close()
                }
                try leave(after: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n", body: "few")
                // The end alone says nothing against the wish for an answer: only what cannot be sent does.
                if isReset { try leave(after: "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
                try leave(after: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfew")
            }
            s.apps[0].connections.forEach { $0.close() }
            try s.probe()
        }
    }

    @Test(arguments: versions)
    func `a tunnel that the app breaks off does not look as if it had ended`(version: Int) throws {
        try SecureListener.run { s, authority in
            for isBroken in [false, true] {
                let client = try s.connectSecurely(authority, SecureEnd.Manner(version: version))
                let app = try s.openTunnel(client, saying: "first")
                if isBroken {
                    app.reset()
                    try client.expectEnded()
                    #expect(client.ended != .closed, "an end that TLS has said")
                } else {
                    app.close()
                    try client.expectClosed()
                }
                client.close()
            }
        }
    }

    @Test(arguments: versions)
    func `draining tells idle clients, and lets the busy ones finish`(version: Int) throws {
        try SecureListener.run { s, authority in
            let manner = SecureEnd.Manner(version: version)
            let (fresh, idle, busy) = (try s.connectSecurely(authority, manner), try s.connectSecurely(authority, manner), try s.connectSecurely(authority, manner))
            let silent = try s.connect(to: "secure")
            try idle.get("/idle")
            let app = try s.app.accept()
            try app.serve("GET /idle HTTP/1.1", answering: "idle")
            try idle.expectAnswer("idle")
            try busy.get("/busy")
            _ = try app.receiveRequest()
            try s.drain()
            // By TLS, so that nobody takes it for a broken connection.
            try fresh.expectClosed()
            try idle.expectClosed()
            try silent.expectEnded()
            try app.answer("finished")
            #expect(try busy.expectAnswer("finished").head["Connection"] == "close")
            try busy.expectClosed()
            s.expectEnd()
        }
    }

    @Test func `a connection above max-connections is closed without a handshake`() throws {
        var options = SecureListener.Options()
        options.listener = "max-connections = 2"
        try SecureListener.run(options) { s, authority in
            let first = try s.connectSecurely(authority)
            let second = try s.connectSecurely(authority)
            let third = try s.connect(to: "secure")
            try? third.send(Hello.bytes(authority, version: 13))
            try third.expectEnded()
            #expect(third.log.isEmpty)
            first.close()
            // Its place is free when the gateway has seen that.
            #expect(wait { (try? s.connectSecurely(authority)) != nil })
            try second.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "x")
            try second.expectAnswer("x")
        }
    }
}
