import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Testing

@testable import BasicAuth

@Suite struct BasicAuthTests {
    /// All passwords are `secret` but for the last two.
    static let hashes = [
        "y": "$2y$04$QT1LjbqZiX8sIfGa8rpjaOxL3B.QPlPTf2QdI4Dqy.bGrfXAxBMV6",
        "a": "$2a$04$i1FFHkNmyVT.pssDA39gV.0sn2pfi.0I3Y393ybRB9Nz5o0OKihyC",
        "b": "$2b$04$sTiNxYZU/4KNg3L8YJIoUeFaV6ElF7wtq6KhpQiW3p1ySbd1d68Ji",
        "sha256": "$5$rounds=1000$6gu5cOug2KOsfAEc$ycHDBYiLmwLREBjJD/FVVSck.cTlh81aVMhJYwYPDR3",
        "sha512": "$6$rounds=1000$OX465fcYRR3iM8Z1$ga42mq.vEp7oPsSU1ZSt/Xu/PR/C9VZ/AENhvx2nbfSr8uKkxBThwzaQLhviK3iX3IrsppsyeRryK4NhdogJj.",
        "openssl": "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.",
        "yescrypt": "$y$j75$78LdcCR2DAdraWGjYH/dE.$TN.iiuQyXqgrb/JjbIyqhVe5wHTU8i/xZuYLRPrlfT2",
        "colons": "$2b$04$b0EcQQ/Nu.Ha1SrWqNrtLuDHYpYLc.Lw1XdllrhAgToFNegzf/biS",
        "jürgen": "$2b$04$EGJQNggdbd2kUdYnUzeLLOxBRzoG2jt92amogt9OdoHwPfTBapYoK",
    ]

    static let file = FileContent.text("# users\n\n" + hashes.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)\r\n" }.joined())

    private func harness(_ options: String = "", _ file: FileContent = BasicAuthTests.file, loops: Int = 1) throws -> FilterHarness {
        try FilterHarness(BasicAuth.self, "users-file = /users\n" + options, loops: loops, files: ["/users": file])
    }

    static func basic(_ credentials: [UInt8]) -> String { "Authorization: Basic \(base64(credentials))\n" }
    static func basic(_ credentials: String) -> String { basic(Array(credentials.utf8)) }

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let word = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for place in 0..<4 { text += place <= part.count ? String(digits[Int(word >> UInt32(18 - 6 * place) & 63)]) : "=" }
        }
        return text
    }

    private func get(_ fields: String = "") -> String { "GET / HTTP/1.1\nHost: h\n\(fields)" }

    /// What becomes of it in the end.
    private func outcome(_ harness: FilterHarness, _ fields: String, on loop: Int = 0) async -> TestExchange {
        let exchange = harness.send(get(fields), on: loop)
        if exchange.stage == .waiting { #expect(await exchange.answer()) }
        return exchange
    }

    // MARK: Who is let in

    @Test(arguments: ["y", "a", "b", "sha256", "sha512", "openssl", "yescrypt"])
    func aRightPasswordIsLetIn(_ user: String) async throws {
        let harness = try harness()
        let exchange = await outcome(harness, Self.basic("\(user):secret"))
        #expect(exchange.head == "GET / HTTP/1.1\nHost: h\nX-Forwarded-User: \(user)\n")
        #expect(harness.sideWorkCount == 1)
        for wrong in ["secre", "secret ", "Secret", "secret:", ""] {
            #expect(await outcome(harness, Self.basic("\(user):\(wrong)")).reply?.reason == "auth.basic.refused", "\(wrong)")
        }
    }

    @Test func namesAndPasswordsAreBytes() async throws {
        let harness = try harness()
        #expect(await outcome(harness, Self.basic("colons:secret:with:colons")).isForwarded)
        let exchange = await outcome(harness, Self.basic("jürgen:pässwörd"))
        #expect(exchange.field("X-Forwarded-User") == "jürgen")
        // ISO-8859-1, as some clients send it, is another name.
        #expect(await outcome(harness, Self.basic(Array("j".utf8) + [0xFC] + Array("rgen:secret".utf8))).reply?.status == 401)
    }

    @Test func withoutCredentialsTheClientIsAskedForThem() throws {
        let harness = try harness("realm = \"The \\\"inner\\\" room\"")
        for fields in ["", "Authorization: Bearer x\n", "Authorization: Digest username=\"a\"\n", "Authorization: Basicx YTpi\n", "Proxy-Authorization: Basic YTpi\n"] {
            let reply = try #require(harness.send(get(fields)).reply)
            #expect(reply.status == 401)
            #expect(reply.reason == "auth.basic.missing")
            #expect(reply.field("WWW-Authenticate") == "Basic realm=\"The \\\"inner\\\" room\", charset=\"UTF-8\"")
            #expect(reply.field("Cache-Control") == "no-store")
        }
        #expect(harness.sideWorkCount == 0)
    }

    @Test(arguments: [
        "Authorization: Basic\n", "Authorization: Basic \n", "Authorization: Basic !!!!\n", "Authorization: Basic YTpzZWNyZXQ\n",
        "Authorization: Basic YTpzZWNyZXQ==\n", "Authorization: Basic YTpzZWNyZXR=\n", "Authorization: Basic YTpz ZWNyZXQ=\n",
        "Authorization: Basic YQ==\n", "Authorization: Basic OnNlY3JldA==\n", "Authorization: Basic ====\n", "Authorization: Basic =\n",
        basic("a:se\0cret"), basic("a:secret\0"), basic("a:secret\n"), basic("a\u{7F}:secret"),
        basic("a:" + String(repeating: "x", count: 512)), basic(String(repeating: "x", count: 256) + ":secret"),
        "Authorization: Basic " + String(repeating: "A", count: 60_000) + "\n",
        basic("a:secret") + basic("a:secret"), basic("a:secret") + "Authorization: Bearer x\n",
    ])
    func malformedCredentialsAreRefusedWithoutACheck(_ field: String) throws {
        let harness = try harness()
        let reply = try #require(harness.send(get(field)).reply)
        #expect(reply.status == 401)
        #expect(reply.reason == "auth.basic.refused")
        #expect(reply.field("WWW-Authenticate") == "Basic realm=\"Restricted\", charset=\"UTF-8\"")
        #expect(harness.sideWorkCount == 0)
    }

    @Test func theSchemeIsReadInAnyLetterCase() async throws {
        #expect(await outcome(try harness(), "authorization: BASIC   YTpzZWNyZXQ=\n").isForwarded)
    }

    @Test func longPasswordsAreCheckedUpToTheLimit() async throws {
        let harness = try harness()
        #expect(await outcome(harness, Self.basic("a:" + String(repeating: "x", count: 511))).reply?.status == 401)
        #expect(await outcome(harness, Self.basic(String(repeating: "x", count: 255) + ":" + String(repeating: "y", count: 511))).reply?.status == 401)
        #expect(harness.sideWorkCount == 2)
    }

    @Test func whoIsNotInTheFileCostsACheckToo() async throws {
        let harness = try harness("allow-users = a b")
        #expect(await outcome(harness, Self.basic("nobody:secret")).reply?.reason == "auth.basic.refused")
        // The dummy's own password lets nobody in, and a user who is not allowed is refused as one who is not there.
        #expect(await outcome(harness, Self.basic("y:secret")).reply?.reason == "auth.basic.refused")
        #expect(harness.sideWorkCount == 2)
        #expect(await outcome(harness, Self.basic("b:secret")).isForwarded)
    }

    // MARK: What the app gets

    @Test(arguments: ["X-Forwarded-User: root\n", "x-forwarded-user: root\nX-Forwarded-User: root\n", "X_Forwarded_User: root\n", "X-Forwarded_User: root\n"])
    func theAppGetsTheNameFromTheGatewayAlone(_ forged: String) async throws {
        let exchange = await outcome(try harness(), forged + Self.basic("a:secret"))
        #expect(exchange.head == "GET / HTTP/1.1\nHost: h\nX-Forwarded-User: a\n")
    }

    @Test func fieldsAreAsConfigured() async throws {
        let other = await outcome(try harness("user-field = Remote-User\nauthorization = pass"), "Remote_User: x\n" + Self.basic("a:secret"))
        #expect(other.head == "GET / HTTP/1.1\nHost: h\n\(Self.basic("a:secret"))Remote-User: a\n")
        let none = await outcome(try harness("user-field = none"), "X-Forwarded-User: x\n" + Self.basic("a:secret"))
        #expect(none.head == "GET / HTTP/1.1\nHost: h\nX-Forwarded-User: x\n")
    }

    // MARK: The cache

    @Test func aRightPasswordIsNotComputedAgainForAWhile() async throws {
        let harness = try harness("cache = 10s", loops: 2)
        #expect(await outcome(harness, Self.basic("a:secret")).isForwarded)
        for _ in 0..<3 {
            let exchange = harness.send(get("X-Forwarded-User: x\n" + Self.basic("a:secret")))
            #expect(exchange.head == "GET / HTTP/1.1\nHost: h\nX-Forwarded-User: a\n")
        }
        #expect(harness.sideWorkCount == 1)
        // Nothing else is known by it: other passwords, other users, other loops.
        for other in ["a:secre", "a:secret2", "b:secret", "asecret:"] { #expect(harness.send(get(Self.basic(other))).stage == .waiting) }
        #expect(harness.send(get(Self.basic("a:secret")), on: 1).stage == .waiting)
        harness.advance(by: .seconds(10))
        #expect(harness.send(get(Self.basic("a:secret"))).stage == .waiting)
    }

    @Test func wrongPasswordsAreNotRememberedAsRight() async throws {
        let harness = try harness()
        for _ in 0..<3 { #expect(await outcome(harness, Self.basic("a:wrong")).reply?.status == 401) }
        #expect(harness.sideWorkCount == 3)
        #expect(harness.send(get(Self.basic("a:secret"))).stage == .waiting)
    }

    @Test func theCacheIsBounded() async throws {
        let harness = try harness("cache-entries = 2")
        for user in ["a", "b", "y", "a", "b"] { #expect(await outcome(harness, Self.basic("\(user):secret")).isForwarded) }
        #expect(harness.sideWorkCount == 5)
        #expect(harness.send(get(Self.basic("b:secret"))).isForwarded)
        #expect(try self.harness("cache = off").send(get(Self.basic("b:secret"))).stage == .waiting)
    }

    @Test func aChangeOfTheFileCountsAtOnceAndEndsTheCache() async throws {
        let harness = try harness()
        #expect(await outcome(harness, Self.basic("a:secret")).isForwarded)
        harness.files["/users"] = .text("b:\(Self.hashes["b"]!)\n")
        #expect(await outcome(harness, Self.basic("a:secret")).reply?.status == 401)
        #expect(await outcome(harness, Self.basic("b:secret")).isForwarded)
    }

    @Test func whatWasCheckedByAnOldFileIsNotRemembered() async throws {
        let harness = try harness()
        let exchange = harness.send(get(Self.basic("a:secret")))
        harness.files["/users"] = .text("a:\(Self.hashes["colons"]!)\n")
        #expect(await exchange.answer())
        #expect(await outcome(harness, Self.basic("a:secret")).reply?.status == 401)
    }

    @Test(arguments: [FileContent.missing, .unreadable("Permission denied"), .text(""), .text("a:plain\n"), .text("a:\(hashes["a"]!)\nx\n")])
    func aBadNewFileChangesNothing(_ file: FileContent) async throws {
        let harness = try harness("", loops: 2)
        harness.files["/users"] = file
        #expect(harness.complaints.count == 1)
        #expect(harness.complaints[0].contains("what /users said before still holds"))
        for loop in 0..<2 { #expect(await outcome(harness, Self.basic("a:secret"), on: loop).isForwarded) }
    }

    // MARK: Load

    @Test func aFullQueueIsA503() async throws {
        let harness = try harness("user-field = none")
        harness.isSideWorkRefused = true
        let reply = try #require(await outcome(harness, Self.basic("a:secret")).reply)
        #expect(reply.status == 503)
        #expect(reply.reason == "auth.basic.busy")
        #expect(reply.field("Retry-After") == "1")
        #expect(reply.field("WWW-Authenticate") == nil)
        harness.isSideWorkRefused = false
        #expect(await outcome(harness, Self.basic("a:secret")).isForwarded)
    }

    @Test func aRememberedPasswordAllocatesNothing() async throws {
        let harness = try harness("authorization = pass")
        #expect(await outcome(harness, Self.basic("a:secret")).isForwarded)
        let exchange = harness.send(get(Self.basic("a:secret")))
        #expect(exchange.allocations() <= 0)
    }

    @Test func explainsItself() async throws {
        let harness = try harness("allow-users = a b")
        #expect(harness.explain(get()).notes == ["no Authorization field"])
        #expect(harness.explain(get("Authorization: Basic x\n")).notes == ["the Authorization field is malformed"])
        for (credentials, note) in [
            ("a:secret", "the password is right"), ("a:wrong", "the password is wrong"), ("y:secret", "there is no such user, or it is not among allow-users"),
        ] {
            let exchange = harness.explain(get(Self.basic(credentials)))
            #expect(await exchange.answer())
            #expect(exchange.notes == [note])
        }
        // Nothing was remembered of what was only explained.
        #expect(harness.send(get(Self.basic("a:secret"))).stage == .waiting)
    }

    @Test(arguments: [
        ("", "`users-file`"), ("users-file = /users\nrealm = \"Büro\"", "not in ASCII"), ("users-file = /users\non-failure = open", "without a password"),
        ("users-file = /users\nuser-field = Authorization", "is not for a name"), ("users-file = /users\nuser-field = Content-Length", "belongs to a connection"),
        ("users-file = /users\nuser-field = cookie", "is not for a name"), ("users-file = /users\nuser-field = X-Forwarded-For", "is not for a name"),
        ("users-file = /users\ncache = 2d", "too long"), ("users-file = /users\nchecks-at-once = 0", "too small"), ("users-file = /users\nuser-field = \"a b\"", "plain word"),
    ])
    func wrongOptionsAreRefused(_ options: String, _ message: String) {
        do {
            _ = try FilterHarness(BasicAuth.self, options, files: ["/users": Self.file])
            Issue.record("accepted: \(options)")
        } catch {
            #expect(error.description.contains(message), "\(error)")
        }
    }
}
