import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

// The way of a request from its client to the app: the head once, then the body as it comes, never more of it in memory than a slab.

extension Exchange {
    /// Slabs moved before others on this loop get their turn.
    static var slabsATurn: Int { 32 }

    /// Sends what there is of the request. Returns when all is sent (`requestDone`) or something must be waited for.
    func pumpRequest(_ app: AppConnection, _ client: ClientSide) {
        if requestTransform != nil, let requestTransform { return pumpTransformedRequest(app, client, requestTransform) }
        var slabsLeft = Self.slabsATurn
        while true {
            if client.input.payloadCount > 0 || requestReader.isFinished {
                guard app.stream.canSend else { return wait(.appTakes) }
            }
            if client.input.payloadCount > 0 {
                let before = client.input.payloadCount &+ app.output.count
                let outcome = requestWriter.write(&client.input, to: &app.stream, via: &app.output, pool: slabs)
                noteSent(max(0, before &- client.input.payloadCount &- app.output.count))
                switch outcome {
                case .done: continue
                case .wouldBlock: return wait(.appTakes)
                case .failed(let code): return sendingFailed(code)
                }
            }
            if requestReader.isFinished { return endRequest(app, client) }
            switch requestReader.decode(&client.input) {
            case .payload:
                if requestReader.payloadBytes > bodyLimit(of: client) { return fail(.requestBodyTooLarge) }
            case .finished: break
            case .malformed: return fail(.requestChunkMalformed)
            case .trailers:
                switch readTrailers(of: client, for: .request, into: &requestTrailers) {
                case .complete: requestReader.finish()
                case .incomplete: if !receiveBody(from: client, app, &slabsLeft) { return }
                case .failed(let reason): return fail(reason)
                }
            case .needsMore: if !receiveBody(from: client, app, &slabsLeft) { return }
            }
        }
    }

    /// Bytes of a request body that the listener and all filters let through.
    func bodyLimit(of client: ClientSide) -> UInt64 { min(client.listener.settings.maxBodyBytes, message.maxBodyBytes) }

    /// The body is through: ends its framing, and waits for the app to take it all.
    func endRequest(_ app: AppConnection, _ client: ClientSide) {
        if !requestWriterEnded {
            requestWriter.end(via: &app.output, pool: slabs, trailers: requestTrailers)
            requestWriterEnded = true
        }
        guard flushApp(app) else { return }
        requestDone = true
        if let bytes = app.streamBytes {
            if !requestTrailers.isEmpty { swap(&bytes.outbox.trailers, &requestTrailers) }
            bytes.end()
        }
        // From here on the app's time for its answer runs.
        appSpeaksBy = .max
        waits.remove(.appHead)
        client.requestEndedAt = loop.now
    }

    /// Sends what waits for the app. False: it must be waited for, or it failed, and that is dealt with.
    private func flushApp(_ app: AppConnection) -> Bool {
        guard !app.output.isEmpty else { return true }
        let before = app.output.count
        let outcome = app.stream.send(&app.output)
        noteSent(before &- app.output.count)
        switch outcome {
        case .done:
            app.output.detach()
            return true
        case .wouldBlock:
            wait(.appTakes)
            return false
        case .failed(let code):
            sendingFailed(code)
            return false
        }
    }

    func noteSent(_ count: Int) {
        if count > 0 && waits.contains(.appTakes) {
            waits.remove(.appTakes)
            appTakesBy = .max
        }
        sentThisTry &+= count
        record.appBytesOut &+= UInt64(count)
    }

    /// Reads more of the request body, with what the app can have sent first. False: it must be waited for, or the exchange is over.
    ///
    /// - Parameter waits: false where a pause has something to bring out first.
    func receiveBody(from client: ClientSide, _ app: AppConnection, _ slabsLeft: inout Int, waits isWaiting: Bool = true) -> Bool {
        if !app.output.isEmpty && app.stream.canSend && !flushApp(app) { return false }
        guard client.stream.canReceive else {
            wait(.clientBody)
            return false
        }
        guard slabsLeft > 0 else {
            loop.runAgain(client)
            return false
        }
        slabsLeft &-= 1
        guard client.makeBodyRoom(proxy.bodySlabs) else {
            fail(.requestTrailerMalformed)
            return false
        }
        switch client.stream.receive(into: &client.input, pool: slabs) {
        case .bytes(let count):
            record.clientBytesIn &+= UInt64(count)
            bodyPace.add(count)
            bodyPace.endWait(loop.now)
            waits.remove(.clientBody)
            return true
        case .wouldBlock:
            guard isWaiting else { return true }
            wait(.clientBody)
            return false
        case .end:
            // Only a stream of HTTP/2 has a body that ends so.
            guard !requestReader.endsWithClose else {
                requestReader.finish()
                return true
            }
            abort(.clientClosed)
            return false
        case .failed:
            abort(.clientReset)
            return false
        }
    }

    /// The app takes no more. It may have answered before it closed (an early 413, say): what it sent is read first.
    func sendingFailed(_ code: Int32) {
        requestAbandoned = true
        app?.output.removeAll()
        app?.stream.canReceive = true
        if phase == .request, let app, let client { pumpHead(app, client) }
    }

    /// Parses the trailer section that stands at the raw bytes of `peer`, and keeps the fields that may be passed on as text.
    func readTrailers(of peer: Peer, for side: TrailerParser.Side, into text: inout OutputBuffer) -> ParseOutcome {
        var end = 0
        let outcome = peer.input.withReceived { bytes in
            // Table and parsers are the loop's: another section may have been parsed since the last look.
            switch side {
            case .request:
                proxy.requestTrailerParser.reset()
                return proxy.requestTrailerParser.parse(bytes, from: peer.input.rawStart, fields: &proxy.trailerFields, end: &end)
            case .response:
                proxy.responseTrailerParser.reset()
                return proxy.responseTrailerParser.parse(bytes, from: peer.input.rawStart, fields: &proxy.trailerFields, end: &end)
            }
        }
        guard outcome == .complete else { return outcome }
        if proxy.trailerFields.count > 0 && !(side == .request && message.fields.hasStrippedNames) {
            text.attach(slabs)
            peer.input.withReceived { HeadWriter.writeTrailers(proxy.trailerFields, in: $0, to: &text) }
        }
        if peer.input.payloadCount == 0 {
            peer.input.consumeRaw(end &- peer.input.rawStart)
        } else {
            peer.input.rawStart = end
        }
        return .complete
    }

    /// Notes what is waited for, and sets the time-out that goes with it unless it runs already: only progress starts it anew.
    func wait(_ what: Waits) {
        let isNew = !waits.contains(what)
        waits.formUnion(what)
        switch what {
        case .clientBody:
            if isNew { bodyPace.beginWait(loop.now) }
            client?.watchPace()
            return
        case .clientTakes:
            if isNew { takePace.beginWait(loop.now) }
            client?.watchPace()
            return
        default: break
        }
        if isNew { appReference?.lend { beginWait(what, on: $0) } }
    }

    private func beginWait(_ what: Waits, on app: AppConnection) {
        switch what {
        case .appTakes: appTakesBy = loop.now &+ app.upstream.settings.sendIdleTimeout
        case .appHead: appSpeaksBy = loop.now &+ app.upstream.settings.responseTimeout
        default: appSpeaksBy = loop.now &+ app.upstream.settings.bodyIdleTimeout
        }
        loop.setDeadline(app, nextAppDeadline)
    }

    var nextAppDeadline: Int64 { min(appTakesBy, appSpeaksBy, pausesAt) }

    /// Whose fault a deadline of the app's connection is depends on what is waited for.
    func checkAppDeadlines() {
        if appTakesBy <= loop.now, waits.contains(.appTakes) {
            appTakesBy = .max
            if phase == .request { fail(.upstreamSendTimeout) }
            // It answers and does not listen: the answer goes on, the request does not.
            if phase == .holding || phase == .response { requestAbandoned = true }
        }
        if appSpeaksBy <= loop.now {
            appSpeaksBy = .max
            if phase == .request && waits.contains(.appHead) {
                if requestDone {
                    fail(.upstreamResponseTimeout)
                } else {
                    // The client is still sending; its own time-outs watch that.
                    waits.remove(.appHead)
                    wait(.appHead)
                }
            } else if phase == .response && waits.contains(.appBody) {
                fail(.upstreamResponseBodyTimeout)
            }
        }
        if pausesAt <= loop.now {
            pausesAt = .max
            hasPaused = true
        }
        if let app, nextAppDeadline != .max { loop.setDeadline(app, nextAppDeadline) }
        client?.run()
    }
}
