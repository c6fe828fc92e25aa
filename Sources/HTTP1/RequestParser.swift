import Buffers
import HTTPMessage

/// Parses request heads (RFC 9112 §2–3, §5–6). One a connection, used again for every request; it allocates nothing.
///
/// Strict: what two readers may take differently is an error with a `Reason`, never a guess. In particular:
/// * lines end in CRLF; no folding; no control bytes but HTAB in values; no white space around names.
/// * Host: exactly one in HTTP/1.1, at most one in 1.0. It must be a host with an optional port (see `Authority`) and, beside an
///   absolute target, equal to the target's authority. An empty Host is only taken in HTTP/1.0 and with `OPTIONS *`: the
///   http and https schemes have no empty host (RFC 9110 §4.2.1).
/// * Content-Length: one field, one number without leading zeros. Transfer-Encoding: one field, exactly `chunked`, and not in 1.0.
/// * `Expect`: nothing but `100-continue`, and that only counts in HTTP/1.1 with a body to wait for (RFC 9110 §10.1.1).
/// * TRACE has no body (RFC 9110 §9.3.8). CONNECT is refused. Other methods may have one: GET with a body is passed on.
/// * A name that stands for a known field under CGI's rules (`X_Forwarded_For`, `Transfer.Encoding`) is marked `.removed`.
///
/// A fault is told once its whole line is there, so the answer does not depend on how the bytes came.
public struct RequestParser: Sendable {
    /// Empty lines skipped in front of a request line (RFC 9112 §2.2).
    public static let mostEmptyLines = 4

    private let limits: HeadLimits
    private var resumable = ResumableHead()

    public init(limits: HeadLimits) { self.limits = limits }

    /// Parses the head that starts at `start`; `bytes` ends where the received bytes end. Offsets written are offsets into `bytes`.
    ///
    /// `.incomplete`: call again with more bytes, the same `start`, `head` and `fields`. Every byte is looked at a bounded number
    /// of times in all, however small the pieces. If `start` or the table changed in between, the head is read anew.
    /// `.complete`: `head.end` is the offset behind the head. After `.complete` and `.failed` the parser is ready for another head.
    /// `head` and `fields` are meaningful after `.complete` only. Traps if `start` is not inside `bytes`.
    public mutating func parse(
        _ bytes: Span<UInt8>, from start: Int, into head: inout RequestHead, fields: inout FieldTable
    ) -> ParseOutcome {
        let limit = start &+ min(bytes.count &- start, limits.headBytes)
        let bytes = bytes.extracting(first: limit)
        if resumable.begins(at: start, in: bytes, &fields) { head = RequestHead() }
        let outcome = read(bytes, into: &head, &fields)
        head.end = resumable.position
        return resumable.settle(outcome, isFull: limit &- start == limits.headBytes, fields) ?? .failed(tooLarge(bytes))
    }

    /// Forgets an incomplete head.
    public mutating func reset() { resumable.end() }

    private mutating func read(_ bytes: Span<UInt8>, into head: inout RequestHead, _ fields: inout FieldTable) -> ParseOutcome {
        if !resumable.lineIsRead {
            let step = readRequestLine(bytes, into: &head)
            guard step == .complete else { return step }
            resumable.lineIsRead = true
        }
        switch resumable.readFields(bytes, limit: limits.fieldCount, into: &fields) {
        case .complete: return apply(bytes, to: &head, &fields)
        case .incomplete: return .incomplete
        case .failed(let fault): return .failed(Self.reason(fault))
        }
    }

    private mutating func readRequestLine(_ bytes: Span<UInt8>, into head: inout RequestHead) -> ParseOutcome {
        if resumable.stillLacksLineEnd(bytes) { return .incomplete }
        if resumable.position < bytes.count && bytes[resumable.position] == 0x0D {
            let step = skipEmptyLines(bytes)
            guard step == .complete else { return step }
        }
        switch RequestLine.read(bytes, from: &resumable.position, targetLimit: limits.targetBytes, into: &head) {
        case .complete: return .complete
        case .incomplete:
            resumable.scanned = bytes.count
            return .incomplete
        case .failed(let reason): return .failed(reason)
        }
    }

    @inline(never)
    private mutating func skipEmptyLines(_ bytes: Span<UInt8>) -> ParseOutcome {
        var position = resumable.position
        defer { resumable.position = position }
        while position < bytes.count && bytes[position] == 0x0D {
            guard position &+ 1 < bytes.count else { return .incomplete }
            guard bytes[position &+ 1] == 0x0A else { return .failed(.requestLineEnding) }
            position &+= 2
            resumable.scanned = position
            guard position &- resumable.start <= 2 &* Self.mostEmptyLines else { return .failed(.requestLineMalformed) }
        }
        return position < bytes.count ? .complete : .incomplete
    }

    /// Why a head that fills the limit is too large: its target alone may be.
    private func tooLarge(_ bytes: Span<UInt8>) -> Reason {
        guard !resumable.lineIsRead else { return .requestHeadTooLarge }
        var at = resumable.position
        while at < bytes.count && bytes[at] != 0x20 { at &+= 1 }
        let target = at &+ 1
        at = target
        while at < bytes.count && bytes[at] > 0x20 { at &+= 1 }
        return at &- target > limits.targetBytes ? .requestTargetTooLong : .requestHeadTooLarge
    }

    private static func reason(_ fault: HeadFault) -> Reason {
        switch fault {
        case .lineEnding: .requestLineEnding
        case .malformed: .requestFieldMalformed
        case .folded: .requestFieldFolded
        case .control: .requestFieldControl
        case .tooLarge: .requestHeadTooLarge
        case .tooMany: .requestHeadTooManyFields
        }
    }

    /// Applies the rules that need the whole head.
    private func apply(_ bytes: Span<UInt8>, to head: inout RequestHead, _ fields: inout FieldTable) -> ParseOutcome {
        let section = resumable.section
        if let reason = applyHost(bytes, section, to: &head) { return .failed(reason) }
        if let reason = applyFraming(bytes, section, to: &head) { return .failed(reason) }
        head.connection = section.connection
        if section.seen.contains(.connectionList), !ConnectionFields.read(bytes, &fields, into: &head.connection) {
            return .failed(.requestFieldMalformed)
        }
        // Upgrade has no meaning in HTTP/1.0 (RFC 9110 §7.8).
        if head.version == .http10 { head.connection.remove(.upgrade) }
        if section.seen.contains(.te) { head.acceptsTrailers = ConnectionFields.takesTrailers(bytes, fields) }
        if section.seen.contains(.expect), let reason = applyExpectation(bytes, section, to: &head) { return .failed(reason) }
        return .complete
    }

    private func applyHost(_ bytes: Span<UInt8>, _ section: FieldSection, to head: inout RequestHead) -> Reason? {
        guard section.seen.contains(.host) else { return head.version == .http11 ? .requestHostMissing : nil }
        if section.seen.contains(.hostTwice) { return .requestHostRepeated }
        let host = section.host
        if host.isEmpty {
            guard head.form == .asterisk || (head.form == .origin && head.version == .http10) else { return .requestHostMalformed }
        } else if !Authority.isValid(bytes, host) {
            return .requestHostMalformed
        }
        if head.form == .absolute {
            return bytes.equal(head.authority, host, ignoringCase: ()) ? nil : .requestHostMalformed
        }
        head.authority = host
        return nil
    }

    private func applyFraming(_ bytes: Span<UInt8>, _ section: FieldSection, to head: inout RequestHead) -> Reason? {
        let seen = section.seen
        if seen.contains(.transferEncoding) {
            if head.version == .http10 { return .requestTransferCodingVersion }
            if seen.contains(.contentLength) { return .requestLengthWithTransferCoding }
            guard !seen.contains(.transferEncodingTwice), FramingFields.isChunked(bytes, section.transferEncoding) else {
                return .requestTransferCodingUnsupported
            }
            head.framing = .chunked
        } else if seen.contains(.contentLength) {
            if seen.contains(.contentLengthTwice) { return .requestLengthRepeated }
            guard let length = ContentLength.read(bytes, section.contentLength, leadingZeros: false) else {
                return .requestLengthMalformed
            }
            head.framing = .length(length)
        } else {
            return nil
        }
        return head.method == .trace && head.framing != .length(0) ? .requestBodyUnexpected : nil
    }

    private func applyExpectation(_ bytes: Span<UInt8>, _ section: FieldSection, to head: inout RequestHead) -> Reason? {
        // A server must ignore it in HTTP/1.0.
        guard head.version == .http11 else { return nil }
        guard !section.seen.contains(.expectTwice), bytes.matches(section.expect, ignoringCase: "100-continue") else {
            return .requestExpectationUnsupported
        }
        head.expectsContinue = head.framing != .none && head.framing != .length(0)
        return nil
    }
}
