import Buffers
import HTTPMessage

/// A request that is refused.
struct Refusal: Equatable {
    var reason: Reason
    /// The message is malformed (RFC 9113 §8.1.1): the stream is reset. Else it is answered.
    var isMalformed: Bool { reason.status == 400 }

    init(_ reason: Reason) { self.reason = reason }
}

extension FieldFault {
    /// The reason of a request that has it.
    var requestReason: Reason {
        switch self {
        case .name: .requestFieldMalformed
        case .value: .requestFieldControl
        case .connectionSpecific: .requestFieldConnectionSpecific
        case .pseudo: .requestPseudoFieldMalformed
        case .lengthMalformed: .requestLengthMalformed
        case .lengthRepeated: .requestLengthRepeated
        case .hostRepeated: .requestHostRepeated
        case .targetTooLong: .requestTargetTooLong
        case .tooLarge: .requestHeadTooLarge
        case .tooMany: .requestHeadTooManyFields
        }
    }

    /// The reason of a response that has it.
    var responseReason: Reason {
        switch self {
        case .tooLarge, .tooMany: .upstreamResponseHeadTooLarge
        case .lengthMalformed, .lengthRepeated: .upstreamResponseLengthMalformed
        default: .upstreamResponseMalformed
        }
    }
}

extension FieldBlock {
    /// Makes a request head of the block (RFC 9113 §8.3.1, RFC 8441 §4), with the rules that HTTP/1 requests are under; nil on success.
    ///
    /// - Parameters:
    ///   - endsStream: no body follows.
    ///   - takesExtendedConnect: CONNECT with `:protocol` was offered.
    mutating func finishRequest(endsStream: Bool, takesExtendedConnect: Bool, into head: inout RequestHead) -> Refusal? {
        if let fault = finish() { return Refusal(fault.requestReason) }
        head = RequestHead()
        head.version = .http2
        head.end = message.end
        guard let method = pseudo.method else { return Refusal(.requestPseudoFieldMalformed) }
        head.methodName = method
        head.method = self.method
        let isExtended = pseudo.protocolName != nil
        if head.method == .connect && !isExtended { return Refusal(.requestMethodConnect) }
        if isExtended && !(head.method == .connect && takesExtendedConnect && pseudo.authority != nil) {
            return Refusal(.requestPseudoFieldMalformed)
        }
        if let reason = applyTarget(to: &head) ?? applyHost(to: &head) ?? applyFraming(endsStream, isExtended, to: &head) {
            return Refusal(reason)
        }
        head.acceptsTrailers = takesTrailers
        if let expect {
            guard message.slab.bytes.matches(expect, ignoringCase: "100-continue") else { return Refusal(.requestExpectationUnsupported) }
            head.expectsContinue = head.framing != .none && head.framing != .length(0)
        }
        return nil
    }

    /// The method that it says, also where it must be refused.
    var method: Method {
        guard let name = pseudo.method else { return .get }
        return .named(count: Int(name.count), message.slab.bytes.paddedWord(at: name.lower))
    }

    private func applyTarget(to head: inout RequestHead) -> Reason? {
        guard let scheme = pseudo.scheme, let path = pseudo.path else { return .requestPseudoFieldMalformed }
        let bytes = message.slab.bytes
        switch scheme.count {
        case 4 where bytes.paddedWord(at: scheme.lower).first(4) == 0x7074_7468: break
        case 5 where bytes.paddedWord(at: scheme.lower).first(5) == 0x73_7074_7468: head.schemeIsHTTPS = true
        default: return .requestPseudoFieldMalformed
        }
        head.target = path
        if path.count == 1 && bytes[path.lower] == UInt8(ascii: "*") {
            guard head.method == .options else { return .requestTargetMalformed }
            head.form = .asterisk
            head.path = path
            head.query = ByteRange(start: path.upper, count: 0)
            return nil
        }
        var at = path.lower
        guard bytes[at] == UInt8(ascii: "/"),
            PathAndQuery.scan(bytes.extracting(first: path.upper), from: &at, path: &head.path, query: &head.query), at == path.upper
        else { return .requestTargetMalformed }
        return nil
    }

    private func applyHost(to head: inout RequestHead) -> Reason? {
        guard let authority = pseudo.authority ?? host else { return .requestHostMissing }
        let bytes = message.slab.bytes
        guard Authority.isValid(bytes, authority) else { return .requestHostMalformed }
        if let host, !bytes.equal(host, authority, ignoringCase: ()) { return .requestHostMalformed }
        head.authority = authority
        return nil
    }

    private func applyFraming(_ endsStream: Bool, _ isExtended: Bool, to head: inout RequestHead) -> Reason? {
        if isExtended {
            // The tunnel's bytes are no content (RFC 9110 §9.3.6).
            return contentLength == nil && !endsStream ? nil : .requestBodyUnexpected
        }
        if endsStream {
            guard contentLength ?? 0 == 0 else { return .requestLengthMismatch }
            head.framing = contentLength == nil ? .none : .length(0)
        } else {
            head.framing = contentLength.map { .length($0) } ?? .chunked
        }
        return head.method == .trace && head.framing != .none && head.framing != .length(0) ? .requestBodyUnexpected : nil
    }
}

extension FieldBlock {
    /// Makes a response head of the block (RFC 9113 §8.3.2); the reason on failure. The framing says how long a body follows: `.chunked`
    /// where only the end of the stream tells.
    mutating func finishResponse(endsStream: Bool, answering method: Method, isTunnel: Bool, into head: inout ResponseHead) -> Reason? {
        if let fault = finish() { return fault.responseReason }
        head = ResponseHead()
        head.version = .http2
        head.end = message.end
        // There is no 101 in HTTP/2 (RFC 9113 §8.6).
        guard let status = pseudo.status, status != 101 else { return .upstreamResponseMalformed }
        head.status = status
        if status < 200 { return endsStream ? .upstreamResponseMalformed : nil }
        if method == .head || status == 204 || status == 304 || (isTunnel && status < 300) {
            head.framing = .none
        } else if endsStream {
            guard contentLength ?? 0 == 0 else { return .upstreamResponseLengthMismatch }
            head.framing = .length(0)
        } else {
            head.framing = contentLength.map { .length($0) } ?? .chunked
        }
        return nil
    }

    /// Checks a trailer section (RFC 9113 §8.1), which must end its stream; the fault on failure.
    mutating func finishTrailers(endsStream: Bool) -> TrailerFault? {
        guard endsStream, finish() == nil else { return .malformed }
        for index in 0..<message.fields.count {
            let token = message.fields[index].token
            if TokenSet.forbiddenInTrailers.contains(token) { return .forbidden }
            if TokenSet.pointlessInTrailers.contains(token) { message.fields[index].marks.insert(.removed) }
        }
        return nil
    }

    enum TrailerFault { case malformed, forbidden }
}
