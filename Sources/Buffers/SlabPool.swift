/// A loop's stock of equally sized byte blocks. Last in, first out, so that the block handed out is the one still in the
/// cache. Confined to one loop: no lock. Everything that holds bytes of a connection takes them from here.
@safe
public final class SlabPool {
    /// Bytes in every slab of this pool.
    public let slabSize: Int
    /// Free slabs kept for reuse; what comes back above it goes to the allocator.
    @usableFromInline let keep: Int
    @usableFromInline var free: [UnsafeMutableRawPointer] = unsafe []
    /// Slabs in use now.
    @usableFromInline var lent = 0

    public init(slabSize: Int, keep: Int = 256) {
        precondition(slabSize > 0 && slabSize <= 1 << 30)
        self.slabSize = slabSize
        self.keep = keep
        unsafe free.reserveCapacity(keep)
    }

    deinit {
        precondition(lent == 0, "a slab outlived its pool")
        for unsafe block in unsafe free { unsafe block.deallocate() }
    }

    /// Slabs handed out and not yet returned.
    public var inUse: Int { lent }

    /// A slab with undefined content. It returns here by itself when it is destroyed. O(1); allocates only if none is free.
    @inlinable
    public func take() -> Slab {
        lent &+= 1
        if let block = unsafe free.popLast() {
            return unsafe Slab(base: block, capacity: slabSize, pool: .passUnretained(self))
        }
        return unsafe Slab(base: allocate(), capacity: slabSize, pool: .passUnretained(self))
    }

    @usableFromInline @inline(never)
    func allocate() -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer.allocate(byteCount: slabSize, alignment: 64)
    }

    @inlinable
    func giveBack(_ block: UnsafeMutableRawPointer) {
        lent &-= 1
        if unsafe free.count < keep { unsafe free.append(block) } else { unsafe block.deallocate() }
    }
}
