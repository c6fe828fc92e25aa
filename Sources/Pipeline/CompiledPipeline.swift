import Buffers
import FilterAPI

/// What the request filters made of a request.
public enum RequestOutcome {
    /// It goes on to the pipeline's destination.
    case forward
    /// It is answered. `reached` filters have seen it, the one that answers among them.
    case reply(Reply, reached: Int)
    /// It waits for the filter of `step`; `CompiledPipeline.decide` goes on.
    case wait(PendingQuestion, step: Int)
}

/// One pipeline on one loop: flat arrays of the filters that take part in each phase. Built when the config is loaded and never changed.
/// It touches no socket, starts no task and allocates nothing.
public final class CompiledPipeline {
    /// A filter in a phase. Reading `filter` from a step that is lent counts no reference, which reading it from an array would: two atomic
    /// operations a filter and request.
    private final class Step<Phase> {
        let filter: Phase
        /// Where the filter stands in the pipeline, from 0.
        let position: Int

        init(_ filter: Phase, _ position: Int) {
            self.filter = filter
            self.position = position
        }
    }

    // In the order in which they are called.
    private let requests: KeptObjects<Step<any RequestFilter>>
    /// The last filter first: responses pass back.
    private let responses: KeptObjects<Step<any ResponseFilter>>
    private let awaiters: KeptObjects<Step<any LengthAwaitingFilter>>
    private let observers: KeptObjects<Step<any CompletionObserver>>
    /// Filters in the pipeline.
    public let count: Int

    /// - Parameter filters: in the order of the pipeline.
    public init(_ filters: [any Filter]) {
        count = filters.count
        func members<Member>(_ cast: (any Filter) -> Member?) -> [Step<Member>] {
            filters.enumerated().compactMap { position, filter in cast(filter).map { Step($0, position) } }
        }
        requests = KeptObjects(members { $0 as? any RequestFilter })
        responses = KeptObjects(members { $0 as? any ResponseFilter }.reversed())
        awaiters = KeptObjects(members { $0 as? any LengthAwaitingFilter })
        observers = KeptObjects(members { $0 as? any CompletionObserver })
    }

    /// Calls that a request and its response cost, over all phases.
    package var stepCount: Int { requests.count + responses.count + observers.count }
    /// Some filter sees responses.
    public var hasResponseSteps: Bool { !responses.isEmpty }
    /// Some filter may wait for the length of a body.
    public var hasAwaiters: Bool { !awaiters.isEmpty }
    /// Some filter is told of ends.
    public var hasObservers: Bool { !observers.isEmpty }

    /// Runs the request filters from `step` on.
    public func advance(_ request: inout Request, from step: Int = 0) -> RequestOutcome {
        var index = step
        while index < requests.count {
            switch requests.lend(index, { $0.filter.processRequest(&request) }) {
            case .forward: index &+= 1
            case .respond(let reply): return .reply(reply, reached: reached(atStep: index))
            case .wait(let question): return .wait(question, step: index)
            }
        }
        return .forward
    }

    /// Goes on with what the filter of `step` decided once it had waited.
    public func follow(_ decision: RequestDecision, of request: inout Request, step: Int) -> RequestOutcome {
        switch decision {
        case .forward: advance(&request, from: step &+ 1)
        case .respond(let reply): .reply(reply, reached: reached(atStep: step))
        case .wait(let next): .wait(next, step: step)
        }
    }

    // MARK: One filter at a time, for those who look at each

    /// Filters that see requests.
    public var requestStepCount: Int { requests.count }
    /// Filters that see responses.
    public var responseStepCount: Int { responses.count }
    /// Where the filter of a step stands in the pipeline, from 0.
    public func position(ofRequestStep step: Int) -> Int { requests.lend(step) { $0.position } }
    public func position(ofResponseStep step: Int) -> Int { responses.lend(step) { $0.position } }

    /// Shows a request to the filter of one step.
    public func run(requestStep step: Int, _ request: inout Request) -> RequestDecision {
        requests.lend(step) { $0.filter.processRequest(&request) }
    }

    /// Shows a response to the filter of one step.
    public func run(responseStep step: Int, _ response: inout Response, for request: borrowing Request) {
        responses.lend(step) { $0.filter.processResponse(&response, for: request) }
    }

    /// Filters that are told of ends.
    public var observerCount: Int { observers.count }
    public func position(ofObserver step: Int) -> Int { observers.lend(step) { $0.position } }

    /// Tells one filter how the exchange ended.
    public func run(observer step: Int, _ summary: ExchangeSummary, for request: borrowing Request) {
        observers.lend(step) { $0.filter.exchangeDidFinish(summary, for: request) }
    }

    /// How many filters a request has reached that waits at `step`.
    public func reached(atStep step: Int) -> Int { requests.lend(step) { $0.position } &+ 1 }

    /// Shows a response to the filters that its request has passed, the last one first.
    ///
    /// - Parameter passed: so many filters of the pipeline; `count` where the request went on.
    public func processResponse(_ response: inout Response, for request: borrowing Request, passed: Int) {
        for index in 0..<responses.count {
            responses.lend(index) { if $0.position < passed { $0.filter.processResponse(&response, for: request) } }
        }
    }

    /// How much of the body of a response whose length is unknown the filters want to be there before they see its head.
    ///
    /// - Parameter passed: as for `processResponse`.
    public func awaitedBytes(of response: borrowing Response, for request: borrowing Request, passed: Int) -> Int {
        var most = 0
        for index in 0..<awaiters.count {
            let count = awaiters.lend(index) { $0.position < passed ? $0.filter.awaitedBytes(of: response, for: request) : 0 }
            most = max(most, count)
        }
        return min(most, Response.mostAwaitedBytes)
    }

    /// Tells the filters that the request has reached how the exchange ended.
    public func finish(_ summary: ExchangeSummary, for request: borrowing Request, reached: Int) {
        for index in 0..<observers.count {
            observers.lend(index) { if $0.position < reached { $0.filter.exchangeDidFinish(summary, for: request) } }
        }
    }
}
