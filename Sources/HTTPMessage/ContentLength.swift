import Buffers

/// Reads the value of Content-Length (RFC 9110 §8.6).
public enum ContentLength {
    /// The number: decimal digits only, at most 2^63 − 1; nil for anything else, lists and signs too.
    ///
    /// A request's must have no leading zeros: a reader in front may take them for octal, and no client writes them. Apps that
    /// write the length into a padded place do, so a response's may, up to 19 digits in all.
    public static func read(_ bytes: Span<UInt8>, _ value: ByteRange, leadingZeros: Bool) -> UInt64? {
        let count = Int(value.count)
        // 19 digits cannot pass 2^64.
        guard count > 0, count <= 19 else { return nil }
        var length: UInt64 = 0
        for at in value.range {
            let digit = bytes[at] &- 0x30
            guard digit < 10 else { return nil }
            length = length &* 10 &+ UInt64(digit)
        }
        guard length <= UInt64(Int64.max), leadingZeros || count == 1 || bytes[value.lower] != 0x30 else { return nil }
        return length
    }
}
