/// A loop's stock of equally sized byte blocks. Last in, first out, so that the block handed out is the one still in the
/// cache. Confined to one loop: no lock. Everything that holds bytes of a connection takes them from here.
@safe
public final class SlabPool {
    /// Bytes in every slab of this pool.
    public let slabSize: Int
    /// Free slabs kept for reuse; what comes back above it goes to the allocator.
    @usableFromInline let keep: Int
    /// The first free slab. The address of the next stands at its front.
    @usableFromInline var free: UnsafeMutableRawPointer?
    @usableFromInline var freeCount = 0
    /// Slabs in use now.
    @usableFromInline var lent = 0

    public init(slabSize: Int, keep: Int = 512) {
        precondition(slabSize >= MemoryLayout<Int>.size && slabSize <= 1 << 30)
        self.slabSize = slabSize
        self.keep = keep
    }

    deinit {
        precondition(lent == 0, "a slab outlived its pool")
        while let block = unsafe free {
            unsafe free = block.load(as: UnsafeMutableRawPointer?.self)
            unsafe block.deallocate()
        }
    }

    /// Slabs handed out and not yet returned.
    public var inUse: Int { lent }

    /// A slab with undefined content. It returns here by itself when it is destroyed. O(1); allocates only if none is free.
    @inlinable
    public func take() -> Slab {
        lent &+= 1
        if let block = unsafe free {
            unsafe free = block.load(as: UnsafeMutableRawPointer?.self)
            freeCount &-= 1
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
        guard freeCount < keep else {
            unsafe block.deallocate()
            return
        }
        unsafe block.storeBytes(of: free, as: UnsafeMutableRawPointer?.self)
        unsafe free = block
        freeCount &+= 1
    }
}
