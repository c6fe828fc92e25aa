import Buffers

/// Writes the chunked coding around payload that is sent from where it lies (RFC 9112 §7.1).
public enum ChunkWriter {
    /// Bytes of the longest size line: 16 digits and CRLF.
    public static let longestSizeLine = 18

    /// The size line in front of `count` bytes of payload. `count` is not 0: that would end the body.
    public static func writeSize(_ count: Int, to out: inout OutputBuffer) {
        precondition(count > 0)
        out.append(hexadecimal: UInt64(count))
        out.appendCRLF()
    }

    /// The CRLF behind the payload of a chunk.
    public static func writeEnd(to out: inout OutputBuffer) { out.appendCRLF() }

    /// The last chunk. Trailers and an empty line (`HeadWriter.writeTrailers`, `endHead`) must follow.
    public static func writeLast(to out: inout OutputBuffer) { out.append("0\r\n") }
}
