/// Exchanges that wait for a connection, first come first served. Adding, taking and cancelling cost the same however many wait.
struct WaiterQueue: ~Copyable {
    private struct Place {
        var waiter: UInt64
        var deadline: Int64
        var generation: UInt32
        var isWaiting: Bool
        var previous: Int32
        // The next in the queue, or the next free place.
        var next: Int32
    }

    private var places: [Place] = []
    private var first: Int32 = -1
    private var last: Int32 = -1
    private var free: Int32 = -1
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// When the first in the queue has waited long enough. Deadlines never decrease along the queue.
    var firstDeadline: Int64? { first < 0 ? nil : places[Int(first)].deadline }

    mutating func append(_ waiter: UInt64, deadline: Int64) -> WaiterTicket {
        let index: Int32
        if free >= 0 {
            index = free
            free = places[Int(index)].next
        } else {
            index = Int32(places.count)
            places.append(Place(waiter: 0, deadline: 0, generation: 0, isWaiting: false, previous: -1, next: -1))
        }
        let generation = places[Int(index)].generation
        places[Int(index)] = Place(
            waiter: waiter, deadline: deadline, generation: generation, isWaiting: true, previous: last, next: -1)
        if last >= 0 { places[Int(last)].next = index } else { first = index }
        last = index
        count += 1
        return WaiterTicket(index: index, generation: generation)
    }

    mutating func takeFirst() -> UInt64? {
        guard first >= 0 else { return nil }
        let waiter = places[Int(first)].waiter
        remove(first)
        return waiter
    }

    /// False if the ticket's waiter is not in the queue any more.
    mutating func cancel(_ ticket: WaiterTicket) -> Bool {
        let place = places[Int(ticket.index)]
        guard place.isWaiting, place.generation == ticket.generation else { return false }
        remove(ticket.index)
        return true
    }

    private mutating func remove(_ index: Int32) {
        let place = places[Int(index)]
        if place.previous >= 0 { places[Int(place.previous)].next = place.next } else { first = place.next }
        if place.next >= 0 { places[Int(place.next)].previous = place.previous } else { last = place.previous }
        places[Int(index)].isWaiting = false
        places[Int(index)].generation &+= 1
        places[Int(index)].next = free
        free = index
        count -= 1
    }

    /// What is wrong with the queue, or nil. For tests.
    func flaw() -> String? {
        var seen = 0
        var previous: Int32 = -1
        var deadline = Int64.min
        var index = first
        while index >= 0 {
            let place = places[Int(index)]
            guard place.isWaiting, place.previous == previous else { return "the queue's links do not agree" }
            guard place.deadline >= deadline else { return "a waiter's deadline is before that of the one in front of it" }
            deadline = place.deadline
            previous = index
            index = place.next
            seen += 1
            guard seen <= count else { return "the queue is longer than its count" }
        }
        return previous == last && seen == count ? nil : "the queue is shorter than its count"
    }
}
