import Glibc
import Testing

/// Passwords in the running gateway: made by other people's programs, asked for by one, and computed beside the loop.
@Suite struct BasicAuthScenarioTests {
    /// A listener whose `/open` needs no password; the file of users is `FOLDER/users`.
    private func scenario(users: String, _ options: String = "", _ script: (Scenario) throws -> Void) throws {
        var setup = Scenario.Options()
        setup.site = { servers, folder in
            // A file that cannot be written makes the gateway fail to start, which the scenario reports.
            try? write(users, to: "\(folder)/users")
            return """
                [router:site]
                / = closed
                /open = app
                [pipeline:closed]
                pipeline = login app
                [filter:login]
                use = basic-auth
                users-file = \(folder)/users
                \(options)
                [app:app]
                servers = \(servers[0])

                """
        }
        try Scenario.run(setup, script)
    }

    private func hash(_ password: String, _ kind: String) throws -> String {
        let made = try Child.run([try Programs.require("openssl"), "passwd", kind, "-salt", "saltsalt", password])
        #expect(made.ending == .exit(0), "\(made.stderr)")
        return String(made.stdout.prefix { $0 != "\n" })
    }

    /// `anna:secret`
    private let anna = "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n"

    @Test(.enabled(if: Programs.isHereOrMustBe("openssl") && Programs.isHereOrMustBe("curl"), "openssl or curl is not installed"))
    func `a client of its own kind logs in, and a new file counts without a restart`() throws {
        let first = try hash("secret", "-6")
        let second = try hash("other", "-5")
        let curl = try Programs.require("curl")
        try scenario(users: "anna:\(first)\n") { s in
            func status(_ credentials: String) throws -> String {
                let url = s.url + "/x"
                let client = try Child([curl, "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", credentials, url])
                // The app answers whoever gets to it.
                let isOver = try wait {
                    if client.ended { return true }
                    if s.app.listening.pending(POLLIN) != 0 { _ = try s.app.accept() }
                    for connection in s.app.connections where connection.hasArrivals() {
                        let request = try connection.receiveRequest()
                        #expect(request.head["X-Forwarded-User"] == "anna")
                        #expect(request.head["Authorization"] == nil)
                        try connection.answer("in")
                    }
                    return false
                }
                #expect(isOver)
                client.collect()
                return text(client.stdout)
            }
            #expect(try status("anna:secret") == "200")
            #expect(try status("anna:wrong") == "401")
            #expect(try status("bert:secret") == "401")
            // A bad file changes nothing, and is said.
            try write("anna:plain\n", to: "\(s.folder)/users")
            #expect(s.gateway.process.waitForErrors { $0.contains("[filter:login]: `\(s.folder)/users`, line 1: the password of `anna` is plain text") })
            #expect(try status("anna:secret") == "200")
            try write("anna:\(second)\n", to: "\(s.folder)/users.new")
            try Folder.move("\(s.folder)/users.new", to: "\(s.folder)/users")
            #expect(try wait { try status("anna:other") == "200" })
            #expect(try status("anna:secret") == "401")
        }
    }

    /// A check of one core's second or so each. All are under way or wait when the other request comes, and it is answered before the last of
    /// them, on the same loop: so the loop does not wait for them.
    @Test func `a slow check holds up no other request on its loop`() throws {
        // bcrypt of cost 12, of a password that nobody sends.
        let slow = "anna:$2y$12$QT1LjbqZiX8sIfGa8rpjaOxL3B.QPlPTf2QdI4Dqy.bGrfXAxBMV6\n"
        try scenario(users: slow, "ask-timeout = 60s") { s in
            let waiting = try (0..<6).map { _ in
                let client = try s.connect()
                try client.send("GET /x HTTP/1.1\r\nHost: a\r\n\(anna)\r\n")
                return client
            }
            let other = try s.connect()
            try other.get("/open")
            try s.activeAppConnection().serve("GET /open HTTP/1.1", answering: "open")
            try other.expectAnswer("open")
            #expect(waiting.contains { !$0.hasArrivals() })
            for client in waiting { try client.expectReply(401, "auth.basic.refused") }
        }
    }

    @Test func `a client that goes away, or sends on, while its password is checked does no harm`() throws {
        let slow = "anna:$2y$10$QT1LjbqZiX8sIfGa8rpjaOxL3B.QPlPTf2QdI4Dqy.bGrfXAxBMV6\n"
        try scenario(users: slow, "ask-timeout = 60s\nchecks-at-once = 2") { s in
            for _ in 0..<8 {
                let gone = try s.connect()
                try gone.send("GET /x HTTP/1.1\r\nHost: a\r\n\(anna)\r\n")
                gone.reset()
            }
            // Their checks leave their places: one that stays is answered in the end.
            let isAnswered = try wait {
                let client = try s.connect()
                defer { client.close() }
                try client.send("GET /x HTTP/1.1\r\nHost: a\r\n\(anna)\r\n")
                return try client.receiveResponse().status == 401
            }
            #expect(isAnswered)
            // With a body on its way, and the next request behind it.
            let client = try s.connect()
            try client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\(anna)\r\nabcGET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try client.receiveResponse()
            #expect(response.status == 401)
            #expect(response.head["WWW-Authenticate"] == "Basic realm=\"Restricted\", charset=\"UTF-8\"")
            try s.activeAppConnection().serve("GET /open HTTP/1.1", answering: "open")
            try client.expectAnswer("open")
        }
    }

    @Test func `the gateway does not start without a good file`() throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        let file = """
            [listener:web]
            listen = 127.0.0.1:0
            serve = closed
            [pipeline:closed]
            pipeline = login demo
            [filter:login]
            use = basic-auth
            users-file = \(folder)/users
            [app:demo]
            use = echo

            """
        try write(file, to: "\(folder)/gateway.conf")
        // A check opens nothing.
        #expect(try Child.run([Gateway.binary, "check", "\(folder)/gateway.conf"]).ending == .exit(0))
        let missing = try Child.run([Gateway.binary, "run", "\(folder)/gateway.conf"])
        #expect(missing.ending != .exit(0))
        #expect(missing.stderr.contains("[filter:login]: `users-file`: there is no file `\(folder)/users`"), "\(missing.stderr)")
        try write("bert:$apr1$abcd$wdPjgnTArUvGHPa0JgcKo.\n", to: "\(folder)/users")
        let weak = try Child.run([Gateway.binary, "run", "\(folder)/gateway.conf"])
        #expect(weak.ending != .exit(0))
        #expect(weak.stderr.contains("`\(folder)/users`, line 1: the password of `bert` is kept as MD5, which is not safe"), "\(weak.stderr)")
    }
}
