import Buffers

/// How the end of a body is found (RFC 9112 §6.3).
public enum BodyFraming: Equatable, Sendable {
    case none
    /// Exactly this many bytes, Content-Length. May be 0.
    case length(UInt64)
    case chunked
    /// Until the sender closes; responses only.
    case untilClose
}

/// What `Connection` asks of this connection.
public struct ConnectionOptions: OptionSet, Sendable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
    @inlinable public static var close: ConnectionOptions { ConnectionOptions(rawValue: 1) }
    @inlinable public static var keepAlive: ConnectionOptions { ConnectionOptions(rawValue: 2) }
    @inlinable public static var upgrade: ConnectionOptions { ConnectionOptions(rawValue: 4) }
    /// It names other fields; those are marked `.connectionOption` in the table.
    @inlinable public static var names: ConnectionOptions { ConnectionOptions(rawValue: 8) }
    @inlinable public static var te: ConnectionOptions { ConnectionOptions(rawValue: 16) }

    /// The connection stays open after a message with these options (RFC 9112 §9.3).
    @inlinable
    public func keepsAlive(_ version: HTTPVersion) -> Bool {
        if contains(.close) { return false }
        return version != .http10 || contains(.keepAlive)
    }
}

/// The four forms of a request target (RFC 9112 §3.2). Authority-form goes with CONNECT, which is refused.
public enum TargetForm: UInt8, Sendable {
    case origin, absolute, asterisk
}

/// A parsed request head. All ranges are offsets into the slab that was parsed; the fields are in the table beside it.
public struct RequestHead: Sendable {
    public var method = Method.get
    public var version = HTTPVersion.http11
    public var form = TargetForm.origin
    /// The target of an absolute-form request has the scheme https.
    public var schemeIsHTTPS = false
    public var framing = BodyFraming.none
    public var connection: ConnectionOptions = []
    /// `Expect: 100-continue`.
    public var expectsContinue = false
    /// `TE` names trailers: the client takes them.
    public var acceptsTrailers = false
    public var methodName = ByteRange.empty
    /// The whole target as sent.
    public var target = ByteRange.empty
    /// The path, not decoded: starts with `/`, except for `*`, and for an absolute target without a path, where it is empty.
    public var path = ByteRange.empty
    /// The query with its `?`; empty when there is none.
    public var query = ByteRange.empty
    /// Host and port that the request is for: the authority of an absolute target, else Host (RFC 9112 §3.2.2). Empty only when
    /// HTTP/1.0 sends none, or Host is empty.
    public var authority = ByteRange.empty
    /// Offset of the first byte behind the head.
    public var end = 0

    @inlinable public init() {}

    /// The connection stays open after this exchange, as far as the client is concerned (RFC 9112 §9.3).
    @inlinable public var keepsAlive: Bool { connection.keepsAlive(version) }
}

/// A parsed response head.
public struct ResponseHead: Sendable {
    public var version = HTTPVersion.http11
    public var status: UInt16 = 0
    public var framing = BodyFraming.none
    public var connection: ConnectionOptions = []
    /// `Keep-Alive: timeout=`, in seconds; nil when there is none.
    public var keepAliveTimeout: UInt32? = nil
    public var reasonPhrase = ByteRange.empty
    /// Offset of the first byte behind the head.
    public var end = 0

    @inlinable public init() {}

    @inlinable public var keepsAlive: Bool { connection.keepsAlive(version) }
}

/// What a head or trailer parser found.
public enum ParseOutcome: Equatable, Sendable {
    case complete
    /// The bytes so far are a correct beginning; call again with more.
    case incomplete
    case failed(Reason)
}
