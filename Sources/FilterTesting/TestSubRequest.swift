import FilterAPI
import HTTP1

/// What a filter asked an app.
public struct TestSubRequest: Sendable {
    public let method: String
    public let target: String
    /// Request line and field lines, ended by LF; without the gateway's own fields.
    public let head: String

    /// As it would be sent.
    public init(_ request: SubRequest) {
        var request = request
        request.endTarget()
        method = "\(request.method.name)"
        target = String(decoding: request.bytes[..<request.targetCount], as: UTF8.self)
        let lines = String(decoding: request.bytes[request.targetCount...], as: UTF8.self)
        head = "\(method) \(target) HTTP/1.1\n" + lines.replacing("\r\n", with: "\n")
    }

    /// The values of a field's lines, joined by `, `; nil without one.
    public func field(_ name: String) -> String? {
        let values = head.split(separator: "\n").dropFirst().compactMap { line -> String? in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && parts[0].lowercased() == name.lowercased() ? String(parts[1].dropFirst()) : nil
        }
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}

/// What an app of a harness answers to a filter.
public enum TestAnswer: Sendable {
    /// A response: its head as it would come, with LF or CRLF at line ends, and its body but for the framing.
    case response(String, body: [UInt8])
    /// The same, but the body breaks off.
    case brokenOff(String)
    /// None: the app cannot be reached, or what it says cannot be read.
    case failure
    /// None for now: the exchange waits until `askTimesOut`.
    case silence

    public static func response(_ head: String, _ body: String = "") -> TestAnswer { .response(head, body: Array(body.utf8)) }

    /// As the filter is given it. Traps if the head is none: a mistake of the test.
    static func subResponse(_ head: String, _ body: [UInt8]?, to request: SubRequest) -> SubResponse {
        var response = SubResponse(table: FieldTable(Slab(byteCount: 512 * 16)))
        let bytes = HeadText.wire(head)
        var slab = Slab(byteCount: bytes.count)
        _ = slab.write(bytes.span, at: 0)
        var parser = ResponseParser(limits: HeadLimits(headBytes: 256 * 1024, targetBytes: 1, fieldCount: 500))
        var parsed = ResponseHead()
        let outcome = parser.parse(slab.bytes, from: 0, answering: request.method, into: &parsed, fields: &response.fields.lines)
        precondition(outcome == .complete && parsed.status >= 200 && parsed.end == bytes.count, "no response head (\(outcome)): \(head)")
        response.head = parsed
        swap(&response.fields.slab, &slab)
        response.fields.end = bytes.count
        guard let body else {
            response.bodyState = .brokenOff
            return response
        }
        guard parsed.framing != .none, !body.isEmpty else { return response }
        if body.count > request.bodyLimit {
            response.bodyState = .tooLarge
        } else {
            response.keptBody = OutputBuffer(Slab(byteCount: body.count))
            response.keptBody.append(body.span)
        }
        return response
    }
}

/// The apps that answer to filters, by their numbers.
final class ScriptedAnswers {
    var byApp: [Int: (TestSubRequest) -> TestAnswer] = [:]
}
