// unsafe: bytes of a slab as a raw span, for as long as a call
import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Pipeline
import Telemetry
import Transport

/// A body that filters transform: what was decoded goes through the stages into `staged`, and from there on its way. A stage is only called
/// when the output before it is gone, so that a slow reader holds the sender back.
final class TransformedBody {
    let stages: BodyStages
    /// What came out and waits to be sent.
    var staged = ReceiveBuffer()
    /// The transforms have been called.
    private(set) var hasBegun = false
    /// Something went in since the last flush.
    private(set) var owesFlush = false
    /// There was more to come out than room.
    private(set) var hasMore = false
    /// Nothing more will come out.
    private(set) var isFinished = false

    init(_ transforms: [any BodyTransform], pool: SlabPool) { stages = BodyStages(transforms, pool: pool) }

    /// Passes `input` through. Only while nothing waits in `staged`.
    func run(_ input: Span<UInt8>, upTo mark: BodyMark, pool: SlabPool) -> BodyStages.Progress {
        hasBegun = true
        if staged.slab.exists { staged.rewind() } else { staged.slab = pool.take() }
        var end = 0
        let progress = stages.run(unsafe input.bytes, upTo: mark, into: &staged.slab, at: &end)
        staged.payloadEnd = end
        staged.rawStart = end
        staged.end = end
        if progress.consumed > 0 { owesFlush = true }
        if mark == .flush && progress.state == .wantsInput { owesFlush = false }
        hasMore = progress.state == .wantsRoom
        if progress.state == .finished { isFinished = true }
        return progress
    }

    /// Passes the payload that waits in `input` through. False: a stage failed.
    func run(_ input: inout ReceiveBuffer, upTo mark: BodyMark, pool: SlabPool) -> Bool {
        let range = input.start..<input.payloadEnd
        let progress = input.withReceived { run(range.isEmpty ? Span() : $0.extracting(range), upTo: mark, pool: pool) }
        input.consumePayload(progress.consumed)
        return progress.state != .failed
    }

    /// Holds no buffer while there is nothing in it.
    func rest() {
        if staged.payloadCount == 0 { staged.clear() }
    }
}

extension Exchange {
    // MARK: The response

    /// Sends what came out of the response's transform. False: it must be waited for, or the client is gone, and that is dealt with.
    func sendStaged(_ transform: TransformedBody, to client: ClientSide) -> Bool {
        let waiting = transform.staged.payloadCount
        let outcome = writePayload(of: &transform.staged, to: client, isLast: transform.isFinished && responseTrailers.isEmpty)
        record.bodyBytesOut &+= UInt64(waiting &- transform.staged.payloadCount)
        return isSent(outcome)
    }

    /// Passes a transformed response body on. Returns when all is with the client's kernel (`ended`) or something must be waited for.
    func pumpTransformed(_ app: AppConnection, _ client: ClientSide, _ transform: TransformedBody) {
        var slabsLeft = Self.slabsATurn
        while true {
            guard sendStaged(transform, to: client) else { return }
            if transform.isFinished { return finishTransformed(app, client) }
            guard slabsLeft > 0 else {
                if sendToClient(client) { loop.runAgain(client) }
                return
            }
            if app.input.payloadCount > 0 || responseReader.isFinished {
                guard transform.run(&app.input, upTo: responseReader.isFinished ? .end : .more, pool: slabs) else {
                    return fail(.filterTransformFailed)
                }
                // Little may become much in a transform: what comes out counts, too.
                if transform.hasMore { slabsLeft &-= 1 }
                continue
            }
            switch unframe(app) {
            case .goesOn: continue
            case .failed(let reason): return fail(reason)
            case .needsMore: break
            }
            if !app.stream.canReceive && transform.owesFlush {
                // The app has paused: what it sent so far goes out, so that an event stream is never held back. Who says how long the body
                // will be does not send as things happen: its short pauses are those of the network, and a flush at each costs time and bytes.
                if flushesAtOnce || hasPaused {
                    guard transform.run(&app.input, upTo: .flush, pool: slabs) else { return fail(.filterTransformFailed) }
                    continue
                }
                awaitPause(app)
            }
            guard receiveForStages(from: app, client, &slabsLeft) else { return }
        }
    }

    private var flushesAtOnce: Bool { response.framing == .chunked || response.framing == .untilClose }

    /// Reads more of a body that goes through transforms, or whose beginning is awaited. False: it must be waited for, or the exchange is over.
    func receiveForStages(from app: AppConnection, _ client: ClientSide, _ slabsLeft: inout Int) -> Bool {
        guard app.stream.canReceive else {
            responseTransform?.rest()
            if sendToClient(client) { wait(.appBody) }
            return false
        }
        guard slabsLeft > 0 else {
            if sendToClient(client) { loop.runAgain(client) }
            return false
        }
        slabsLeft &-= 1
        guard app.makeBodyRoom(proxy.bodySlabs) else {
            fail(.upstreamResponseTrailerMalformed)
            return false
        }
        switch app.stream.receive(into: &app.input, pool: slabs) {
        case .bytes(let count):
            noteHeard(count)
            // A held head waits for a pause no longer, whatever drips.
            if phase != .holding { endPause() }
        // The pause may have a flush to bring out first.
        case .wouldBlock: break
        case .end:
            if responseReader.endsWithClose {
                responseReader.finish()
                return true
            }
            if sendToClient(client) { fail(.upstreamResponseClosed) }
            return false
        case .failed:
            if sendToClient(client) { fail(.upstreamResponseReset) }
            return false
        }
        return true
    }

    private func finishTransformed(_ app: AppConnection, _ client: ClientSide) {
        if !responseWriterEnded {
            responseWriter.end(via: &client.output, pool: slabs, trailers: responseTrailers)
            responseWriterEnded = true
        }
        guard sendToClient(client) else { return }
        // A transform may have ended the body before the app did.
        releaseApp(reusable: responseReader.isFinished && response.keepsAlive && response.framing != .untilClose)
        waits = []
        phase = .ended
    }

    // MARK: The request

    /// Sends what there is of a transformed request body. Returns when all is sent (`requestDone`) or something must be waited for.
    func pumpTransformedRequest(_ app: AppConnection, _ client: ClientSide, _ transform: TransformedBody) {
        var slabsLeft = Self.slabsATurn
        while true {
            while transform.staged.payloadCount > 0 {
                guard app.stream.canSend else { return wait(.appTakes) }
                let before = transform.staged.payloadCount &+ app.output.count
                let outcome = requestWriter.write(&transform.staged, to: &app.stream, via: &app.output, pool: slabs)
                noteSent(max(0, before &- transform.staged.payloadCount &- app.output.count))
                switch outcome {
                case .done: continue
                case .wouldBlock: return wait(.appTakes)
                case .failed(let code): return sendingFailed(code)
                }
            }
            if transform.isFinished {
                // The transform may have ended the body before the client did.
                guard app.stream.canSend else { return wait(.appTakes) }
                return endRequest(app, client)
            }
            guard slabsLeft > 0 else { return loop.runAgain(client) }
            if client.input.payloadCount > 0 || requestReader.isFinished {
                guard transform.run(&client.input, upTo: requestReader.isFinished ? .end : .more, pool: slabs) else {
                    return fail(.filterTransformFailed)
                }
                if transform.hasMore { slabsLeft &-= 1 }
                continue
            }
            switch requestReader.decode(&client.input) {
            case .payload:
                if requestReader.payloadBytes > bodyLimit(of: client) { return fail(.requestBodyTooLarge) }
                continue
            case .finished: continue
            case .malformed: return fail(.requestChunkMalformed)
            case .trailers:
                switch readTrailers(of: client, for: .request, into: &requestTrailers) {
                case .complete:
                    requestReader.finish()
                    continue
                case .incomplete: break
                case .failed(let reason): return fail(reason)
                }
            case .needsMore: break
            }
            if !client.stream.canReceive && transform.owesFlush {
                guard transform.run(&client.input, upTo: .flush, pool: slabs) else { return fail(.filterTransformFailed) }
                continue
            }
            guard receiveBody(from: client, app, &slabsLeft, waits: !transform.owesFlush) else { return }
        }
    }
}
