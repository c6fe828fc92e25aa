import Glibc
import Testing

/// Stopping: what is in flight is finished, nothing new begins, and it ends (docs/operations.md).
@Suite struct DrainTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal lets the exchange in flight finish, with Connection close, and then ends the process`(signal: Int32) throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.get("/slow")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try s.drain(with: signal)
            try app.answer("finished")
            let response = try client.expectAnswer("finished")
            #expect(response.head["Connection"] == "close")
            try client.expectClosed()
            try app.expectEnded()
            s.expectEnd()
        }
    }

    @Test func `idle connections on both sides are closed at once`() throws {
        try Scenario.run { s in
            let app = try s.warm()
            let client = try s.connect()
            try client.get("/")
            try app.serve("GET / HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
            let silent = try s.connect()
            try s.probe()
            s.gateway.process.signal(SIGTERM)
            try client.expectEnded()
            try silent.expectEnded()
            try app.expectEnded()
            s.expectEnd()
        }
    }

    @Test func `a response body and an upload in flight go on to their ends`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("POST /both HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234")
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.expect("01234")
            try app.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde")
            #expect(try client.receiveHead().status == 200)
            try client.expect("abcde")
            try s.drain()
            try client.send("56789")
            try app.expect("56789")
            try app.send("fghij")
            try client.expect("fghij")
            try client.expectClosed()
            s.expectEnd()
        }
    }

    @Test func `what does not end is ended at the deadline`() throws {
        try Scenario.run(gateway: "drain-timeout = 300ms") { s in
            s.gatewayIsStopped = true
            let client = try s.connect()
            try client.get("/endless")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            s.gateway.process.signal(SIGTERM)
            try client.expectBrokenOff()
            try app.expectEnded()
            guard case .exit = s.gateway.process.waitForEnd(upTo: .seconds(10)) else {
                Issue.record("the gateway did not exit by itself")
                return
            }
        }
    }

    @Test func `a tunnel is ended at the deadline`() throws {
        try Scenario.run(gateway: "drain-timeout = 300ms") { s in
            s.gatewayIsStopped = true
            let client = try s.connect()
            try client.send(UpgradeTests.handshake)
            let app = try s.app.accept()
            _ = try app.receiveHead()
            try app.send(UpgradeTests.accepted)
            #expect(try client.receiveHead().status == 101)
            s.gateway.process.signal(SIGTERM)
            try app.send("still")
            try client.expect("still")
            try client.expectBrokenOff()
            try app.expectEnded()
            #expect(s.gateway.process.waitForEnd(upTo: .seconds(10)) != nil)
        }
    }

    @Test func `a second signal ends it now`() throws {
        try Scenario.run(gateway: "drain-timeout = 1h") { s in
            let client = try s.connect()
            try client.get("/endless")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try s.drain()
            s.gateway.process.signal(SIGTERM)
            #expect(s.gateway.process.waitForEnd(upTo: .seconds(10)) != nil)
            try client.expectBrokenOff()
        }
    }

    @Test func `a pipelined request that came before the signal is answered or refused, never lost without a word`() throws {
        try Scenario.run { s in
            let client = try s.connect()
            try client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            let app = try s.app.accept()
            _ = try app.receiveRequest()
            try s.drain()
            try app.answer("one")
            // Connection: close on the first answer tells the client that the second was not taken (RFC 9112 §9.6).
            #expect(try client.expectAnswer("one").head["Connection"] == "close")
            try client.expectEnded()
            s.expectEnd()
        }
    }

    @Test func `a gateway whose port is taken says so and ends`() throws {
        let taken = try Descriptor.listening()
        var options = Scenario.Options()
        options.file = { servers, _ in
            "[gateway]\nloops = 1\n[listener:web]\nlisten = 127.0.0.1:\(taken.localPort)\nserve = app\n[app:app]\nservers = \(servers[0])\n"
        }
        do {
            try Scenario.run(options) { _ in }
            Issue.record("it listens on a port that is taken")
        } catch {
            let text = "\(error)"
            #expect(text.contains("\(taken.localPort)"), "the message names the address")
            #expect(text.contains("it ended"))
        }
    }

    /// Threads that read certificates or look names up are not waited for; OpenSSL, which would take its state away under them, is such a library.
    @Test func `no library cleans up behind threads that are still at work`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let library = "\(folder)/library.so"
        try write(
            "#include <unistd.h>\n__attribute__((destructor)) static void end(void) { (void)!write(2, \"cleaned up\", 10); }\n", to: "\(library).c")
        #expect(try Child.run([Programs.require("gcc"), "-shared", "-fPIC", "-o", library, "\(library).c"]).ending == .exit(0))
        let outer = ["/usr/bin/env", "LD_PRELOAD=\(library)"]
        #expect(try Child.run(outer + [Gateway.binary, "version"]).stderr.hasSuffix("cleaned up"))
        try write("[listener:web]\nlisten = 127.0.0.1:0\nserve = app\n[app:app]\nuse = echo\n", to: "\(folder)/gateway.conf")
        let gateway = try Gateway(arguments: ["run", "\(folder)/gateway.conf"], listeners: ["web"], within: outer)
        try gateway.finish()
        #expect(!gateway.errors.contains("cleaned up"), "\(gateway.errors)")
    }
}
