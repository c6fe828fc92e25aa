import Buffers

extension FieldToken {
    /// True for a name that some app takes for one which Sluice knows: CGI, WSGI and others map `-`, `_` and more to one byte, so
    /// `X_Forwarded_For` or `Transfer.Encoding` would slip past every rule about the field that it stands for.
    public static func isAlias(_ bytes: Span<UInt8>, _ name: ByteRange) -> Bool {
        guard name.count <= 25 else { return false }
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var last: UInt8 = 0
        for index in 0..<Int(name.count) {
            let byte = bytes[name.lower &+ index]
            last = byte.isAlphanumeric ? byte | 0x20 : UInt8(ascii: "-")
            let bits = UInt64(last) &<< (UInt64(index & 7) &* 8)
            switch index &>> 3 {
            case 0: words.0 |= bits
            case 1: words.1 |= bits
            case 2: words.2 |= bits
            default: break
            }
        }
        let count = Int(name.count)
        let token: FieldToken =
            count <= 8 ? .named(count: count, words.0)
            : count <= 16 ? .named(count: count, words.0, words.1)
            : .named(count: count, words.0, words.1, words.2, last: last)
        return token != .unknown
    }
}
