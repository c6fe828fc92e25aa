import Buffers
import Testing

@Suite struct KeptObjectsTests {
    private final class Lamp {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test func theyAreLentInTheirOrder() {
        let lamps = KeptObjects((0..<3).map { Lamp($0) })
        #expect(lamps.count == 3 && !lamps.isEmpty)
        #expect((0..<3).map { lamps.lend($0) { $0.number } } == [0, 1, 2])
        #expect(KeptObjects<Lamp>([]).isEmpty)
    }

    @Test func theyLiveAsLongAsTheList() {
        weak var seen: Lamp?
        var lamps: KeptObjects<Lamp>?
        do {
            let lamp = Lamp(7)
            seen = lamp
            lamps = KeptObjects([lamp])
        }
        #expect(lamps?.lend(0) { $0.number } == 7)
        #expect(seen != nil)
        lamps = nil
        #expect(seen == nil)
    }
}
