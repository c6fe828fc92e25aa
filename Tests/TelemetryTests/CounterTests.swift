import HTTPMessage
import Telemetry
import Testing

@Suite struct CounterTests {
    @Test func countsAnExchange() {
        var counters = LoopCounters()
        var record = ExchangeSample().record
        counters.add(record)
        record.status = 502
        record.reason = .upstreamConnectRefused
        record.tries = 2
        record.end = EndState(party: .app, phase: .connect)
        counters.add(record)
        record.status = 0
        record.reason = .clientClosed
        counters.add(record)
        #expect(counters.exchanges == 3)
        #expect(counters.statusClasses.successful == 1 && counters.statusClasses.serverError == 1 && counters.statusClasses.none == 1)
        #expect(counters.count(of: .upstreamConnectRefused) == 1 && counters.count(of: .clientClosed) == 1)
        #expect(counters.count(of: .routeNone) == 0)
        #expect(counters.retries == 2)
        #expect(counters.appConnectionsReused == 1)
        #expect(counters.clientBytesOut == 2100 && counters.appBytesIn == 2070)
    }

    @Test func countersOfSeveralLoopsAdd() {
        var one = LoopCounters()
        var two = LoopCounters()
        var record = ExchangeSample().record
        one.add(record)
        record.reason = .routeNone
        record.status = 404
        two.add(record)
        two.connectionsAccepted = 5
        two.handshakes = 4
        two.handshakesResumed = 3
        two.handshakesFailed = 2
        two.logLinesDropped = 7
        one.connectionsAccepted = 2
        one.add(two)
        #expect(one.exchanges == 2 && one.connectionsAccepted == 7 && one.logLinesDropped == 7)
        #expect(one.handshakes == 4 && one.handshakesResumed == 3 && one.handshakesFailed == 2)
        #expect(one.count(of: .routeNone) == 1)
        #expect(one.statusClasses.clientError == 1 && one.statusClasses.successful == 1)
        var empty = LoopCounters()
        empty.add(one)
        #expect(empty == one)
    }

    /// The side in the end state and the first word of the reason's code say the same.
    @Test(arguments: Reason.allCases) func theEndedSideFitsTheCode(_ reason: Reason) {
        let party = EndState.Party(reason)
        let code = reason.code.description
        let timedOut = code.hasSuffix("timeout") || code.hasSuffix("too-slow") || code.hasSuffix("idle")
        // A handshake that did not end well is laid at the client's door: the gateway answered it by its rules.
        if code.hasPrefix("request.") || code.hasPrefix("client.") || code.hasPrefix("tls.") {
            #expect(party == (timedOut ? .clientTimeout : .client))
        } else if code.hasPrefix("upstream.queue.") || code == "tunnel.idle" {
            #expect(party == .gateway)
        } else if code.hasPrefix("upstream.") {
            #expect(party == (timedOut ? .appTimeout : .app))
        } else if code.hasPrefix("prologue.") {
            #expect(party == (timedOut ? .clientTimeout : .client))
        } else {
            #expect(party == (reason == .gatewayError ? .error : .gateway))
        }
    }
}
