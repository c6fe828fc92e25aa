import Buffers
import HTTPMessage

/// The values that say how long a body is, beside Content-Length.
enum FramingFields {
    /// `chunked` and nothing else: the only transfer coding that is read.
    static func isChunked(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
        value.count == 7 && bytes.paddedWord(at: value.lower).isText(0x64_656B_6E75_6863, count: 7)
    }
}
