extension Span where Element == UInt8 {
    /// True if bytes `range` are `text`, whatever the case of ASCII letters. `text` is ASCII in lower case.
    /// Traps if the range is not inside.
    @inlinable
    public func matches(_ range: ByteRange, ignoringCase text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard Int(range.count) == count else { return false }
        let start = range.lower
        for index in 0..<count {
            // A StaticString lives for ever and index is below its count.
            let expected = unsafe text.utf8Start[index]
            if self[start &+ index].asciiLowercased != expected { return false }
        }
        return true
    }

    /// True if bytes `range` are `text`. Traps if the range is not inside.
    @inlinable
    public func matches(_ range: ByteRange, _ text: [UInt8]) -> Bool { Int(range.count) == text.count && holds(text, at: range.lower) }

    /// The same whatever the case of ASCII letters. `text` is in lower case.
    @inlinable
    public func matches(_ range: ByteRange, ignoringCase text: [UInt8]) -> Bool {
        Int(range.count) == text.count && holds(text, at: range.lower, ignoringCase: ())
    }

    /// True if bytes `range` begin with `text`. Traps if the range is not inside.
    @inlinable
    public func begins(_ range: ByteRange, with text: [UInt8]) -> Bool { Int(range.count) >= text.count && holds(text, at: range.lower) }

    /// The same whatever the case of ASCII letters. `text` is in lower case.
    @inlinable
    public func begins(_ range: ByteRange, ignoringCase text: [UInt8]) -> Bool {
        Int(range.count) >= text.count && holds(text, at: range.lower, ignoringCase: ())
    }

    /// True if bytes `range` end with `text`. Traps if the range is not inside.
    @inlinable
    public func ends(_ range: ByteRange, with text: [UInt8]) -> Bool {
        Int(range.count) >= text.count && holds(text, at: range.upper &- text.count)
    }

    /// The same whatever the case of ASCII letters. `text` is in lower case.
    @inlinable
    public func ends(_ range: ByteRange, ignoringCase text: [UInt8]) -> Bool {
        Int(range.count) >= text.count && holds(text, at: range.upper &- text.count, ignoringCase: ())
    }

    @inlinable
    func holds(_ text: [UInt8], at start: Int) -> Bool {
        for index in text.indices where self[start &+ index] != text[index] { return false }
        return true
    }

    @inlinable
    func holds(_ text: [UInt8], at start: Int, ignoringCase _: Void) -> Bool {
        for index in text.indices where self[start &+ index].asciiLowercased != text[index] { return false }
        return true
    }

    /// True if bytes `range` of this span and bytes `other` of it are the same text, whatever the case of ASCII letters.
    @inlinable
    public func equal(_ range: ByteRange, _ other: ByteRange, ignoringCase _: Void = ()) -> Bool {
        guard range.count == other.count else { return false }
        for index in 0..<Int(range.count) where
            self[range.lower &+ index].asciiLowercased != self[other.lower &+ index].asciiLowercased {
            return false
        }
        return true
    }
}

extension UInt8 {
    /// ASCII letters in lower case; every other byte as it is.
    @inlinable
    public var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit, or nil.
    @inlinable
    public var hexadecimalValue: UInt8? {
        if self &- 0x30 < 10 { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    @inlinable public var isDigit: Bool { self &- 0x30 < 10 }

    /// ALPHA or DIGIT.
    @inlinable public var isAlphanumeric: Bool { isDigit || (self | 0x20) &- 0x61 < 26 }

    /// A control byte that no field value may hold (RFC 9110 §5.5): HTAB is none.
    @inlinable public var isFieldControl: Bool { self < 0x20 && self != 0x09 || self == 0x7F }

    /// A token character (`tchar`, RFC 9110 §5.6.2).
    @inlinable
    public var isTokenCharacter: Bool {
        // Bit n of the two words stands for byte n, 64 + n: a mask in registers, no table in memory.
        let bit = UInt64(self & 63)
        let word: UInt64 = self < 64 ? 0x03FF_6CFA_0000_0000 : self < 128 ? 0x57FF_FFFF_C7FF_FFFE : 0
        return (word &>> bit) & 1 != 0
    }
}
