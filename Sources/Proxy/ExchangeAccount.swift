import FilterAPI
import Routing

/// What a loop did with a request that it only explained, in the order in which it happened.
package final class ExchangeAccount {
    package enum Step {
        /// Routers were asked; `port` is what a host without one means.
        case search(RouteTrail, port: UInt16)
        /// It entered a pipeline.
        case pipeline(Int)
        case filter(FilterStep)
        case app(AppStep)
    }

    /// A filter of a pipeline: which pipeline, and where in it, from 0.
    package struct Place: Equatable {
        package var pipeline: Int
        package var position: Int
    }

    package struct FilterStep {
        package var place: Place
        package var verdict: Verdict
        package var notes: [Explanation.Note]
        /// What it changed of the request.
        package var changes: [RequestChange]
    }

    package enum Verdict: Equatable {
        case forward
        case reply(status: UInt16)
        /// It lets the request wait for so many milliseconds; its decision is the next step.
        case delay(Int64)
        /// It asks somebody else. Nothing is asked here: what follows is what happens if it is let pass.
        case ask(timeout: Int64, failsOpen: Bool)
    }

    package struct AppStep {
        package var app: Int
        /// The head that its first server would get; empty for the demo app.
        package var head: [UInt8] = []
    }

    /// The address of the connection, and of whom trusted proxies name.
    package internal(set) var peer = ""
    package internal(set) var client = ""
    package internal(set) var peerIsTrusted = false
    package internal(set) var steps: [Step] = []
    /// The filters that see the response, in the order in which they do.
    package internal(set) var responders: [Place] = []
    /// What those said of a response that was made here.
    package internal(set) var responseNotes: [(place: Place, note: Explanation.Note)] = []
    /// Why the gateway or a filter answered; nil if the request is on its way to an app.
    package internal(set) var reason: StaticString?
}
