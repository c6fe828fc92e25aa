import EventLoops
import FilterAPI
import HTTPMessage
import Testing

@testable import Gateway
@testable import Proxy

/// Requests wait for one event, which another request brings about.
private final class Gathering: FilterPlugin {
    static let name = "gathering"
    static let reasons = [late]
    static let late = ReplyReason("gathering.late", "Late", fault: .nobody, happened: "It waited too long.", advice: "Nothing.")

    init(_ options: FilterOptions) {}
    init() {}

    func makeFilter(on loop: LoopContext) -> any Filter { OnLoop(loop.makeEvent()) }

    private final class OnLoop: RequestFilter {
        private let event: LoopEvent
        private let reply = Reply(403, Gathering.late)
        init(_ event: LoopEvent) { self.event = event }

        func processRequest(_ request: inout Request) -> RequestDecision {
            let (event, reply) = (event, reply)
            func wait(_ milliseconds: Int64) -> RequestDecision {
                .wait(for: event, atMost: milliseconds) { _ in event.hasHappened ? .forward : .respond(reply) }
            }
            switch request.path {
            case "/patient": return wait(60_000)
            case "/impatient": return wait(1)
            default:
                event.happen()
                return .forward
            }
        }
    }
}

@Suite struct SharedEventTests {
    private final class Reference: @unchecked Sendable {
        let proxy: ProxyLoop
        init(_ proxy: ProxyLoop) { self.proxy = proxy }
    }

    @Test func `all who wait for an event go on when it happens, also when one of them waits no longer`() throws {
        let loop = try EventLoop(index: 0)
        var settings = ProxySettings(apps: [.echo(name: "demo")])
        settings.filters = FilterSet([FilterSettings(name: "gathering", plugin: Gathering())])
        settings.pipelines = [PipelineSettings(name: "all", filters: [0], routes: .destination(0))]
        let reference = Reference(try ProxyLoop(on: loop, settings: settings))
        var thread = Optional(try LoopThread(name: "gathering") { loop.run() })
        defer {
            loop.stop()
            if let running = thread.take() { running.join() }
        }
        // What a connection has sent before it starts is read as it does: in this order.
        func send(_ path: String) throws -> SocketPair {
            let pair = try #require(SocketPair())
            #expect(pair.write(Array("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)))
            let descriptor = pair.far
            loop.post {
                let listener = Listener(settings: ListenerSettings(name: "web"), routes: .destination(1), connections: ConnectionLimit(.max))
                ClientConnection(descriptor: descriptor, address: .ipv4(0x7F00_0001, port: 1), listener: listener, proxy: reference.proxy).start()
            }
            return pair
        }
        func status(_ pair: SocketPair) -> String {
            var answer: [UInt8] = []
            let deadline = ContinuousClock.now + .seconds(20)
            while answer.count < 12, ContinuousClock.now < deadline {
                pause()
                answer += pair.read()
            }
            return String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self)
        }
        let first = try send("/patient"), second = try send("/patient"), impatient = try send("/impatient")
        #expect(status(impatient) == "403")
        #expect(status(try send("/go")) == "200")
        #expect(status(first) == "200")
        #expect(status(second) == "200")
    }
}
