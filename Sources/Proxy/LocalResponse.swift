import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Pipeline
import Telemetry
import Transport

/// The body of an answer that the gateway makes itself, as far as it is not with the client's output.
struct LocalBody {
    let bytes: [UInt8]
    var written = 0
    /// Its end is written.
    var isEnded = false
}

// Answers that the gateway makes itself where filters see responses: replies of filters, errors, and the demo app's.

extension Exchange {
    /// Gives a filter's reply, or the gateway's own, by way of the filters that the request has passed.
    func send(_ reply: Reply) {
        proxy.scratch.become(reply, answering: request.method)
        sendScratch(body: reply.content.body)
    }

    /// Sends the response in `proxy.scratch` with `body`, by way of the filters if it has not passed them yet.
    func sendScratch(body: [UInt8]) {
        defer { proxy.scratch.reset() }
        guard let client else { return }
        if passage.seesResponse && !passage.isReturned { passBack() }
        if isExtendedConnect && proxy.scratch.status < 300 {
            record.replyReason = nil
            return failPlainly(.requestUpgradeUnsupported)
        }
        record.status = proxy.scratch.status
        if proxy.isDraining { keepsClient = false }
        // Whether a client that waits for 100 (Continue) sends its body after this answer cannot be known.
        if request.expectsContinue && requestReader.payloadBytes == 0 && !requestReader.isFinished { keepsClient = false }
        if proxy.scratch.fields.overflowed { return failPlainly(.gatewayHeadTooLarge) }
        let hasBody = proxy.scratch.hasBody
        if hasBody && !proxy.scratch.transforms.isEmpty { responseTransform = TransformedBody(proxy.scratch.transforms, pool: slabs) }
        let framing: BodyFraming =
            !hasBody ? .none : responseTransform == nil ? .length(UInt64(body.count)) : request.version == .http11 ? .chunked : .untilClose
        if framing == .untilClose { keepsClient = false }
        client.output.attach(slabs)
        let mark = client.output.end
        writeScratchHead(to: &client.output)
        if proxy.scratch.answersHead, !proxy.scratch.lengthChanges, case .length(let length) = proxy.scratch.head.framing {
            HeadWriter.writeResponseFraming(.length(length), to: &client.output)
        }
        HeadWriter.writeResponseFraming(framing, to: &client.output)
        writeClientConnection(to: client)
        HeadWriter.endHead(to: &client.output)
        if client.output.overflowed {
            client.output.truncate(to: mark)
            return failPlainly(.gatewayHeadTooLarge)
        }
        responseWriter = BodyWriter(framing)
        responseEndsWithClose = framing == .untilClose
        local = LocalBody(bytes: hasBody ? body : [], isEnded: !hasBody)
        phase = .reply
    }

    /// The answer cannot be given as filters have made it: one without them can.
    private func failPlainly(_ reason: Reason) {
        passage.isReturned = true
        phase = .idle
        fail(reason)
    }

    /// Writes the status line and fields of `proxy.scratch`.
    func writeScratchHead(to out: inout OutputBuffer) { Self.write(proxy.scratch, proxy, answering: request.method, to: &out) }

    private static func write(_ response: borrowing Response, _ proxy: ProxyLoop, answering method: Method, to out: inout OutputBuffer) {
        HeadWriter.writeStatusLine(response.head, in: response.fields.bytes, to: &out)
        // The length of a reply to HEAD is written by whoever knows it.
        let dropsLength = response.lengthChanges || response.reason != nil
        HeadWriter.writeResponseFields(
            response.fields.lines, of: response.head, answering: method, in: response.fields.bytes,
            dropping: dropsLength ? TokenSet().adding(.contentLength) : TokenSet(), to: &out)
        if !response.fields.contains(.date) { proxy.writeDate(to: &out) }
        if response.head.status == 101 { HeadWriter.writeUpgrade(response.fields.lines, in: response.fields.bytes, to: &out) }
    }

    /// Sends the rest of an answer of the gateway's own.
    func pumpLocal() {
        guard let client else { return }
        while let body = local, !body.isEnded {
            if let transform = responseTransform {
                guard sendStaged(transform, to: client) else { return }
                if transform.isFinished {
                    local?.isEnded = true
                    continue
                }
                let rest = body.bytes.span.extracting(body.written..<body.bytes.count)
                let progress = transform.run(rest, upTo: .end, pool: slabs)
                local?.written += progress.consumed
                if progress.state == .failed { return abort(.filterTransformFailed) }
                continue
            }
            let piece = min(body.bytes.count - body.written, client.output.room)
            client.output.append(body.bytes.span.extracting(body.written..<(body.written + piece)))
            record.bodyBytesOut &+= UInt64(piece)
            local?.written += piece
            if body.written + piece == body.bytes.count { local?.isEnded = true }
            guard sendToClient(client) else { return }
        }
        if responseTransform != nil, !responseWriterEnded {
            responseWriter.end(via: &client.output, pool: slabs, trailers: responseTrailers)
            responseWriterEnded = true
        }
        flushReply()
    }
}
