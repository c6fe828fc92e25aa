import Buffers
import HTTPMessage

extension HeadWriter {
    /// Writes `HTTP/1.1 SP status SP phrase CRLF`. The phrase is the app's; the usual one if it has none.
    public static func writeStatusLine(_ head: ResponseHead, in bytes: Span<UInt8>, to out: inout OutputBuffer) {
        guard !head.reasonPhrase.isEmpty else { return writeStatusLine(head.status, to: &out) }
        out.append("HTTP/1.1 ")
        writeCode(head.status, to: &out)
        out.append(bytes, head.reasonPhrase)
        out.appendCRLF()
    }

    /// Writes the status line with the usual phrase.
    public static func writeStatusLine(_ status: UInt16, to out: inout OutputBuffer) {
        out.append("HTTP/1.1 ")
        writeCode(status, to: &out)
        out.append(StatusPhrase.usual(status))
        out.appendCRLF()
    }

    @inline(__always)
    private static func writeCode(_ status: UInt16, to out: inout OutputBuffer) {
        precondition(status >= 100 && status <= 999)
        out.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status / 100))
        out.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status / 10 % 10))
        out.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status % 10))
        out.append(byte: 0x20)
    }
}
