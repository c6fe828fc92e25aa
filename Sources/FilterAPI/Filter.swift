/// A kind of filter: what a `[filter:NAME]` section with `use = …` makes. One object a section, shared by all loops.
///
/// ```swift
/// public final class Greeting: FilterPlugin, ResponseFilter {
///     public static let name = "greeting"
///     public static let options = OptionSchema([Option("text", .string, standard: "hello", "What to say.")])
///     private let text: String
///
///     public init(_ options: FilterOptions) throws(ConfigurationError) { text = options.word("text") ?? "" }
///
///     public func processResponse(_ response: inout Response, for request: borrowing Request) {
///         response.fields["X-Greeting"] = text
///     }
/// }
/// ```
public protocol FilterPlugin: Sendable {
    /// What `use =` says: lower-case words with dashes, such as `rate-limit`.
    static var name: String { get }
    /// What the filter is for, in one sentence.
    static var summary: String { get }
    /// The options of its section. The reference page, `sluice filters NAME` and the checker's suggestions come from it.
    static var options: OptionSchema { get }
    /// Where it stands: in pipelines, or on listeners.
    static var place: FilterPlace { get }
    /// Every reason for which it answers by itself.
    static var reasons: [ReplyReason] { get }
    /// It uses `RequestDecision.ask`: its section then has the options `ask-timeout` and `on-failure`.
    static var asks: Bool { get }
    /// How long an answer may take where the section does not say: the default of `ask-timeout`, as a file would write it.
    static var askTimeout: String { get }

    /// Takes options that fit the schema and checks what a schema cannot say. Opens nothing and starts nothing: `sluice check` runs it
    /// too. Errors: what is wrong, at an option where there is one; shown with the line of the file.
    init(_ options: FilterOptions) throws(ConfigurationError)

    /// Where a filter with these options belongs in a pipeline: `sluice check` warns where one stands elsewhere.
    var order: FilterOrder { get }

    /// Makes the filter of one loop, on that loop. The object never leaves it, so it needs no lock. Errors: as for `init`; the gateway
    /// then does not start.
    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter
}

extension FilterPlugin {
    public static var summary: String { "" }
    public static var options: OptionSchema { OptionSchema([]) }
    public static var place: FilterPlace { .pipeline }
    public static var reasons: [ReplyReason] { [] }
    public static var asks: Bool { false }
    public static var askTimeout: String { "1s" }
    public var order: FilterOrder { FilterOrder() }
}

/// A plug-in without state of its own on a loop is its own filter.
extension FilterPlugin where Self: Filter {
    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { self }
}

/// The part of a filter that lives on one loop. It joins a phase by conforming to that phase's protocol; a phase that it does not join
/// costs it nothing.
public protocol Filter: AnyObject {}

/// Sees requests on their way to the app, in the order of the pipeline.
public protocol RequestFilter: Filter {
    /// Called once a request, when its head is there and before any of its body is read. It may edit the request.
    func processRequest(_ request: inout Request) -> RequestDecision
}

/// Sees responses on their way to the client, in the reverse order, whoever made them: the app, a filter behind this one, or the gateway
/// itself. Only the filters that the request has passed see its response; one that answered a request does not see its own reply.
public protocol ResponseFilter: Filter {
    /// Called once a response, when its final head is there; never for interim ones (1xx), but for a 101 that opens a tunnel.
    func processResponse(_ response: inout Response, for request: borrowing Request)
}

/// Wants to know how long the body of a response is before it sees the response, where the app does not say.
public protocol LengthAwaitingFilter: ResponseFilter {
    /// Called when the app has sent the head of a response with a body whose length is not known beforehand, before any filter has edited it.
    /// The gateway then holds the head, and reads on until so much of the body is there, or its end, or the app pauses, for some hundredths of
    /// a second at most. If that was the end, the response has a `contentLength` when the filters see it.
    ///
    /// - Returns: bytes from which on the exact length does not matter; 0 not to wait. More than `Response.mostAwaitedBytes` count as that.
    func awaitedBytes(of response: borrowing Response, for request: borrowing Request) -> Int
}

/// Learns how exchanges ended.
public protocol CompletionObserver: Filter {
    /// Called exactly once for each exchange whose request reached this filter, also where the filter answered it, where a filter before
    /// the response failed, or where the client went away.
    func exchangeDidFinish(_ summary: ExchangeSummary, for request: borrowing Request)
}
