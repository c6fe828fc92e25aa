/// Names one place in an `UpstreamPool`'s queue, for taking it back.
public struct WaiterTicket: Hashable, Sendable {
    let index: Int32
    // Tells this waiter from earlier ones in the same place.
    let generation: UInt32
}
