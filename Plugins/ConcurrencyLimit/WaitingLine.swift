/// Those who wait for one thing, in the order in which they came. Every operation takes constant time on average, wherever in the line
/// somebody leaves it. Elements are held until they leave.
struct WaitingLine<Element> {
    /// What an element leaves with.
    struct Ticket: Hashable { fileprivate let number: UInt64 }

    private var elements: [UInt64: Element] = [:]
    /// No element has a lower number.
    private var first: UInt64 = 0
    private var next: UInt64 = 0

    var count: Int { elements.count }
    var isEmpty: Bool { elements.isEmpty }

    mutating func append(_ element: Element) -> Ticket {
        elements[next] = element
        next += 1
        return Ticket(number: next - 1)
    }

    /// The one that has waited for longest; nil if nobody waits. Numbers of those who left are passed over, each once.
    mutating func removeFirst() -> Element? {
        guard !elements.isEmpty else { return nil }
        while true {
            first += 1
            if let element = elements.removeValue(forKey: first - 1) { return element }
        }
    }

    /// Does nothing where the element has left already.
    mutating func remove(_ ticket: Ticket) { elements[ticket.number] = nil }
}
