import FilterAPI

/// What the service is asked: method, target, and what it is told of the client's request.
struct Question {
    let method: Method
    /// As the option says.
    let path: String
    /// The target, as far as it is the same for all requests.
    private let fixed: [UInt8]
    /// The path and query of the client's request follow it.
    private let endsWithURI: Bool
    private let tellsCurrent: Bool

    private static let forwardedMethod: FieldName = "X-Forwarded-Method"
    private static let forwardedURI: FieldName = "X-Forwarded-Uri"
    private static let originalMethod: FieldName = "X-Original-Method"
    private static let originalURI: FieldName = "X-Original-URI"
    private static let originalURL: FieldName = "X-Original-URL"

    /// What the service is told in. Nobody gets them from a client: nor does the app, which may take its path from one.
    static let told: [FieldName] = [forwardedMethod, forwardedURI, originalMethod, originalURI, originalURL, "X-Rewrite-URL"]

    init(_ options: FilterOptions) throws(ConfigurationError) {
        switch options.word("method") {
        case "HEAD": method = .head
        case "POST": method = .post
        default: method = .get
        }
        path = options.word("path") ?? "/"
        tellsCurrent = options.word("forwarded-uri") == "current"
        let mark = "{uri}"
        endsWithURI = path.hasSuffix(mark)
        let text = endsWithURI ? String(path.dropLast(mark.count)) : path
        fixed = Array(text.utf8)
        func fault(_ message: String, _ help: String? = nil) -> ConfigurationError {
            ConfigurationError(message, option: "path", expected: "a path such as `/auth`", help: help)
        }
        guard path.hasPrefix("/") || path == mark else { throw fault("`\(path)` does not begin with a slash") }
        guard fixed.allSatisfy(\.isTargetCharacter) else {
            throw fault("`\(path)` holds a character that a target cannot have", "percent-encode it")
        }
        if text.contains("{") || text.contains("}") { throw fault("only `{uri}`, at the end, stands for something in a path") }
        if endsWithURI && text.contains("?") {
            throw fault("`{uri}` cannot stand in a query", "the service finds it in X-Forwarded-Uri")
        }
        if endsWithURI && text.hasSuffix("/") { throw fault("two slashes before the client's path", "write `\(text.dropLast())\(mark)`") }
        let segments = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0].split(separator: "/")
        if segments.contains(".") || segments.contains("..") { throw fault("`\(path)` has dot segments") }
    }

    /// The question for one request.
    func ask(_ request: borrowing Request, _ fields: CopiedFields, bodyLimit: Int) -> SubRequest {
        let bytes = request.fields.bytes
        let original = URI(originalOf: request)
        let told = tellsCurrent ? URI(currentOf: request) : original
        // What names and values of the usual fields take.
        let room = 1024 + fixed.count + 3 * original.count + 2 * told.count
        var question = SubRequest(method, target: fixed.span, bodyLimit: bodyLimit, room: room)
        if endsWithURI {
            if told.needsSlash { question.appendTarget(Self.slash.span) }
            if !request.isAsterisk { question.appendTarget(bytes.extracting(told.path.range)) }
            question.appendTarget(bytes.extracting(told.query.range))
        }
        let method = bytes.extracting(request.methodRange.range)
        question.append(Self.forwardedMethod, bytes: method)
        question.append(Self.originalMethod, bytes: method)
        question.append(Self.forwardedURI, bytes: Span())
        told.addToValue(of: &question, bytes)
        question.append(Self.originalURI, bytes: Span())
        original.addToValue(of: &question, bytes)
        question.append(Self.originalURL, bytes: request.isHTTPS ? Self.https.span : Self.http.span)
        question.appendToValue(bytes.extracting(request.authorityRange.range))
        original.addToValue(of: &question, bytes)
        fields.pass(request.fields, to: &question)
        return question
    }

    private static let slash = Array("/".utf8)
    private static let http = Array("http://".utf8)
    private static let https = Array("https://".utf8)

    /// Where the parts of a path and query are in the bytes of a request.
    private struct URI {
        var path: ByteRange
        var query = ByteRange.empty
        /// An absolute target may have no path: it means the root.
        var needsSlash: Bool

        init(originalOf request: borrowing Request) {
            path = request.originalPathAndQueryRange
            needsSlash = path.isEmpty || request.fields.bytes[path.lower] == UInt8(ascii: "?")
        }

        init(currentOf request: borrowing Request) {
            path = request.pathRange
            query = request.queryRange
            needsSlash = path.isEmpty
        }

        var count: Int { Int(path.count) + Int(query.count) }

        func addToValue(of question: inout SubRequest, _ bytes: Span<UInt8>) {
            if needsSlash { question.appendToValue(Question.slash.span) }
            question.appendToValue(bytes.extracting(path.range))
            question.appendToValue(bytes.extracting(query.range))
        }
    }
}
