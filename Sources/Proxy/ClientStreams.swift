import Buffers
import EventLoops
import HTTP2
import HTTPMessage
import Transport

// HTTP/2 on a client's connection: how it is told from HTTP/1.1 where nobody has said, and how its frames come and go.

extension ClientConnection {
    /// What a client sends that begins with HTTP/2 (RFC 9113 §3.4).
    private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    enum Opening {
        case http1, http2
        /// It is too early to say.
        case unknown
    }

    /// What the first bytes of a plain connection are the beginning of.
    var opening: Opening {
        let spoken = listener.settings.protocols
        guard spoken.contains(.priorKnowledge), let count = prefaceCount else { return .http1 }
        return count == Self.preface.utf8CodeUnitCount ? .http2 : .unknown
    }

    /// How many bytes of the preface are there; nil where the first bytes are others.
    private var prefaceCount: Int? {
        let preface = Self.preface.octets
        let count = min(preface.count, input.rawCount)
        let isAlike = input.withReceived { bytes in (0..<count).allSatisfy { bytes[input.rawStart + $0] == preface[$0] } }
        return isAlike ? count : nil
    }

    /// What came, and is no request of HTTP/1.1, is the beginning of HTTP/2: its first line at least.
    var meansHTTP2: Bool { prefaceCount ?? 0 >= "PRI * HTTP/2.0".utf8.count }

    func beginStreams() {
        streams = StreamConnection(of: self)
        phase = .streams
    }

    /// Has what the streams wrote go out at the end of the loop's turn.
    func flushSoon() {
        guard !isRunning, !flushesSoon else { return }
        flushesSoon = true
        loop.runAgain(self)
    }

    /// Reads what there is, lets exchanges go on, and sends what there is to send. False: wait, or it is over.
    func carryStreams() -> Bool {
        guard let streams else { return false }
        flushesSoon = false
        if !input.isEmpty {
            input.withReceived { streams.receive($0.extracting(input.rawStart..<input.end), now: loop.now) }
            input.rewind()
        }
        var slabsLeft = Exchange.slabsATurn
        while stream.canReceive, streams.failure == nil {
            guard slabsLeft > 0 else {
                loop.runAgain(self)
                break
            }
            slabsLeft &-= 1
            switch stream.receive(into: &input, pool: proxy.slabs) {
            case .bytes:
                input.withReceived { streams.receive($0, now: loop.now) }
                input.rewind()
            case .wouldBlock: break
            case .end, .failed:
                streams.close(.clientClosed)
                close()
                return false
            }
        }
        input.clear()
        return sendFrames(of: streams)
    }

    private func sendFrames(of streams: StreamConnection) -> Bool {
        while true {
            _ = streams.runAwake()
            output.attach(proxy.bodySlabs)
            let isFull = streams.send(into: &output, now: loop.now)
            // What has gone may have made room for more of the same, which goes along.
            if !isFull && streams.runAwake() && streams.wantsSend { continue }
            guard !output.isEmpty else { break }
            guard stream.canSend else { return awaitTaking(streams) }
            let count = output.count
            let outcome = stream.send(&output)
            if output.count < count { takesBy = .max }
            switch outcome {
            case .done: continue
            case .wouldBlock: return awaitTaking(streams)
            case .failed:
                streams.close(.clientReset)
                close()
                return false
            }
        }
        output.detach()
        takesBy = .max
        // Nothing is left for which the client's answer to the announcement could matter.
        if proxy.isDraining && streams.openStreams == 0 && !streams.isOver {
            streams.drain()
            if streams.wantsSend { return true }
        }
        guard streams.failure != nil ? streams.isOver : streams.isDone else { return awaitStreams(streams) }
        if let reason = streams.failure { logRefusal(reason) }
        streams.close(.clientClosed)
        streams.endLeftOver(.clientClosed)
        self.streams = nil
        beginLingering()
        return true
    }

    private func awaitTaking(_ streams: StreamConnection) -> Bool {
        if takesBy == .max { takesBy = loop.now &+ listener.settings.writeIdleTimeout }
        return awaitStreams(streams)
    }

    private func awaitStreams(_ streams: StreamConnection) -> Bool {
        if streams.openStreams > 0 {
            asksBy = .max
        } else if asksBy == .max {
            let settings = listener.settings
            asksBy = loop.now &+ (streams.requestCount == 0 ? settings.headTimeout : settings.keepAliveTimeout)
        }
        loop.setDeadline(self, min(takesBy, asksBy, streams.stallDeadline, headDeadline(of: streams)))
        return false
    }

    private func headDeadline(of streams: StreamConnection) -> Int64 {
        streams.owingSince == .max || streams.failure != nil ? .max : streams.owingSince &+ listener.settings.headTimeout
    }

    func streamDeadlinePassed() {
        guard let streams else { return }
        let now = loop.now
        if takesBy <= now {
            // Whatever is to be said, nobody reads it.
            let reason = streams.failure ?? .clientWriteTimeout
            streams.close(reason)
            logRefusal(reason)
            stream.resetOnClose()
            return close()
        }
        if streams.stallDeadline <= now {
            streams.checkStall(now: now)
        } else if headDeadline(of: streams) <= now {
            streams.giveUp(.requestHeadTimeout, now: now)
        } else if asksBy <= now {
            asksBy = .max
            drainStreams()
        }
        run()
    }

    /// Says that no more requests are taken (RFC 9113 §6.8), and ends when those that are there have their answers.
    func drainStreams() {
        guard let streams else { return }
        streams.drain()
        if streams.openStreams == 0 { streams.drain() }
        flushSoon()
    }
}
