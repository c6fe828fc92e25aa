import FilterAPI

/// Gives each request an id that the app, the client and the access log see.
public final class RequestID: FilterPlugin {
    public static let name = "request-id"
    public static let summary = "Gives each request an id that the app, the client and the access log see."

    public static let options = OptionSchema([
        Option("field", .token, standard: "X-Request-ID", "The field that carries the id to the app, and back to the client."),
        Option(
            "form", .choice(["uuid", "req-uuid"]), standard: "uuid",
            "How the ids that the filter makes look: a random UUID (version 4), or one behind `req-`, as OpenStack's services make them."),
        Option(
            "accept", .choice(["trusted", "never", "always"]), standard: "trusted",
            "Whose ids are taken over instead of making one: those that come by way of the listener's `trusted-proxies`, nobody's or everybody's. An id that is not of the `accept-form`, or one of several, is never taken over."),
        Option(
            "accept-form", .choice(["any", "uuid", "req-uuid"]), standard: "any",
            "What an id must look like to be taken over. `any` are 1 to 128 letters, digits and `-._~+/=:;@`."),
        Option(
            "global-field", .token,
            "If given, an id that is taken over is not the request's own but goes to the app in this field, beside a fresh one in `field`. The client's own copies of it are removed."),
        Option(
            "response", .choice(["replace", "keep", "off"]), standard: "replace",
            "What the client sees in `field`: the id whatever the app says, the app's own value if it sends one, or nothing that the app does not send."),
    ])

    enum Acceptance {
        case trusted, never, always
    }

    enum Echo {
        case replace, keep, off
    }

    let field: FieldName
    let globalField: FieldName?
    let isPrefixed: Bool
    let acceptance: Acceptance
    let acceptedForm: IDForm
    let echo: Echo

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        field = try options.fieldName("field") ?? FieldName(.xRequestID)
        globalField = try options.fieldName("global-field")
        isPrefixed = options.word("form") == "req-uuid"
        acceptedForm = IDForm(options.word("accept-form"))
        acceptance =
            switch options.word("accept") {
            case "never": .never
            case "always": .always
            default: .trusted
            }
        echo =
            switch options.word("response") {
            case "keep": .keep
            case "off": .off
            default: .replace
            }
        if globalField == field {
            throw ConfigurationError(
                "`global-field` and `field` are the same field", option: "global-field", help: "the two ids of a request need two fields")
        }
        if globalField != nil, acceptance == .never {
            throw ConfigurationError(
                "nothing ever goes into `global-field`", option: "global-field", help: "leave `accept = never` or `global-field` out")
        }
    }

    public var order: FilterOrder {
        FilterOrder([.before(.refusal, because: "the requests that are refused there get no id")], fields: [.sets("\(field)")])
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        var system = SystemRandomNumberGenerator()
        return LoopRequestID(self, RandomBlocks(from: &system), own: loop.reserveState())
    }
}

/// The filter on one loop: it has random blocks of its own.
final class LoopRequestID: RequestFilter, ResponseFilter {
    private let plugin: RequestID
    /// The plug-in's.
    private let field: FieldName
    private var random: RandomBlocks
    /// Where the id is in the bytes of the request.
    private let own: StateSlot<ByteRange>

    init(_ plugin: RequestID, _ random: RandomBlocks, own: StateSlot<ByteRange>) {
        self.plugin = plugin
        field = plugin.field
        self.random = random
        self.own = own
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        if hasID(request) {
            request.explain("a filter before this one has given it an id", by: "field")
            request[own] = request.idRange
            if let globalField = plugin.globalField, !isAdded(globalField, to: request) { request.fields.strip(globalField) }
            return .forward
        }
        let accepted = acceptedID(request)
        request.fields.strip(field)
        if let globalField = plugin.globalField {
            request.fields.strip(globalField)
            if let accepted { request.fields.append(globalField, copying: accepted) }
        }
        if let accepted, plugin.globalField == nil {
            request.fields.append(field, copying: accepted)
        } else {
            request.fields.append(field, bytes: IDText(random.next(), isPrefixed: plugin.isPrefixed).bytes)
        }
        // Without room the line is not there, and the gateway answers the request with an error.
        guard !request.fields.overflowed else { return .forward }
        let id = request.fields.valueRange(at: request.fields.count - 1)
        request[own] = id
        request.idRange = id
        return .forward
    }

    /// A filter like this one has put the id of this exchange into the field. Twice is as once.
    private func hasID(_ request: borrowing Request) -> Bool {
        guard !request.idRange.isEmpty, let line = request.fields.firstIndex(of: field) else { return false }
        return request.fields.isAdded(at: line) && request.fields.valueRange(at: line) == request.idRange
    }

    private func isAdded(_ name: FieldName, to request: borrowing Request) -> Bool {
        request.fields.firstIndex(of: name).map { request.fields.isAdded(at: $0) } ?? false
    }

    /// The client's id, if it is one that is taken over.
    private func acceptedID(_ request: borrowing Request) -> ByteRange? {
        guard let line = request.fields.firstIndex(of: field) else { return nil }
        switch plugin.acceptance {
        case .never:
            request.explain("the client's id is replaced", by: "accept")
            return nil
        case .trusted where !request.isFromTrustedProxy:
            request.explain("the client's id is replaced: it comes from no trusted proxy", by: "accept")
            return nil
        case .trusted, .always: break
        }
        guard request.fields.firstIndex(of: field, from: line + 1) == nil else {
            request.explain("the client's ids are replaced: there are several", by: "accept")
            return nil
        }
        let id = request.fields.valueRange(at: line)
        guard plugin.acceptedForm.matches(request.fields.bytes, id) else {
            request.explain("the client's id is replaced: it has not the form of one", by: "accept-form")
            return nil
        }
        request.explain("the client's id is taken over", by: "accept")
        return id
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        let id = request[own]
        guard !id.isEmpty else { return }
        switch plugin.echo {
        case .off: return
        case .keep: if response.fields.contains(field) { return }
        case .replace: response.fields.remove(field)
        }
        response.fields.append(field, bytes: request.fields.bytes.extracting(id.range))
    }
}
