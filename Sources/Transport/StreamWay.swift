import Buffers
import CPlatform
import EventLoops
import Glibc
import TLS

// The same stream where TLS enciphers it, or where it is one of many on a connection.

/// Carries the bytes of one stream of a connection that has many (HTTP/2). Loop-confined.
open class StreamCarrier {
    public init() {}

    /// Moves what has come to the end of `buffer`, which has a slab, at most `room` bytes.
    open func receive(into buffer: inout ReceiveBuffer, room: Int) -> ReceiveOutcome { preconditionFailure("overridden") }

    /// Takes of `first`, then `second`, then `third`, as many bytes as there is room for. `wouldBlock`: not all; whoever has the stream is
    /// called when there is room again.
    open func send(_ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>, taken: inout Int) -> SendOutcome { preconditionFailure("overridden") }

    /// Nothing more comes: the peer is told behind all that was sent.
    open func end() { preconditionFailure("overridden") }

    /// Nobody wants anything of it any more.
    open func close() { end() }

    /// The peer must not take what it got for complete.
    open func reset() { preconditionFailure("overridden") }
}

extension ByteStream {
    /// What enciphers the bytes; nil where nothing does.
    public var tls: TLSConnection? { if case .tls(let tls) = way { tls } else { nil } }

    /// The bytes can be moved by the kernel alone.
    public var canBeSpliced: Bool { isPlain }

    /// From here on the connection's bytes go through `tls`, whose handshake comes first.
    public mutating func secure(by tls: TLSConnection) {
        way = .tls(tls)
        canReceive = true
    }

    /// The peer does not speak TLS after all: from here on its bytes are plain. What TLS has read is gone.
    public mutating func endSecurity() { way = .plain }

    /// The code of `.failed` where what came is not TLS as it should be, or an alert with which the peer ends it. In TLS 1.3 that is also how a
    /// server refuses a client's certificate: its word comes when the client's handshake is over (RFC 8446 §4.4.2.4).
    public static var brokenTLS: Int32 { EPROTO }

    /// Goes on with the handshake. Afterwards `canReceive` and `canSend` say what it waits for.
    public mutating func shakeHands() -> TLSConnection.HandshakeOutcome {
        guard let tls else { preconditionFailure("a plain connection has no handshake") }
        let outcome = tls.handshake()
        canReceive = outcome == .done ? true : tls.mayReceive
        canSend = !tls.holdsOwnRecords
        return outcome
    }

    mutating func noteOnWay(_ readiness: Readiness) {
        guard case .tls(let tls) = way else { return }
        if readiness.isReadable { tls.noteReadable() }
        if readiness.peerEnded { tls.notePeerEnded() }
        if readiness.isWritable && tls.holdsOwnRecords {
            tls.flushHeld()
            canSend = !tls.holdsOwnRecords
        }
    }

    /// Sends what TLS has kept to go out with the first bytes of somebody else. Afterwards `canSend` says whether the loop must watch for room.
    public mutating func flushDeferred() {
        guard case .tls(let tls) = way else { return }
        tls.flushDeferred()
        if tls.holdsOwnRecords { canSend = false }
    }

    mutating func receiveOnWay(into buffer: inout ReceiveBuffer, room: Int) -> ReceiveOutcome {
        let tls: TLSConnection
        switch way {
        case .plain: preconditionFailure("asked for where there is a way")
        case .tls(let found): tls = found
        case .carried(let carrier): return receive(from: carrier, into: &buffer, room: room)
        }
        let outcome = unsafe tls.receive(into: buffer.slab.baseAddress + buffer.end, room: room)
        canReceive = tls.mayReceive
        // Answers of TLS's own that the kernel does not take.
        if tls.holdsOwnRecords { canSend = false }
        switch outcome {
        case .bytes(let count):
            buffer.end &+= count
            return .bytes(count)
        case .wouldBlock:
            if buffer.end == 0 { buffer.clear() }
            canReceive = false
            return .wouldBlock
        case .end:
            if buffer.end == 0 { buffer.clear() }
            peerEnded = true
            canReceive = false
            return .end
        case .failed(let code):
            if buffer.end == 0 { buffer.clear() }
            peerEnded = true
            canReceive = false
            return .failed(code)
        }
    }

    private mutating func receive(from carrier: StreamCarrier, into buffer: inout ReceiveBuffer, room: Int) -> ReceiveOutcome {
        let outcome = carrier.receive(into: &buffer, room: room)
        switch outcome {
        case .bytes: break
        // The end of a stream is not that of its client.
        case .wouldBlock, .end, .failed: canReceive = false
        }
        if buffer.end == 0 { buffer.clear() }
        return outcome
    }

    mutating func sendOnWay(_ output: inout OutputBuffer, isLast: Bool) -> SendOutcome {
        var sent = 0
        return unsafe sendOnWay(&output, output.readAddress, 0, tail: "", isLast: isLast, sent: &sent)
    }

    /// Sends what waits in `output`, then the payload, then the tail.
    mutating func sendOnWay(
        _ output: inout OutputBuffer, _ payload: UnsafeRawPointer, _ count: Int, tail: StaticString, isLast: Bool = false, sent: inout Int
    ) -> SendOutcome {
        let first = unsafe UnsafeRawBufferPointer(start: output.readAddress, count: output.count)
        let second = unsafe UnsafeRawBufferPointer(start: payload, count: count)
        let third = unsafe UnsafeRawBufferPointer(start: tail.utf8Start, count: tail.utf8CodeUnitCount)
        var taken = 0
        let outcome: SendOutcome
        switch way {
        case .plain: preconditionFailure("asked for where there is a way")
        case .tls(let tls):
            outcome =
                switch unsafe tls.send(first, second, third, isLast: isLast, taken: &taken) {
                case .done: .done
                case .wouldBlock: .wouldBlock
                case .failed(let code): .failed(code)
                }
        case .carried(let carrier): 
            outcome = unsafe carrier.send(
                Span(_unsafeElements: first.assumingMemoryBound(to: UInt8.self)), Span(_unsafeElements: second.assumingMemoryBound(to: UInt8.self)),
                Span(_unsafeElements: third.assumingMemoryBound(to: UInt8.self)), taken: &taken)
        }
        let fromOutput = min(taken, output.count)
        output.consume(fromOutput)
        sent = min(taken &- fromOutput, count)
        if outcome == .done { return .done }
        canSend = false
        // The payload is all taken, and its tail is not: it waits like other output.
        if sent == count { output.append(tail, from: taken &- fromOutput &- count) }
        return outcome
    }
}
