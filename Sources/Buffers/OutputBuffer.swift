/// Bytes on their way out: a slab that is written at `end` and drained from `start`. Appending past the end of the slab never
/// traps and never grows: it sets `overflowed`, and what was being built must be given up.
@safe
public struct OutputBuffer: ~Copyable {
    @usableFromInline var slab: Slab
    @usableFromInline var startOffset = 0
    @usableFromInline var endOffset = 0
    @usableFromInline var didOverflow = false

    /// Without room, until a slab is attached.
    @inlinable
    public init() { slab = Slab() }

    @inlinable
    public init(_ slab: consuming Slab) { self.slab = slab }

    /// Takes a slab from `pool` if the buffer has none.
    @inlinable
    public mutating func attach(_ pool: SlabPool) {
        if !slab.exists { slab = pool.take() }
    }

    /// Forgets all bytes and hands the slab back.
    @inlinable
    public mutating func detach() {
        removeAll()
        slab = Slab()
    }

    /// It has a slab.
    @inlinable public var isAttached: Bool { slab.exists }

    /// Offset of the first byte not yet sent.
    @inlinable public var start: Int { startOffset }
    /// Offset behind the last byte written.
    @inlinable public var end: Int { endOffset }
    /// True from the first append that did not fit until `removeAll()`.
    @inlinable public var overflowed: Bool { didOverflow }
    /// Bytes waiting to be sent.
    @inlinable public var count: Int { endOffset &- startOffset }
    @inlinable public var isEmpty: Bool { endOffset == startOffset }
    /// Bytes that still fit.
    @inlinable public var room: Int { slab.capacity &- endOffset }

    /// The waiting bytes.
    @inlinable
    public var readable: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: slab.base.assumingMemoryBound(to: UInt8.self) + start, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The address of the first waiting byte, for system calls. Valid while the buffer lives.
    @unsafe @inlinable
    public var readAddress: UnsafeRawPointer { unsafe UnsafeRawPointer(slab.base + start) }

    /// Marks `count` bytes as sent. Starts over at the front when all are.
    @inlinable
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count)
        startOffset &+= count
        if startOffset == endOffset { startOffset = 0; endOffset = 0 }
    }

    /// Moves what waits to the front, so that there is room behind it. O(bytes that wait).
    public mutating func compact() {
        guard startOffset > 0 else { return }
        let count = self.count
        unsafe slab.base.copyMemory(from: slab.base + startOffset, byteCount: count)
        startOffset = 0
        endOffset = count
    }

    /// Makes room for `count` bytes behind what waits: in the slab there is, or in a larger one of `pool` where that is too small.
    public mutating func makeRoom(for count: Int, _ pool: SlabPool) {
        if room >= count { return }
        compact()
        if room >= count || slab.capacity >= pool.slabSize { return }
        var larger = pool.take()
        _ = larger.write(readable, at: 0)
        endOffset = self.count
        startOffset = 0
        slab = larger
    }

    /// Forgets all bytes and the overflow.
    @inlinable
    public mutating func removeAll() { startOffset = 0; endOffset = 0; didOverflow = false }

    /// Cuts the buffer back to an `end` seen before, to take back what was appended since.
    @inlinable
    public mutating func takeBack(to mark: Int) {
        truncate(to: mark)
        didOverflow = false
    }

    /// Cuts the buffer back to an `end` seen before, to take back what was appended since.
    @inlinable
    public mutating func truncate(to mark: Int) {
        precondition(mark >= start && mark <= endOffset)
        endOffset = mark
    }

    /// Room for `count` bytes at the end, or nil with `overflowed` set.
    @inlinable
    mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer? {
        guard count <= room else { didOverflow = true; return nil }
        let place = unsafe slab.base + endOffset
        endOffset &+= count
        return unsafe place
    }

    @inlinable
    public mutating func append(_ bytes: Span<UInt8>) {
        let count = bytes.count
        guard let place = unsafe reserve(count) else { return }
        unsafe bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { unsafe place.copyMemory(from: base, byteCount: count) }
        }
    }

    /// Appends bytes `range` of `bytes`.
    @inlinable
    public mutating func append(_ bytes: Span<UInt8>, _ range: ByteRange) {
        append(bytes.extracting(range.range))
    }

    // Inlined, a literal is a few stores.
    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        guard let place = unsafe reserve(count) else { return }
        unsafe place.copyMemory(from: text.utf8Start, byteCount: count)
    }

    /// Appends the bytes of a literal from an offset on.
    public mutating func append(_ text: StaticString, from offset: Int) {
        let count = text.utf8CodeUnitCount
        precondition(offset >= 0 && offset <= count)
        guard offset < count, let place = unsafe reserve(count &- offset) else { return }
        unsafe place.copyMemory(from: text.utf8Start + offset, byteCount: count &- offset)
    }

    @inlinable
    public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

    /// The text as UTF-8. For slow paths: own replies, logs.
    public mutating func append(text: some StringProtocol) {
        for byte in text.utf8 { append(byte: byte) }
    }

    @inlinable
    public mutating func append(byte: UInt8) {
        guard let place = unsafe reserve(1) else { return }
        unsafe place.storeBytes(of: byte, as: UInt8.self)
    }

    @inlinable
    public mutating func appendCRLF() {
        guard let place = unsafe reserve(2) else { return }
        unsafe place.storeBytes(of: UInt16(0x0A0D).littleEndian, as: UInt16.self)
    }

    /// The number in decimal digits, no leading zeros.
    @inlinable
    public mutating func append(decimal value: UInt64) {
        var digits = 1
        var rest = value / 10
        while rest != 0 { digits &+= 1; rest /= 10 }
        guard let place = unsafe reserve(digits) else { return }
        rest = value
        var at = digits
        repeat {
            at &-= 1
            unsafe place.storeBytes(of: UInt8(truncatingIfNeeded: 0x30 &+ rest % 10), toByteOffset: at, as: UInt8.self)
            rest /= 10
        } while at > 0
    }

    /// The number in lower-case hexadecimal digits, no leading zeros.
    @inlinable
    public mutating func append(hexadecimal value: UInt64) {
        let digits = max(1, (64 &- value.leadingZeroBitCount &+ 3) / 4)
        guard let place = unsafe reserve(digits) else { return }
        for at in 0..<digits {
            let nibble = UInt8(truncatingIfNeeded: (value &>> UInt64((digits &- 1 &- at) &* 4)) & 15)
            unsafe place.storeBytes(of: nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble, toByteOffset: at, as: UInt8.self)
        }
    }
}
