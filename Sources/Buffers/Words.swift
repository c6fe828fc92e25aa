import CBytes

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
        // One unsigned comparison for both bounds: an offset below 0 is a large number.
        guard UInt(bitPattern: offset) < UInt(bitPattern: Swift.max(count &- 7, 0)) else { return paddedWordAtEnd(offset) }
        // Both bounds were checked above; any bit pattern is a UInt64.
        return UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    @usableFromInline @inline(never)
    func paddedWordAtEnd(_ offset: Int) -> UInt64 {
        precondition(offset >= 0)
        guard offset < count else { return 0 }
        // The last eight bytes, without those in front of `offset`.
        if count >= 8 { return word(at: count &- 8) &>> (UInt64(truncatingIfNeeded: offset &- (count &- 8)) &* 8) }
        var word: UInt64 = 0
        var at = count
        while at > offset {
            at &-= 1
            word = word &<< 8 | UInt64(self[at])
        }
        return word
    }

    /// Offset of the first control byte (0x00–0x1F or 0x7F, but not HTAB) from `start` on; `count` if there is none.
    @inlinable @inline(__always)
    public func firstControl(from start: Int) -> Int {
        precondition(start >= 0)
        var at = start
        let last = count &- 16
        while at <= last {
            // 16 bytes from `at` on are inside: `start` is not below 0, and `last` is 16 in front of the end.
            let stops = unsafe withUnsafeBytes { bytes in
                unsafe sluice_control_bytes_16(bytes.baseAddress.unsafelyUnwrapped + at)
            }
            if stops != 0 { return at &+ stops.trailingZeroBitCount }
            at &+= 16
        }
        return firstControlNearEnd(from: at)
    }

    /// The same where fewer than 16 bytes are left.
    @usableFromInline @inline(never)
    func firstControlNearEnd(from start: Int) -> Int {
        guard start < count else { return count }
        guard count >= 16 else {
            var at = start
            while at < count && !self[at].isFieldControl { at &+= 1 }
            return at
        }
        // The last 16 bytes, without those in front of `start`; a mark behind the end stops there.
        let last = count &- 16
        let stops = unsafe withUnsafeBytes { bytes in
            unsafe sluice_control_bytes_16(bytes.baseAddress.unsafelyUnwrapped + last)
        }
        return start &+ ((stops | 0x1_0000) &>> UInt32(truncatingIfNeeded: start &- last)).trailingZeroBitCount
    }

    /// Of the 16 bytes from `start` on: how many stand in front of the first that is no ASCII letter, digit, `-` or `.`, or is
    /// behind the end; and a bit for each `.` among the 16. Traps outside.
    public func hostRun(at start: Int) -> (length: Int, dots: UInt32) {
        precondition(start >= 0 && start < count)
        guard count >= 16 else {
            var length = 0
            var dots: UInt32 = 0
            while start &+ length < count {
                let byte = self[start &+ length]
                guard byte.isAlphanumeric || byte == 0x2D || byte == 0x2E else { break }
                if byte == 0x2E { dots |= 1 &<< UInt32(truncatingIfNeeded: length) }
                length &+= 1
            }
            return (length, dots)
        }
        // The 16 bytes are inside: where fewer are left, they are the last 16, and those in front of `start` are shifted out.
        let place = Swift.min(start, count &- 16)
        let marks = unsafe withUnsafeBytes { bytes in
            unsafe sluice_host_bytes_16(bytes.baseAddress.unsafelyUnwrapped + place)
        }
        let shift = UInt32(truncatingIfNeeded: start &- place)
        return ((((marks & 0xFFFF) | 0x1_0000) &>> shift).trailingZeroBitCount, (marks &>> 16) &>> shift)
    }

    /// Offset of the first byte from `start` on that ends a plain run of a request target: 0x00–0x25 (space, `#`, `%` and the
    /// control bytes among them), 0x7F and above, or `stop`. `count` if there is none. Traps below offset 0.
    @inlinable
    public func endOfTargetRun(from start: Int, stop: UInt8) -> Int {
        precondition(start >= 0)
        var at = start
        let last = count &- 16
        while at <= last {
            // As in `firstControl`.
            let stops = unsafe withUnsafeBytes { bytes in
                unsafe sluice_bytes_outside_target_16(bytes.baseAddress.unsafelyUnwrapped + at, stop)
            }
            if stops != 0 { return at &+ stops.trailingZeroBitCount }
            at &+= 16
        }
        while at < count && self[at] >= 0x26 && self[at] < 0x7F && self[at] != stop { at &+= 1 }
        return at < count ? at : count
    }

    /// How many of the bytes from `start` on are ASCII letters, digits and `-`, up to 16. Traps below offset 0.
    @inlinable @inline(__always)
    public func nameLength(at start: Int) -> Int {
        guard UInt(bitPattern: start) < UInt(bitPattern: Swift.max(count &- 15, 0)) else { return nameLengthNearEnd(at: start) }
        // 16 bytes from `start` on are inside: the comparison says so.
        let stops = unsafe withUnsafeBytes { bytes in
            unsafe sluice_bytes_outside_name_16(bytes.baseAddress.unsafelyUnwrapped + start)
        }
        return (stops | 0x1_0000).trailingZeroBitCount
    }

    /// The same where fewer than 16 bytes are left.
    @usableFromInline @inline(never)
    func nameLengthNearEnd(at start: Int) -> Int {
        precondition(start >= 0)
        guard start < count else { return 0 }
        guard count >= 16 else {
            var at = start
            while at < count && (self[at].isAlphanumeric || self[at] == 0x2D) { at &+= 1 }
            return at &- start
        }
        let last = count &- 16
        let stops = unsafe withUnsafeBytes { bytes in
            unsafe sluice_bytes_outside_name_16(bytes.baseAddress.unsafelyUnwrapped + last)
        }
        return ((stops | 0x1_0000) &>> UInt32(truncatingIfNeeded: start &- last)).trailingZeroBitCount
    }

    /// The two bytes from `offset`, first byte lowest. Traps if they are not both inside.
    @inlinable
    public func pair(at offset: Int) -> UInt16 {
        UInt16(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// True if the bytes at `offset` are CR LF; false if they are others, or not both inside.
    @inlinable
    public func isLineEnd(at offset: Int) -> Bool {
        guard UInt(bitPattern: offset) < UInt(bitPattern: Swift.max(count &- 1, 0)) else { return false }
        // Both bytes are inside: the comparison says so.
        return UInt16(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self)) == 0x0A0D
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

    /// Which byte, 0 to 7, carries the lowest mark. 8 if there is none.
    @inlinable @inline(__always)
    public var lowestMarkedByte: Int { trailingZeroBitCount &>> 3 }

    /// The ASCII letters in lower case. Other bytes change as well; compare the result only with text of letters, digits and `-`,
    /// and only when the bytes are known to be token characters (RFC 9110 §5.6.2).
    @inlinable @inline(__always)
    public var lowercased: UInt64 { self | .eight(0x20) }

    /// Of words with zeros behind their text: true if the text is `text`, whatever the case of ASCII letters. `text` is of
    /// letters, digits and `-`, in lower case, first byte lowest. Exact unless the word holds control bytes other than HTAB.
    @inlinable @inline(__always)
    public func isText(_ text: UInt64, count: Int) -> Bool { lowercased.first(count) == text }

    /// The lowest `count` bytes, the others zero. `count` is 0 to 8.
    @inlinable @inline(__always)
    public func first(_ count: Int) -> UInt64 {
        count >= 8 ? self : self & ((1 &<< (UInt64(truncatingIfNeeded: count) &* 8)) &- 1)
    }
}

extension MutableSpan where Element == UInt8 {
    /// Writes the eight bytes of a word from `offset` on, the lowest first. Traps if they are not all inside.
    @inlinable
    public mutating func store(_ word: UInt64, at offset: Int) {
        // Any bytes are a UInt8 each; the store itself checks the bounds.
        var bytes = unsafe mutableBytes
        bytes.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
