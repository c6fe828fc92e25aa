import Configuration
import FilterAPI
import Pipeline

/// Runs filters without a gateway: message text in, decision and edited message out. No sockets, and a clock that stands still until it is
/// moved.
///
/// ```swift
/// let harness = try FilterHarness(RateLimit.self, "rate = 1/s")
/// #expect(harness.send("GET / HTTP/1.1\nHost: a\n\n").isForwarded)
/// #expect(harness.send("GET / HTTP/1.1\nHost: a\n\n").reply?.status == 429)
/// harness.advance(by: .seconds(1))
/// #expect(harness.send("GET / HTTP/1.1\nHost: a\n\n").isForwarded)
/// ```
public final class FilterHarness {
    /// The filters of one loop.
    struct LoopFilters {
        let pipeline: CompiledPipeline
        let clock: LoopClock
        let state: LoopState
        let loop: TestLoop
        /// Whether requests pass each filter when it has no answer.
        let failsOpen: [Bool]
        let answers: ScriptedAnswers
    }

    private let loops: [LoopFilters]
    private let system: TestSystem
    private let answers = ScriptedAnswers()
    private let apps: [String]
    private(set) var nanoseconds: Int64 = 1_000_000_000_000
    /// Seconds since 1970-01-01 UTC: 2026-01-01 00:00:00 at the beginning.
    private var wallNanoseconds: Int64 = 1_767_225_600 * 1_000_000_000

    /// One filter.
    ///
    /// - Parameters:
    ///   - options: the lines of its section, without `use`.
    ///   - loops: how many loops have it; `send(…, on:)` chooses one.
    ///   - apps: names of apps that options may refer to.
    ///   - files: the files that there are when the filter is made.
    /// Errors: everything that is wrong with the options, as `sluice check` prints it.
    public convenience init<Plugin: FilterPlugin>(
        _ plugin: Plugin.Type, _ options: String = "", loops: Int = 1, apps: [String] = [], files: [String: FileContent] = [:]
    ) throws(HarnessError) {
        try self.init([(plugin, options)], loops: loops, apps: apps, files: files)
    }

    /// A pipeline of several filters, in their order.
    public init(
        _ filters: [(plugin: any FilterPlugin.Type, options: String)], loops: Int = 1, apps: [String] = [], files: [String: FileContent] = [:]
    ) throws(HarnessError) {
        for (plugin, _) in filters { if let mistake = plugin.mistake { throw HarnessError(mistake) } }
        let sections = try Self.sections(filters, apps)
        let plugins = sections.compactMap { $0.made as? any FilterPlugin }
        let failsOpen = sections.map { $0.options.word("on-failure") == "open" }
        self.apps = ["app"] + apps
        let sharing = SharedObjects()
        let system = TestSystem(files)
        self.system = system
        let files = SharedObjects()
        var made: [LoopFilters] = []
        for index in 0..<loops {
            let clock = LoopClock()
            let state = LoopState()
            let loop = TestLoop(now: 1_000_000_000_000)
            let loopSystem = LoopSystem(system, files: files, services: loop) { $0() }
            var objects: [any Filter] = []
            for (number, plugin) in plugins.enumerated() {
                let context = LoopContext(
                    index: index, count: loops, section: "f\(number)", clock: clock, sharing: sharing, state: state, apps: self.apps,
                    system: loopSystem)
                do throws(ConfigurationError) {
                    objects.append(try plugin.makeFilter(on: context))
                } catch {
                    throw HarnessError("makeFilter: \(error.message)")
                }
            }
            made.append(
                LoopFilters(
                    pipeline: CompiledPipeline(objects), clock: clock, state: state, loop: loop, failsOpen: failsOpen, answers: answers))
        }
        self.loops = made
        setClocks()
    }

    /// Reads the sections as the gateway would.
    static func sections(
        _ filters: [(plugin: any FilterPlugin.Type, options: String)], _ apps: [String], onListener: Bool = false
    ) throws(HarnessError) -> [FilterPlan] {
        let names = filters.indices.map { " f\($0)" }.joined()
        var text = "[listener:l]\nlisten = 127.0.0.1:1\nserve = p\n"
        if onListener { text += "through =\(names)\n" }
        text += "[pipeline:p]\npipeline =\(onListener ? "" : names) app\n"
        for name in ["app"] + apps { text += "[app:\(name)]\nuse = echo\n" }
        for (index, filter) in filters.enumerated() { text += "[filter:f\(index)]\nuse = \(filter.plugin.name)\n\(filter.options)\n" }
        var types: [any FilterPlugin.Type] = []
        for filter in filters where !types.contains(where: { $0.name == filter.plugin.name }) { types.append(filter.plugin) }
        let (plan, diagnostics) = Configuration.load(
            path: "test.conf", files: OneFile(text: text), filters: FilterRegistry(types).schemas)
        guard let plan else { throw HarnessError(diagnostics.filter { $0.severity == .error }.map { $0.text() }.joined(separator: "\n")) }
        return plan.filters
    }

    /// Lets an app answer filters that ask it (`RequestDecision.ask(_:_:then:)`): at once, with what `answer` returns.
    ///
    /// - Parameter app: one of `apps`, or `app`, which is behind the pipeline.
    public func answer(app: String, _ answer: @escaping (TestSubRequest) -> TestAnswer) {
        guard let index = apps.firstIndex(of: app) else { preconditionFailure("no app \(app)") }
        answers.byApp[index] = answer
    }

    /// Moves all clocks on. Timers of filters that have run out then are called, in their order; the clocks stand at the end already.
    public func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let step = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        nanoseconds += step
        wallNanoseconds += step
        setClocks()
        for loop in loops { loop.loop.runTimers(to: nanoseconds) }
    }

    /// Runs the loops, with real descriptors: filters are told of what is ready, and work from other threads is done. The clock stands still.
    ///
    /// - Parameters:
    ///   - longest: real time.
    ///   - isDone: asked after each turn.
    /// - Returns: whether it came to be so.
    @discardableResult
    public func run(upTo longest: Duration = .seconds(20), until isDone: () -> Bool) -> Bool {
        let end = ContinuousClock.now + longest
        while !isDone() {
            guard ContinuousClock.now < end else { return false }
            TestLoop.turn(loops.map(\.loop))
        }
        return true
    }

    /// Runs the loops until a request no longer waits for events.
    ///
    /// - Returns: false if it still does after so much real time.
    @discardableResult
    public func settle(_ exchange: TestExchange, upTo longest: Duration = .seconds(20)) -> Bool {
        run(upTo: longest) {
            if exchange.event?.hasHappened == true { exchange.goOn() }
            return exchange.event == nil
        }
    }

    /// Sets the calendar, in seconds since 1970-01-01 UTC. The other clock goes on as if nothing had happened.
    public func setWallClock(_ seconds: Int64) {
        wallNanoseconds = seconds * 1_000_000_000
        setClocks()
    }

    /// The gateway begins to drain.
    public func drain() {
        for loop in loops { loop.state.isDraining = true }
    }

    /// The files that filters can see. When they change, filters know at once.
    public var files: [String: FileContent] {
        get { system.files }
        set { system.files = newValue }
    }

    /// What the operator was told.
    public var complaints: [String] { system.complaints }

    /// Work beside the loops is refused, as where too much of it waits already.
    public var isSideWorkRefused: Bool {
        get { system.isWorkRefused }
        set { system.isWorkRefused = newValue }
    }

    /// Pieces of work beside the loops that were done.
    public var sideWorkCount: Int { system.workCount }

    private func setClocks() {
        for loop in loops {
            loop.clock.nanoseconds = nanoseconds
            loop.clock.wallSeconds = wallNanoseconds / 1_000_000_000
        }
    }

    /// Sends a request head through the filters.
    ///
    /// - Parameters:
    ///   - head: as it would come, with LF or CRLF at line ends. Traps with a message if it is no request: a mistake of the test.
    ///   - client: the client's address; an empty text is a unix socket.
    ///   - destination: where a prologue says that the client had connected to.
    ///   - https: it comes by TLS 1.3.
    ///   - certificate: that the client has shown, as `Client-Cert` has it.
    ///   - isTrusted: it comes by way of a trusted proxy.
    ///   - loop: the loop whose filters see it.
    public func send(
        _ head: String, from client: String = "192.0.2.1", to destination: ConnectionEnd? = nil, https: Bool = false, certificate: String? = nil,
        throughTrustedProxy isTrusted: Bool = false, on loop: Int = 0
    ) -> TestExchange {
        let exchange = exchange(
            HeadText.wire(head), from: client, to: destination, https: https, certificate: certificate, throughTrustedProxy: isTrusted, on: loop)
        guard let exchange else { preconditionFailure("no request head: \(head)") }
        return exchange
    }

    /// Sends a request head through the filters as `sluice explain` does: the exchange's `notes` are what they say of it.
    public func explain(
        _ head: String, from client: String = "192.0.2.1", https: Bool = false, throughTrustedProxy isTrusted: Bool = false, on loop: Int = 0
    ) -> TestExchange {
        guard
            let exchange = exchange(
                HeadText.wire(head), from: client, https: https, throughTrustedProxy: isTrusted, on: loop, explanation: Explanation())
        else { preconditionFailure("no request head: \(head)") }
        return exchange
    }

    /// Sends the bytes of a head; nil if they are none, or hold more than one.
    package func exchange(
        _ bytes: [UInt8], from client: String, to destination: ConnectionEnd? = nil, https: Bool = false, certificate: String? = nil,
        throughTrustedProxy isTrusted: Bool = false, on loop: Int = 0, explanation: Explanation? = nil
    ) -> TestExchange? {
        TestExchange(
            bytes, client: client, destination: destination, https: https, certificate: certificate, isTrusted: isTrusted, filters: loops[loop],
            explanation: explanation)
    }
}

/// What is wrong with a filter's options, as `sluice check` prints it.
public struct HarnessError: Error, Equatable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

private struct OneFile: ConfigurationFiles {
    let text: String
    func read(_ path: String) throws(FileFailure) -> [UInt8] {
        guard path == "test.conf" else { throw FileFailure("no such file", isMissing: true) }
        return Array(text.utf8)
    }
    func match(_ glob: String) -> [String] { [] }
}
