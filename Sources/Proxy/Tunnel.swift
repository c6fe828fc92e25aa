import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

// After an upgrade: bytes both ways until both sides have ended, each end passed on by itself (half-close).

extension Exchange {
    /// The app said 101. Its head goes to the client, and from here on nothing is HTTP.
    func startTunnel(_ app: AppConnection, _ client: ClientSide) {
        guard asksUpgrade else { return fail(.upstreamResponseUpgradeUnexpected) }
        record.status = 101
        client.output.attach(slabs)
        let mark = client.output.end
        var overflowed = false
        if passage.seesResponse {
            showHead(of: app)
            passBackScratch()
            writeScratchHead(to: &client.output)
            overflowed = proxy.scratch.fields.overflowed
            proxy.scratch.reset()
        } else {
            writeResponseHead(from: app, to: client)
        }
        HeadWriter.endHead(to: &client.output)
        if overflowed || client.output.overflowed {
            client.output.truncate(to: mark)
            return fail(.gatewayHeadTooLarge)
        }
        app.input.consumeRaw(response.end &- app.input.rawStart)
        keepsClient = false
        record.end.clientConnection = .tunnel
        requestReader = BodyReader(.untilClose)
        responseReader = BodyReader(.untilClose)
        requestWriter = BodyWriter(.untilClose)
        responseWriter = BodyWriter(.untilClose)
        waits = []
        loop.clearDeadline(app)
        phase = .tunnel
    }

    func pumpTunnel() {
        guard let app, let client, let upstream else { return }
        // Either way of bytes is a sign of life for both.
        loop.setDeadline(client, loop.now &+ upstream.settings.tunnelIdleTimeout)
        let up = relay(from: client, to: app, ended: &upEnded, count: &record.appBytesOut)
        let down = relay(from: app, to: client, ended: &downEnded, count: &record.clientBytesOut)
        // A stream that has ended may still be reset.
        let isBroken = up == .broken || down == .broken || (downEnded && app.streamBytes?.isBroken ?? false)
        if isBroken || (upEnded && downEnded) {
            // A stream ends when its windows have let all through.
            if !isBroken, let bytes = app.streamBytes, !bytes.isTunnelOver { return }
            // What was broken off must not look like an end (RFC 8441 §5, RFC 8446 §6.1): a stream is reset, and TLS says nothing. A connection that
            // is reset could lose what has gone before.
            if isBroken {
                if request.version == .http2 { client.resetsOnClose = true } else if !downEnded { client.stream.endSecurity() }
            }
            releaseApp(reusable: false)
            phase = .ended
        } else if up == .unfinished || down == .unfinished {
            loop.runAgain(client)
        }
    }

    private enum Relay {
        case waiting, unfinished, broken
    }

    /// Passes on what `source` sends until one of them must be waited for.
    private func relay(from source: Peer, to sink: Peer, ended: inout Bool, count: inout UInt64) -> Relay {
        for _ in 0..<Self.slabsATurn {
            if !sink.output.isEmpty {
                guard sink.stream.canSend else { return .waiting }
                let before = sink.output.count
                let outcome = sink.stream.send(&sink.output)
                count &+= UInt64(before &- sink.output.count)
                if outcome == .wouldBlock { return .waiting }
                if outcome != .done { return .broken }
            }
            sink.output.detach()
            if source.input.rawCount > 0 {
                _ = source === client ? requestReader.decode(&source.input) : responseReader.decode(&source.input)
            }
            if source.input.payloadCount > 0 {
                guard sink.stream.canSend else { return .waiting }
                var sent = 0
                let outcome = sink.stream.send(
                    &sink.output, payload: source.input.slab, from: source.input.start, count: source.input.payloadCount, tail: "",
                    sent: &sent)
                source.input.consumePayload(sent)
                count &+= UInt64(sent)
                if outcome == .wouldBlock { return .waiting }
                if outcome != .done { return .broken }
            }
            guard !ended else { return .waiting }
            guard source.stream.canReceive else {
                source.input.clear()
                return .waiting
            }
            _ = source.makeRoom()
            switch source.stream.receive(into: &source.input, pool: slabs) {
            case .bytes: break
            case .wouldBlock: return .waiting
            case .end:
                ended = true
                sink.stream.shutdownSending()
                return .waiting
            case .failed: return .broken
            }
        }
        return .unfinished
    }
}
