// unsafe: limits and standard streams of the process
import Buffers
import CPlatform
import EventLoops
import Glibc
import Proxy
import Synchronization
import TLS
import Telemetry
import Upstreams

/// The running gateway: binds everything or nothing, starts a loop a thread, and lives until a signal ends it.
///
/// SIGTERM and SIGINT drain, after the drain delay, in which only filters know of it: nothing new is accepted, idle connections are closed, exchanges in flight finish with
/// `Connection: close`, at most for the drain time-out. A second one ends it at once. SIGUSR1 opens the access log again,
/// SIGUSR2 prints what the loops have counted.
public struct GatewayProcess {
    private let settings: GatewaySettings
    private let loops: [RunningLoop]
    private let log: LogWriter?

    /// One loop with its proxy; after the start touched only by its own thread, but for `post` and `stop`.
    private final class RunningLoop: @unchecked Sendable {
        let loop: EventLoop
        let proxy: ProxyLoop
        let drained = Atomic<Bool>(false)

        init(index: Int, settings: ProxySettings, log: LogWriter?, format: AccessLogEncoder.Format?) throws {
            let loop = try EventLoop(index: index)
            self.loop = loop
            let sink: LoopAccessLog? =
                if let log, let format { LoopAccessLog(on: loop, format: format, writer: log) } else { nil }
            proxy = try ProxyLoop(on: loop, settings: settings, accessLog: sink)
        }
    }

    /// Serves until it is told to end. Prints one line a listener on standard output when connections are really accepted.
    public static func run(_ settings: GatewaySettings) -> ExitStatus {
        DescriptorLimit.raise()
        let signals = SignalWait()
        do {
            let process = try GatewayProcess(settings)
            return try process.serve(signals)
        } catch {
            // A SystemError or a FilterFault: both say in words what is wrong.
            complain("sluice: \(error)")
            return .failed
        }
    }

    private init(_ settings: GatewaySettings) throws {
        self.settings = settings
        var log: LogWriter?
        if let accessLog = settings.accessLog {
            log = try LogWriter(accessLog.target) { event in complain("sluice: access log: \(event)") }
        }
        self.log = log
        let count = settings.loops > 0 ? settings.loops : Int(sluice_cpu_count())
        DescriptorLimit.check(settings, loops: count)
        let names = NameLookUp()
        let apps = try Self.secured(settings.apps)
        let known = names.resolve(apps)
        let shortages = ShortageNotice()
        let filters = FilterSet(settings.filters, loopCount: count) { complain($0) }
        var loops: [RunningLoop] = []
        for index in 0..<count {
            var proxySettings = ProxySettings(apps: Self.share(apps, loop: index, of: count))
            proxySettings.filters = filters
            proxySettings.pipelines = settings.pipelines
            proxySettings.filterTiming = settings.filterTiming
            proxySettings.resolve = names.resolution
            proxySettings.knownAddresses = known
            proxySettings.shortage = { error, now in
                if let line = shortages.line(for: error, now: now, canSay: takesALine(2)) { complain(line) }
            }
            loops.append(try RunningLoop(index: index, settings: proxySettings, log: log, format: settings.accessLog?.format))
        }
        self.loops = loops
    }

    /// Apps that are talked to by TLS, with their files read.
    private static func secured(_ apps: [AppSettings]) throws -> [AppSettings] {
        try apps.map { app in
            guard case .upstream(var upstream) = app else { return app }
            do throws(TLSSetupFault) {
                try upstream.secure()
            } catch {
                throw TLSSetupFault("[app:\(upstream.name)]: \(error)")
            }
            return .upstream(upstream)
        }
    }

    /// What is limited for the whole gateway is divided among its loops.
    private static func share(_ apps: [AppSettings], loop: Int, of loops: Int) -> [AppSettings] {
        apps.map { app in
            guard case .upstream(var upstream) = app else { return app }
            upstream.pool = upstream.pool.share(ofLoop: loop, among: loops)
            return .upstream(upstream)
        }
    }

    private func serve(_ signals: SignalWait) throws(SystemError) -> ExitStatus {
        let lines = try listen()
        var threads: [LoopThreadBox] = []
        for running in loops {
            threads.append(LoopThreadBox(try LoopThread(name: "sluice-loop-\(running.loop.index)") { running.loop.run() }))
        }
        for line in lines { say(line) }
        ServiceNotification.send("READY=1")
        waitForEnd(signals)
        for running in loops { running.loop.stop() }
        for thread in threads { thread.join() }
        // Those of a loop that was stopped before it came to drain.
        endListening()
        _ = log?.stop(timeoutMilliseconds: 2000)
        return .done
    }

    /// Binds every address on every loop, before any thread runs: all or none. Errors: the first address that cannot be had, with its name.
    private func listen() throws(SystemError) -> [String] {
        do throws(SystemError) {
            var lines: [String] = []
            // Authorities of which it was said how to trust them.
            var instructed: Set<String> = []
            for listener in settings.listeners {
                let connections = ConnectionLimit(listener.maxConnections)
                for address in listener.addresses {
                    let bound = try listen(on: address, listener, connections)
                    lines.append("listening on \(bound.text) (\(listener.settings.name))")
                    let development = loops[0].proxy.developmentCertificate(of: listener.settings)
                    lines += DemoHint.lines(
                        listener.routes, settings.apps, at: bound, isHTTPS: listener.settings.isHTTPS,
                        isHTTP2Alone: !listener.settings.protocols.contains(.http1), trust: development?.curlOption)
                    guard let development, instructed.insert(development.authorityPath).inserted else { continue }
                    let url = "https://localhost:\(bound.port)/"
                    lines += development.made == .authority
                        ? development.trustInstructions(for: url).split(separator: "\n").map { "  \($0)" }
                        : ["  \(url) has a development certificate of \(development.authorityPath): docs/tls.md says how to trust it"]
                }
            }
            return lines
        } catch {
            endListening()
            throw error
        }
    }

    private func listen(on address: SocketAddress, _ listener: ListenerSetup, _ connections: ConnectionLimit) throws(SystemError)
        -> SocketAddress
    {
        let first: ListeningSocket
        do throws(SystemError) {
            try ListeningSocket.checkFree(address)
            first = try ListeningSocket(
                on: address, backlog: listener.backlog, sharing: loops.count > 1, socketMode: listener.socketMode)
        } catch {
            complain("sluice: listener \(listener.settings.name): cannot listen on \(address.text)")
            throw error
        }
        let bound = first.address
        for running in loops.dropFirst() {
            let socket = first.isShared ? try first.copy() : try ListeningSocket(on: bound, backlog: listener.backlog, sharing: true)
            try accept(on: running, socket, listener, connections)
        }
        try accept(on: loops[0], first, listener, connections)
        return bound
    }

    private func accept(
        on running: RunningLoop, _ socket: consuming ListeningSocket, _ listener: ListenerSetup, _ connections: ConnectionLimit
    ) throws(SystemError) {
        let error = running.proxy.listen(socket, settings: listener.settings, routes: listener.routes, connections: connections)
        if let error { throw error }
    }

    private func endListening() {
        for running in loops { running.proxy.endListening() }
    }

    // MARK: Signals

    private func waitForEnd(_ signals: SignalWait) {
        while true {
            switch signals.wait(milliseconds: nil) {
            case .reopenLog: log?.reopen()
            case .printCounters: printCounters()
            case .end: return drain(signals)
            case .nothing: continue
            }
        }
    }

    /// Asks each loop for a copy of what it has counted, waits a second for those that are busy, and prints the sum on standard error.
    private func printCounters() {
        let tallies = TallyCollection()
        for running in loops {
            running.loop.post { tallies.add(running.proxy.tally, running.loop.index == 0 ? running.proxy.filterStatus : []) }
        }
        tallies.wait(for: loops.count, milliseconds: 1000)
        let text = TallyText(
            tally: tallies.sum, loops: loops.count, answered: tallies.count, filters: settings.filters.map(\.name), interval: settings.filterTiming,
            status: tallies.filters)
        complain(text.lines, terminator: "")
    }

    private func drain(_ signals: SignalWait) {
        ServiceNotification.send("STOPPING=1")
        if settings.drainDelay > 0 {
            for running in loops { running.loop.post { running.proxy.announceDrain() } }
            guard wait(settings.drainDelay, signals, until: { false }) else { return cutOff() }
        }
        for running in loops {
            running.loop.post { running.proxy.drain { running.drained.store(true, ordering: .releasing) } }
        }
        func isDone() -> Bool { loops.allSatisfy { $0.drained.load(ordering: .acquiring) } }
        if !wait(settings.drainTimeout, signals, until: isDone) || !isDone() { cutOff() }
    }

    /// Waits for a time, at least one step of it, or until something is done.
    ///
    /// - Parameter milliseconds: `Int64.max` for ever.
    /// - Returns: false if it is told to end at once.
    private func wait(_ milliseconds: Int64, _ signals: SignalWait, until isDone: () -> Bool) -> Bool {
        let step: Int64 = 10
        var left = milliseconds
        while !isDone() {
            switch signals.wait(milliseconds: min(step, max(1, left))) {
            case .end: return false
            case .reopenLog: log?.reopen()
            case .printCounters: printCounters()
            case .nothing: break
            }
            if left != .max { left -= step }
            if left <= 0 { break }
        }
        return true
    }

    /// Ends what is left at once.
    private func cutOff() {
        for running in loops { running.loop.post { running.proxy.closeAll() } }
    }
}

/// A thread that can be kept in an array.
private final class LoopThreadBox {
    private var thread: LoopThread?
    init(_ thread: consuming LoopThread) { self.thread = consume thread }
    func join() {
        if let thread = thread.take() { thread.join() }
    }
}

/// One line to standard output, at once.
func say(_ line: String) { writeLine(line, "\n", to: 1) }

/// One line to standard error.
func complain(_ line: String, terminator: String = "\n") { writeLine(line, terminator, to: 2) }

/// Whether a line can be written now without waiting for whoever reads.
func takesALine(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLOUT) != 0
}

private func writeLine(_ line: String, _ terminator: String, to descriptor: Int32) {
    let bytes = Array((line + terminator).utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
}
