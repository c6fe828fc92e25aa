import Buffers
import HTTPMessage

/// Parses response heads of an app (RFC 9112 §4–6), as strictly as requests: a response that two readers may take differently
/// must not reach a client. One a connection, used again for every response; it allocates nothing.
///
/// * Framing (RFC 9112 §6.3): none in answer to HEAD, and for 1xx, 204 and 304; else `chunked`, Content-Length, or until the app
///   closes. Content-Length and Transfer-Encoding are checked even where they frame nothing; with both, or one repeated, or
///   Transfer-Encoding in HTTP/1.0, the response is refused.
/// * A 1xx or 204 that says it has a body (RFC 9112 §6.1 forbids it) has none here, and its connection is marked `.close`: what
///   may follow is no response.
public struct ResponseParser: Sendable {
    private let limits: HeadLimits
    /// What is kept while a head is incomplete. Offsets are those of the caller's bytes.
    private var isResuming = false
    private var start = 0
    private var position = 0
    private var scanned = 0
    private var fieldCount = 0
    private var lineIsRead = false
    private var head = ResponseHead()
    private var section = FieldSection()

    public init(limits: HeadLimits) { self.limits = limits }

    /// Parses the head that starts at `start` and answers a request with `method`. The rest is as in `RequestParser.parse`, but
    /// that no empty lines are skipped.
    public mutating func parse(
        _ bytes: Span<UInt8>, from start: Int, answering method: Method, into head: inout ResponseHead, fields: inout FieldTable
    ) -> ParseOutcome {
        let received = bytes.count
        let limit = start &+ min(received &- start, limits.headBytes)
        let bytes = bytes.extracting(first: limit)
        if !isResuming || self.start != start || fieldCount != fields.count || position > limit {
            begin(at: start, &fields)
        }
        let outcome = parse(bytes, answering: method, &fields)
        switch outcome {
        case .complete:
            self.head.end = position
            head = self.head
            isResuming = false
        case .incomplete:
            if limit &- start == limits.headBytes {
                isResuming = false
                return .failed(.upstreamResponseHeadTooLarge)
            }
            isResuming = true
            fieldCount = fields.count
        case .failed: isResuming = false
        }
        return outcome
    }

    /// Forgets an incomplete head.
    public mutating func reset() { isResuming = false }

    private mutating func begin(at start: Int, _ fields: inout FieldTable) {
        self.start = start
        position = start
        scanned = start
        lineIsRead = false
        head = ResponseHead()
        section = FieldSection()
        fields.removeAll()
    }

    private mutating func parse(_ bytes: Span<UInt8>, answering method: Method, _ fields: inout FieldTable) -> ParseOutcome {
        if !lineIsRead {
            if scanned > position && bytes.firstLineFeed(from: scanned, to: bytes.count) == nil {
                scanned = bytes.count
                return .incomplete
            }
            switch StatusLine.read(bytes, from: &position, into: &head) {
            case .complete: lineIsRead = true
            case .incomplete:
                scanned = bytes.count
                return .incomplete
            case .failed(let reason): return .failed(reason)
            }
        }
        switch section.read(bytes, from: &position, scanned: &scanned, limit: limits.fieldCount, into: &fields) {
        case .complete: return apply(bytes, answering: method, &fields)
        case .incomplete: return .incomplete
        case .failed(.tooLarge), .failed(.tooMany): return .failed(.upstreamResponseHeadTooLarge)
        case .failed: return .failed(.upstreamResponseMalformed)
        }
    }

    /// Applies the rules that need the whole head.
    private mutating func apply(_ bytes: Span<UInt8>, answering method: Method, _ fields: inout FieldTable) -> ParseOutcome {
        head.connection = section.connection
        if section.seen.contains(.connectionList), !ConnectionFields.read(bytes, &fields, into: &head.connection) {
            return .failed(.upstreamResponseMalformed)
        }
        if section.seen.contains(.keepAlive) {
            head.keepAliveTimeout = ConnectionFields.keepAliveTimeout(bytes, section.keepAlive)
        }
        let seen = section.seen
        if seen.contains(.transferEncoding) {
            guard head.version == .http11 else { return .failed(.upstreamResponseTransferCodingUnsupported) }
            if seen.contains(.contentLength) { return .failed(.upstreamResponseFramingAmbiguous) }
            guard !seen.contains(.transferEncodingTwice), FramingFields.isChunked(bytes, section.transferEncoding) else {
                return .failed(.upstreamResponseTransferCodingUnsupported)
            }
            head.framing = .chunked
        } else if seen.contains(.contentLength) {
            guard !seen.contains(.contentLengthTwice),
                let length = FramingFields.length(bytes, section.contentLength, leadingZeros: true)
            else { return .failed(.upstreamResponseLengthMalformed) }
            head.framing = .length(length)
        } else {
            head.framing = .untilClose
        }
        if head.status < 200 || head.status == 204 {
            if head.framing != .untilClose && head.framing != .length(0) { head.connection.insert(.close) }
            head.framing = .none
        } else if head.status == 304 || method == .head {
            head.framing = .none
        }
        return .complete
    }
}
