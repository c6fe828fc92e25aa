/// An answer that a filter gives itself. Made when the filter is made, where it is constant; giving it then costs no allocation. The gateway
/// adds Date, framing and `Gateway-Reason`, and leaves the body out in answer to HEAD.
public struct Reply: Sendable {
    package final class Content: Sendable {
        package let status: UInt16
        package let reason: ReplyReason
        package let fields: [(name: FieldName, value: [UInt8])]
        package let body: [UInt8]

        init(status: UInt16, reason: ReplyReason, fields: [(name: FieldName, value: [UInt8])], body: [UInt8]) {
            self.status = status
            self.reason = reason
            self.fields = fields
            self.body = body
        }
    }

    package let content: Content

    /// An answer with a problem body (RFC 9457): `type`, `title`, `status`, `detail` (the reason's title), `reason` and `members`.
    ///
    /// - Parameters:
    ///   - status: 200 to 599.
    ///   - type: the problem type, a URI.
    ///   - members: more members of the problem, in their order.
    public init(
        _ status: UInt16, _ reason: ReplyReason, fields: [(FieldName, String)] = [], type: String = "about:blank",
        members: [(String, ProblemValue)] = []
    ) {
        var body = "{\"type\":\(ProblemValue.string(type).json),\"title\":\"\(StatusPhrase.usual(status))\",\"status\":\(status)"
        body += ",\"detail\":\(ProblemValue.string("\(reason.title)").json),\"reason\":\"\(reason.code)\""
        for (name, value) in members { body += ",\(ProblemValue.string(name).json):\(value.json)" }
        body += "}\n"
        self.init(
            status, reason, fields: fields + [("Cache-Control", "no-store")], contentType: "application/problem+json", body: body)
    }

    /// An answer with a body of its own. With 204 and 304 the body is not sent.
    public init(
        _ status: UInt16, _ reason: ReplyReason, fields: [(FieldName, String)] = [], contentType: String, body: some StringProtocol
    ) {
        precondition(status >= 200 && status <= 599, "a reply is a final response")
        content = Content(
            status: status, reason: reason,
            fields: [(FieldName(.contentType), Array(contentType.utf8))] + fields.map { ($0, Array($1.utf8)) },
            body: Array(body.utf8))
    }

    /// An answer without a body: 204, or a redirection.
    public init(empty status: UInt16, _ reason: ReplyReason, fields: [(FieldName, String)] = []) {
        precondition(status >= 200 && status <= 599, "a reply is a final response")
        content = Content(status: status, reason: reason, fields: fields.map { ($0, Array($1.utf8)) }, body: [])
    }

    /// Somebody else's answer, passed on: its fields and body as they are. With 204 and 304 the body is not sent.
    public init(_ status: UInt16, _ reason: ReplyReason, fields: [(FieldName, [UInt8])], body: [UInt8]) {
        precondition(status >= 200 && status <= 599, "a reply is a final response")
        content = Content(status: status, reason: reason, fields: fields.map { ($0, $1) }, body: body)
    }

    /// The gateway's own answer for one of its reasons, as filters see it.
    package init(_ reason: Reason) {
        let texts = reason.explanation
        self.init(
            reason.status, ReplyReason(reason.code, reason.title, fault: texts.fault, happened: texts.happened, advice: texts.advice),
            fields: reason.status == 503 ? [(FieldName(.retryAfter), "1")] : [])
    }

    private init(_ content: Content) { self.content = content }

    /// The same answer with one more field line.
    public func adding(_ name: FieldName, _ value: some StringProtocol) -> Reply {
        Reply(
            Content(
                status: content.status, reason: content.reason, fields: content.fields + [(name, Array(value.utf8))],
                body: content.body))
    }

    public var status: UInt16 { content.status }
    public var reason: ReplyReason { content.reason }
}

/// A value in a problem body.
public enum ProblemValue: Sendable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case list([ProblemValue])

    /// As JSON (RFC 8259).
    public var json: String {
        switch self {
        case .integer(let value): return String(value)
        case .boolean(let value): return value ? "true" : "false"
        case .list(let values): return "[" + values.map(\.json).joined(separator: ",") + "]"
        case .string(let text):
            var json = "\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": json += "\\\""
                case "\\": json += "\\\\"
                case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                    let digits = String(scalar.value, radix: 16)
                    json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                default: json.unicodeScalars.append(scalar)
                }
            }
            return json + "\""
        }
    }
}
