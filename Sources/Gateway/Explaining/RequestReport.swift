import Configuration

/// What becomes of a request, step by step, with the lines of the config that say so.
struct RequestReport {
    typealias Line = ConfigurationText.Line

    struct Listener {
        var name: String
        /// Why it is this one.
        var cause: String
        var addresses: [String]
        var line: Line?
        /// What a client would notice before the request is read.
        var warning: String?
    }

    struct Client {
        var address: String
        /// The address of the connection, where trusted proxies name another.
        var peer: String
        var peerIsTrusted: Bool
    }

    struct Route {
        /// As the file writes it: `api.example.org/v1`.
        var key: String
        /// Where it leads, and what it does to the path.
        var destination: String
        var verdict: RouteVerdict
        var line: Line?
    }

    struct Router {
        var name: String
        var path: String
        var routes: [Route]
        var line: Line?
        var taken: Route? { routes.first { $0.verdict == .taken } }
    }

    struct Note {
        var text: String
        var line: Line?
        /// The option with its default, where the file leaves it out.
        var standard: String?
    }

    enum Decision {
        case forward
        case reply(status: Int, reason: String)
        case delay(milliseconds: Int64)
        case ask(timeout: String, onFailure: String)
    }

    struct Filter {
        var name: String
        var use: String
        var pipeline: String
        var decision: Decision
        var notes: [Note]
        var changes: [String]
        /// The section's header.
        var line: Line?
    }

    struct App {
        var name: String
        var servers: [String]
        /// By HTTP/2, `sent` is written in frames.
        var spoken: AppProtocol
        var line: Line?
    }

    enum Step {
        case router(Router)
        case pipeline(name: String, line: Line?)
        case filter(Filter)
        case app(App)
    }

    struct TimeOut {
        /// `[app:web]`
        var section: String
        var option: String
        var value: String
        /// nil where it is the default.
        var line: Line?
    }

    struct Answer {
        var status: Int
        var reason: String?
        /// The sentence of the reason.
        var title: String?
        var head: String
        var body: String
    }

    var method: String
    var url: String
    var listener: Listener
    /// nil where the head was refused before anybody asked.
    var client: Client?
    var steps: [Step] = []
    var timeOuts: [TimeOut] = []
    /// The request head that the app would get, without its empty line; nil where it gets none.
    var sent: String?
    /// The filters that see the response, in the order in which they do.
    var responders: [String] = []
    var responseNotes: [(filter: String, note: Note)] = []
    /// What the client would get if the gateway answers by itself.
    var answer: Answer?
    /// The way to the app depends on an answer of somebody who was not asked.
    var isAssumed: Bool {
        steps.contains {
            if case .filter(let filter) = $0, case .ask = filter.decision { true } else { false }
        }
    }
}
