import FilterAPI

/// What clients are told.
struct MaintenanceText: Sendable {
    let reason: ReplyReason
    let message: String
    /// Seconds.
    let retryAfter: Int64?
    /// Seconds since 1970-01-01 UTC.
    let until: Int64?
    /// Paths of bodies of the operator's own.
    let htmlFile: String?
    let jsonFile: String?
    let textFile: String?

    init(_ options: FilterOptions, reason: ReplyReason) {
        self.reason = reason
        message = options.word("message") ?? ""
        retryAfter = options.duration("retry-after")?.components.seconds
        until = options.date("until")
        htmlFile = options.word("html-file")
        jsonFile = options.word("json-file")
        textFile = options.word("text-file")
    }
}

/// The answers of one loop, ready to be given. They are made again when the end of the maintenance or a file of theirs changes.
struct MaintenanceAnswers {
    /// The first is for those who do not say: what all answers of the gateway are.
    private static let types: [MediaType] = ["application/problem+json", "application/json", "text/html", "text/plain"]
    private static let mostBytes = 256 * 1024

    private let text: MaintenanceText
    private let html: WatchedFile<String>?
    private let json: WatchedFile<String>?
    private let plain: WatchedFile<String>?
    private var end: Int64?
    private var versions = 0
    /// In the order of `types`; empty before the first is needed.
    private var replies: [Reply] = []

    init(_ text: MaintenanceText, on loop: LoopContext) throws(ConfigurationError) {
        self.text = text
        html = try Self.file(text.htmlFile, "html-file", loop)
        json = try Self.file(text.jsonFile, "json-file", loop)
        plain = try Self.file(text.textFile, "text-file", loop)
    }

    private static func file(_ path: String?, _ option: String, _ loop: LoopContext) throws(ConfigurationError) -> WatchedFile<String>? {
        guard let path else { return nil }
        return try loop.watchFile(path, upTo: mostBytes) { content throws(ConfigurationError) in
            switch content {
            case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
            case .missing: throw ConfigurationError("there is no file `\(path)`", option: option)
            case .unreadable(let why): throw ConfigurationError("`\(path)` cannot be read: \(why)", option: option)
            }
        }
    }

    /// - Parameter end: when maintenance ends, in seconds since 1970-01-01 UTC; nil if that is not known.
    mutating func answer(to request: borrowing Request, until end: Int64?) -> Reply {
        let versions = (html?.version ?? 0) + (json?.version ?? 0) + (plain?.version ?? 0)
        if replies.isEmpty || end != self.end || versions != self.versions {
            self.end = end
            self.versions = versions
            replies = makeReplies()
        }
        return replies[request.preferred(among: Self.types) ?? 0]
    }

    private func makeReplies() -> [Reply] {
        var fields: [(FieldName, String)] = [("Vary", "Accept")]
        var members: [(String, ProblemValue)] = [("message", .string(text.message))]
        if let end {
            fields.append(("Retry-After", HTTPDate.text(end)))
            members.append(("until", .string(HTTPDate.timestamp(end))))
        } else if let seconds = text.retryAfter {
            fields.append(("Retry-After", "\(seconds)"))
        }
        func own(_ type: String, _ body: String) -> Reply {
            Reply(503, text.reason, fields: fields + [("Cache-Control", "no-store")], contentType: type, body: body)
        }
        let problem = json.map { own("application/json", $0.value) } ?? Reply(503, text.reason, fields: fields, members: members)
        return [
            problem, problem, own("text/html; charset=UTF-8", html?.value ?? Self.page(text.message)),
            own("text/plain; charset=UTF-8", plain?.value ?? text.message + "\n"),
        ]
    }

    private static func page(_ message: String) -> String {
        """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta name="viewport" content="width=device-width"><title>Maintenance</title></head>
            <body><h1>\(message.htmlEscaped)</h1></body>
            </html>

            """
    }
}
