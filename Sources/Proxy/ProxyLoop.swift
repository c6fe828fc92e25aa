// unsafe: refers to exchanges and upstreams, which it keeps
import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTP2
import HTTPMessage
import Pipeline
import Routing
import TLS
import Telemetry
import Transport
import Upstreams

/// Everything of the proxy that belongs to one loop: its pools of slabs and exchanges, its apps and routes, its counters. Loop-confined.
public final class ProxyLoop {
    let loop: EventLoop
    /// Slabs for heads, and for the bodies that come with them.
    let slabs: SlabPool
    /// Larger slabs for bodies that go on: fewer calls a megabyte.
    let bodySlabs: SlabPool
    /// For the bodies of clients' requests over HTTP/2.
    let spareWindow = SpareWindow(32 * 1024 * 1024)
    /// Small slabs for field tables: 256 fields.
    let tableSlabs: SlabPool
    private var apps: [AppOnLoop] = []
    /// The upstream of each app; nil for a demo app. `apps` keeps them.
    private(set) var upstreams: [Uncounted<Upstream>?] = []
    /// Of all requests; that of an app may be stricter (`takesEscapedSeparators`).
    let pathPolicy: PathPolicy
    /// By their numbers.
    private var filters: [any Filter] = []
    private var heldPipelines: [LoopPipeline] = []
    /// `heldPipelines` keeps them.
    private(set) var pipelines: [Uncounted<LoopPipeline>] = []
    /// The names of all filters, by their numbers.
    let filterNames: [String]
    /// What is counted and timed of filters; nil where nothing is.
    let watch: FilterWatch?
    /// Filters are watched or explained: they do not just run.
    private(set) var looksAtFilters: Bool
    let clock = LoopClock()
    private let filterState = LoopState()
    /// What filters have reserved in each exchange.
    var stateLayout: StateLayout { filterState.layout }
    /// Scratch for response heads and trailers: they are written on before anything else is parsed.
    var scratch: Response
    var responseFields: FieldTable {
        _read { yield scratch.fields.lines }
        _modify { yield &scratch.fields.lines }
    }
    var trailerFields: FieldTable
    var requestTrailerParser = TrailerParser(limits: ProxyLoop.trailerLimits, for: .request)
    var responseTrailerParser = TrailerParser(limits: ProxyLoop.trailerLimits, for: .response)
    private static let trailerLimits = HeadLimits(headBytes: 8192, targetBytes: 0, fieldCount: 64)
    var date: DateText
    var counters = LoopCounters()
    /// Set for good when the gateway drains: every response closes its connection.
    private(set) var isDraining = false
    /// Client connections that are open, for draining and for limits.
    private(set) var connectionCount = 0

    /// Exchanges and sub-exchanges, by their numbers.
    private var holders: [LeaseHolder] = []
    private var freeExchanges: [Uncounted<Exchange>] = []
    private var freeSubExchanges: [Uncounted<SubExchange>] = []
    private var pipes: [SplicePipeBox] = []
    private var acceptors: [ClientAcceptor] = []
    private var drained: (() -> Void)?
    /// What TLS connections of this loop share.
    private(set) lazy var tlsWorkspace = TLSWorkspace()
    private(set) lazy var handshakes = HandshakeTurns(on: self)
    let accessLog: (any AccessLogSink)?
    let shortage: ShortageReport?

    /// Errors: what a filter finds wrong when it is made.
    public init(
        on loop: EventLoop, settings: ProxySettings, accessLog: (any AccessLogSink)? = nil
    ) throws(FilterFault) {
        self.loop = loop
        self.accessLog = accessLog
        shortage = settings.shortage
        filterNames = settings.filters.names
        watch = settings.filterTiming > 0 ? FilterWatch(filterCount: filterNames.count, interval: settings.filterTiming) : nil
        looksAtFilters = watch != nil
        pathPolicy = PathPolicy(allowsEscapedSeparators: settings.takesEscapedSeparators)
        slabs = SlabPool(slabSize: settings.slabSize)
        bodySlabs = SlabPool(slabSize: settings.bodySlabSize, keep: 64)
        tableSlabs = SlabPool(slabSize: 256 * MemoryLayout<Field>.stride)
        scratch = Response(table: FieldTable(tableSlabs.take()))
        trailerFields = FieldTable(tableSlabs.take())
        date = DateText()
        apps = settings.apps.map { app in
            switch app {
            case .echo(let name): .echo(name: name)
            case .upstream(let upstream): .upstream(Upstream(upstream, on: self, resolve: settings.resolve, known: settings.knownAddresses))
            }
        }
        upstreams = apps.map { if case .upstream(let upstream) = $0 { unsafe Uncounted(upstream) } else { nil } }
        updateClock()
        filters = try settings.filters.makeFilters(apps: settings.apps.map(\.name), clock, filterState, loop, FilterLoop(self))
        heldPipelines = settings.filters.makePipelines(settings.pipelines, of: filters)
        pipelines = heldPipelines.map { unsafe Uncounted($0) }
    }

    deinit {
        // Before their pool, whatever the order of the properties.
        scratch = Response(table: FieldTable(Slab()))
        trailerFields = FieldTable(Slab())
    }

    // MARK: Listeners

    /// Starts to accept on `socket`. `connections` counts those of the same listener on other loops and addresses too. Errors: epoll's.
    public func listen(
        _ socket: consuming ListeningSocket, settings: ListenerSettings, routes: RouteSettings, connections: ConnectionLimit
    ) -> SystemError? {
        let terminator = terminator(of: settings)
        let prologues = settings.through.compactMap { filters[$0] as? any PrologueFilter }
        let listener = Listener(
            settings: settings, routes: routes, connections: connections,
            prologues: prologues.map { PrologueReader($0, headTimeout: settings.headTimeout) }, terminator: terminator)
        let acceptor = ClientAcceptor(socket, listener: listener, proxy: self)
        acceptors.append(acceptor)
        return acceptor.start()
    }

    private func terminator(of settings: ListenerSettings) -> (any TLSTerminating)? {
        settings.through.lazy.compactMap { self.filters[$0] as? any TLSTerminating }.first
    }

    /// The certificate of a listener, if it was made because the operator gave none.
    public func developmentCertificate(of settings: ListenerSettings) -> DevelopmentCertificate? { terminator(of: settings)?.development }

    /// What filters have to say of how they stand, by the names of their sections.
    public var filterStatus: [(name: String, lines: [String])] {
        zip(filterNames, filters).compactMap { name, filter in
            guard let lines = (filter as? any StatusReporter)?.statusLines, !lines.isEmpty else { return nil }
            return (name, lines)
        }
    }

    func opened(_ client: ClientConnection) {
        connectionCount += 1
        counters.connectionsAccepted &+= 1
    }

    func closed(_ client: ClientConnection) {
        connectionCount -= 1
        counters.connectionsClosed &+= 1
        tellIfDrained()
    }

    private func tellIfDrained() {
        guard isDraining, connectionCount == 0, let tell = drained.take() else { return }
        accessLog?.flush()
        tell()
    }

    /// Stops accepting for good, and removes what binding left in the file system.
    public func endListening() {
        for acceptor in acceptors { acceptor.end() }
    }

    /// The gateway will drain soon: filters know of it, and nothing else changes.
    public func announceDrain() { filterState.isDraining = true }

    /// Stops accepting, closes idle connections, and lets the others finish. `drained` is called on the loop, once, when the last
    /// connection has closed.
    public func drain(_ drained: @escaping () -> Void) {
        guard !isDraining else { return }
        isDraining = true
        filterState.isDraining = true
        self.drained = drained
        endListening()
        loop.forEachSource { source in
            if let client = source as? ClientConnection { client.closeIfIdle() }
        }
        for case .upstream(let upstream) in apps { upstream.drain() }
        tellIfDrained()
    }

    /// Closes all connections at once: the drain's time is over. Exchanges in flight are cut off.
    public func closeAll() {
        loop.forEachSource { source in
            if let client = source as? ClientConnection { client.abort(.gatewayDraining) }
        }
    }

    /// Whether paths with `%2F` and `%5C` come to this app. A pipeline lets them pass: where it leads is asked again.
    func takesEscapedSeparators(_ app: Int) -> Bool {
        if app >= apps.count { return true }
        if case .upstream(let upstream) = apps[app] { return upstream.settings.takesEscapedSeparators }
        return false
    }

    // MARK: Counting

    /// A copy of all that was counted so far. On the loop's own thread.
    public var tally: Tally { Tally(counters: counters, filters: filterTally) }

    // MARK: Explaining

    /// What becomes of the request that is explained now; nil on a loop that serves.
    private(set) var account: ExchangeAccount? { didSet { looksAtFilters = account != nil || watch != nil } }

    /// Runs the request whose head waits at `descriptor` as if its client had connected from `address`, as far as can be without an app,
    /// and writes there what the client would be answered. For a loop that never runs and does nothing else.
    package func explain(
        on descriptor: Int32, from address: SocketAddress, settings: ListenerSettings, routes: RouteSettings
    ) -> ExchangeAccount {
        let account = ExchangeAccount()
        self.account = account
        // What is explained comes as if the connection filters were passed: from the client whom a prologue names, and without TLS.
        let listener = Listener(settings: settings, routes: routes, connections: ConnectionLimit(.max))
        ClientConnection(descriptor: descriptor, address: address, listener: listener, proxy: self).start()
        self.account = nil
        return account
    }

    // MARK: Exchanges

    /// An exchange that nobody uses. It lives as long as this.
    func takeExchange() -> Uncounted<Exchange> {
        if let free = freeExchanges.popLast() { return free }
        let exchange = Exchange(number: holders.count, proxy: self)
        holders.append(exchange)
        return unsafe Uncounted(exchange)
    }

    func recycle(_ exchange: Exchange) { freeExchanges.append(unsafe Uncounted(exchange)) }

    /// A sub-exchange that nobody uses. It lives as long as this.
    func takeSubExchange() -> Uncounted<SubExchange> {
        if let free = freeSubExchanges.popLast() { return free }
        let made = SubExchange(number: holders.count, proxy: self)
        holders.append(made)
        return unsafe Uncounted(made)
    }

    func recycle(_ made: SubExchange) { freeSubExchanges.append(unsafe Uncounted(made)) }

    /// Whom an upstream's queue named.
    func leaseHolder(numbered number: UInt64) -> LeaseHolder { holders[Int(number)] }

    /// Tells filters the time of this turn.
    func updateClock() {
        clock.nanoseconds = loop.nowNanoseconds
        clock.wallSeconds = loop.wallSeconds
    }

    /// Writes a `Date` line.
    func writeDate(to out: inout OutputBuffer) {
        out.append("Date: ")
        date.update(loop.wallSeconds)
        date.append(to: &out)
        out.appendCRLF()
    }

    // MARK: Pipes

    /// A pipe for splicing; nil when no descriptors are left.
    func takePipe() -> SplicePipeBox? { pipes.popLast() ?? SplicePipeBox() }

    /// Only an empty pipe may be used again; another is closed.
    func giveBack(_ pipe: SplicePipeBox) {
        if pipe.pipe.count == 0 && pipes.count < 16 { pipes.append(pipe) }
    }
}

/// A pipe that can be kept in an array and handed on.
final class SplicePipeBox {
    var pipe: SplicePipe
    init?() {
        guard let pipe = SplicePipe() else { return nil }
        self.pipe = pipe
    }
}

/// What a route leads to, on this loop.
enum AppOnLoop {
    case echo(name: String)
    case upstream(Upstream)
}

/// Takes finished exchanges for the access log. Implemented where the log is written.
public protocol AccessLogSink: AnyObject {
    func log(_ record: borrowing ExchangeRecord, _ texts: borrowing ExchangeTexts)
    /// Hands over what it has gathered.
    func flush()
}
