import Glibc
import Testing

/// Real servers behind, a real client in front: what curl gets through the gateway is what it gets directly.
@Suite struct RealPeerTests {
    /// A folder of files that both servers serve.
    func site() throws -> String {
        let folder = try Folder.made()
        try write("hello from a file\n", to: "\(folder)/hello.txt")
        try write("", to: "\(folder)/empty.txt")
        try write(String(repeating: "0123456789abcdef", count: 65536), to: "\(folder)/big.txt")
        return folder
    }

    /// Runs curl; the body goes to stdout, `format` behind it.
    func curl(_ arguments: [String]) throws -> String {
        let result = try Child.run([try Programs.require("curl"), "-sS", "--max-time", "20", "--noproxy", "*"] + arguments)
        guard result.ending == .exit(0) else { throw ScenarioFailure("curl \(arguments): \(result.ending) \(result.stderr)") }
        return result.stdout
    }

    func through(_ port: UInt16, _ script: (Scenario, String) throws -> Void) throws {
        try Scenario.run(Scenario.Options(appAddress: "127.0.0.1:\(port)")) { s in
            try script(s, s.url)
        }
    }

    func compare(_ direct: String, _ gateway: String, _ paths: [[String]]) throws {
        for path in paths {
            let options = Array(path.dropFirst()) + ["-w", "\n%{http_code} %{size_download} %{content_type}"]
            #expect(try curl(options + [gateway + path[0]]) == curl(options + [direct + path[0]]), "\(path)")
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("nginx") && Programs.isHereOrMustBe("curl"), "nginx or curl is not installed"))
    func `nginx behind and curl in front`() throws {
        let folder = try site()
        defer { Folder.remove(folder) }
        let nginx = try Nginx(in: folder) { port in
            """
            location /gz/ { alias \(folder)/; gzip on; gzip_types *; gzip_proxied any; }
            location = /moved { return 302 /hello.txt; }
            location = /nothing { return 204; }
            location = /upload { client_max_body_size 1k; proxy_pass http://127.0.0.1:\(port)/echoed; }
            location = /echoed { return 200 "stored\\n"; }
            """
        }
        try through(nginx.port) { s, gateway in
            try compare(
                nginx.url, gateway,
                [
                    ["/hello.txt"], ["/empty.txt"], ["/big.txt"], ["/absent"], ["/moved"], ["/nothing"], ["/hello.txt", "-I", "-o", "/dev/null"],
                    ["/big.txt", "-r", "100-199"], ["/gz/big.txt", "--compressed"], ["/hello.txt", "-0"], ["/moved", "-L"],
                    ["/hello.txt", "-H", "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT"], ["/upload", "--data-binary", "abc"],
                    ["/upload", "-H", "Transfer-Encoding: chunked", "--data-binary", "abc"],
                    ["/upload", "-H", "Expect: 100-continue", "--data-binary", String(repeating: "x", count: 4000)],
                ])
            // One curl, several transfers: it must find its connection reusable.
            let connects = try curl(["-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects}", gateway + "/hello.txt", gateway + "/big.txt", gateway + "/empty.txt"])
            #expect(connects == "100")
            nginx.stop()
            #expect(try curl(["-w", "%{http_code}", "-o", "/dev/null", gateway + "/hello.txt"]) == "502")
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("python3") && Programs.isHereOrMustBe("curl"), "python3 or curl is not installed"))
    func `Python's http server behind and curl in front`() throws {
        let folder = try site()
        defer { Folder.remove(folder) }
        let port = try Programs.freePort()
        let python = try Child([try Programs.require("python3"), "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, "\(port)"])
        defer { python.signal(SIGKILL) }
        try Programs.awaitListening(port, python)
        try through(port) { s, gateway in
            try compare(
                "http://127.0.0.1:\(port)", gateway,
                [
                    ["/hello.txt"], ["/empty.txt"], ["/big.txt"], ["/absent"], ["/"], ["/hello.txt", "-I", "-o", "/dev/null"], ["/hello.txt", "-0"],
                    ["/hello.txt", "-X", "POST", "--data-binary", "abc"],
                ])
            python.signal(SIGTERM)
            _ = python.waitForEnd(upTo: .seconds(10))
        }
    }

    @Test(.enabled(if: Programs.isHereOrMustBe("python3") && Programs.isHereOrMustBe("curl"), "python3 or curl is not installed"))
    func `a WSGI app that reads bodies is served, on a unix-like keep-alive of HTTP 1 1`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try write(
            """
            import http.server, sys
            class App(http.server.BaseHTTPRequestHandler):
                protocol_version = 'HTTP/1.1'
                def log_message(self, *a): pass
                def do_POST(self):
                    if self.headers.get('Transfer-Encoding') == 'chunked':
                        body = b''
                        while True:
                            n = int(self.rfile.readline(), 16)
                            body += self.rfile.read(n); self.rfile.readline()
                            if n == 0: break
                    else:
                        body = self.rfile.read(int(self.headers['Content-Length']))
                    self.send_response(200); self.send_header('Transfer-Encoding', 'chunked'); self.end_headers()
                    for i in range(0, len(body), 1000):
                        part = body[i:i + 1000]
                        self.wfile.write(b'%x\\r\\n%s\\r\\n' % (len(part), part))
                    self.wfile.write(b'0\\r\\n\\r\\n')
            s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), App)
            print(s.server_address[1], flush=True)
            s.serve_forever()
            """, to: "\(folder)/app.py")
        try write(String(repeating: "body of some length. ", count: 50_000), to: "\(folder)/body")
        let python = try Child([try Programs.require("python3"), "\(folder)/app.py"])
        defer { python.signal(SIGKILL) }
        #expect(python.waitForOutput { $0.contains("\n") })
        let port = try #require(UInt16(text(python.stdout).split(separator: "\n").first ?? ""))
        try through(port) { s, gateway in
            for extra in [[], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], ["-H", "Expect:"]] {
                let returned = try curl(["--data-binary", "@\(folder)/body"] + extra + [gateway + "/post"])
                #expect(returned == String(repeating: "body of some length. ", count: 50_000), "\(extra)")
            }
            python.signal(SIGTERM)
            _ = python.waitForEnd(upTo: .seconds(10))
        }
    }
}
