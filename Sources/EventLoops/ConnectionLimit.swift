import Synchronization

/// How many connections may be open at once, counted over all loops. Any thread may call it.
public final class ConnectionLimit: Sendable {
    private let most: Int
    private let open = Atomic<Int>(0)

    /// - Parameter most: `Int.max` for no limit.
    public init(_ most: Int) { self.most = most }

    /// Takes a place for a connection; false when all are taken.
    public func take() -> Bool {
        guard most != .max else { return true }
        if open.add(1, ordering: .relaxed).newValue <= most { return true }
        giveBack()
        return false
    }

    /// Gives a place back that `take` gave.
    public func giveBack() {
        guard most != .max else { return }
        open.subtract(1, ordering: .relaxed)
    }
}
