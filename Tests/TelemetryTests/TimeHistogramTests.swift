import Testing

@testable import Telemetry

@Suite struct TimeHistogramTests {
    @Test func stepsFollowEachOtherWithoutAGap() {
        var last = -1
        for time in (0...5000).map(UInt64.init) + (13...37).flatMap({ shift -> [UInt64] in [(1 << shift) - 1, 1 << shift, (1 << shift) + 1] }) {
            let step = TimeHistogram.step(of: time)
            #expect(step >= last && step <= last + 4)
            if time <= 5000 { #expect(step <= last + 1) }
            #expect(time <= TimeHistogram.upperEnd(of: step))
            #expect(step == 0 || time > TimeHistogram.upperEnd(of: step - 1))
            last = step
        }
        #expect(TimeHistogram.step(of: .max) == TimeHistogram.step(of: .max - 1))
    }

    @Test func quantilesAreAtMostAFifthTooHigh() {
        var histogram = TimeHistogram()
        for time in 1...10_000 { histogram.add(Int64(time)) }
        for (part, exact) in [(0.5, 5000.0), (0.9, 9000), (0.99, 9900), (1, 10_000)] {
            let found = Double(histogram.quantile(part) ?? 0)
            #expect(found >= exact && found <= exact * 1.25, "\(part): \(found)")
        }
        #expect(histogram.count == 10_000 && histogram.sum == 50_005_000 && histogram.longest == 10_000)
    }

    @Test func oddTimesAreCounted() {
        var histogram = TimeHistogram()
        #expect(histogram.quantile(0.5) == nil)
        histogram.add(-5)
        #expect(histogram.quantile(0.5) == 0)
        histogram.add(.max)
        #expect(histogram.quantile(1) != nil && histogram.count == 2 && histogram.longest == UInt64(Int64.max))
    }

    @Test func histogramsAndCountersAdd() {
        var one = FilterCounters()
        one.forwards = 1
        one.requestTimes.add(100)
        var two = FilterCounters()
        (two.forwards, two.replies, two.waits, two.failures) = (2, 3, 4, 5)
        two.requestTimes.add(10_000)
        two.responseTimes.add(7)
        two.endTimes.add(9)
        var tally = Tally()
        tally.add(Tally(filters: [one]))
        tally.add(Tally(filters: [two]))
        let sum = tally.filters[0]
        #expect((sum.forwards, sum.replies, sum.waits, sum.failures) == (3, 3, 4, 5))
        #expect(sum.requestTimes.count == 2 && sum.requestTimes.sum == 10_100 && sum.requestTimes.longest == 10_000)
        #expect(sum.responseTimes.count == 1 && sum.endTimes.count == 1)
    }
}
