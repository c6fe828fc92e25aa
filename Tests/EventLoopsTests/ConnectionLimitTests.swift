import EventLoops
import Testing

@Suite struct ConnectionLimitTests {
    @Test func aPlaceIsGivenOnlyWhileThereIsOne() {
        let limit = ConnectionLimit(2)
        #expect(limit.take())
        #expect(limit.take())
        // Who is turned away holds nothing, however often.
        #expect(!limit.take())
        #expect(!limit.take())
        limit.giveBack()
        #expect(limit.take())
        #expect(!limit.take())
    }

    @Test func withoutALimitThereAreAlwaysPlaces() {
        let limit = ConnectionLimit(.max)
        for _ in 0..<1000 { #expect(limit.take()) }
    }

    /// Many threads at once never hold more than there are, and at the end all are back.
    @Test func threadsShareIt() async {
        let limit = ConnectionLimit(3)
        let most = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var taken = 0
                    for _ in 0..<2000 where limit.take() {
                        taken += 1
                        limit.giveBack()
                    }
                    return taken
                }
            }
            return await group.reduce(0, +)
        }
        #expect(most > 0)
        for _ in 0..<3 { #expect(limit.take()) }
        #expect(!limit.take())
    }
}
