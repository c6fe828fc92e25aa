import FilterAPI

/// Which fields go from whom to whom.
struct CopiedFields {
    /// From the client to the service; nil for all.
    private let passed: [FieldName]?
    private let isPassGiven: Bool
    private let toApp: [FieldName]
    private let toClient: [FieldName]

    static let usuallyPassed = "Authorization Cookie Accept Accept-Language Origin Referer User-Agent X-Request-ID X-Requested-With"
    static let usuallyCopied =
        "WWW-Authenticate Location Set-Cookie Content-Type Content-Language Content-Encoding Cache-Control Retry-After"
    static let setCookie = FieldName(.setCookie)

    /// What makes an answer conditional or partial, or needs a body: not part of a question.
    private static let neverPassed: TokenSet = [
        .acceptEncoding, .contentEncoding, .contentMD5, .contentRange, .contentType, .ifMatch, .ifModifiedSince, .ifNoneMatch, .ifRange,
        .ifUnmodifiedSince, .range,
    ]

    init(_ options: FilterOptions) throws(ConfigurationError) {
        passed = options.isKeyword("pass", "all") ? nil : try Self.names(options, "pass")
        isPassGiven = options.isGiven("pass")
        toApp = try Self.names(options, "copy-to-app")
        toClient = try Self.names(options, "copy-to-client")
        for (index, name) in (passed ?? []).enumerated() where Self.neverPassed.contains(name.token) || Question.told.contains(name) {
            throw ConfigurationError(
                "`\(name)` is not passed", option: "pass", value: index,
                help: Question.told.contains(name) ? "this filter writes it itself" : "the question has no body, and its answer must be whole")
        }
    }

    /// What is passed by default may well be missing: only fields that the section names are needed.
    var uses: [FieldUse] {
        (isPassGiven ? passed ?? [] : []).map { .reads("\($0)") } + toApp.map { .sets("\($0)") }
    }

    private static func names(_ options: FilterOptions, _ option: String) throws(ConfigurationError) -> [FieldName] {
        var names: [FieldName] = []
        for (index, word) in options.words(option).enumerated() {
            let name = try FieldName(writable: word, option: option, value: index)
            if option != "copy-to-client" && TokenSet.forwarding.contains(name.token) {
                throw ConfigurationError(
                    "`\(name)` says where a request comes from", option: option, value: index,
                    help: "the gateway writes it itself; see the app's option `forwarded-fields`")
            }
            names.append(name)
        }
        return names
    }

    // MARK: To the service

    /// Removes what some app would take for a field that the service decides by: it could see another value than the service.
    func stripAliases(_ fields: inout Fields) {
        guard let passed else { return }
        for name in passed { fields.stripAliases(of: name) }
    }

    func pass(_ fields: borrowing Fields, to question: inout SubRequest) {
        if let passed {
            for name in passed { question.copy(name, from: fields) }
            return
        }
        for index in 0..<fields.count where !Self.neverPassed.contains(fields.token(at: index)) { question.copy(lineAt: index, from: fields) }
    }

    // MARK: To the app

    /// Removes what only the service may tell the app.
    func stripCopied(_ fields: inout Fields) {
        for name in toApp { fields.strip(name) }
    }

    func copyToApp(_ answer: borrowing Fields, to fields: inout Fields) {
        for name in toApp {
            var index = answer.firstIndex(of: name)
            while let line = index {
                fields.append(name, bytes: answer.bytes.extracting(answer.valueRange(at: line).range))
                index = answer.firstIndex(of: name, from: line + 1)
            }
        }
    }

    // MARK: To the client

    /// The service's answer, for the client.
    func denial(_ answer: borrowing SubResponse) -> Reply {
        var fields: [(FieldName, [UInt8])] = []
        for name in toClient {
            for value in Self.values(of: name, in: answer.fields) { fields.append((name, value)) }
        }
        guard answer.bodyState == .whole else {
            // Of a body that is not whole nothing is sent, nor what describes it.
            let described: TokenSet = [.contentType, .contentEncoding, .contentLanguage, .cacheControl]
            return Reply(
                answer.status, ForwardAuth.denied,
                fields: fields.filter { !described.contains($0.0.token) }.map { ($0, String(decoding: $1, as: UTF8.self)) })
        }
        // A redirection to a login page, say, must not be kept where nothing is said of it.
        if !answer.fields.contains(.cacheControl) { fields.append((FieldName(.cacheControl), Array("no-store".utf8))) }
        var body: [UInt8] = []
        body.reserveCapacity(answer.body.count)
        for index in answer.body.indices { body.append(answer.body[index]) }
        return Reply(answer.status, ForwardAuth.denied, fields: fields, body: body)
    }

    static func values(of name: FieldName, in fields: borrowing Fields) -> [[UInt8]] {
        var values: [[UInt8]] = []
        var index = fields.firstIndex(of: name)
        while let line = index {
            var value: [UInt8] = []
            for at in fields.valueRange(at: line).range { value.append(fields.bytes[at]) }
            values.append(value)
            index = fields.firstIndex(of: name, from: line + 1)
        }
        return values
    }
}
