import Synchronization

/// True for the first who asks.
final class FirstTime: Sendable {
    private let asked = Atomic<Bool>(false)

    var isNow: Bool { !asked.exchange(true, ordering: .relaxed) }
}
