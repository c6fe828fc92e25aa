/// The servers that an exchange has tried already. A few numbers in place: it never allocates.
/// It remembers the last `capacity` that were inserted; an exchange is given no more tries than that.
public struct ServerSet: Sendable {
    public static var capacity: Int { 10 }
    /// The empty set.
    public static var none: ServerSet { ServerSet() }

    private var servers = InlineArray<10, Int32>(repeating: -1)
    private var next = 0

    public init() {}

    public var isEmpty: Bool { servers[0] < 0 }

    public func contains(_ server: Int) -> Bool {
        for index in servers.indices where servers[index] == Int32(truncatingIfNeeded: server) { return true }
        return false
    }

    /// Adds a server; the one inserted longest ago is forgotten if there is no room.
    public mutating func insert(_ server: Int) {
        precondition(server >= 0 && server < Int(Int32.max))
        guard !contains(server) else { return }
        servers[next] = Int32(server)
        next = (next + 1) % ServerSet.capacity
    }
}
