import FilterAPI
import FilterTesting
import Glibc
import Testing

/// Asks a service over a descriptor of its own: here a pipe that it has both ends of. Each request sends a byte and waits for it.
final class Piper: FilterPlugin {
    static let name = "piper"

    init(_ options: FilterOptions) throws(ConfigurationError) {}

    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        guard let filter = LoopPiper(loop) else { throw ConfigurationError("no pipe") }
        return filter
    }

    final class LoopPiper: RequestFilter {
        private let loop: LoopContext
        private let watch: LoopWatch
        private var ends: [Int32] = [0, 0]
        private var waiting: [LoopEvent] = []
        private var ticks = 0

        init?(_ loop: LoopContext) {
            self.loop = loop
            watch = loop.makeWatch()
            guard unsafe pipe(&ends) == 0, fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0, watch.open(ends[0]) else { return nil }
            watch.onReady = { [unowned self] in ready() }
            watch.onTime = { [unowned self] in ticks += 1 }
            watch.setTimer(milliseconds: 100)
        }

        deinit {
            watch.close()
            for end in ends { close(end) }
        }

        private func ready() {
            var byte: UInt8 = 0
            while unsafe read(ends[0], &byte, 1) == 1 { waiting.removeFirst().happen() }
        }

        func processRequest(_ request: inout Request) -> RequestDecision {
            let event = loop.makeEvent()
            waiting.append(event)
            var byte: UInt8 = 1
            if request.path == "/elsewhere" {
                // As another thread does it.
                waiting.removeLast()
                event.happenSoon()
            } else if request.path != "/lost" {
                _ = unsafe write(ends[1], &byte, 1)
            }
            return .wait(for: event, atMost: 500) { [self] request in
                request.fields["X-Answer"] = "\(event.hasHappened) \(ticks)"
                return .forward
            }
        }
    }
}

@Suite struct WaitingTests {
    private func send(_ harness: FilterHarness, _ path: String, on loop: Int = 0) -> TestExchange {
        harness.send("GET \(path) HTTP/1.1\nHost: h\n", on: loop)
    }

    @Test(arguments: ["/", "/elsewhere"]) func `a request waits for an event, and goes on when it has happened`(_ path: String) throws {
        let harness = try FilterHarness(Piper.self, loops: 2)
        for loop in [0, 1] {
            let exchange = send(harness, path, on: loop)
            #expect(exchange.stage == .waiting)
            #expect(exchange.patience == 500)
            #expect(harness.settle(exchange))
            #expect(exchange.isForwarded)
            #expect(exchange.field("X-Answer") == "true 0")
        }
    }

    @Test func `a filter sees that time ran out`() throws {
        let harness = try FilterHarness(Piper.self)
        let exchange = send(harness, "/lost")
        #expect(!harness.run(upTo: .milliseconds(20)) { exchange.event?.hasHappened ?? false })
        exchange.goOn()
        #expect(exchange.field("X-Answer") == "false 0")
    }

    @Test func `timers run on the clock of the test, once`() throws {
        let harness = try FilterHarness(Piper.self)
        harness.advance(by: .milliseconds(99))
        let before = send(harness, "/")
        #expect(harness.settle(before))
        #expect(before.field("X-Answer") == "true 0")
        harness.advance(by: .milliseconds(1))
        harness.advance(by: .seconds(10))
        let after = send(harness, "/")
        #expect(harness.settle(after))
        #expect(after.field("X-Answer") == "true 1")
    }
}
