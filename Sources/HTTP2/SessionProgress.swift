import Buffers
import CNghttp2
import HTTPMessage

// What nghttp2 says of the peer's frames and of those that were sent, and what it asks for: each becomes an event of the owner, or a fault.

extension Session {
    func field(_ stream: HTTP2Stream, _ name: Span<UInt8>, _ value: Span<UInt8>) {
        guard failure == nil, !stream.isReset else { return }
        block.add(name, value)
        if block.unpackedBytes > settings.unpackedHeadBytes {
            fail(isServer ? .clientFloodFields : .upstreamProtocolFlood, .enhanceYourCalm)
        }
    }

    func bodyCame(forNoStream count: Int) { _ = unsafe sluice_h2_consume_connection(h2, count) }

    func bodyCame(_ stream: HTTP2Stream, _ bytes: Span<UInt8>) {
        guard failure == nil, !stream.isReset, !stream.isRefused, stream.hasHead else {
            bodyCame(forNoStream: bytes.count)
            if !stream.isReset, !stream.isRefused, failure == nil { refuse(stream, protocolReason) }
            return
        }
        // Of a body that is too long, what it may have: so it does not hang on how the bytes came. nghttp2 resets a stream that passes its
        // window, and hands its bytes out all the same.
        let windowRoom = max(0, max(settings.streamWindow, 65_535) &- stream.unconsumed)
        let count = min(stream.mostBytes(of: bytes.count), windowRoom)
        stream.receivedBytes &+= UInt64(count)
        store(stream, count)
        if count > 0 { received(stream, body: bytes.extracting(first: count)) }
        guard count < bytes.count else { return }
        _ = unsafe sluice_h2_consume_connection(h2, bytes.count &- count)
        if count == windowRoom { return refuse(stream, protocolReason) }
        refuse(stream, isServer ? .requestLengthMismatch : .upstreamResponseLengthMismatch)
    }

    func bodyFrameEnded(_ stream: HTTP2Stream, count: Int, length: Int, endsStream: Bool) {
        guard failure == nil, !stream.isReset else { return }
        // Padding alone: the frame's header did not show it.
        if count == 0 && length > 0 && !endsStream, let (reason, code) = charge(.emptyFrames) { return fail(reason, code) }
        if endsStream { peerEnded(stream) }
    }

    /// The peer's message is complete.
    func peerEnded(_ stream: HTTP2Stream) {
        stream.peerHasEnded = true
        guard !stream.isRefused else { return }
        guard stream.hasHead else { return refuse(stream, protocolReason) }
        guard stream.mayEnd else { return refuse(stream, isServer ? .requestLengthMismatch : .upstreamResponseLengthMismatch) }
        ended(stream)
    }

    /// A trailer section is complete.
    func trailersCame(_ stream: HTTP2Stream, endsStream: Bool) {
        defer { block.end() }
        guard !stream.isRefused else {
            if endsStream { stream.peerHasEnded = true }
            return
        }
        // A connected stream has DATA alone (RFC 9113 §8.5).
        if stream.isTunnel { return refuse(stream, protocolReason) }
        switch block.finishTrailers(endsStream: endsStream) {
        case .malformed: return refuse(stream, isServer ? .requestTrailerMalformed : .upstreamResponseTrailerMalformed)
        case .forbidden: return refuse(stream, isServer ? .requestTrailerForbidden : .upstreamResponseTrailerMalformed)
        case nil: break
        }
        guard stream.mayEnd else { return refuse(stream, isServer ? .requestLengthMismatch : .upstreamResponseLengthMismatch) }
        if block.message.fields.count > 0 {
            let message = takeMessage()
            message.slab.withBytes { received(stream, trailers: message.fields, in: $0) }
            giveMessage(message)
        }
        guard failure == nil, !stream.isReset else { return }
        peerEnded(stream)
    }

    /// Takes the fields of the block out of this object, so that an event may hold them.
    func takeMessage() -> ReceivedFields {
        var message = ReceivedFields(fields: FieldTable(Slab()))
        swap(&message, &block.message)
        return message
    }

    /// Puts them back, or what the owner left in their place.
    func giveMessage(_ message: consuming ReceivedFields) { block.message = message }

    func peerReset(_ stream: HTTP2Stream, _ code: ErrorCode) {
        guard failure == nil, stream.isTold else { return }
        // A server that has answered in full may ask for no more of the request (RFC 9113 §8.1).
        let isComplete = !isServer && stream.peerHasEnded && code == .noError
        stream.isReset = true
        stream.isTold = false
        endEager(stream)
        giveBack(stream)
        closed(stream, isComplete ? nil : resetReason(code))
    }

    func streamEnded(_ stream: HTTP2Stream, _ code: ErrorCode) {
        let isComplete = stream.peerHasEnded && stream.hasEnded
        // An app may reset each stream that it was asked for.
        if !isServer || isComplete || (stream.hasEnded && code == .noError) { account.credit(.resets) }
        if stream.isTold && failure == nil {
            stream.isTold = false
            // Without a reset of the peer's or the owner's: nghttp2 found a fault, or the peer does not serve this stream.
            closed(stream, code == .noError ? nil : code == .refusedStream ? resetReason(code) : protocolReason)
        }
        release(stream)
    }

    func settingsCame() {
        guard failure == nil else { return }
        settingsChanged()
        placesChanged()
    }

    func pongCame() {
        guard awaitsPong, failure == nil else { return }
        awaitsPong = false
        endAccepting()
    }

    func goawayCame(_ code: ErrorCode) {
        guard failure == nil else { return }
        peerIsLeaving(code)
        placesChanged()
    }

    func frameSent(_ stream: HTTP2Stream?, type: UInt8, endsStream: Bool, _ code: ErrorCode) {
        switch type {
        case FrameType.goAway:
            // nghttp2 has found a fault by itself.
            if code != .noError && failure == nil {
                failure = protocolReason
                stallDeadline = .max
            }
        case FrameType.resetStream:
            // An app opens no streams: it has no more of them to get wrong than it is asked for.
            guard isServer, code != .noError, stream?.isResetByOwner != true, failure == nil else { return }
            if let (reason, code) = charge(.faults) { fail(reason, code) }
        default:
            if type == FrameType.data {
                account.credit(.windowUpdates, 4)
                account.credit(.pings)
            }
            guard endsStream, let stream, !stream.isReset else { return }
            stream.hasEnded = true
            endEager(stream)
            if failure == nil && stream.isTold { finished(stream) }
            // What the client still sends of its request is not wanted (RFC 9113 §8.1); of a tunnel, one side may end before the other.
            if isServer && !stream.peerHasEnded && !stream.isReset && !stream.isTunnel { _ = unsafe sluice_h2_reset(h2, stream.number, ErrorCode.noError.rawValue) }
        }
    }

    func bodyAsked(_ stream: HTTP2Stream, atMost most: Int) -> sluice_h2_body {
        guard failure == nil, !stream.isReset, let output = unsafe output else { return pause(stream) }
        let room = min(most, unsafe output.pointee.room &- 9)
        let body = outgoing(stream, atMost: room)
        precondition(body.count >= 0 && body.count <= room, "a body of more bytes than were asked for")
        // The owner may have reset it.
        guard !stream.isReset else { return pause(stream) }
        switch body.rest {
        case .more, .later:
            guard body.count > 0 else { return pause(stream) }
            // It waits for the owner now, though nghttp2 asks once more if the window is open.
            if case .later = body.rest { _ = pause(stream) }
            return sluice_h2_body(count: body.count, state: Int32(SLUICE_H2_MORE))
        case .end: return sluice_h2_body(count: body.count, state: Int32(SLUICE_H2_END))
        case .trailers:
            var list = HeadList(slabs)
            writeTrailers(stream, into: &list)
            guard list.count > 0, !list.overflowed else { return sluice_h2_body(count: body.count, state: Int32(SLUICE_H2_END)) }
            let result = unsafe list.withHead { unsafe sluice_h2_trailers(h2, stream.number, $0) }
            return sluice_h2_body(count: body.count, state: Int32(result == 0 ? SLUICE_H2_TRAILERS : SLUICE_H2_END))
        }
    }

    private func pause(_ stream: HTTP2Stream) -> sluice_h2_body {
        stream.isPaused = true
        endEager(stream)
        return sluice_h2_body(count: 0, state: Int32(SLUICE_H2_PAUSED))
    }

    func dataDue(_ stream: HTTP2Stream, header: Span<UInt8>, count: Int) {
        guard let output = unsafe output else { return }
        wroteFrame = true
        unsafe output.pointee.append(header)
        guard count > 0 else { return }
        let end = unsafe output.pointee.end
        write(stream, count, into: &(unsafe output.pointee))
        precondition(unsafe output.pointee.end == end &+ count, "another count of bytes than was promised")
        noteSent(stream, count)
    }
}

extension Flood {
    var clientReason: Reason {
        switch self {
        case .resets: .clientFloodResets
        case .faults: .clientFloodFaults
        case .settings: .clientFloodSettings
        case .pings: .clientFloodPings
        case .priorities: .clientFloodPriorities
        case .emptyFrames: .clientFloodEmptyFrames
        case .windowUpdates: .clientFloodWindowUpdates
        case .unknownFrames: .clientFloodUnknownFrames
        }
    }
}
