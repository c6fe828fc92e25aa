import Buffers

/// Reading eight bytes of a span where fewer may be left.
enum Words {
    /// The bytes from `start` up to `end`, at most eight, first byte lowest, zeros behind them.
    @inline(__always)
    static func padded(_ text: Span<UInt8>, from start: Int, upTo end: Int) -> UInt64 {
        let length = end &- start
        if length >= 8 { return text.word(at: start) }
        let mask = (1 as UInt64) << UInt64(8 &* length) &- 1
        // Whatever lies around them in the span may be read along: one load instead of a loop.
        if start &+ 8 <= text.count { return text.word(at: start) & mask }
        if end >= 8 { return text.word(at: end &- 8) >> UInt64(64 &- 8 &* length) }
        var word: UInt64 = 0
        var index = end
        while index > start {
            index &-= 1
            word = word << 8 | UInt64(text[index])
        }
        return word
    }

    /// How many bytes of the word come before its first slash; 8 if it has none.
    @inline(__always)
    static func bytesBeforeSlash(_ word: UInt64) -> Int {
        let zeros = word ^ 0x2F2F_2F2F_2F2F_2F2F
        // The lowest mark is exact, whatever the bytes are.
        let marks = (zeros &- 0x0101_0101_0101_0101) & ~zeros & 0x8080_8080_8080_8080
        return marks.trailingZeroBitCount >> 3
    }
}
