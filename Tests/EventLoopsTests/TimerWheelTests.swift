import Seeded
import Testing

@testable import EventLoops

@Suite("The timer wheel")
struct TimerWheelTests {
    @Test("fires each timer on its tick, in the order of ticks")
    func firesOnItsTick() {
        var wheel = TimerWheel(now: 1000)
        let ticks: [Int64] = [1001, 1063, 1064, 1065, 1100, 5000, 5095, 5096, 300_000, 20_000_000]
        for (key, tick) in ticks.enumerated() { wheel.arm(key, at: tick) }
        var fired: [(Int, Int64)] = []
        while let key = wheel.takeDue(by: 30_000_000) { fired.append((key, wheel.current)) }
        #expect(wheel.current == 30_000_000)
        #expect(fired.map(\.0) == Array(0..<ticks.count))
        #expect(fired.map(\.1) == ticks)
        #expect(wheel.count == 0)
        #expect(wheel.next == nil)
    }

    @Test("says a next tick that is never later than the first timer")
    func nextIsNeverLate() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let now = Int64(random.next() % 1_000_000)
            var wheel = TimerWheel(now: now)
            var first = Int64.max
            for key in 0..<Int(1 + random.next() % 5) {
                let tick = now + 1 + Int64(random.next() % (1 << (random.next() % 26)))
                wheel.arm(key, at: tick)
                first = min(first, tick)
            }
            #expect(wheel.next! <= first)
            #expect(wheel.next! > now)
        }
    }

    @Test("agrees with a sorted list over random schedules")
    func agreesWithModel() {
        for seed in 1...200 {
            var random = SeededGenerator(seed: UInt64(seed))
            var now: Int64 = Int64(random.next() % 100_000)
            var wheel = TimerWheel(now: now, capacity: 1)
            var model: [Int: Int64] = [:]
            for _ in 0..<300 {
                let key = Int(random.next() % 40)
                switch random.next() % 4 {
                case 0, 1:
                    let tick = now + Int64(random.next() % (1 << (random.next() % 20)))
                    wheel.arm(key, at: tick)
                    model[key] = max(tick, now + 1)
                case 2:
                    wheel.disarm(key)
                    model[key] = nil
                default:
                    now += Int64(random.next() % (1 << (random.next() % 16)))
                    var fired: [Int: Int64] = [:]
                    while let key = wheel.takeDue(by: now) { fired[key] = wheel.current }
                    #expect(wheel.current == now)
                    let due = model.filter { $0.value <= now }
                    #expect(fired == due)
                    for key in due.keys { model[key] = nil }
                }
                #expect(wheel.count == model.count)
            }
        }
    }

    @Test("lets a timer arm itself again while it fires")
    func rearmsWhileFiring() {
        var wheel = TimerWheel(now: 0)
        wheel.arm(3, at: 10)
        var times: [Int64] = []
        while let key = wheel.takeDue(by: 100) {
            times.append(wheel.current)
            wheel.arm(key, at: wheel.current + 30)
        }
        #expect(times == [10, 40, 70, 100])
    }

    @Test("does not fire what is disarmed, and fires what is moved, while others of the same tick fire")
    func changesWhileFiring() {
        var wheel = TimerWheel(now: 0)
        for key in 0..<4 { wheel.arm(key, at: 10) }
        var fired: [Int] = []
        while let key = wheel.takeDue(by: 20) {
            fired.append(key)
            guard fired.count == 1 else { continue }
            wheel.disarm((key + 1) % 4)
            wheel.arm((key + 2) % 4, at: 15)
            // For a tick that has passed: the next one, never the present.
            wheel.arm(key, at: 3)
        }
        #expect(fired.count == 4)
        let first = fired[0]
        #expect(fired == [first, (first + 3) % 4, first, (first + 2) % 4])
    }
}
