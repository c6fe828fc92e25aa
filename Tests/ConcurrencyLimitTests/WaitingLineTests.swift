import Testing

@testable import ConcurrencyLimit

@Suite struct WaitingLineTests {
    /// A line against an array, over random arrivals and departures.
    @Test func keepsTheOrderWhoeverLeaves() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var line = WaitingLine<Int>()
            var model: [(element: Int, ticket: WaitingLine<Int>.Ticket)] = []
            var gone: [WaitingLine<Int>.Ticket] = []
            for element in 0..<100 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    #expect(line.removeFirst() == model.first?.element)
                    if !model.isEmpty { gone.append(model.removeFirst().ticket) }
                case 1:
                    guard let index = model.indices.randomElement(using: &random) else { continue }
                    let left = model.remove(at: index)
                    line.remove(left.ticket)
                    gone.append(left.ticket)
                // Who has left cannot leave again in another's place.
                case 2: if let ticket = gone.randomElement(using: &random) { line.remove(ticket) }
                default: model.append((element, line.append(element)))
                }
                #expect(line.count == model.count && line.isEmpty == model.isEmpty)
            }
        }
    }

    /// With work that grows with the line for each that leaves it, this would take hours.
    @Test(.timeLimit(.minutes(1))) func aLongLineCostsNoMoreThanAShortOne() {
        var line = WaitingLine<Int>()
        let count = 300_000
        let tickets = (0..<count).map { line.append($0) }
        // From the end, as time-outs of those who came last; every second one.
        for index in stride(from: count - 1, to: 0, by: -2) { line.remove(tickets[index]) }
        #expect(line.count == count / 2)
        for expected in stride(from: 0, to: count, by: 2) where line.removeFirst() != expected {
            Issue.record("\(expected) did not come in its turn")
            return
        }
        #expect(line.removeFirst() == nil)
    }
}
