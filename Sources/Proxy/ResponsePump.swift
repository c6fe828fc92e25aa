import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

// The way of a response from the app to the client.

extension Exchange {
    /// Interim responses that an app may send for one request.
    private static var mostInterimResponses: Int { 16 }
    /// From this length on a plain body is spliced.
    private static var spliceFrom: UInt64 { 128 * 1024 }

    /// Reads until the head of the final response is there, passing interim ones on.
    func pumpHead(_ app: AppConnection, _ client: ClientSide) {
        while true {
            if app.input.rawCount > 0 {
                proxy.responseFields.removeAll()
                let outcome = app.input.withReceived { bytes in
                    app.parser.parse(
                        bytes, from: app.input.rawStart, answering: request.method, into: &response, fields: &proxy.responseFields)
                }
                switch outcome {
                case .complete:
                    if response.status >= 200 || response.status == 101 { return takeHead(app, client) }
                    guard passInterim(app, client) else { return }
                    continue
                case .failed(let reason): return fail(reason)
                case .incomplete: break
                }
            }
            guard app.stream.canReceive else { return wait(.appHead) }
            guard app.makeRoom() else { return fail(.upstreamResponseHeadTooLarge) }
            switch app.stream.receive(into: &app.input, pool: slabs) {
            case .bytes(let count):
                // A part of a head is no progress: who drips one must not put its time-out off.
                record.appBytesIn &+= UInt64(count)
                if record.marks.firstByte < 0 { record.marks.firstByte = microseconds }
                if stopwatch?.heard == 0 { stopwatch?.heard = loop.clockNanoseconds() }
            case .wouldBlock: return wait(.appHead)
            case .end: return app.input.isEmpty && interimCount == 0 ? failBeforeResponse(.upstreamResponseClosed) : fail(.upstreamResponseClosed)
            case .failed(let code):
                guard app.input.isEmpty && interimCount == 0 else { return fail(app.breakReason) }
                return failBeforeResponse(Reason(beforeResponse: code))
            }
        }
    }

    /// Passes a 1xx on (RFC 9110 §15.2); an HTTP/1.0 client does not get it. False: the exchange is over.
    private func passInterim(_ app: AppConnection, _ client: ClientSide) -> Bool {
        interimCount += 1
        if response.status == 100 { sawContinue = true }
        guard interimCount <= Self.mostInterimResponses else {
            fail(.upstreamResponseInterimFlood)
            return false
        }
        if request.version != .http10 {
            client.output.attach(slabs)
            let mark = client.output.end
            if passage.seesResponse { leaveOnlyLinks() }
            writeResponseHead(from: app, to: client)
            HeadWriter.endHead(to: &client.output)
            if client.output.overflowed {
                client.output.truncate(to: mark)
                fail(.gatewayHeadTooLarge)
                return false
            }
            flushClient(client)
        }
        app.input.consumeRaw(response.end &- app.input.rawStart)
        noteHeard(0)
        return true
    }

    /// Filters do not see interim responses, so what they would take out must not stand there. Links are what a 103 is for (RFC 8297).
    private func leaveOnlyLinks() {
        for index in 0..<proxy.responseFields.count where proxy.responseFields[index].token != .link {
            proxy.responseFields[index].marks.insert(.removed)
        }
    }

    /// Sends what waits for the client, as far as it takes it. A failure shows when the next bytes are sent.
    private func flushClient(_ client: ClientSide) {
        guard !client.output.isEmpty, client.stream.canSend else { return }
        let before = client.output.count
        _ = client.stream.send(&client.output)
        noteTaken(before &- client.output.count)
    }

    /// The head of the final response: decides framing and persistence, writes the client's head, and goes on to the body.
    private func takeHead(_ app: AppConnection, _ client: ClientSide) {
        if response.status == 101 { return startTunnel(app, client) }
        record.status = response.status
        if request.expectsContinue && !sawContinue && !requestDone && requestReader.payloadBytes == 0 && client.input.isEmpty {
            // The client may send the body or leave it (RFC 9110 §10.1.1): what comes next on its connection cannot be known.
            keepsClient = false
        }
        if passage.seesResponse {
            defer { proxy.scratch.reset() }
            showHead(of: app)
            let awaited = awaitedBytes()
            if awaited > 0 { return hold(app, awaiting: awaited) }
            passBackScratch()
            return takeHead(app, client, isFiltered: true)
        }
        takeHead(app, client, isFiltered: false)
    }

    func takeHead(_ app: AppConnection, _ client: ClientSide, isFiltered: Bool) {
        // In HTTP/1 it refuses the upgrade; in HTTP/2 it would open the tunnel (RFC 8441 §5).
        if isExtendedConnect && response.status < 300 { return fail(.upstreamResponseUpgradeIgnored) }
        if case .length(let length) = response.framing, length > mostResponseBytes { return fail(.upstreamResponseTooLarge) }
        if held != nil && responseReader.payloadBytes > mostResponseBytes { return fail(.upstreamResponseTooLarge) }
        let framing = clientFraming()
        if framing == .untilClose || proxy.isDraining { keepsClient = false }
        client.output.attach(slabs)
        let mark = client.output.end
        if isFiltered { writeScratchHead(to: &client.output) } else { writeResponseHead(from: app, to: client) }
        HeadWriter.writeResponseFraming(framing, to: &client.output)
        writeClientConnection(to: client)
        client.output.appendCRLF()
        if client.output.overflowed || (isFiltered && proxy.scratch.fields.overflowed) {
            client.output.truncate(to: mark)
            return fail(.gatewayHeadTooLarge)
        }
        if held == nil {
            app.input.consumeRaw(response.end &- app.input.rawStart)
            responseReader = BodyReader(response.framing)
        }
        noteHeard(0)
        responseWriter = BodyWriter(framing)
        responseWriterEnded = false
        responseEndsWithClose = framing == .untilClose
        phase = .response
    }

    /// Copies the head that was parsed last to where filters see it, and may edit it.
    func showHead(of app: AppConnection) {
        copyHead(app, into: &proxy.scratch)
        proxy.scratch.answersHead = request.method == .head
    }

    /// Has the filters see the app's head in `proxy.scratch`.
    func passBackScratch() {
        passBack()
        response.status = proxy.scratch.head.status
        record.status = response.status
        mostResponseBytes = proxy.scratch.maxBodyBytes
        if proxy.scratch.hasBody && !proxy.scratch.transforms.isEmpty {
            responseTransform = TransformedBody(proxy.scratch.transforms, pool: slabs)
        }
    }

    /// The bytes keep their offsets, so that the ranges of the fields hold.
    private func copyHead(_ app: AppConnection, into copy: inout Response) {
        copy.head = response
        copy.fields.slab = response.end <= slabs.slabSize / 2 ? slabs.take() : Slab(byteCount: 2 &* response.end)
        copy.fields.slab.copy(from: app.input.slab, at: app.input.rawStart, count: response.end &- app.input.rawStart)
        copy.fields.end = response.end
    }

    /// Writes the status line and the fields of the head that was parsed last.
    func writeResponseHead(from app: AppConnection, to client: ClientSide) {
        app.input.withReceived { bytes in
            HeadWriter.writeStatusLine(response, in: bytes, to: &client.output)
            HeadWriter.writeResponseFields(
                proxy.responseFields, of: response, answering: request.method, in: bytes, dropping: TokenSet(), to: &client.output)
            // RFC 9110 §6.6.1: who has a clock adds what the app left out.
            if response.status >= 200 && !proxy.responseFields.mayContain(.date) { proxy.writeDate(to: &client.output) }
            if response.status == 101 { HeadWriter.writeUpgrade(proxy.responseFields, in: bytes, to: &client.output) }
        }
    }

    /// What tells the client whether its connection stays (RFC 9112 §9.3), and what else the gateway says on its listener.
    func writeClientConnection(to client: ClientSide) {
        if stopwatch != nil { writeServerTiming(to: client) }
        if client.listener.strictTransport != nil { writeStrictTransport(to: client) }
        if !keepsClient {
            client.output.append("Connection: close\r\n")
        } else if request.version == .http10 {
            client.output.append("Connection: keep-alive\r\n")
        }
    }

    /// Whoever asked by an address does not get it (RFC 6797 §8.1.1), and what the app says itself stands.
    private func writeStrictTransport(to client: ClientSide) {
        guard let value = client.listener.strictTransport, record.reason != nil || proxy.responseFields.firstIndex(of: .strictTransportSecurity) == nil,
            !headSlab.withBytes({ Self.isAddress($0, request.authority) })
        else { return }
        client.output.append("Strict-Transport-Security: ")
        client.output.append(value)
        client.output.appendCRLF()
    }

    /// The host of an authority is an IP address: it has brackets, or its last label is a number, which may have a dot behind it.
    private static func isAddress(_ bytes: Span<UInt8>, _ authority: ByteRange) -> Bool {
        guard authority.count > 0 else { return true }
        if bytes[authority.lower] == UInt8(ascii: "[") { return true }
        var isNumber = true
        var labelBegins = true
        for index in authority.range {
            switch bytes[index] {
            case UInt8(ascii: ":"): return isNumber
            case UInt8(ascii: "."): labelBegins = true
            case let byte:
                isNumber = byte &- 0x30 <= 9 && (labelBegins || isNumber)
                labelBegins = false
            }
        }
        return isNumber
    }

    private func clientFraming() -> BodyFraming {
        if responseTransform != nil { return request.version == .http11 ? .chunked : .untilClose }
        // The end has come before the head went out. Trailers need chunks.
        if held != nil, let length = proxy.scratch.wholeLength, responseTrailers.isEmpty { return .length(length) }
        switch response.framing {
        case .none, .length: return response.framing
        case .chunked, .untilClose: return request.version == .http11 ? .chunked : .untilClose
        }
    }

    /// Passes the body on. Returns when all is with the client's kernel (`ended`) or something must be waited for.
    func pumpResponse(_ app: AppConnection, _ client: ClientSide) {
        if let held, !passHeldBody(held, client) { return }
        if responseTransform != nil, let responseTransform { return pumpTransformed(app, client, responseTransform) }
        var slabsLeft = Self.slabsATurn
        while true {
            if pipe != nil {
                if !spliceBody(app, client, &slabsLeft) { return }
                continue
            }
            guard isSent(writePayload(of: &app.input, to: client)) else { return }
            if responseReader.isFinished { return finishResponse(app, client) }
            switch unframe(app) {
            case .goesOn: record.bodyBytesOut = responseReader.payloadBytes
            case .failed(let reason): return fail(reason)
            case .needsMore: if !receiveBody(from: app, client, &slabsLeft) { return }
            }
        }
    }

    /// What came of looking for the next piece of a body among the bytes that the app has sent.
    enum BodyStep {
        /// There is payload, or the end.
        case goesOn
        case needsMore
        case failed(Reason)
    }

    /// Takes the framing off what the app sent, to the next piece of payload or the end. A body above the limit of filters fails.
    @inline(__always)
    func unframe(_ app: AppConnection) -> BodyStep {
        switch responseReader.decode(&app.input) {
        case .payload: return responseReader.payloadBytes > mostResponseBytes ? .failed(.upstreamResponseTooLarge) : .goesOn
        case .finished: return .goesOn
        case .malformed: return .failed(.upstreamResponseChunkMalformed)
        case .trailers:
            switch readTrailers(of: app, for: .response, into: &responseTrailers) {
            case .complete:
                responseReader.finish()
                return .goesOn
            case .incomplete: return .needsMore
            case .failed(let reason): return .failed(reason)
            }
        case .needsMore: return .needsMore
        }
    }

    /// The app sent something: its time-out starts anew with the next wait.
    func noteHeard(_ count: Int) {
        record.appBytesIn &+= UInt64(count)
        appSpeaksBy = .max
        waits.subtract([.appHead, .appBody])
    }

    func noteTaken(_ count: Int) {
        if count > 0 && waits.contains(.clientTakes) {
            waits.remove(.clientTakes)
            takePace.endWait(loop.now)
        }
        record.clientBytesOut &+= UInt64(count)
        takePace.add(count)
    }

    /// Sends what waits for the client. False: it must be waited for, or the client is gone, and that is dealt with.
    ///
    /// - Parameter isLast: it is the last of the response.
    func sendToClient(_ client: ClientSide, isLast: Bool = false) -> Bool {
        guard !client.output.isEmpty else { return true }
        guard client.stream.canSend else {
            wait(.clientTakes)
            return false
        }
        let before = client.output.count
        let outcome = client.stream.send(&client.output, isLast: isLast && !keepsClient)
        noteTaken(before &- client.output.count)
        return isSent(outcome)
    }

    /// Sends the payload that waits in a buffer, as far as the client takes it. `isLast`: nothing follows, trailers neither.
    func writePayload(of buffer: inout ReceiveBuffer, to client: ClientSide, isLast: Bool = false) -> SendOutcome {
        while buffer.payloadCount > 0 {
            guard client.stream.canSend else { return .wouldBlock }
            let before = buffer.payloadCount &+ client.output.count
            let outcome = responseWriter.write(&buffer, to: &client.stream, via: &client.output, pool: slabs, isLast: isLast)
            noteTaken(max(0, before &- buffer.payloadCount &- client.output.count))
            guard outcome == .done else { return outcome }
        }
        return .done
    }

    /// Does what follows from an attempt to send to the client. False: it must be waited for, or is gone, and that is dealt with.
    func isSent(_ outcome: SendOutcome) -> Bool {
        switch outcome {
        case .done: return true
        case .wouldBlock: wait(.clientTakes)
        case .failed: abort(.clientReset)
        }
        return false
    }

    private func receiveBody(from app: AppConnection, _ client: ClientSide, _ slabsLeft: inout Int) -> Bool {
        guard app.stream.canReceive else {
            // Nothing more for now: what there is goes out, so that an event stream is never held back.
            if sendToClient(client) { wait(.appBody) }
            return false
        }
        guard slabsLeft > 0 else {
            if sendToClient(client) { loop.runAgain(client) }
            return false
        }
        slabsLeft &-= 1
        if let left = responseReader.lengthLeft, left >= Self.spliceFrom, app.input.isEmpty, client.stream.canBeSpliced, app.stream.canBeSpliced {
            guard sendToClient(client) else { return false }
            pipe = proxy.takePipe()
            if pipe != nil {
                app.input.clear()
                return true
            }
        }
        guard app.makeBodyRoom(proxy.bodySlabs) else {
            fail(.upstreamResponseTrailerMalformed)
            return false
        }
        switch app.stream.receive(into: &app.input, pool: slabs) {
        case .bytes(let count):
            noteHeard(count)
            return true
        case .wouldBlock:
            if sendToClient(client) { wait(.appBody) }
            return false
        case .end:
            if responseReader.endsWithClose {
                responseReader.finish()
                return true
            }
            if sendToClient(client) { fail(.upstreamResponseClosed) }
            return false
        case .failed:
            if sendToClient(client) { fail(app.breakReason) }
            return false
        }
    }

    /// Moves a long plain body through the kernel. True: go on (the body is through); false: wait, or the exchange is over.
    private func spliceBody(_ app: AppConnection, _ client: ClientSide, _ slabsLeft: inout Int) -> Bool {
        guard let pipe else { return true }
        while true {
            if pipe.pipe.count > 0 {
                guard client.stream.canSend else {
                    wait(.clientTakes)
                    return false
                }
                let before = pipe.pipe.count
                let outcome = pipe.pipe.drain(into: &client.stream, more: false)
                noteTaken(before &- pipe.pipe.count)
                switch outcome {
                case .done: break
                case .wouldBlock:
                    wait(.clientTakes)
                    return false
                case .failed:
                    abort(.clientReset)
                    return false
                }
            }
            guard let left = responseReader.lengthLeft else {
                proxy.giveBack(pipe)
                self.pipe = nil
                return true
            }
            guard app.stream.canReceive else {
                wait(.appBody)
                return false
            }
            guard slabsLeft > 0 else {
                loop.runAgain(client)
                return false
            }
            slabsLeft &-= 1
            switch pipe.pipe.fill(from: &app.stream, limit: Int(min(left, UInt64(SplicePipe.capacity)))) {
            case .bytes(let count):
                responseReader.skip(count)
                noteHeard(count)
                record.bodyBytesOut = responseReader.payloadBytes
            case .wouldBlock:
                if pipe.pipe.count == 0 {
                    wait(.appBody)
                    return false
                }
            case .end:
                fail(.upstreamResponseClosed)
                return false
            case .failed:
                fail(app.breakReason)
                return false
            }
        }
    }

    /// The body is through: ends its framing, waits for the client to take it all, and gives the app's connection back.
    private func finishResponse(_ app: AppConnection, _ client: ClientSide) {
        if !responseWriterEnded {
            responseWriter.end(via: &client.output, pool: slabs, trailers: responseTrailers)
            responseWriterEnded = true
        }
        guard sendToClient(client, isLast: true) else { return }
        releaseApp(reusable: response.keepsAlive && response.framing != .untilClose)
        waits = []
        phase = .ended
    }

    // MARK: The gateway's own answer

    /// Sends a reply that is complete in the client's output.
    func flushReply() {
        guard let client, sendToClient(client, isLast: true) else { return }
        waits = []
        phase = .ended
    }
}
