/// A request method (RFC 9110 §9). `other` is any token that is not listed; its text is in the head.
public enum Method: UInt8, CaseIterable, Sendable {
    case other = 0
    case get, head, post, put, delete, options, patch, trace, connect

    /// Sending it twice has the effect of sending it once (RFC 9110 §9.2.2). An unknown method is not.
    @inlinable
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .other, .post, .patch, .connect: false
        }
    }

    /// The method's text; empty for `other`.
    public var name: StaticString {
        switch self {
        case .other: ""
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        }
    }
}

public enum HTTPVersion: UInt8, Sendable {
    case http10, http11
}
