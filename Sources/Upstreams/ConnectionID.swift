/// Names one connection of an `UpstreamPool` from the moment the pool asks for it until the pool says to close it.
public struct ConnectionID: Hashable, Sendable {
    /// Where the caller may keep its side of the connection: small, dense, used again after the connection is closed.
    public let index: Int32
    // Tells this connection from earlier ones with the same index.
    let generation: UInt32

    init(index: Int32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }
}
