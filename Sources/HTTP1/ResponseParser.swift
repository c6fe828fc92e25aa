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
    private var resumable = ResumableHead()

    public init(limits: HeadLimits) { self.limits = limits }

    /// Parses the head that starts at `start` and answers a request with `method`. The rest is as in `RequestParser.parse`, but
    /// that no empty lines are skipped.
    public mutating func parse(
        _ bytes: Span<UInt8>, from start: Int, answering method: Method, into head: inout ResponseHead, fields: inout FieldTable
    ) -> ParseOutcome {
        let limit = start &+ min(bytes.count &- start, limits.headBytes)
        let bytes = bytes.extracting(first: limit)
        if resumable.begins(at: start, in: bytes, &fields) { head = ResponseHead() }
        let outcome = read(bytes, answering: method, into: &head, &fields)
        head.end = resumable.position
        return resumable.settle(outcome, isFull: limit &- start == limits.headBytes, fields) ?? .failed(.upstreamResponseHeadTooLarge)
    }

    /// Forgets an incomplete head.
    public mutating func reset() { resumable.end() }

    private mutating func read(
        _ bytes: Span<UInt8>, answering method: Method, into head: inout ResponseHead, _ fields: inout FieldTable
    ) -> ParseOutcome {
        if !resumable.lineIsRead {
            if resumable.stillLacksLineEnd(bytes) { return .incomplete }
            switch StatusLine.read(bytes, from: &resumable.position, into: &head) {
            case .complete: resumable.lineIsRead = true
            case .incomplete:
                resumable.scanned = bytes.count
                return .incomplete
            case .failed(let reason): return .failed(reason)
            }
        }
        switch resumable.readFields(bytes, limit: limits.fieldCount, into: &fields) {
        case .complete: return apply(bytes, answering: method, to: &head, &fields)
        case .incomplete: return .incomplete
        case .failed(.tooLarge), .failed(.tooMany): return .failed(.upstreamResponseHeadTooLarge)
        case .failed: return .failed(.upstreamResponseMalformed)
        }
    }

    /// Applies the rules that need the whole head.
    private func apply(
        _ bytes: Span<UInt8>, answering method: Method, to head: inout ResponseHead, _ fields: inout FieldTable
    ) -> ParseOutcome {
        let section = resumable.section
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
                let length = ContentLength.read(bytes, section.contentLength, leadingZeros: true)
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
