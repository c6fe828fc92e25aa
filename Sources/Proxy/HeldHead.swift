import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Pipeline
import Telemetry
import Transport

/// The head of an app's response that waits for the beginning of its body, because a filter wants to know whether that is short
/// (`LengthAwaitingFilter`). Nothing of the response has gone to the client: what goes wrong now still gets a proper answer.
final class HeldHead {
    /// The head as the app sent it.
    var response: Response
    /// What has come of the body.
    var body = ReceiveBuffer()
    /// With so much of the body there, its length does not matter any more.
    let awaited: Int

    init(awaiting awaited: Int, table: consuming FieldTable) {
        self.awaited = awaited
        response = Response(table: table)
    }

    /// Moves the payload that waits in `input` behind what is there. False, and nothing is moved, if that is enough.
    func take(_ input: inout ReceiveBuffer, pool: SlabPool) -> Bool {
        guard body.end &+ input.payloadCount < awaited else { return false }
        if !body.slab.exists { body.slab = pool.take() }
        let range = input.start..<input.payloadEnd
        guard input.withReceived({ body.slab.write($0.extracting(range), at: body.end) }) else { return false }
        body.end &+= range.count
        body.payloadEnd = body.end
        body.rawStart = body.end
        input.consumePayload(range.count)
        return true
    }
}

extension Exchange {
    /// Milliseconds without a byte from the app that are a pause: a head and the body behind it, which many apps send in two pieces, are to be
    /// taken together.
    private static var pauseTime: Int64 { 8 }

    /// Bytes of the body that the filters want to be there before they see the head in `proxy.scratch`.
    func awaitedBytes() -> Int {
        guard passage.awaitsLength, proxy.scratch.hasOpenEnd else { return 0 }
        var most = 0
        for place in 0..<passage.count {
            proxy.pipelines[passage[place]].lend { pipeline in
                let passed = place == passage.count &- 1 ? passage.reached : pipeline.filters.count
                most = max(most, pipeline.filters.awaitedBytes(of: proxy.scratch, for: message, passed: passed))
            }
        }
        return most
    }

    /// Holds the head in `proxy.scratch` until so much of the body is there, or its end, or the app has paused.
    func hold(_ app: AppConnection, awaiting count: Int) {
        let held = HeldHead(awaiting: count, table: FieldTable(proxy.tableSlabs.take()))
        swap(&held.response, &proxy.scratch)
        self.held = held
        // None is sent yet.
        record.status = 0
        app.input.consumeRaw(response.end &- app.input.rawStart)
        noteHeard(0)
        responseReader = BodyReader(response.framing)
        phase = .holding
        awaitPause(app)
    }

    /// Reads the beginning of the body, until the filters can see the head.
    func pumpHeld(_ app: AppConnection, _ client: ClientSide) {
        guard let held else { return }
        var slabsLeft = Self.slabsATurn
        while true {
            if app.input.payloadCount > 0, !held.take(&app.input, pool: slabs) { return release(held, app, client) }
            if responseReader.isFinished {
                held.response.wholeLength = responseReader.payloadBytes
                return release(held, app, client)
            }
            switch unframe(app) {
            case .goesOn: continue
            case .failed(let reason): return fail(reason)
            case .needsMore: break
            }
            if hasPaused && !app.stream.canReceive { return release(held, app, client) }
            guard receiveForStages(from: app, client, &slabsLeft) else { return }
        }
    }

    /// Shows the head to the filters, and sends what they make of it.
    private func release(_ held: HeldHead, _ app: AppConnection, _ client: ClientSide) {
        endPause()
        swap(&held.response, &proxy.scratch)
        defer { proxy.scratch.reset() }
        passBackScratch()
        takeHead(app, client, isFiltered: true)
    }

    /// What has come of the body is with the client, or in the transforms. False: it must be waited for, or the exchange is over.
    func passHeldBody(_ held: HeldHead, _ client: ClientSide) -> Bool {
        if let responseTransform {
            while held.body.payloadCount > 0 {
                guard sendStaged(responseTransform, to: client) else { return false }
                guard responseTransform.run(&held.body, upTo: .more, pool: slabs) else {
                    fail(.filterTransformFailed)
                    return false
                }
            }
        } else {
            record.bodyBytesOut = responseReader.payloadBytes
            guard isSent(writePayload(of: &held.body, to: client)) else { return false }
        }
        self.held = nil
        return true
    }

    // MARK: Pauses

    /// Has the app's silence noticed, if it lasts.
    func awaitPause(_ app: AppConnection) {
        guard pausesAt == .max, !hasPaused else { return }
        pausesAt = loop.now &+ Self.pauseTime
        loop.setDeadline(app, nextAppDeadline)
    }

    /// The app goes on, or nobody wants to know.
    func endPause() {
        pausesAt = .max
        hasPaused = false
    }
}
