import Buffers
import HTTPMessage

/// Reads `HTTP-version SP status-code SP [ reason-phrase ] CRLF` (RFC 9112 §4).
///
/// Refused: other versions than 1.0 and 1.1, a status that is not three digits from 100 to 599 (RFC 9110 §15 calls others
/// invalid), control bytes in the phrase. The space in front of an absent phrase may be missing, as many apps leave it out.
enum StatusLine {
    /// Reads the line at `position` into `head` and moves `position` behind it. A fault is told once the whole line is there.
    static func read(_ bytes: Span<UInt8>, from position: inout Int, into head: inout ResponseHead) -> StartLineStep {
        var at = position
        let step = readLine(bytes, from: &at, into: &head)
        if step == .complete {
            position = at
            return step
        }
        if step == .incomplete { return step }
        // What does not begin as a status line does is no HTTP/1: no waiting for a line end.
        if position < bytes.count && bytes[position] != UInt8(ascii: "H") { return step }
        return bytes.firstLineFeed(from: position, to: bytes.count) == nil ? .incomplete : step
    }

    private static func readLine(_ bytes: Span<UInt8>, from at: inout Int, into head: inout ResponseHead) -> StartLineStep {
        let malformed = StartLineStep.failed(.upstreamResponseMalformed)
        switch bytes.paddedWord(at: at) {
        case 0x312E_312F_5054_5448: head.version = .http11
        case 0x302E_312F_5054_5448: head.version = .http10
        default: return malformed
        }
        // SP and three digits in the low four bytes, then SP or CR.
        let word = bytes.paddedWord(at: at &+ 8)
        let hundreds = UInt16(truncatingIfNeeded: word &>> 8 & 0xFF) &- 0x30
        let tens = UInt16(truncatingIfNeeded: word &>> 16 & 0xFF) &- 0x30
        let ones = UInt16(truncatingIfNeeded: word &>> 24 & 0xFF) &- 0x30
        guard word & 0xFF == 0x20, hundreds >= 1, hundreds <= 5, tens < 10, ones < 10 else { return malformed }
        head.status = hundreds &* 100 &+ tens &* 10 &+ ones
        at &+= 12
        var phrase = at
        switch word &>> 32 & 0xFF {
        case 0x20: phrase &+= 1
        case 0x0D: break
        default: return malformed
        }
        at = bytes.firstControl(from: phrase)
        guard at &+ 1 < bytes.count else { return at < bytes.count && bytes[at] != 0x0D ? malformed : .incomplete }
        guard bytes[at] == 0x0D, bytes[at &+ 1] == 0x0A else { return malformed }
        head.reasonPhrase = ByteRange(start: phrase, count: at &- phrase)
        at &+= 2
        return .complete
    }
}
