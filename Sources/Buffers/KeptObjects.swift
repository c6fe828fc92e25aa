/// Objects that are kept for as long as the list is, and lent one at a time: to lend one counts no reference, where reading it from an
/// array costs two atomic operations. It pays in a stored `let` of the object that lends: what is read by way of another object's
/// property is counted first.
@safe
public struct KeptObjects<Object: AnyObject> {
    private let held: [Object]
    @usableFromInline let references: [Uncounted<Object>]

    public init(_ objects: [Object]) {
        held = objects
        // `held` keeps them.
        references = objects.map { unsafe Uncounted($0) }
    }

    @inlinable @inline(__always)
    public var count: Int { references.count }

    @inlinable @inline(__always)
    public var isEmpty: Bool { references.isEmpty }

    /// Lends the object at `index`. Traps if there is none.
    @inlinable @inline(__always)
    public func lend<R>(_ index: Int, _ body: (Object) -> R) -> R { references[index].lend(body) }
}

// They are not exchanged, and what is lent is what is kept.
extension KeptObjects: @unchecked Sendable where Object: Sendable {}
