/// A reference that does not keep its object: to store it and to follow it counts nothing, where a counted one costs two atomic operations
/// each time it is read from a class. Whoever makes one must name who keeps the object for as long as the reference is followed. A loop
/// keeps a source from `EventLoop.register` to the end of the turn in which it is retired.
@safe
public struct Uncounted<Object: AnyObject> {
    @usableFromInline let reference: Unmanaged<Object>

    @unsafe @inlinable @inline(__always)
    public init(_ object: Object) { unsafe reference = .passUnretained(object) }

    /// Lends the object, without counting.
    @inlinable @inline(__always)
    public func lend<R>(_ body: (Object) -> R) -> R {
        unsafe reference._withUnsafeGuaranteedRef { body($0) }
    }

    /// The object as a counted reference.
    @inlinable
    public var object: Object { unsafe reference.takeUnretainedValue() }

    /// Whether it refers to this object.
    @inlinable @inline(__always)
    public func refers(to other: Object) -> Bool { unsafe reference.toOpaque() == Unmanaged.passUnretained(other).toOpaque() }
}
