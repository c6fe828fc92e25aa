import Glibc
import Testing

/// The filter of docs/prologues.md, built outside of Sluice as the page shows it: it reads the beginning of a listener's connections.
@Suite struct ProloguePluginTests {
    /// The code blocks of the page, in their order.
    private func blocks() throws -> [String] {
        let page = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/docs/prologues.md"
        guard let bytes = contents(of: page) else { throw ScenarioFailure("there is no \(page)") }
        return text(bytes).split(separator: "```swift\n").dropFirst().compactMap { $0.split(separator: "```").first.map(String.init) }
    }

    private func sluice(_ arguments: [String], in folder: String) throws {
        let result = try Child.run(["/bin/sh", "-c", "cd \"$0\" && exec nice -n 19 \"$@\"", folder, Gateway.binary] + arguments, upTo: .seconds(300))
        guard result.ending == .exit(0) else {
            throw ScenarioFailure("sluice \(arguments.joined(separator: " ")): \(result.ending)\n\(result.stdout)\n\(result.stderr)")
        }
    }

    @Test func `a plug-in reads a prologue of its own`() throws {
        let work = try Folder.made()
        defer { Folder.remove(work) }
        let blocks = try blocks()
        try #require(blocks.count == 2)
        try sluice(["plugin", "new", "client-line"], in: work)
        let package = "\(work)/client-line"
        try write(blocks[0], to: "\(package)/Sources/ClientLine/ClientLine.swift")
        try write(blocks[1], to: "\(package)/Tests/ClientLineTests/ClientLineTests.swift")
        try sluice(["plugin", "test"], in: package)
        try sluice(["plugin", "build"], in: package)
        var options = Scenario.Options()
        options.file = { servers, folder in
            """
            [gateway]
            loops = 1
            access-log = \(folder)/access.log
            [listener:web]
            listen = 127.0.0.1:0
            through = line
            serve = app
            [filter:line]
            use = \(package)/libclient-line.so
            sources = 127.0.0.1
            [app:app]
            servers = \(servers[0])

            """
        }
        try Scenario.run(options) { s in
            func log() -> String { text(contents(of: "\(s.folder)/access.log") ?? []) }
            let client = try s.connect()
            try client.send("client 192.0.2.7\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try s.activeAppConnection().serve("GET / HTTP/1.1", answering: "x").head["X-Forwarded-For"] == "192.0.2.7")
            try client.expectAnswer("x")
            let wrong = try s.connect()
            try wrong.send("client nobody\n")
            try wrong.expectBrokenOff()
            #expect(wait { log().contains("reason=client-line.malformed") })
            let endless = try s.connect()
            try endless.send(String(repeating: "x", count: 100))
            try endless.expectBrokenOff()
            #expect(wait { log().contains("reason=prologue.too-long") })
            try s.connect(from: "127.0.0.2").expectEnded()
            #expect(wait { log().contains("reason=client-line.source") })
        }
    }
}
