import Buffers
import HTTPMessage

/// What a step over the request line found.
enum StartLineStep: Equatable {
    case complete
    case incomplete
    case failed(Reason)
}

/// Reads `method SP target SP HTTP-version CRLF` (RFC 9112 §3): exactly one space between the parts, nothing else around them.
enum RequestLine {
    /// Reads the line at `position` into `head` and moves `position` behind it. A fault is told once the whole line is there.
    static func read(
        _ bytes: Span<UInt8>, from position: inout Int, targetLimit: Int, into head: inout RequestHead
    ) -> StartLineStep {
        var at = position
        let step = readLine(bytes, from: &at, targetLimit: targetLimit, into: &head)
        if step == .complete {
            position = at
            return step
        }
        if step == .incomplete { return step }
        // What cannot be a method at the very start is no HTTP: a TLS client on a plain port must not wait for a line end.
        if position < bytes.count && !bytes[position].isTokenCharacter { return step }
        return bytes.firstLineFeed(from: position, to: bytes.count) == nil ? .incomplete : step
    }

    private static func readLine(
        _ bytes: Span<UInt8>, from at: inout Int, targetLimit: Int, into head: inout RequestHead
    ) -> StartLineStep {
        let start = at
        let word = bytes.paddedWord(at: at)
        if word & 0xFFFF_FFFF == 0x2054_4547 {  // "GET "
            head.method = .get
            at &+= 3
        } else if word & 0xFF_FFFF_FFFF == 0x20_5453_4F50 {  // "POST "
            head.method = .post
            at &+= 4
        } else {
            let step = readMethod(bytes, from: &at, word, into: &head)
            guard step == .complete else { return step }
        }
        head.methodName = ByteRange(start: start, count: at &- start)
        at &+= 1
        let targetStart = at
        let form = RequestTarget.read(bytes, from: &at, into: &head)
        guard form == .complete else {
            if form == .incomplete { return form }
            return at &- targetStart > targetLimit ? .failed(.requestTargetTooLong) : form
        }
        guard at &- targetStart <= targetLimit else { return .failed(.requestTargetTooLong) }
        head.target = ByteRange(start: targetStart, count: at &- targetStart)
        at &+= 1
        return readVersion(bytes, from: &at, into: &head)
    }

    /// `HTTP/1.0` or `HTTP/1.1`, and CRLF. Another version is told apart from rubbish.
    @inline(__always)
    private static func readVersion(_ bytes: Span<UInt8>, from at: inout Int, into head: inout RequestHead) -> StartLineStep {
        let word = bytes.paddedWord(at: at)
        if word == 0x312E_312F_5054_5448 {
            head.version = .http11
        } else if word == 0x302E_312F_5054_5448 {
            head.version = .http10
        } else {
            return versionFault(bytes, at: at)
        }
        at &+= 8
        guard at &+ 1 < bytes.count else {
            return at < bytes.count && bytes[at] != 0x0D ? lineFault(bytes, at: at) : .incomplete
        }
        guard bytes[at] == 0x0D, bytes[at &+ 1] == 0x0A else { return lineFault(bytes, at: at) }
        at &+= 2
        return .complete
    }

    @inline(never)
    private static func versionFault(_ bytes: Span<UInt8>, at start: Int) -> StartLineStep {
        let end = start &+ 8
        if end &+ 1 < bytes.count && bytes.word(at: start) & 0xFF_FFFF_FFFF == 0x2F_5054_5448  // "HTTP/"
            && bytes[start &+ 5].isDigit && bytes[start &+ 6] == UInt8(ascii: ".") && bytes[start &+ 7].isDigit
            && bytes[end] == 0x0D && bytes[end &+ 1] == 0x0A {
            return .failed(.requestVersionUnsupported)
        }
        var at = start
        while at < bytes.count && bytes[at] != 0x0D && bytes[at] != 0x0A { at &+= 1 }
        return lineFault(bytes, at: at)
    }

    @inline(never)
    private static func readMethod(
        _ bytes: Span<UInt8>, from at: inout Int, _ word: UInt64, into head: inout RequestHead
    ) -> StartLineStep {
        let start = at
        while at < bytes.count && bytes[at].isTokenCharacter && at &- start <= Method.longest { at &+= 1 }
        guard at < bytes.count else { return .incomplete }
        let count = at &- start
        guard bytes[at] == 0x20, count > 0, count <= Method.longest else { return lineFault(bytes, at: at) }
        head.method = .named(count: count, word)
        guard head.method != .connect else { return .failed(.requestMethodConnect) }
        return .complete
    }

    /// A bare CR or LF at `at`, or a line that is wrong in another way.
    static func lineFault(_ bytes: Span<UInt8>, at: Int) -> StartLineStep {
        .failed(isBareLineEnd(bytes, at: at) ? .requestLineEnding : .requestLineMalformed)
    }

    static func isBareLineEnd(_ bytes: Span<UInt8>, at: Int) -> Bool {
        guard at < bytes.count else { return false }
        return bytes[at] == 0x0A || (bytes[at] == 0x0D && !(at &+ 1 < bytes.count && bytes[at &+ 1] == 0x0A))
    }
}
