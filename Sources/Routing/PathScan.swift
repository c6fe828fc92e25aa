import Buffers

/// Looks at a path eight bytes at a time.
enum PathScan {
    /// True if the path is ASCII without controls and spaces, begins with one slash, has no byte of `%#?;\`, and no slash is
    /// followed by a slash or a dot. Nearly every path of every app; the others are read byte for byte.
    @inline(__always)
    static func isPlain(_ path: Span<UInt8>) -> Bool {
        let count = path.count
        guard count > 0, path[0] == UInt8(ascii: "/") else { return false }
        // The mark of a slash that was the last byte of the word before, moved to the first byte.
        var slashBefore: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= count {
            guard let slashes = slashesIfPlain(path.word(at: offset), slashBefore) else { return false }
            slashBefore = slashes >> 56
            offset &+= 8
        }
        guard offset < count else { return true }
        // Spaces would be found, so the word is filled up with letters.
        let rest = Words.padded(path, from: offset, upTo: count) | 0x6161_6161_6161_6161 << UInt64(8 &* (count &- offset))
        return slashesIfPlain(rest, slashBefore) != nil
    }

    // One bit a byte, its highest, as in every word below.
    private static var marks: UInt64 { 0x8080_8080_8080_8080 }

    @inline(__always)
    private static func slashesIfPlain(_ word: UInt64, _ slashBefore: UInt64) -> UInt64? {
        // `;` and `?` differ in one bit. For seven-bit bytes the marks are exact: no carry leaves a byte.
        let special =
            equal(word, 0x25) | equal(word, 0x23) | equal(word | repeating(0x04), 0x3F) | equal(word, 0x5C)
            | ~(word &+ repeating(0x80 - 0x21)) | (word &+ repeating(0x01)) | word
        let slashes = equal(word, 0x2F)
        let behindSlash = slashes << 8 | slashBefore
        let clash = behindSlash & (slashes | equal(word, 0x2E))
        return (special | clash) & marks == 0 ? slashes & marks : nil
    }

    /// Marks the bytes that equal `byte`; exact only if all bytes are below 0x80. Other bits are noise.
    @inline(__always)
    private static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        ~((word ^ repeating(byte)) &+ 0x7F7F_7F7F_7F7F_7F7F)
    }

    @inline(__always)
    private static func repeating(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }
}
