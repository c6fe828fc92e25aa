import Glibc
import Testing

@testable import TLS

/// Handshakes of clients that are slow, many, or not clients of TLS at all.
@Suite struct SecureHandshakeTests {
    // MARK: What is refused

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"])
    func `plain HTTP gets its 400 in plain`(request: String) throws {
        try SecureListener.run { s, _ in
            let client = try s.connect(to: "secure")
            try client.send(request)
            try client.expectFinalReply(400, "tls.plain-http")
            s.app.connections.forEach { $0.close() }
            try s.app.expectNoConnectionYet()
        }
    }

    @Test func `what is not TLS is told so by an alert, and closed`() throws {
        try SecureListener.run { s, _ in
            for bytes in ["SSH-2.0-x\r\n\r\n".bytes, [22, 3, 3, 0xFF, 0xFF, 0], [23, 3, 3, 0, 1, 7], [UInt8](repeating: 0x80, count: 10_000)] {
                let client = try s.connect(to: "secure")
                try client.send(bytes)
                try client.expectBrokenOff()
                #expect(client.log.isEmpty || client.log[0] == 21, "\(client.log)")
            }
            try s.probe()
        }
    }

    @Test func `no version or protocol in common is an alert, and no request`() throws {
        try SecureListener.run { s, authority in
            func outcome(_ manner: SecureEnd.Manner) throws -> TLSConnection.HandshakeOutcome {
                let client = try s.connect(to: "secure")
                return try SecureEnd(over: client.socket, trusting: authority, manner).shakeHands(over: client.socket)
            }
            for version in [10, 11] {
                let refused = try outcome(SecureEnd.Manner(version: version))
                #expect(refused == .failed(.alert(70)))  // protocol_version
            }
            for version in [12, 13] {
                let refused = try outcome(SecureEnd.Manner(version: version, protocols: ["spdy/3"]))
                #expect(refused == .failed(.alert(120)))  // no_application_protocol
            }
            let accepted = try outcome(SecureEnd.Manner())
            #expect(accepted == .done)
        }
    }

    // MARK: Sessions

    @Test(arguments: [1, 3])
    func `a session is gone on with, on whichever loop`(loops: Int) throws {
        var options = SecureListener.Options()
        options.loops = loops
        try SecureListener.run(options) { s, authority in
            for version in [12, 13] {
                let manner = SecureEnd.Manner(version: version)
                for round in 0..<8 {
                    let client = try s.connectSecurely(authority, manner)
                    let isResumed = client.socket.secure?.connection.isResumed
                    // Each loop of a gateway has had its own keys of tickets so far.
                    if loops == 1 { #expect(isResumed == (round > 0)) }
                    try client.get("/")
                    let app = try s.activeAppConnection()
                    try app.serve("GET / HTTP/1.1", answering: "x")
                    try client.expectAnswer("x")
                    client.close()
                }
            }
        }
    }

    @Test func `a client that asks for nothing gets its session soon`() throws {
        try SecureListener.run { s, authority in
            let manner = SecureEnd.Manner(version: 13)
            let client = try s.connectSecurely(authority, manner)
            #expect(unsafe manner.sessions.session == nil)
            #expect(client.socket.await(POLLIN, until: Deadline()) & POLLIN != 0)
            #expect(!client.hasArrivals() && !client.hasEnded)
            #expect(unsafe manner.sessions.session != nil)
            try client.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "late")
            try client.expectAnswer("late")
            #expect(try s.connectSecurely(authority, manner).socket.secure?.connection.isResumed == true)
        }
    }

    // MARK: Time

    @Test func `a handshake that takes too long is broken off`() throws {
        var options = SecureListener.Options()
        options.tls = "handshake-timeout = 200ms"
        try SecureListener.run(options) { s, authority in
            let hello = try Hello.bytes(authority, version: 13)
            for cut in [0, 3, hello.count / 2, hello.count] {
                let client = try s.connect(to: "secure")
                try client.send(Array(hello[..<cut]))
                try client.expectBrokenOff()
            }
        }
    }

    @Test(arguments: [12, 13])
    func `a handshake without a request is closed after head-timeout`(version: Int) throws {
        var options = SecureListener.Options()
        options.listener = "head-timeout = 200ms"
        try SecureListener.run(options) { s, authority in
            try s.connectSecurely(authority, SecureEnd.Manner(version: version)).expectClosed()
            let client = try s.connectSecurely(authority, SecureEnd.Manner(version: version))
            try client.send("GET / HT")
            try client.expectReply(408, "request.head.timeout")
        }
    }

    @Test func `new keys are no request: they do not keep an idle connection`() throws {
        var options = SecureListener.Options()
        options.listener = "keep-alive-timeout = 1s"
        try SecureListener.run(options) { s, authority in
            let client = try s.connectSecurely(authority, SecureEnd.Manner(version: 13))
            try client.get("/")
            try s.app.accept().serve("GET / HTTP/1.1", answering: "x")
            try client.expectAnswer("x")
            let end = try #require(client.socket.secure)
            let deadline = Deadline()
            while !deadline.passed, end.changeKeys() {
                _ = client.socket.await(POLLIN, until: Deadline(.milliseconds(50)))
            }
            #expect(!deadline.passed, "it is still open")
        }
    }

    @Test func `a client that sends nothing but new keys loses its connection`() throws {
        try SecureListener.run { s, authority in
            let client = try s.connectSecurely(authority, SecureEnd.Manner(version: 13))
            let end = try #require(client.socket.secure)
            var count = 0
            while count < 200_000, end.changeKeys() { count += 1 }
            #expect(count < 200_000)
            try s.probe()
        }
    }

    // MARK: Many

    @Test func `500 clients that say nothing, or half a hello, delay nobody`() throws {
        var options = SecureListener.Options()
        options.fileLimit = 2_000
        try SecureListener.run(options) { s, authority in
            let hello = try Hello.bytes(authority, version: 13)
            let before = s.gateway.memory
            let idle = try (0..<500).map { index in
                let client = try s.connect(to: "secure")
                if index % 2 == 0 { try client.send(Array(hello[..<(hello.count / 2)])) }
                return client
            }
            for version in [12, 13] {
                let client = try s.connectSecurely(authority, SecureEnd.Manner(version: version))
                try client.get("/")
                try s.activeAppConnection().serve("GET / HTTP/1.1", answering: "x")
                try client.expectAnswer("x")
            }
            try s.probe()
            #expect(s.gateway.memory - before < 500 * 100_000)
            for client in idle { try client.expectNothingYet() }
        }
    }

    /// The gateway is stopped while everything arrives, so that it finds 300 handshakes and a request at once. Each handshake takes a
    /// signature.
    @Test func `300 handshakes at once do not hold up a request`() throws {
        var options = SecureListener.Options()
        options.fileLimit = 2_000
        try SecureListener.run(options) { s, authority in
            let hello = try Hello.bytes(authority, version: 13)
            let app = try s.warm()
            let plain = try s.connect()
            try plain.get("/before")
            try app.serve("GET /before HTTP/1.1", answering: "x")
            try plain.expectAnswer("x")
            // The script may be held up itself; a gateway that holds the request up does so each time.
            var answered = 0
            for _ in 0..<5 {
                s.gateway.process.signal(SIGSTOP)
                let clients = try (0..<300).map { _ in
                    let client = try s.connect(to: "secure")
                    try client.send(hello)
                    return client
                }
                try plain.get("/now")
                s.gateway.process.signal(SIGCONT)
                try app.serve("GET /now HTTP/1.1", answering: "now")
                _ = plain.socket.await(POLLIN, until: Deadline())
                answered = clients.count { $0.socket.pending(POLLIN) != 0 }
                try plain.expectAnswer("now")
                // And all of them are served in the end.
                for client in clients { #expect(client.socket.await(POLLIN, until: Deadline()) & POLLIN != 0) }
                clients.forEach { $0.close() }
                if answered < 200 { break }
            }
            #expect(answered < 200, "\(answered) handshakes came before the answer")
        }
    }
}
