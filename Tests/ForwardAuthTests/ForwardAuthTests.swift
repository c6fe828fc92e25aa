import FilterAPI
import FilterTesting
import ForwardAuth
import Testing

/// What the service is asked, and what becomes of the request by its answer.
@Suite struct ForwardAuthTests {
    static let allowed = TestAnswer.response("HTTP/1.1 200 OK\nX-User: alice\nX-Groups: a\nX-Groups: b\nSet-Cookie: s=1\nSet-Cookie: t=2\n")

    func harness(_ options: String = "", _ answer: TestAnswer = allowed) throws -> FilterHarness {
        let harness = try FilterHarness(ForwardAuth.self, "app = auth\n" + options, apps: ["auth"])
        harness.answer(app: "auth") { _ in answer }
        return harness
    }

    // MARK: The question

    @Test func theServiceIsToldOfTheRequestAndGetsTheFieldsThatItNeeds() throws {
        let exchange = try harness().send(
            """
            POST /a/b?c=d HTTP/1.1
            Host: shop.example:8080
            Authorization: Bearer x
            Cookie: a=1
            Cookie: b=2
            Accept: text/html
            X-Other: y
            Content-Type: text/plain
            Content-Length: 5
            Expect: 100-continue
            Connection: X-Other

            """, https: true)
        #expect(exchange.isForwarded)
        #expect(exchange.asked.count == 1)
        #expect(
            exchange.asked.first?.head == """
                GET / HTTP/1.1
                X-Forwarded-Method: POST
                X-Original-Method: POST
                X-Forwarded-Uri: /a/b?c=d
                X-Original-URI: /a/b?c=d
                X-Original-URL: https://shop.example:8080/a/b?c=d
                Authorization: Bearer x
                Cookie: a=1
                Cookie: b=2
                Accept: text/html

                """)
    }

    @Test(arguments: [
        ("", "/x?y", "GET / HTTP/1.1", "/x?y"),
        ("path = /auth?a=b", "/x", "GET /auth?a=b HTTP/1.1", "/x"),
        ("path = /check{uri}", "/x?y", "GET /check/x?y HTTP/1.1", "/x?y"),
        ("path = {uri}\nmethod = HEAD", "/x/?y&z", "HEAD /x/?y&z HTTP/1.1", "/x/?y&z"),
        ("path = {uri}\nmethod = POST", "http://h", "POST / HTTP/1.1", "/"),
        ("path = /p{uri}", "http://h?q", "GET /p/?q HTTP/1.1", "/?q"),
        ("path = /p{uri}", "http://h/a%20b?c|d", "GET /p/a%20b?c|d HTTP/1.1", "/a%20b?c|d"),
        // The app gets one slash, and so a rule for `/admin` must hold.
        ("path = {uri}", "///admin//x?y=//z", "GET /admin//x?y=//z HTTP/1.1", "/admin//x?y=//z"),
        ("path = {uri}", "http://h//admin", "GET /admin HTTP/1.1", "/admin"),
        ("path = {uri}\nforwarded-uri = current", "//admin", "GET /admin HTTP/1.1", "/admin"),
    ])
    func theTargetIsFixedOrTheClients(_ options: String, _ target: String, _ line: String, _ uri: String) throws {
        let asked = try #require(try harness(options).send("GET \(target) HTTP/1.1\nHost: h\n").asked.first)
        #expect(asked.head.hasPrefix(line + "\n"))
        #expect(asked.field("X-Forwarded-Uri") == uri)
        #expect(asked.field("X-Original-URI") == uri)
        #expect(asked.field("X-Original-URL") == "http://h" + uri)
    }

    @Test func ofAnAsteriskTheServiceIsToldToo() throws {
        let asked = try #require(try harness("path = /p{uri}").send("OPTIONS * HTTP/1.1\nHost: h\n").asked.first)
        #expect(asked.target == "/p")
        #expect(asked.field("X-Forwarded-Uri") == "*")
    }

    /// Whatever the client says of itself stays with the client: the service believes these fields.
    @Test(arguments: ["pass = all", "pass = Authorization X-Key"])
    func aClientCannotSpeakForTheGateway(_ options: String) throws {
        let exchange = try harness(options).send(
            """
            GET /admin HTTP/1.1
            Host: h
            X-Original-URL: http://h/public
            X_Original_Url: http://h/public
            X-Forwarded-Uri: /public
            x-forwarded-method: OPTIONS
            X-Rewrite-URL: /public
            X-Real-IP: 127.0.0.1
            X-Forwarded-For: 127.0.0.1
            X-Forwarded-Host: intranet
            Forwarded: for=127.0.0.1
            Proxy-Authorization: Basic x

            """)
        let asked = try #require(exchange.asked.first)
        #expect(
            asked.head == """
                GET / HTTP/1.1
                X-Forwarded-Method: GET
                X-Original-Method: GET
                X-Forwarded-Uri: /admin
                X-Original-URI: /admin
                X-Original-URL: http://h/admin

                """)
        // Nor does the app get what it might take its path from.
        #expect(exchange.head == "GET /admin HTTP/1.1\nHost: h\n")
    }

    @Test func allPassesEverythingButConditionsAndWhatBelongsToTheBody() throws {
        let asked = try #require(
            try harness("pass = all").send(
                """
                PUT / HTTP/1.1
                Host: h
                X-Key: 1
                If-None-Match: "a"
                Range: bytes=0-1
                Content-Length: 3
                Content-Type: text/plain
                Accept-Encoding: gzip
                Connection: X-Gone, close
                X-Gone: 1
                Cookie: a=b

                """).asked.first)
        #expect(asked.head.split(separator: "\n").dropFirst(6) == ["X-Key: 1", "Cookie: a=b"])
    }

    @Test func theAppSeesTheSameSpellingOfAFieldAsTheService() throws {
        let exchange = try harness("pass = X-Key").send("GET / HTTP/1.1\nHost: h\nX_Key: bad\nX-Key: good\n")
        #expect(exchange.asked.first?.field("X-Key") == "good")
        #expect(exchange.asked.first?.field("X_Key") == nil)
        #expect(exchange.head == "GET / HTTP/1.1\nHost: h\nX-Key: good\n")
    }

    // MARK: Allowed

    @Test func theAppIsToldWhatTheServiceSaid() throws {
        let exchange = try harness("copy-to-app = X-User X-Groups X-Missing").send(
            "GET / HTTP/1.1\nHost: h\nX-User: root\nX_User: root\nx-groups: wheel\nX-Missing: forged\nX-Kept: 1\n")
        #expect(exchange.head == "GET / HTTP/1.1\nHost: h\nX-Kept: 1\nX-User: alice\nX-Groups: a\nX-Groups: b\n")
    }

    /// Also where the answer lacks them, or where there is none and the request passes all the same.
    @Test(arguments: [TestAnswer.response("HTTP/1.1 204 No Content\n"), .failure])
    func aClientsOwnFieldsNeverPass(_ answer: TestAnswer) throws {
        let exchange = try harness("copy-to-app = X-User Authorization\non-failure = open", answer)
            .send("GET / HTTP/1.1\nHost: h\nX-User: root\nX.User: root\nAuthorization: Bearer x\n")
        #expect(exchange.head == "GET / HTTP/1.1\nHost: h\n")
        // What the service decides by is passed to it before it is taken away.
        #expect(exchange.asked.first?.field("Authorization") == "Bearer x")
    }

    @Test func theServiceMayReplaceTheCredentials() throws {
        let exchange = try harness("copy-to-app = Authorization", .response("HTTP/1.1 200 OK\nAuthorization: Bearer internal\n"))
            .send("GET / HTTP/1.1\nHost: h\nAuthorization: Basic client\n")
        #expect(exchange.field("Authorization") == "Bearer internal")
    }

    @Test func cookiesOfAnAnswerThatLetsPassGoToTheClientIfThatIsWanted() throws {
        for (options, expected) in [("", "app=1"), ("set-cookie = on", "app=1, s=1, t=2")] {
            let exchange = try harness(options).send("GET / HTTP/1.1\nHost: h\n")
            #expect(exchange.respond("HTTP/1.1 200 OK\nSet-Cookie: app=1\n").field("Set-Cookie") == expected)
        }
    }

    @Test func aHugeBodyOfAnAnswerThatLetsPassDoesNotMatter() throws {
        #expect(try harness("", .response("HTTP/1.1 200 OK\n", body: Array(repeating: 1, count: 1 << 20))).send("GET / HTTP/1.1\nHost: h\n").isForwarded)
    }

    // MARK: Denied

    @Test func aDenialGoesToTheClientWithItsBody() throws {
        let answer = TestAnswer.response(
            "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"a\"\nWWW-Authenticate: Bearer\nSet-Cookie: login=1; Secure\nContent-Type: text/html\nX-Internal: secret\nServer: x\nContent-Length: 9\n",
            "<p>log in")
        let reply = try #require(try harness("copy-to-app = X-User", answer).send("GET / HTTP/1.1\nHost: h\n").reply)
        #expect(reply.status == 401)
        #expect(reply.reason == "auth.denied")
        #expect(reply.text == "<p>log in")
        #expect(reply.field("WWW-Authenticate") == "Basic realm=\"a\", Bearer")
        #expect(reply.field("Set-Cookie") == "login=1; Secure")
        #expect(reply.field("Content-Type") == "text/html")
        #expect(reply.field("Cache-Control") == "no-store")
        #expect(reply.field("X-Internal") == nil)
        #expect(reply.field("Server") == nil)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectionGoesToTheClient(_ status: Int) throws {
        let answer = TestAnswer.response("HTTP/1.1 \(status) X\nLocation: https://login.example/?rd=%2Fa\nCache-Control: max-age=5\n")
        let reply = try #require(try harness("", answer).send("GET /a HTTP/1.1\nHost: h\n").reply)
        #expect(Int(reply.status) == status)
        #expect(reply.field("Location") == "https://login.example/?rd=%2Fa")
        #expect(reply.field("Cache-Control") == "max-age=5")
        #expect(reply.body.isEmpty)
    }

    @Test(arguments: [401, 403, 429])
    func aDenialWhoseBodyIsTooLargeOrBreaksOffIsOneAllTheSame(_ status: Int) throws {
        let head = "HTTP/1.1 \(status) X\nContent-Type: text/html\nContent-Encoding: br\nRetry-After: 7\n"
        for answer in [TestAnswer.response(head, body: Array(repeating: 0x41, count: 1001)), .brokenOff(head)] {
            let reply = try #require(try harness("max-body = 1000B\non-failure = open", answer).send("GET /a HTTP/1.1\nHost: h\n").reply)
            #expect(Int(reply.status) == status)
            #expect(reply.field("Content-Type") == "application/problem+json")
            #expect(reply.field("Content-Encoding") == nil)
            #expect(reply.field("Cache-Control") == "no-store")
            #expect(reply.field("Retry-After") == "7")
            #expect(reply.text.contains("auth.denied"))
        }
    }

    @Test func moreFieldsOfADenialGoToTheClientWhereTheyAreNamed() throws {
        let answer = TestAnswer.response("HTTP/1.1 403 Forbidden\nX-Why: no\nContent-Type: text/plain\n", "no")
        let reply = try #require(try harness("copy-to-client = X-Why Content-Type", answer).send("GET / HTTP/1.1\nHost: h\n").reply)
        #expect(reply.field("X-Why") == "no")
    }

    @Test func aDenialOfHEADHasNoBody() throws {
        let answer = TestAnswer.response("HTTP/1.1 403 Forbidden\n", "no")
        let reply = try #require(try harness("", answer).send("HEAD / HTTP/1.1\nHost: h\n").reply)
        #expect(reply.status == 403)
        #expect(reply.body.isEmpty)
    }

    // MARK: No decision

    @Test(arguments: [
        TestAnswer.failure, .response("HTTP/1.1 500 Internal Server Error\n"), .response("HTTP/1.1 502 Bad Gateway\n"),
        .response("HTTP/1.1 304 Not Modified\n"), .brokenOff("HTTP/1.1 200 OK\nX-User: alice\n"),
    ])
    func withoutADecisionTheOperatorsChoiceHolds(_ answer: TestAnswer) throws {
        let closed = try harness("copy-to-app = X-User", answer).send("GET / HTTP/1.1\nHost: h\n")
        #expect(closed.reply?.status == 503)
        #expect(closed.reply?.reason == "filter.ask.failed")
        let open = try harness("copy-to-app = X-User\non-failure = open", answer).send("GET / HTTP/1.1\nHost: h\n")
        #expect(open.isForwarded)
        #expect(open.field("X-User") == nil)
    }

    @Test func aSilentServiceLetsTheRequestWaitUntilTheTimeIsUp() throws {
        for (options, status) in [("", UInt16?.some(503)), ("on-failure = open", nil)] {
            let exchange = try harness(options, .silence).send("GET / HTTP/1.1\nHost: h\n")
            #expect(exchange.stage == .waiting)
            exchange.askTimesOut()
            #expect(exchange.reply?.status == status)
            #expect(exchange.isForwarded == (status == nil))
        }
    }

    /// A client can bring these about: with a cookie that the service cannot read, say.
    @Test(arguments: [400, 404, 405, 407, 413, 431, 451])
    func anotherStatusOfTheClientsFaultNeverOpensTheDoor(_ status: Int) throws {
        let reply = try #require(
            try harness("on-failure = open", .response("HTTP/1.1 \(status) X\n", "x")).send("GET / HTTP/1.1\nHost: h\n").reply)
        #expect(reply.status == 503)
        #expect(reply.reason == "auth.unexpected")
        #expect(reply.text.contains("auth.unexpected"))
    }

    @Test func anExplainedRequestAsksNobody() throws {
        let exchange = try harness("path = /verify").explain("GET / HTTP/1.1\nHost: h\n")
        #expect(exchange.notes == ["asks the app `auth`: GET /verify"])
        #expect(exchange.stage == .waiting)
    }

    // MARK: Options

    @Test(arguments: [
        ("", "`app`"), ("app = nobody", "nobody"), ("app = auth\nmethod = DELETE", "method"), ("app = auth\npath = auth", "slash"),
        ("app = auth\npath = \"/a b\"", "percent-encode"), ("app = auth\npath = \"/a#b\"", "percent-encode"), ("app = auth\npath = /a/../b", "dot segments"),
        ("app = auth\npath = /a{uri}/b", "at the end"), ("app = auth\npath = /a?b={uri}", "query"), ("app = auth\npath = /a/{uri}", "two slashes"),
        ("app = auth\npath = /{host}", "at the end"), ("app = auth\npass = X-Forwarded-For", "comes from"), ("app = auth\npass = Range", "not passed"),
        ("app = auth\npass = X-Original-URL", "writes it itself"), ("app = auth\npass = Host", "host"), ("app = auth\npass = Connection", "belongs to a connection"),
        ("app = auth\ncopy-to-app = Content-Length", "belongs to a connection"), ("app = auth\ncopy-to-app = X-Forwarded-Proto", "comes from"),
        ("app = auth\ncopy-to-app = X-User,X-Groups", "plain word"), ("app = auth\ncopy-to-client = Transfer-Encoding", "belongs to a connection"),
        ("app = auth\nmax-body = 2MiB", "too large"),
    ])
    func wrongOptionsAreExplained(_ options: String, _ part: String) throws {
        let error = try #require(throws: HarnessError.self) { try FilterHarness(ForwardAuth.self, options, apps: ["auth"]) }
        #expect(error.description.contains(part), "\(error)")
    }
}
