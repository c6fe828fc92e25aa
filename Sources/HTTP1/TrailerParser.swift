import Buffers
import HTTPMessage

/// Parses the trailer section behind the last chunk (RFC 9112 §7.1.2), with the empty line that ends the body. Keep one a
/// connection; it allocates nothing.
///
/// A trailer that carries framing, routing or authentication is a fault: whoever merges it into the head would change what the
/// message is. Any other field that has no place in a trailer (RFC 9110 §6.5.1: about the connection, the content, caching or
/// conditions) and those of hop-by-hop kind are marked `.removed`.
public struct TrailerParser: Sendable {
    public enum Side: Sendable { case request, response }

    private let limits: HeadLimits
    private let side: Side
    private var resumable = ResumableHead()

    /// `limits.headBytes` bounds the section in bytes, `limits.fieldCount` its lines. `side` chooses the reasons told.
    public init(limits: HeadLimits, for side: Side = .request) {
        self.limits = limits
        self.side = side
    }

    /// Parses the section that starts at `start`. On `.complete`, `end` is the offset behind it and `fields` holds the trailers;
    /// the table is emptied first, so give it another one than the head's. Else as `RequestParser.parse`.
    public mutating func parse(
        _ bytes: Span<UInt8>, from start: Int, fields: inout FieldTable, end: inout Int
    ) -> ParseOutcome {
        let limit = start &+ min(bytes.count &- start, limits.headBytes)
        let bytes = bytes.extracting(first: limit)
        _ = resumable.begins(at: start, in: bytes, &fields)
        resumable.end()
        // Nothing of what the section notes frames a body any more: each of those fields is refused or removed below.
        switch resumable.readFields(bytes, limit: limits.fieldCount, into: &fields) {
        case .complete:
            for index in 0..<fields.count {
                let token = fields[index].token
                if TokenSet.forbiddenInTrailers.contains(token) {
                    return .failed(side == .request ? .requestTrailerForbidden : .upstreamResponseTrailerMalformed)
                }
                if TokenSet.pointlessInTrailers.contains(token) { fields[index].marks.insert(.removed) }
            }
            end = resumable.position
            return .complete
        case .incomplete:
            if limit &- start == limits.headBytes { return malformed }
            resumable.pause(fields)
            return .incomplete
        case .failed: return malformed
        }
    }

    /// Forgets an incomplete section.
    public mutating func reset() { resumable.end() }

    private var malformed: ParseOutcome {
        .failed(side == .request ? .requestTrailerMalformed : .upstreamResponseTrailerMalformed)
    }
}
