import EventLoops

/// Whose turn it is for a step of a TLS handshake. A step may take a millisecond, so in one turn of the loop there is a bound for all, and
/// those that are left over wait for the next, in the order in which they came: a flood of new connections never holds up those that are
/// there.
final class HandshakeTurns: EventSource {
    /// Nanoseconds for handshakes in one turn of the loop.
    static let budget: Int64 = 2_000_000

    private var waiting: [ClientConnection] = []
    private var first = 0
    /// The turn for which `spent` counts.
    private var turn: Int64 = 0
    private var spent: Int64 = 0
    private var isServing = false

    init(on proxy: ProxyLoop) {
        super.init(on: proxy.loop)
        // Without a descriptor: nothing that could fail.
        _ = loop.register(self, watch: .nothing)
    }

    /// Runs a step of `client`'s handshake now, or has the client resumed when it is its turn. Nil: it is not.
    func take<Outcome>(_ client: ClientConnection, _ step: () -> Outcome) -> Outcome? {
        if turn != loop.nowNanoseconds {
            turn = loop.nowNanoseconds
            spent = 0
        }
        guard spent < Self.budget, isServing || waiting.isEmpty else {
            if waiting.isEmpty { loop.runAgain(self) }
            if !client.awaitsHandshakeTurn { waiting.append(client) }
            client.awaitsHandshakeTurn = true
            return nil
        }
        let began = loop.clockNanoseconds()
        let outcome = step()
        spent += loop.clockNanoseconds() - began
        return outcome
    }

    override func resume() {
        isServing = true
        if turn != loop.nowNanoseconds {
            turn = loop.nowNanoseconds
            spent = 0
        }
        while first < waiting.count, spent < Self.budget {
            let client = waiting[first]
            first += 1
            client.awaitsHandshakeTurn = false
            client.resume()
        }
        isServing = false
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.count < 1024)
            first = 0
        } else {
            if first > 256 {
                waiting.removeFirst(first)
                first = 0
            }
            loop.runAgain(self)
        }
    }
}
