import COpenSSL

/// A SHA-1 digest (RFC 3174), where a protocol asks for one. It secures nothing.
public struct SHA1Digest {
    private var bytes = InlineArray<20, UInt8>(repeating: 0)

    /// In base64, with its padding (RFC 4648 §4).
    public var base64: InlineArray<28, UInt8> {
        // OpenSSL writes a zero behind the last byte.
        var text = InlineArray<29, UInt8>(repeating: 0)
        var room = text.mutableSpan
        unsafe bytes.span.withUnsafeBufferPointer { bytes in
            _ = unsafe room.withUnsafeMutableBufferPointer { unsafe EVP_EncodeBlock($0.baseAddress, bytes.baseAddress, 20) }
        }
        return InlineArray<28, UInt8> { text[$0] }
    }

    /// O(bytes). Nil if OpenSSL is set up without the algorithm.
    public init?(of text: Span<UInt8>) {
        let isMade = unsafe text.withUnsafeBufferPointer { text in
            var digest = bytes.mutableSpan
            // It writes 20 bytes.
            return unsafe digest.withUnsafeMutableBufferPointer { unsafe EVP_Digest(text.baseAddress, text.count, $0.baseAddress, nil, EVP_sha1(), nil) }
        }
        guard isMade == 1 else { return nil }
    }
}
