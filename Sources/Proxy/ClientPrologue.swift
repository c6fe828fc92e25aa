import EventLoops
import FilterAPI
import HTTPMessage
import TLS
import Telemetry
import Transport

// What stands at the beginning of a connection, before TLS and HTTP: filters of its listener read it, one after the other.

extension ClientConnection {
    /// The connection begins with a prologue.
    func awaitPrologue(_ reader: PrologueReader) {
        phase = .prologue
        peerEnd = peerAddress.end
        loop.setDeadline(self, loop.now &+ reader.timeout)
    }

    /// Shows what has come to the filter whose turn it is. True: it is through with it.
    func readPrologue() -> Bool {
        guard stream.canReceive else { return false }
        let reader = listener.prologues[prologuesRead]
        switch stream.peek(into: &input, pool: proxy.slabs, limit: reader.longest) {
        case .bytes, .wouldBlock: break
        case .end, .failed:
            close()
            return false
        }
        switch input.withReceived({ reader.filter.readPrologue($0, from: peerEnd ?? .unix) }) {
        case .needsMore:
            let count = input.end
            input.clear()
            // Bytes that were peeked at stay, and are no news: only a further one is.
            stream.canReceive = false
            if count >= reader.longest {
                refusePrologue(.prologueTooLong)
            } else if stream.peerEnded {
                refusePrologue(.clientClosed)
            }
            return false
        case .refused(let reason):
            refusePrologue(reason)
            return false
        case .passed(let prologue):
            guard 0...input.end ~= prologue.byteCount, stream.skip(prologue.byteCount, in: &input) else {
                refusePrologue(.gatewayError)
                return false
            }
            input.clear()
            if prologue.byteCount > 0 { proxy.counters.prologues &+= 1 }
            believe(prologue)
            return passPrologue()
        }
    }

    /// The next filter, then TLS, then HTTP. False: the connection is closed.
    private func passPrologue() -> Bool {
        prologuesRead += 1
        if prologuesRead < listener.prologues.count {
            loop.setDeadline(self, loop.now &+ listener.prologues[prologuesRead].timeout)
            return true
        }
        peerEnd = nil
        if let terminator = listener.terminator {
            if secure(by: terminator) { return true }
            close()
            return false
        }
        phase = .idle
        began = loop.nowNanoseconds / 1000
        loop.setDeadline(self, loop.now &+ listener.settings.headTimeout)
        return true
    }

    /// Closes the connection without an answer: what the peer would understand is not known yet.
    func refusePrologue(_ reason: Reason) {
        countRefusedPrologue()
        logRefusal(reason)
        close()
    }

    private func refusePrologue(_ reason: ReplyReason) {
        countRefusedPrologue()
        logRefusal { $0.turnAway(reason) }
        close()
    }

    private func countRefusedPrologue() { proxy.counters.prologuesRefused &+= 1 }
}
