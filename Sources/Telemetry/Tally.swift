/// All that loops have counted: of one, or of several together.
public struct Tally: Sendable, Equatable {
    public var counters: LoopCounters
    /// By the filters' numbers; empty where they are not watched.
    public var filters: [FilterCounters]

    public init(counters: LoopCounters = LoopCounters(), filters: [FilterCounters] = []) {
        self.counters = counters
        self.filters = filters
    }

    /// Adds that of another loop of the same gateway.
    public mutating func add(_ other: Tally) {
        counters.add(other.counters)
        if filters.isEmpty { filters = other.filters } else { for index in other.filters.indices { filters[index].add(other.filters[index]) } }
    }
}
