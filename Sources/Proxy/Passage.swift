/// The pipelines that one request has entered, in their order. It has passed all filters of each but the last; of that, it has reached some.
struct Passage {
    private var indexes = InlineArray<32, UInt16>(repeating: 0)
    /// Pipelines entered.
    private(set) var count = 0
    /// Filters that it has reached in the last one.
    var reached = 0
    /// The last of those has answered the request: it does not see the response.
    var isAnswered = false
    /// Some filter on the way sees responses, or is told of ends.
    var seesResponse = false
    /// Some filter on the way may wait for the length of a body.
    var awaitsLength = false
    var isObserved = false
    /// Its filters are timed.
    var isTimed = false
    /// The response has passed the filters.
    var isReturned = false

    /// A configuration nests no deeper (`Plan.depthLimit`).
    static let mostPipelines = 32

    mutating func enter(_ index: Int) {
        indexes[count] = UInt16(index)
        count += 1
        reached = 0
    }

    subscript(place: Int) -> Int { Int(indexes[place]) }
}
