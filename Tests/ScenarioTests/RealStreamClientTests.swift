import Glibc
import HTTP2Wire
import Testing

/// Clients of HTTP/2 that others have written, over TLS: curl, h2load and nghttp.
@Suite(
    .enabled(
        if: ["curl", "openssl", "nginx", "h2load", "nghttp"].allSatisfy(Programs.isHereOrMustBe),
        "curl, openssl, nginx, h2load or nghttp is not installed: deploy/bootstrap --test"))
struct RealStreamClientTests {
    /// What a gateway with TLS stands before: an nginx with a large file, and what it takes to ask for that.
    struct Site {
        static let size = 24 << 20

        let s: Scenario
        let authority: TestAuthority
        /// nginx's root.
        let folder: String
        /// The file with the gateway's certificate and key.
        let certificate: String

        var url: String { "https://localhost:\(s.gateway.ports["web"] ?? 0)" }
        var large: String { "\(folder)/large" }

        /// Starts curl by HTTP/2.
        func start(_ arguments: [String]) throws -> Child {
            let options = ["-sS", "--max-time", "60", "--noproxy", "*", "--http2", "--cacert", authority.certificate]
            return try Child([try Programs.require("curl")] + options + arguments)
        }

        /// Runs it, and checks that it ends well.
        func curl(_ arguments: [String], at location: SourceLocation = #_sourceLocation) throws -> String {
            let curl = try start(arguments)
            let ending = curl.waitForEnd(upTo: .seconds(60))
            #expect(ending == .exit(0), "\(text(curl.stderr))", sourceLocation: location)
            return text(curl.stdout)
        }

        /// A download that has begun, and that stands still until somebody takes what curl has written.
        func startDownload() throws -> Child {
            let curl = try start(["\(url)/large"])
            #expect(wait { curl.collect(); return !curl.stdout.isEmpty || curl.ended })
            return curl
        }

        func expectWhole(_ curl: Child, at location: SourceLocation = #_sourceLocation) throws {
            #expect(!curl.ended, "it was to be still at it", sourceLocation: location)
            #expect(curl.waitForEnd(upTo: .seconds(60)) == .exit(0), "\(text(curl.stderr))", sourceLocation: location)
            let whole = try #require(contents(of: large))
            #expect(curl.stdout.count == whole.count && sameBeginning(curl.stdout, whole, curl.stdout.count), sourceLocation: location)
        }

        func isSame(_ path: String, _ other: String) throws -> Bool {
            try Child.run([try Programs.require("cmp"), path, other]).ending == .exit(0)
        }

        /// Runs h2load, and checks that every request succeeds.
        func load(_ count: Int, _ arguments: [String], at location: SourceLocation = #_sourceLocation) throws {
            let (ending, output, errors) = try Child.run([try Programs.require("h2load"), "-n", "\(count)"] + arguments)
            #expect(ending == .exit(0), "\(errors)", sourceLocation: location)
            #expect(output.contains("Application protocol: h2\n"), "\(output)", sourceLocation: location)
            let good = "requests: \(count) total, \(count) started, \(count) done, \(count) succeeded, 0 failed, 0 errored, 0 timeout"
            #expect(output.contains(good) && output.contains("status codes: \(count) 2xx"), "\(output)", sourceLocation: location)
        }    }

    /// How the app is asked.
    enum AppProtocol: String, CaseIterable { case http1, h2c, h2 }

    private func run(_ app: AppProtocol = .http1, tls: String = "", loops: Int = 2, _ script: (Site) throws -> Void) throws {
        let authority = try TestAuthority()
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let made = try Child.run([try Programs.require("openssl"), "rand", "-out", "\(folder)/large", "\(Site.size)"])
        #expect(made.ending == .exit(0))
        try write("hello", to: "\(folder)/hello.txt")
        let second = try Programs.freePort()
        let own = try authority.issue()
        let nginx = try Nginx(in: folder) { _ in
            """
            listen 127.0.0.1:\(second) http2\(app == .h2 ? " ssl; ssl_certificate \(own.certificate); ssl_certificate_key \(own.key)" : "");
            client_max_body_size 0; dav_methods PUT;
            """
        }
        let lines =
            switch app {
            case .http1: "servers = 127.0.0.1:\(nginx.port)"
            case .h2c: "servers = h2://127.0.0.1:\(second)"
            case .h2: "servers = https://127.0.0.1:\(second)\nprotocol = h2\ntls-authorities = \(authority.certificate)"
            }
        let live = "\(folder)/live.pem"
        try replace(live, by: authority.issue("before").both)
        try TLSSite.run("certificate = \(live)\n\(tls)", loops: loops, app: lines) { s in
            try script(Site(s: s, authority: authority, folder: folder, certificate: live))
            nginx.stop()
        }
    }

    @Test(arguments: AppProtocol.allCases, ["--tls-max 1.2", "--tlsv1.3"])
    func `a large file comes down and goes up whole`(app: AppProtocol, version: String) throws {
        try run(app) { site in
            let options = version.split(separator: " ").map(String.init) + ["-w", "%{http_version} %{http_code} %{num_connects}\n"]
            func transfer(_ arguments: [String], _ status: Int, into path: String) throws {
                #expect(try site.curl(options + arguments) == "2 \(status) 1\n", "\(arguments)")
                #expect(try site.isSame(site.large, path), "\(arguments)")
            }
            try transfer(["\(site.url)/large", "-o", "\(site.folder)/down"], 200, into: "\(site.folder)/down")
            try transfer(["-T", site.large, "\(site.url)/up"], 201, into: "\(site.folder)/up")
            // Of unknown length.
            try transfer(["-H", "Content-Length:", "-T", site.large, "\(site.url)/up-too"], 201, into: "\(site.folder)/up-too")
        }
    }

    @Test(arguments: AppProtocol.allCases)
    func `many requests at once on one connection are answered, each with its own`(app: AppProtocol) throws {
        try run(app) { site in
            let names = (0..<60).map { "file-\($0)" }
            for (number, name) in names.enumerated() {
                try write(String(repeating: "\(name) ", count: 1 + number * 300), to: "\(site.folder)/\(name)")
            }
            try Folder.make("\(site.folder)/got")
            let transfers = names.flatMap { ["-o", "\(site.folder)/got/\($0)", "\(site.url)/\($0)"] }
            let written = try site.curl(["--parallel", "--parallel-max", "60", "-w", "%{http_version} %{http_code} %{num_connects}\n"] + transfers)
            let lines = written.split(separator: "\n")
            // All of them over the first one's connection.
            #expect(lines.count == 60 && lines.count { $0 == "2 200 1" } == 1 && lines.count { $0 == "2 200 0" } == 59, "\(lines)")
            for name in names { #expect(try site.isSame("\(site.folder)/\(name)", "\(site.folder)/got/\(name)"), "\(name)") }
            try site.load(3000, ["-c", "1", "-m", "100", "\(site.url)/hello.txt"])
            try site.load(3000, ["-c", "10", "-m", "20", "\(site.url)/file-3"])
            try site.load(300, ["-c", "3", "-m", "10", "-d", "\(site.folder)/file-59", "-H", ":method: PUT", "\(site.url)/up"])
            #expect(try site.isSame("\(site.folder)/up", "\(site.folder)/file-59"))
        }
    }

    @Test func `trailers reach curl, and those of nghttp the app`() throws {
        try SecureListener.run { s, authority in
            let url = "https://localhost:\(try #require(s.gateway.ports["secure"]))/"
            let curl = try Child(
                [try Programs.require("curl"), "-sS", "--http2", "--noproxy", "*", "--cacert", authority.certificate, "-i", url])
            let app = try s.app.accept()
            #expect(try app.receiveRequest().head.startLine == "GET / HTTP/1.1")
            try app.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n")
            #expect(curl.waitForEnd(upTo: .seconds(20)) == .exit(0), "\(text(curl.stderr))")
            let written = text(curl.stdout)
            #expect(written.hasPrefix("HTTP/2 200") && written.contains("\r\n\r\nhellox-sum: 42\r\n"), "\(written)")

            try write("a body", to: "\(s.folder)/body")
            let nghttp = try Child([try Programs.require("nghttp"), "--no-content-length", "--trailer", "x-late: 7", "-d", "\(s.folder)/body", url])
            let next = try s.activeAppConnection()
            let head = try next.receiveHead()
            #expect(head.startLine == "POST / HTTP/1.1" && head["Transfer-Encoding"] == "chunked")
            let (body, trailers) = try next.receiveChunkedBody()
            #expect(text(body) == "a body" && trailers.map(\.name) == ["x-late"] && trailers.map(\.value) == ["7"])
            try next.answer("taken")
            #expect(nghttp.waitForEnd(upTo: .seconds(20)) == .exit(0) && text(nghttp.stdout) == "taken", "\(text(nghttp.stderr))")
        }
    }

    @Test(arguments: AppProtocol.allCases)
    func `a download that runs at SIGTERM comes whole`(app: AppProtocol) throws {
        try run(app) { site in
            let downloads = try (0..<3).map { _ in try site.startDownload() }
            try site.s.drain()
            #expect(!site.s.gateway.process.ended)
            for download in downloads { try site.expectWhole(download) }
            site.s.expectEnd()
        }
    }

    @Test func `streams go on while the certificate is replaced, and the next connection gets the new one`() throws {
        try run { site in
            let download = try site.startDownload()
            let client = try SecureClient(site.s, "localhost")
            #expect(try client.get("/hello.txt").subject == "before")
            try replace(site.certificate, by: site.authority.issue("after").both)
            #expect(try wait { try client.get("/hello.txt").subject == "after" })
            #expect(try site.curl(["-w", " %{http_version}", "\(site.url)/hello.txt"]) == "hello 2")
            try site.expectWhole(download)
        }
    }

    @Test func `clients that stop in the handshake, and others that send garbage behind it, hold up nobody`() throws {
        // All on one loop.
        try run(tls: "handshake-timeout = 3s", loops: 1) { site in
            let (s, authority) = (site.s, site.authority)
            let download = try site.startDownload()
            let silent = try (0..<20).map { number in
                let client = try s.connect()
                let hello = try Hello.bytes(authority, version: 12 + number % 2)
                // Some have not said their first word to its end; the others do not answer the gateway's.
                let cut = number < 10 ? hello.count / 2 : hello.count
                try client.send(Array(hello[..<cut]))
                if number >= 10 { #expect(client.socket.await(POLLIN, until: Deadline()) & POLLIN != 0) }
                return client
            }
            let garbage = pattern(20_000)
            let beginnings: [[UInt8]] = [
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n".bytes, garbage, Wire.preface + garbage, Wire.preface + Wire.settings() + garbage,
                Wire.preface + Wire.settings() + Wire.frame(1, flags: 4, stream: 1, garbage.dropLast(10_000)),
            ]
            let noisy = try (0..<24).map { number in
                let client = try s.connectSecurely(authority, SecureEnd.Manner(version: 12 + number % 2, protocols: ["h2"]), to: "web")
                // And some garbage that is no record of TLS.
                if number % 6 == 5 { client.socket.secure = nil }
                _ = client.sendWhatFits((number % 6 == 5 ? garbage : beginnings[number % 6])[...])
                return client
            }
            let sent = try Child.run([
                "/bin/sh", "-c", "printf 'no HTTP/2 here\\r\\n\\r\\n' | \"$@\"", "sh", try Programs.require("openssl"), "s_client", "-connect",
                "localhost:\(try #require(s.gateway.ports["web"]))", "-alpn", "h2", "-quiet", "-ign_eof",
            ])
            #expect(sent.stderr.contains("verify") && !sent.stdout.contains("HTTP/1.1 200"), "\(sent)")
            try site.load(1000, ["-c", "10", "-m", "10", "\(site.url)/hello.txt"])
            #expect(try site.curl(["-w", " %{http_version}", "\(site.url)/hello.txt"]) == "hello 2")
            for client in noisy { try client.expectBrokenOff() }
            for client in silent { try client.expectBrokenOff() }
            try site.expectWhole(download)
            #expect(s.gateway.process.waitForOutput { $0.contains("tls.handshake.timeout") })
        }
    }
}
