extension Span where Element == UInt8 {
    /// The eight bytes from `offset`, first byte lowest: bounds are checked once a word instead of once a byte.
    /// Traps if they are not all inside.
    @inlinable
    public func word(at offset: Int) -> UInt64 {
        // The load itself checks the bounds; any bit pattern is a UInt64.
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The eight bytes from `offset`, first byte lowest, with zeros for those behind the end. Traps below offset 0.
    @inlinable
    public func paddedWord(at offset: Int) -> UInt64 {
        precondition(offset >= 0)
        guard offset &+ 8 <= count else { return paddedWordAtEnd(offset) }
        // Both bounds were checked above; any bit pattern is a UInt64.
        return UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    @usableFromInline @inline(never)
    func paddedWordAtEnd(_ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        var at = count
        while at > offset {
            at &-= 1
            word = word &<< 8 | UInt64(self[at])
        }
        return word
    }

    /// Offset of the first control byte (0x00–0x1F or 0x7F, but not HTAB) from `start` on; `count` if there is none.
    @inlinable
    public func firstControl(from start: Int) -> Int {
        var at = start
        while at < count {
            let stops = paddedWord(at: at).controlBytes
            if stops == 0 { at &+= 8; continue }
            at &+= stops.lowestMarkedByte
            // HTAB is the one control byte that a value may hold (RFC 9110 §5.5).
            if at < count && self[at] == 0x09 { at &+= 1; continue }
            break
        }
        return at < count ? at : count
    }

    /// Offset of the first LF from `start` on and below `end`, or nil.
    @inlinable
    public func firstLineFeed(from start: Int, to end: Int) -> Int? {
        var at = start
        while at < end {
            let hits = paddedWord(at: at).bytes(equalTo: 0x0A)
            if hits != 0 {
                at &+= hits.lowestMarkedByte
                return at < end ? at : nil
            }
            at &+= 8
        }
        return nil
    }
}

/// Eight bytes worked on at once. A result marks a byte by its bit 7. Marks are exact up to and including the lowest one; above
/// it, borrows and carries may set false ones: only `lowestMarkedByte` and "is it zero" mean anything.
extension UInt64 {
    /// `byte` eight times.
    @inlinable @inline(__always)
    public static func eight(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }

    /// Marks the bytes below `limit`; `limit` is at most 0x80.
    @inlinable @inline(__always)
    public func bytes(below limit: UInt8) -> UInt64 {
        (self &- .eight(limit)) & ~self & .eight(0x80)
    }

    /// Marks the bytes equal to `byte`.
    @inlinable @inline(__always)
    public func bytes(equalTo byte: UInt8) -> UInt64 {
        let difference = self ^ .eight(byte)
        return (difference &- .eight(1)) & ~difference & .eight(0x80)
    }

    /// Marks 0x00–0x1F and 0x7F.
    @inlinable @inline(__always)
    public var controlBytes: UInt64 { bytes(below: 0x20) | bytes(equalTo: 0x7F) }

    /// Marks every byte that is no ASCII letter and no `-`: what ends most field names. Exact in all eight bytes.
    @inlinable @inline(__always)
    public var bytesOutsideName: UInt64 {
        let low = self & .eight(0x7F)
        let folded = low | .eight(0x20)
        let letter = (folded &+ .eight(0x80 &- 0x61)) & ~(folded &+ .eight(0x7F &- 0x7A))
        let notDash = (low ^ .eight(0x2D)) &+ .eight(0x7F)
        return ((~letter & notDash) | self) & .eight(0x80)
    }

    /// Marks what ends a plain run of a request path: 0x00–0x25 (space, `#`, `%` and the control bytes among them), `?`, and
    /// 0x7F and above.
    @inlinable @inline(__always)
    public var bytesOutsidePath: UInt64 {
        (bytes(below: 0x26) | bytes(equalTo: 0x3F) | self | (self &+ .eight(1))) & .eight(0x80)
    }

    /// As `bytesOutsidePath`, but `?` belongs to a query.
    @inlinable @inline(__always)
    public var bytesOutsideQuery: UInt64 {
        (bytes(below: 0x26) | self | (self &+ .eight(1))) & .eight(0x80)
    }

    /// Which byte, 0 to 7, carries the lowest mark. 8 if there is none.
    @inlinable @inline(__always)
    public var lowestMarkedByte: Int { trailingZeroBitCount &>> 3 }

    /// Of marks: all bits of the bytes in front of the lowest marked one. Not for 0.
    @inlinable @inline(__always)
    public var bytesInFront: UInt64 { ((self &- 1) & ~self) &>> 7 }

    /// The ASCII letters in lower case. Other bytes change as well; compare the result only with text of letters, digits and `-`,
    /// and only when the bytes are known to be token characters (RFC 9110 §5.6.2).
    @inlinable @inline(__always)
    public var lowercased: UInt64 { self | .eight(0x20) }

    /// The lowest `count` bytes, the others zero. `count` is 0 to 8.
    @inlinable @inline(__always)
    public func first(_ count: Int) -> UInt64 {
        count >= 8 ? self : self & ((1 &<< (UInt64(truncatingIfNeeded: count) &* 8)) &- 1)
    }
}
