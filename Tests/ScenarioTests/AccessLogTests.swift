import Foundation
import Glibc
import Testing

/// The access log as the running gateway writes it (docs/access-log.md).
@Suite struct AccessLogTests {
    func lines(_ path: String) -> [String] {
        ScenarioTests.text(contents(of: path) ?? []).split(separator: "\n").map(String.init)
    }

    func awaitLines(_ count: Int, in path: String) throws -> [String] {
        guard wait(until: { lines(path).count >= count }) else {
            throw ScenarioFailure("\(path) has \(lines(path).count) lines, not \(count): \(lines(path))")
        }
        return lines(path)
    }

    func scenario(_ format: String, _ script: (Scenario, String) throws -> Void) throws {
        var options = Scenario.Options()
        options.file = { servers, folder in
            """
            [gateway]
            loops = 1
            access-log = \(folder)/access.log
            access-log-format = \(format)
            [listener:web]
            listen = 127.0.0.1:0
            serve = site
            max-body = 10B
            [app:site]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options) { s in try script(s, "\(s.folder)/access.log") }
    }

    @Test func `combined: the client, the request line, status, bytes, referer, agent, and what the gateway knows`() throws {
        try scenario("combined") { s, path in
            let client = try s.connect()
            try client.send("GET /page?x=1 HTTP/1.1\r\nHost: site.test\r\nReferer: http://from/\r\nUser-Agent: tester \"1\"\r\n\r\n")
            try s.app.accept().serve("GET /page?x=1 HTTP/1.1", answering: "hello")
            try client.expectAnswer("hello")
            let line = try awaitLines(1, in: path)[0]
            #expect(line.hasPrefix("127.0.0.1 - - ["))
            #expect(line.contains("\"GET /page?x=1 HTTP/1.1\" 200 5 \"http://from/\" \"tester \\x221\\x22\" host=\"site.test\""))
            #expect(line.contains("upstream=\"site\" server=\"\(s.app.address)\" reason=- cause=- end=--NK"))
            #expect(line.contains("tries=1"))
        }
    }

    @Test func `json: one object a line, with timings, bytes, reason and end state`() throws {
        try scenario("json") { s, path in
            let client = try s.connect()
            try client.send("POST /j HTTP/1.1\r\nHost: site.test\r\nContent-Length: 3\r\nUser-Agent: a\\b\u{fffd}\r\n\r\nabc")
            try s.app.accept().serve("POST /j HTTP/1.1", answering: "hello")
            try client.expectAnswer("hello")
            try client.send("POST /j HTTP/1.1\r\nHost: site.test\r\nContent-Length: 300\r\n\r\n")
            try client.expectReply(413, "request.body.too-large")
            let written = try awaitLines(2, in: path)
            let objects = try written.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
            #expect(objects[0]["client"] as? String == "127.0.0.1")
            #expect(objects[0]["method"] as? String == "POST")
            #expect(objects[0]["target"] as? String == "/j")
            #expect(objects[0]["status"] as? Int == 200)
            #expect(objects[0]["upstream"] as? String == "site")
            #expect(objects[1]["status"] as? Int == 413)
            #expect(objects[1]["reason"] as? String == "request.body.too-large")
        }
    }

    @Test func `a refused head and a client that goes away have their lines`() throws {
        try scenario("combined") { s, path in
            let client = try s.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n")
            try client.expectFinalReply(400, "request.field.malformed")
            #expect(try awaitLines(1, in: path)[0].contains("reason=request.field.malformed"))
            let gone = try s.connect()
            try gone.get("/gone")
            _ = try s.app.accept().receiveRequest()
            gone.reset()
            let line = try awaitLines(2, in: path)[1]
            #expect(line.contains("\"GET /gone HTTP/1.1\" 499"))
            #expect(line.contains("reason=client.reset") || line.contains("reason=client.closed"))
        }
    }

    @Test func `a line cannot be forged by what a client sends`() throws {
        try scenario("combined") { s, path in
            let client = try s.connect()
            try client.send("GET /%0a127.0.0.1?\" HTTP/1.1\r\nHost: a\r\nUser-Agent: x\" 200 0 \"-\\\r\n\r\n")
            let response = try? client.receiveHead()
            if response == nil || response!.status != 400 {
                try s.app.accept().answer("x")
            }
            let line = try awaitLines(1, in: path)[0]
            #expect(line.contains("x\\x22 200 0 \\x22-\\x5C") || line.contains("x\\x22 200 0 \\x22-\\x5c") || line.contains("\"- "))
            #expect(lines(path).count == 1)
        }
    }

    @Test func `SIGUSR1 opens the file anew, and no line is lost`() throws {
        try scenario("combined") { s, path in
            let app = try s.warm()
            #expect(try awaitLines(1, in: path).count == 1)
            try Folder.move(path, to: path + ".1")
            s.gateway.process.signal(SIGUSR1)
            #expect(wait { contents(of: path) != nil })
            #expect(try s.probe() === app)
            #expect(try awaitLines(1, in: path).count == 1)
            #expect(lines(path + ".1").count == 1)
        }
    }

    @Test func `every line is written before the process ends`() throws {
        try scenario("combined") { s, path in
            for _ in 0..<50 { try s.probe() }
            s.gateway.process.signal(SIGTERM)
            s.expectEnd()
            #expect(lines(path).count == 50)
        }
    }

    @Test(arguments: ["stdout", "stderr"])
    func `the log can go to an open stream`(stream: String) throws {
        try Scenario.run(gateway: "access-log = \(stream)") { s in
            try s.probe()
            let found: (String) -> Bool = { $0.contains("\"GET /probe HTTP/1.1\" 200 5") }
            #expect(stream == "stdout" ? s.gateway.process.waitForOutput(found) : s.gateway.process.waitForErrors(found))
        }
    }

    @Test func `off is off`() throws {
        try Scenario.run(gateway: "access-log = off") { s in
            try s.probe()
            s.gateway.process.signal(SIGTERM)
            s.expectEnd()
            #expect(!ScenarioTests.text(s.gateway.process.stdout + s.gateway.process.stderr).contains("/probe"))
        }
    }
}
