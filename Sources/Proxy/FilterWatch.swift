import EventLoops
import FilterAPI
import HTTPMessage
import Pipeline
import Telemetry

/// Counts what the filters of one loop decide, and times them in one exchange of so many. Loop-confined.
final class FilterWatch {
    private let interval: Int
    private var untilSample = 0
    /// By the numbers of the filters in the gateway's list: one that stands in two pipelines is counted once.
    var counters: [FilterCounters]

    init(filterCount: Int, interval: Int) {
        self.interval = interval
        counters = Array(repeating: FilterCounters(), count: filterCount)
    }

    /// Whether the exchange that begins now is timed. The first is.
    func takesSample() -> Bool {
        if untilSample > 0 {
            untilSample &-= 1
            return false
        }
        untilSample = interval &- 1
        return true
    }
}

extension ProxyLoop {
    /// What was counted of filters so far, by their numbers.
    var filterTally: [FilterCounters] {
        guard var counters = watch?.counters else { return [] }
        for pipeline in pipelines.map(\.object) {
            for step in 0..<pipeline.filters.requestStepCount { counters[pipeline.number(ofStep: step)].forwards &+= pipeline.passes }
        }
        return counters
    }
}

// What filters do while they are watched: the same as without, in the same order.

extension Exchange {
    /// Runs the request filters from `step` on.
    func watchFilters(of pipeline: LoopPipeline, from step: Int, _ watch: FilterWatch) -> RequestOutcome {
        passage.isTimed ? timeFilters(of: pipeline, from: step, watch) : countFilters(of: pipeline, from: step, watch)
    }

    private func countFilters(of pipeline: LoopPipeline, from step: Int, _ watch: FilterWatch) -> RequestOutcome {
        let outcome = pipeline.filters.advance(&message, from: step)
        if step == 0, case .forward = outcome {
            pipeline.passes &+= 1
            return outcome
        }
        var end = pipeline.filters.requestStepCount
        switch outcome {
        case .forward: break
        case .reply(_, let reached):
            end = step
            while pipeline.filters.position(ofRequestStep: end) < reached &- 1 { end &+= 1 }
            watch.counters[pipeline.number(ofStep: end)].replies &+= 1
        case .wait(_, let step):
            end = step
            watch.counters[pipeline.number(ofStep: end)].waits &+= 1
        }
        var passed = step
        while passed < end {
            watch.counters[pipeline.number(ofStep: passed)].forwards &+= 1
            passed &+= 1
        }
        return outcome
    }

    private func timeFilters(of pipeline: LoopPipeline, from first: Int, _ watch: FilterWatch) -> RequestOutcome {
        var before = loop.clockNanoseconds()
        var step = first
        while step < pipeline.filters.requestStepCount {
            let decision = pipeline.filters.run(requestStep: step, &message)
            let after = loop.clockNanoseconds()
            note(pipeline.number(ofStep: step), after &- before, watch)
            before = after
            if let outcome = count(decision, step, of: pipeline, watch) { return outcome }
            step &+= 1
        }
        return .forward
    }

    private func note(_ number: Int, _ time: Int64, _ watch: FilterWatch) {
        watch.counters[number].requestTimes.add(time)
        stopwatch?.add(time, toFilter: number)
    }

    /// Counts what the filter of a step has decided; nil if the request goes on to the next.
    private func count(_ decision: RequestDecision, _ step: Int, of pipeline: LoopPipeline, _ watch: FilterWatch) -> RequestOutcome? {
        let number = pipeline.number(ofStep: step)
        switch decision {
        case .forward:
            watch.counters[number].forwards &+= 1
            return nil
        case .respond(let reply):
            watch.counters[number].replies &+= 1
            return .reply(reply, reached: pipeline.filters.position(ofRequestStep: step) &+ 1)
        case .wait(let question):
            watch.counters[number].waits &+= 1
            return .wait(question, step: step)
        }
    }

    /// Goes on with the answer that a filter waited for.
    func watchDecision(_ waiting: WaitingQuestion, of pipeline: LoopPipeline, _ watch: FilterWatch) -> RequestOutcome {
        let step = waiting.step
        let before = passage.isTimed ? loop.clockNanoseconds() : 0
        let decision = waiting.decide(&message)
        if passage.isTimed { note(pipeline.number(ofStep: step), loop.clockNanoseconds() &- before, watch) }
        return count(decision, step, of: pipeline, watch) ?? watchFilters(of: pipeline, from: step + 1, watch)
    }

    /// Shows the response to the filters, as `passBack` does, and times them.
    func timePassBack(_ watch: FilterWatch) {
        var before = loop.clockNanoseconds()
        eachResponder { index, step in
            let pipeline = proxy.pipelines[index].object
            pipeline.filters.run(responseStep: step, &proxy.scratch, for: message)
            let after = loop.clockNanoseconds()
            let number = pipeline.numbers[pipeline.filters.position(ofResponseStep: step)]
            watch.counters[number].responseTimes.add(after &- before)
            stopwatch?.add(after &- before, toFilter: number)
            before = after
        }
    }

    /// Tells the observers of one pipeline how the exchange ended, and times them.
    func timeFinish(_ summary: ExchangeSummary, of pipeline: LoopPipeline, reached: Int, _ watch: FilterWatch) {
        var before = loop.clockNanoseconds()
        for step in 0..<pipeline.filters.observerCount where pipeline.filters.position(ofObserver: step) < reached {
            pipeline.filters.run(observer: step, summary, for: message)
            let after = loop.clockNanoseconds()
            watch.counters[pipeline.numbers[pipeline.filters.position(ofObserver: step)]].endTimes.add(after &- before)
            before = after
        }
    }
}
