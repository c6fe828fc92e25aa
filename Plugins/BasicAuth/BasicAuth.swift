import FilterAPI

/// Lets pass who knows a name and its password (HTTP Basic, RFC 7617).
public struct BasicAuth: FilterPlugin {
    public static let name = "basic-auth"
    public static let summary = "Asks for a name and a password (HTTP Basic), and checks them against a file of htpasswd."
    public static let asks = true
    // A queue of checks takes its time.
    public static let askTimeout = "5s"

    public static let options = OptionSchema([
        Option(
            "users-file", .string, isRequired: true,
            "The file with a line `NAME:HASH` a user, as `htpasswd -B` makes it. It is read again when it changes."),
        Option("realm", .string, standard: "Restricted", "What browsers show when they ask for the password."),
        Option("allow-users", .string, isList: true, isRepeatable: true, "Only these users of the file are let in. Without the option all are."),
        Option("user-field", .token, or: ["none"], standard: "X-Forwarded-User", "The field that tells the app the user's name. What a client sends in it is removed."),
        Option(
            "authorization", .choice(["remove", "pass"]), standard: "remove",
            "Whether the app gets the field `Authorization`, which holds the password."),
        Option(
            "cache", .duration(.seconds(1) ... .seconds(86_400)), or: ["off"], standard: "5m",
            "How long a right password is not computed again, on each loop. A change of the file ends it."),
        Option("cache-entries", .integer(1...100_000), standard: "1000", "Right passwords that each loop remembers."),
        Option(
            "checks-at-once", .integer(1...1000), standard: "32",
            "Checks that may be at work or waiting at a time, divided among the loops. More are answered with 503."),
    ])

    public static let reasons = [missing, refused, busy]
    static let missing = ReplyReason(
        "auth.basic.missing", "A name and a password are needed", fault: .client,
        happened: "The request has no `Authorization` field, or one of another scheme than Basic.", advice: "Send a name and a password (curl: `-u NAME`).")
    static let refused = ReplyReason(
        "auth.basic.refused", "The name or the password is wrong", fault: .client,
        happened: "The name is not in the file of `users-file` or not among `allow-users`, or the password is another one, or the field is malformed.",
        advice: "Check both. `htpasswd -v FILE NAME` checks a password against the file.")
    static let busy = ReplyReason(
        "auth.basic.busy", "Too many passwords are being checked", fault: .config,
        happened: "As many passwords as `checks-at-once` allows, or as the gateway computes at all, were being checked, so this one was not.",
        advice: "If nobody is guessing, raise `checks-at-once` or lower the cost of the hashes. Against guessing, put a rate-limit before this filter.")

    let usersFile: String
    let allowedUsers: Set<[UInt8]>?
    let userField: FieldName?
    let removesAuthorization: Bool
    /// Nanoseconds; nil without a cache.
    let cacheTime: Int64?
    let cacheEntries: Int
    let checksAtOnce: Int
    let challenge: (FieldName, String)

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        usersFile = options.word("users-file") ?? ""
        let realm = options.word("realm") ?? ""
        guard realm.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw ConfigurationError("the realm is not in ASCII", option: "realm", help: "browsers differ in how they show other letters")
        }
        let quoted = realm.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        challenge = (FieldName(.wwwAuthenticate), "Basic realm=\"\(quoted)\", charset=\"UTF-8\"")
        allowedUsers = options.isGiven("allow-users") ? Set(options.words("allow-users").map { Array($0.utf8) }) : nil
        userField = try Self.userField(options)
        removesAuthorization = options.word("authorization") != "pass"
        cacheTime = options.duration("cache").map { $0.components.seconds * 1_000_000_000 }
        cacheEntries = options.integer("cache-entries") ?? 1
        checksAtOnce = options.integer("checks-at-once") ?? 1
        if options.word("on-failure") == "open" {
            throw ConfigurationError(
                "`on-failure = open` would let requests in without a password", option: "on-failure",
                help: "leave it out: whoever cannot be checked gets a 503")
        }
    }

    /// Nil for none. What a client sends in it is removed, so it must mean nothing else.
    private static func userField(_ options: FilterOptions) throws(ConfigurationError) -> FieldName? {
        guard let word = options.word("user-field") else { return nil }
        let name = try FieldName(writable: word, option: "user-field")
        guard !TokenSet.forwarding.adding(.authorization).adding(.cookie).adding(.contentType).contains(name.token) else {
            throw ConfigurationError("`\(name)` is not for a name", option: "user-field", expected: "a field such as `X-Forwarded-User`")
        }
        return name
    }

    public var order: FilterOrder {
        var order = FilterOrder(
            [.before(.appAnswer, because: "what is answered there needs no password")], roles: [.refusal, .login], fields: [.reads("Authorization")])
        if removesAuthorization { order.fields.append(.removes("Authorization")) }
        if let userField { order.fields.append(.sets("\(userField)")) }
        return order
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        let path = usersFile
        let users = try loop.watchFile(path, upTo: PasswordFile.mostBytes) { content throws(ConfigurationError) in try PasswordFile(content, path) }
        return LoopBasicAuth(self, users, on: loop)
    }
}

/// The filter on one loop.
final class LoopBasicAuth: RequestFilter {
    private let plan: BasicAuth
    private let users: WatchedFile<PasswordFile>
    private var seenVersion = 0
    private let clock: LoopClock
    private let work: SideWork
    private var known: KnownCredentials
    private let missing: Reply
    private let refused: Reply
    private let busy = Reply(503, BasicAuth.busy, fields: [("Retry-After", "1")])

    init(_ plan: BasicAuth, _ users: WatchedFile<PasswordFile>, on loop: LoopContext) {
        self.plan = plan
        self.users = users
        clock = loop.clock
        work = loop.sideWork(atOnce: max(1, plan.checksAtOnce / loop.count))
        known = KnownCredentials(mostEntries: plan.cacheEntries)
        missing = Reply(401, BasicAuth.missing, fields: [plan.challenge])
        refused = Reply(401, BasicAuth.refused, fields: [plan.challenge])
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        if let field = plan.userField { request.fields.strip(field) }
        guard let line = request.fields.firstIndex(of: .authorization) else {
            request.explain("no Authorization field")
            return .respond(missing)
        }
        let value = request.fields.valueRange(at: line)
        guard CredentialText.isBasic(request.fields.bytes, value) else {
            request.explain("Authorization is of another scheme than Basic")
            return .respond(missing)
        }
        var credentials = CredentialText()
        defer { credentials.wipe() }
        // Two such fields are read differently by different readers.
        guard request.fields.firstIndex(of: .authorization, from: line + 1) == nil, credentials.read(request.fields.bytes, value) else {
            request.explain("the Authorization field is malformed")
            return .respond(refused)
        }
        if users.version != seenVersion {
            seenVersion = users.version
            known.removeAll()
        }
        let digest = known.digest(credentials)
        if let time = plan.cacheTime, known.contains(digest, at: clock.nanoseconds, for: time) {
            request.explain("the password was right a short while ago", by: "cache")
            return accept(credentials, &request)
        }
        return check(credentials.user, credentials.makePassword(), digest)
    }

    /// Computes the hash beside the loop. A name that is not in the file costs as much as one that is.
    private func check(_ user: [UInt8], _ password: Password, _ digest: KnownCredentials.Digest) -> RequestDecision {
        let file = users.value
        let isAllowed = plan.allowedUsers?.contains(user) ?? true
        let hash = isAllowed ? file.hashes[user] : nil
        let isKnown = hash != nil
        let compared = hash ?? file.costliest
        let version = users.version
        return .ask({ [work] () async throws -> PasswordVerdict in
            do throws(SideWorkFailure) {
                return try await work.run { password.check(against: compared) }
            } catch {
                if error == .busy { return .busy }
                throw error
            }
        }) { [self] request, verdict in
            decide(verdict, isKnown, &request, digest, version)
        }
    }

    private func decide(
        _ verdict: PasswordVerdict, _ isKnown: Bool, _ request: inout Request, _ digest: KnownCredentials.Digest, _ version: Int
    ) -> RequestDecision {
        switch verdict {
        case .busy:
            request.explain("too many checks at once", by: "checks-at-once")
            return .respond(busy)
        case .right where isKnown:
            request.explain("the password is right", by: "users-file")
            // Not what was right by a file that has changed meanwhile.
            if plan.cacheTime != nil, version == users.version, version == seenVersion, !request.isExplained {
                known.insert(digest, at: clock.nanoseconds)
            }
            // Its bytes were not kept while it waited.
            var credentials = CredentialText()
            defer { credentials.wipe() }
            guard let line = request.fields.firstIndex(of: .authorization), credentials.read(request.fields.bytes, request.fields.valueRange(at: line)) else {
                return .respond(refused)
            }
            return accept(credentials, &request)
        case .right, .wrong:
            request.explain(isKnown ? "the password is wrong" : "there is no such user, or it is not among allow-users", by: "users-file")
            return .respond(refused)
        }
    }

    private func accept(_ credentials: borrowing CredentialText, _ request: inout Request) -> RequestDecision {
        if let field = plan.userField { request.fields.append(field, bytes: credentials.userBytes) }
        if plan.removesAuthorization { request.fields.remove(.authorization) }
        return .forward
    }
}
