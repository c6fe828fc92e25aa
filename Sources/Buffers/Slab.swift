/// One block of a `SlabPool`: owned by exactly one holder, handed back to its pool when destroyed.
/// The pool must outlive it (it checks on its own end).
///
/// `Slab()` is the absence of one: no bytes, no pool. An optional would say it too, but cannot be borrowed in place.
@safe
public struct Slab: ~Copyable {
    @usableFromInline let base: UnsafeMutableRawPointer
    /// Bytes in this slab.
    public let capacity: Int
    // The loop keeps its pool until its last slab is back; a counted reference a slab would cost two atomics a request.
    @usableFromInline let pool: Unmanaged<SlabPool>?

    @inlinable
    init(base: UnsafeMutableRawPointer, capacity: Int, pool: Unmanaged<SlabPool>) {
        unsafe self.base = base
        self.capacity = capacity
        unsafe self.pool = pool
    }

    /// No slab.
    @inlinable
    public init() {
        // Never read or written: the capacity is 0.
        unsafe base = unsafe UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped
        capacity = 0
        unsafe pool = nil
    }

    /// A slab of no pool, straight from the allocator and back to it: for what lives long, and for tests, where the optimizer
    /// may end a local pool before its slabs. The content is undefined.
    public init(byteCount: Int) {
        precondition(byteCount > 0)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        capacity = byteCount
        unsafe pool = nil
    }

    /// False for `Slab()`.
    @inlinable public var exists: Bool { capacity != 0 }

    @inlinable
    deinit {
        if let pool = unsafe pool {
            unsafe pool._withUnsafeGuaranteedRef { unsafe $0.giveBack(base) }
        } else if capacity != 0 {
            unsafe base.deallocate()
        }
    }

    /// All bytes, read-only. O(1).
    @inlinable
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: capacity)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Calls `body` with all bytes: for slabs that are stored in objects, which cannot be borrowed for longer than one call.
    @inlinable @inline(__always)
    public borrowing func withBytes<R>(_ body: (Span<UInt8>) -> R) -> R { body(bytes) }

    /// All bytes, for writing. O(1).
    @inlinable
    public var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            let span = unsafe MutableSpan(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: capacity)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// The address of the first byte, for system calls. Valid while the slab lives.
    @unsafe @inlinable
    public var baseAddress: UnsafeMutableRawPointer { unsafe base }
}

extension Slab {
    /// Copies `count` bytes from `offset` of `other` to the same offset of this slab. Traps if they are not inside both.
    public mutating func copy(from other: borrowing Slab, at offset: Int, count: Int) {
        precondition(offset >= 0 && count >= 0 && offset &+ count <= min(capacity, other.capacity))
        unsafe (base + offset).copyMemory(from: other.base + offset, byteCount: count)
    }
}
