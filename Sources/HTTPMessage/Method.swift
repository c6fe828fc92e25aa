import Buffers

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

extension Method {
    /// Bytes of the longest method that is read; the longest registered one has 18 (UPDATEREDIRECTREF has 17).
    public static let longest = 32

    /// The method of `count` bytes whose first eight are in `word`, first byte lowest. The bytes must be token characters.
    public static func named(count: Int, _ word: UInt64) -> Method {
        switch (count, word.first(min(count, 8))) {
        case (3, 0x54_4547): .get
        case (4, 0x4441_4548): .head
        case (4, 0x5453_4F50): .post
        case (3, 0x54_5550): .put
        case (6, 0x4554_454C_4544): .delete
        case (7, 0x53_4E4F_4954_504F): .options
        case (5, 0x48_4354_4150): .patch
        case (5, 0x45_4341_5254): .trace
        case (7, 0x54_4345_4E4E_4F43): .connect
        default: .other
        }
    }
}

public enum HTTPVersion: UInt8, Sendable {
    case http10, http11, http2

    /// What stands behind `HTTP/` in logs.
    public var number: StaticString {
        switch self {
        case .http10: "1.0"
        case .http11: "1.1"
        case .http2: "2.0"
        }
    }
}
