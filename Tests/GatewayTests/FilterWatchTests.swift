import EventLoops
import FilterAPI
import HTTPMessage
import Synchronization
import Telemetry
import Testing

@testable import Gateway
@testable import Proxy

/// Decides by a field, so that one request passes through it in every way that there is.
private final class Decider: FilterPlugin, RequestFilter, ResponseFilter, CompletionObserver {
    static let name = "decider"
    static let asks = true
    static let reasons = [no]
    static let no = ReplyReason("decider.no", "No", fault: .nobody, happened: "It said no.", advice: "Nothing.")

    struct Failure: Error {}

    private let field: FieldName
    private let reply = Reply(403, Decider.no)

    init(field: FieldName) { self.field = field }
    convenience init(_ options: FilterOptions) { self.init(field: "X-Do") }

    func processRequest(_ request: inout Request) -> RequestDecision {
        let reply = reply
        switch request.fields[field] {
        case "reply": return .respond(reply)
        case "ask": return .ask({ true }, then: { _, _ in .forward })
        case "ask-reply": return .ask({ true }, then: { _, _ in .respond(reply) })
        case "ask-twice": return .ask({ true }, then: { _, _ in .ask({ true }, then: { _, _ in .forward }) })
        case "fail": return .ask({ () async throws -> Bool in throw Failure() }, then: { _, _ in .forward })
        case "late": return .ask({ try await Task.sleep(for: .seconds(600)) }, then: { _, _ in .forward })
        case "delay": return .delay(milliseconds: 1)
        default: return .forward
        }
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {}
    func exchangeDidFinish(_ summary: borrowing ExchangeSummary, for request: borrowing Request) {}
}

/// A filter that sees no requests, in the midst of those that do.
private final class Marker: FilterPlugin, ResponseFilter {
    static let name = "marker"
    init(_ options: FilterOptions) {}
    init() {}
    func processResponse(_ response: inout Response, for request: borrowing Request) { response.fields["X-Marker"] = "1" }
}

/// Counts of what filters decide are exact, whether an exchange is timed or not.
@Suite struct FilterWatchTests {
    /// A loop on a thread of its own, with the pipeline `first marker second` in front of the demo app.
    private final class Running {
        let loop: EventLoop
        let proxy: ProxyLoop
        let thread: Thread

        final class Thread {
            var thread: LoopThread?
            init(_ thread: consuming LoopThread) { self.thread = consume thread }
        }

        init(timing: Int, failsOpen: Bool) throws {
            let loop = try EventLoop(index: 0)
            var settings = ProxySettings(apps: [.echo(name: "demo")])
            settings.filters = FilterSet([
                FilterSettings(name: "second", plugin: Decider(field: "X-Second"), askTimeout: 20, failsOpen: failsOpen),
                FilterSettings(name: "marker", plugin: Marker()),
                FilterSettings(name: "first", plugin: Decider(field: "X-First"), askTimeout: 20, failsOpen: failsOpen),
            ])
            settings.pipelines = [PipelineSettings(name: "all", filters: [2, 1, 0], routes: .destination(0))]
            settings.filterTiming = timing
            self.loop = loop
            proxy = try ProxyLoop(on: loop, settings: settings)
            thread = Thread(try LoopThread(name: "watched") { loop.run() })
        }

        deinit {
            loop.stop()
            if let running = thread.thread.take() { running.join() }
        }

        /// The status of the answer to one request on a connection of its own.
        func status(_ first: String, _ second: String) throws -> Int {
            let pair = try #require(SocketPair())
            #expect(pair.write(Array("GET / HTTP/1.1\r\nHost: a\r\nX-First: \(first)\r\nX-Second: \(second)\r\nConnection: close\r\n\r\n".utf8)))
            let descriptor = pair.far
            let reference = Reference(proxy)
            loop.post {
                let listener = Listener(settings: ListenerSettings(name: "web"), routes: .destination(1), connections: ConnectionLimit(.max))
                ClientConnection(descriptor: descriptor, address: .ipv4(0x7F00_0001, port: 1), listener: listener, proxy: reference.proxy).start()
            }
            var answer: [UInt8] = []
            let deadline = ContinuousClock.now + .seconds(20)
            while !String(decoding: answer, as: UTF8.self).contains("\r\n\r\n"), ContinuousClock.now < deadline {
                pause()
                answer += pair.read()
            }
            return Int(String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self)) ?? 0
        }

        /// What has been counted once the books of all exchanges are closed.
        func tally(after exchanges: Int) throws -> Tally {
            let reference = Reference(proxy)
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                let collection = TallyCollection()
                loop.post { collection.add(reference.proxy.tally) }
                collection.wait(for: 1, milliseconds: 20_000)
                if collection.sum.counters.exchanges == UInt64(exchanges) { return collection.sum }
            }
            throw Late()
        }

        struct Late: Error {}

        private final class Reference: @unchecked Sendable {
            let proxy: ProxyLoop
            init(_ proxy: ProxyLoop) { self.proxy = proxy }
        }
    }

    /// What both filters are told to do, the status, and forwards, replies, waits and failures of each.
    private static let cases: [(String, String, Int, [UInt64], [UInt64])] = [
        ("-", "-", 200, [1, 0, 0, 0], [1, 0, 0, 0]),
        ("reply", "-", 403, [0, 1, 0, 0], [0, 0, 0, 0]),
        ("-", "reply", 403, [1, 0, 0, 0], [0, 1, 0, 0]),
        ("ask", "ask", 200, [1, 0, 1, 0], [1, 0, 1, 0]),
        ("ask", "ask-reply", 403, [1, 0, 1, 0], [0, 1, 1, 0]),
        ("ask-twice", "-", 200, [1, 0, 2, 0], [1, 0, 0, 0]),
        ("delay", "delay", 200, [1, 0, 1, 0], [1, 0, 1, 0]),
        ("-", "fail", 503, [1, 0, 0, 0], [0, 0, 1, 1]),
        ("late", "-", 503, [0, 0, 1, 1], [0, 0, 0, 0]),
    ]

    private static func counts(_ counters: FilterCounters) -> [UInt64] {
        [counters.forwards, counters.replies, counters.waits, counters.failures]
    }

    @Test(arguments: [1, 1_000_000]) func everyDecisionIsCounted(_ timing: Int) throws {
        let running = try Running(timing: timing, failsOpen: false)
        // The first exchange is always timed: it is for that.
        #expect(try running.status("-", "-") == 200)
        var (first, second): ([UInt64], [UInt64]) = ([1, 0, 0, 0], [1, 0, 0, 0])
        for (index, item) in Self.cases.enumerated() {
            #expect(try running.status(item.0, item.1) == item.2, "\(item)")
            for place in 0..<4 {
                first[place] += item.3[place]
                second[place] += item.4[place]
            }
            let tally = try running.tally(after: index + 2)
            #expect(Self.counts(tally.filters[2]) == first, "\(item)")
            #expect(Self.counts(tally.filters[0]) == second, "\(item)")
            #expect(Self.counts(tally.filters[1]) == [0, 0, 0, 0])
            if timing > 1 { #expect(tally.filters[2].requestTimes.count == 1 && tally.filters[1].responseTimes.count == 1) }
        }
        guard timing == 1 else { return }
        let tally = try running.tally(after: Self.cases.count + 1)
        // Each call is timed: a decision behind an answer is one of its own.
        #expect(tally.filters[2].requestTimes.count == 10 + 5)
        // One that answered does not see its reply; what it answered, and what failed in it, the ones before it see.
        #expect(tally.filters[2].responseTimes.count == 9)
        #expect(tally.filters[2].endTimes.count == 10 && tally.filters[0].endTimes.count == 8)
    }

    @Test func aFilterThatFailsOpenHasFailedAndTheRestGoesOn() throws {
        let running = try Running(timing: 1, failsOpen: true)
        #expect(try running.status("fail", "late") == 200)
        let tally = try running.tally(after: 1)
        #expect(Self.counts(tally.filters[2]) == [0, 0, 1, 1])
        #expect(Self.counts(tally.filters[0]) == [0, 0, 1, 1])
        #expect(tally.counters.statusClasses.successful == 1)
    }

    @Test func theTableIsAligned() {
        var (one, two) = (FilterCounters(), FilterCounters())
        (one.forwards, two.forwards, two.replies) = (12345, 7, 1)
        one.requestTimes.add(100)
        two.responseTimes.add(5)
        two.endTimes.add(6)
        var counters = LoopCounters()
        counters.connectionsAccepted = 3
        counters.connectionsClosed = 1
        var text = TallyText(tally: Tally(counters: counters, filters: [one, two]), loops: 2, answered: 1, filters: ["a-filter", "b"], interval: 64)
        #expect(
            text.lines == """
                sluice: counters of 1 of 2 loops since the start
                  clients         accepted 3, open 2, refused 0, accept failed 0
                  exchanges       all 0, 1xx 0, 2xx 0, 3xx 0, 4xx 0, 5xx 0, none 0
                  apps            opened 0, failed 0, reused 0, retries 0
                  bytes           from clients 0, to clients 0, to apps 0, from apps 0
                  filter    forwards  replies  waits  failures  request ns       response ns  end ns
                  a-filter  12345     0        0      0         100/100/100 (1)  -            -
                  b         7         1        0      0         -                5/5/5 (1)    6/6/6 (1)
                  times are median/99 %/longest (count) of one exchange in 64

                """)
        text.interval = 0
        #expect(text.lines.hasSuffix("  filters         are not counted: filter-timing = off\n"))
        text.filters = []
        #expect(text.lines.hasSuffix("from apps 0\n"))
    }
}
