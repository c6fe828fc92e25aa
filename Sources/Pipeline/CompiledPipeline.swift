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
    struct RequestStep {
        let filter: any RequestFilter
        /// Where the filter stands in the pipeline, from 0.
        let position: Int
    }

    struct ResponseStep {
        let filter: any ResponseFilter
        let position: Int
    }

    struct Observer {
        let filter: any CompletionObserver
        let position: Int
    }

    private let requestSteps: [RequestStep]
    /// The last filter first: responses pass back.
    private let responseSteps: [ResponseStep]
    private let observers: [Observer]
    /// Filters in the pipeline.
    public let count: Int

    /// - Parameter filters: in the order of the pipeline.
    public init(_ filters: [any Filter]) {
        count = filters.count
        var requestSteps: [RequestStep] = []
        var responseSteps: [ResponseStep] = []
        var observers: [Observer] = []
        for (position, filter) in filters.enumerated() {
            if let filter = filter as? any RequestFilter { requestSteps.append(RequestStep(filter: filter, position: position)) }
            if let filter = filter as? any ResponseFilter { responseSteps.append(ResponseStep(filter: filter, position: position)) }
            if let filter = filter as? any CompletionObserver { observers.append(Observer(filter: filter, position: position)) }
        }
        self.requestSteps = requestSteps
        self.responseSteps = responseSteps.reversed()
        self.observers = observers
    }

    /// Calls that a request and its response cost, over all phases.
    package var stepCount: Int { requestSteps.count + responseSteps.count + observers.count }
    /// Some filter sees responses.
    public var hasResponseSteps: Bool { !responseSteps.isEmpty }
    /// Some filter is told of ends.
    public var hasObservers: Bool { !observers.isEmpty }

    /// Runs the request filters from `step` on.
    public func advance(_ request: inout Request, from step: Int = 0) -> RequestOutcome {
        let held = requestSteps
        let steps = held.span
        var index = step
        while index < steps.count {
            switch steps[index].filter.processRequest(&request) {
            case .forward: index &+= 1
            case .respond(let reply): return .reply(reply, reached: steps[index].position &+ 1)
            case .wait(let question): return .wait(question, step: index)
            }
        }
        return .forward
    }

    /// Goes on with the answer that the filter of `step` waited for.
    public func decide(_ request: inout Request, _ question: PendingQuestion, step: Int) -> RequestOutcome {
        switch question.decide(&request) {
        case .forward: advance(&request, from: step &+ 1)
        case .respond(let reply): .reply(reply, reached: requestSteps[step].position &+ 1)
        case .wait(let next): .wait(next, step: step)
        }
    }

    /// How many filters a request has reached that waits at `step`.
    public func reached(atStep step: Int) -> Int { requestSteps[step].position &+ 1 }

    /// Shows a response to the filters that its request has passed, the last one first.
    ///
    /// - Parameter passed: so many filters of the pipeline; `count` where the request went on.
    public func processResponse(_ response: inout Response, for request: borrowing Request, passed: Int) {
        let held = responseSteps
        let steps = held.span
        for index in steps.indices where steps[index].position < passed {
            steps[index].filter.processResponse(&response, for: request)
        }
    }

    /// Tells the filters that the request has reached how the exchange ended.
    public func finish(_ summary: ExchangeSummary, for request: borrowing Request, reached: Int) {
        let held = observers
        let steps = held.span
        for index in steps.indices where steps[index].position < reached {
            steps[index].filter.exchangeDidFinish(summary, for: request)
        }
    }
}
