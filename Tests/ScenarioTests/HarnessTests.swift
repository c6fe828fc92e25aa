import Testing

/// The harness itself, without a gateway: its expectations must be able to fail.
@Suite struct HarnessTests {
    func pair() throws -> (client: ScriptedConnection, app: ScriptedConnection) {
        let app = try ScriptedApp()
        let socket = try #require(try Descriptor.connected(port: app.listening.localPort))
        return (ScriptedConnection(socket, name: "the client"), try app.accept())
    }

    @Test func `exact bytes pass, a wrong one fails at once`() throws {
        let (client, app) = try pair()
        try client.send("abc")
        try app.expect("ab")
        try app.expect("c")
        try client.send("abX")
        #expect(throws: ScenarioFailure.self) { try app.expect("abcd") }
        #expect(text(app.log) == "abcabX")
    }

    @Test func `silence, close, half-close and reset are told apart`() throws {
        let (client, app) = try pair()
        try app.expectNothingYet()
        #expect(throws: ScenarioFailure.self) {
            try client.send("x")
            try client.awaitTakenOrArrived(app)
            try app.expectNothingYet()
        }
        try app.expect("x")
        client.closeWriting()
        try app.expectClosed()
        try app.send("still")
        try client.expect("still")
        app.reset()
        try client.expectReset()
        #expect(throws: ScenarioFailure.self) { try client.expect("more") }
    }

    @Test func `heads are read strictly`() throws {
        let head = try Head("HTTP/1.1 200 OK\r\nA: b \r\na:c\r\n\r\n".utf8)
        #expect(head.status == 200)
        #expect(head.all("A") == ["b", "c"])
        #expect(head["A"] == nil)
        for bad in ["HTTP/1.1 200 OK\nA: b\r\n\r\n", "X\r\nA : b\r\n\r\n", "X\r\n: b\r\n\r\n", "X\r\n a: b\r\n\r\n", "X\r\nA: \0\r\n\r\n", "X\r\n"] {
            #expect(throws: ScenarioFailure.self) { try Head(bad.utf8) }
        }
    }

    @Test func `chunked bodies are read strictly`() throws {
        let (client, app) = try pair()
        try client.send("3\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\nrest")
        let (body, trailers) = try app.receiveChunkedBody()
        #expect(text(body) == "abc0123456789")
        #expect(trailers.count == 1 && trailers[0].name == "T")
        try app.expect("rest")
        for bad in ["+1\r\na\r\n0\r\n\r\n", "1;x\r\na\r\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n"] {
            let (client, app) = try pair()
            try client.send(bad)
            client.closeWriting()
            #expect(throws: ScenarioFailure.self) { try app.receiveChunkedBody() }
        }
    }

    @Test func `two framings in one message are refused`() throws {
        let (client, app) = try pair()
        try client.send("POST / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        #expect(throws: ScenarioFailure.self) { try app.receiveRequest() }
    }

    @Test func `pieces are sent one read apart`() throws {
        let (client, app) = try pair()
        try client.send("first")
        #expect(ProcFiles.unread(by: client.socket.remotePort, from: client.socket.localPort) == 5)
        try app.expect("first")
        try client.awaitTaken()
        #expect(ProcFiles.unread(by: client.socket.remotePort, from: client.socket.localPort) == 0)
    }

    @Test func `a child's end and output are seen`() throws {
        let result = try Child.run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
        #expect(result.ending == .exit(3))
        #expect(result.stdout == "out\n" && result.stderr == "err\n")
        let killed = try Child.run(["/bin/sh", "-c", "kill -9 $$"])
        #expect(killed.ending == .signal(9))
        let limited = try Child(["/bin/sh", "-c", "ulimit -n"], fileLimit: 33)
        #expect(limited.waitForEnd(upTo: .seconds(10)) == .exit(0))
        #expect(text(limited.stdout) == "33\n")
    }

    @Test func `body patterns differ from place to place`() {
        let long = pattern(4096)
        #expect(Array(long[100..<200]) == pattern(100, from: 100))
        #expect(position(of: Array(long[300..<316]), in: long) == 300)
    }
}

extension ScriptedConnection {
    /// Waits until `other` has something to read.
    func awaitTakenOrArrived(_ other: ScriptedConnection) throws {
        guard other.socket.await(1, until: Deadline()) != 0 else { throw ScenarioFailure("nothing arrived") }
    }
}
