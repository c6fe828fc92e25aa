import Buffers
import CPlatform
import EventLoops
import Glibc
import TLS

// The same stream where TLS enciphers it.

extension ByteStream {
    /// From here on the connection's bytes go through `tls`, whose handshake comes first.
    public mutating func secure(by tls: TLSConnection) {
        self.tls = tls
        canReceive = true
    }

    /// The peer does not speak TLS after all: from here on its bytes are plain. What TLS has read is gone.
    public mutating func endSecurity() { tls = nil }

    /// Goes on with the handshake. Afterwards `canReceive` and `canSend` say what it waits for.
    public mutating func shakeHands() -> TLSConnection.HandshakeOutcome {
        guard let tls else { preconditionFailure("a plain connection has no handshake") }
        let outcome = tls.handshake()
        canReceive = outcome == .done ? true : tls.mayReceive
        canSend = !tls.holdsRecords
        return outcome
    }

    @usableFromInline
    mutating func noteSecurely(_ readiness: Readiness) {
        guard let tls else { return }
        if readiness.isReadable { tls.noteReadable() }
        if readiness.peerEnded { tls.notePeerEnded() }
        if readiness.isWritable && tls.holdsRecords {
            tls.flushHeld()
            if !tls.isOpen { canSend = !tls.holdsRecords }
        }
    }

    mutating func receiveSecurely(into buffer: inout ReceiveBuffer, room: Int) -> ReceiveOutcome {
        guard let tls else { preconditionFailure("asked for where there is TLS") }
        let outcome = unsafe tls.receive(into: buffer.slab.baseAddress + buffer.end, room: room)
        canReceive = tls.mayReceive
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

    @usableFromInline
    mutating func sendSecurely(_ output: inout OutputBuffer) -> SendOutcome {
        var sent = 0
        return unsafe sendSecurely(&output, output.readAddress, 0, crlf: false, sent: &sent)
    }

    /// Sends what waits in `output`, then the payload, then CRLF if asked for.
    mutating func sendSecurely(
        _ output: inout OutputBuffer, _ payload: UnsafeRawPointer, _ count: Int, crlf: Bool, sent: inout Int
    ) -> SendOutcome {
        guard let tls else { preconditionFailure("asked for where there is TLS") }
        let tail: StaticString = "\r\n"
        var taken = 0
        let outcome = unsafe tls.send(
            UnsafeRawBufferPointer(start: output.readAddress, count: output.count), UnsafeRawBufferPointer(start: payload, count: count),
            UnsafeRawBufferPointer(start: tail.utf8Start, count: crlf ? 2 : 0), taken: &taken)
        let fromOutput = min(taken, output.count)
        output.consume(fromOutput)
        sent = min(taken &- fromOutput, count)
        if outcome == .done { return .done }
        canSend = false
        // The payload is all taken, and its line end is not: it waits like other output.
        if sent == count && crlf {
            let ended = taken &- fromOutput &- count
            if ended == 0 { output.append(byte: 13) }
            if ended < 2 { output.append(byte: 10) }
        }
        if case .failed(let code) = outcome { return .failed(code) }
        return .wouldBlock
    }
}
