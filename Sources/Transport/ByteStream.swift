import Buffers
import CPlatform
import EventLoops
import Glibc
import TLS

/// What came of an attempt to receive.
public enum ReceiveOutcome: Equatable, Sendable {
    /// So many bytes were added to the buffer.
    case bytes(Int)
    /// Nothing now; the loop says when.
    case wouldBlock
    /// The peer has ended its side.
    case end
    /// `errno`: ECONNRESET and the like.
    case failed(Int32)
}

/// What came of an attempt to send.
public enum SendOutcome: Equatable, Sendable {
    /// All is with the kernel.
    case done
    /// The kernel takes no more now; the loop says when. What was taken is off the buffers.
    case wouldBlock
    /// `errno`: EPIPE, ECONNRESET and the like.
    case failed(Int32)
}

/// One connection's bytes over its descriptor, plain or by TLS, non-blocking, closed when destroyed. It knows what epoll last said, so that no call is made
/// that would only return EAGAIN: with edges, a read that does not fill the buffer has emptied the kernel's.
@safe
public struct ByteStream: ~Copyable {
    /// -1 when closed.
    public private(set) var descriptor: Int32
    /// There may be something to read.
    public var canReceive = false
    /// The kernel may take bytes.
    public var canSend = true
    /// epoll said that the peer ended its side: behind the bytes that wait comes the end.
    public var peerEnded = false
    /// The way of the bytes where they do not go to the descriptor as they are.
    enum Way {
        case plain
        case tls(TLSConnection)
        case carried(StreamCarrier)
    }
    var way = Way.plain
    /// Bytes go to the descriptor as they are.
    @inline(__always)
    var isPlain: Bool { if case .plain = way { true } else { false } }

    /// Takes over `descriptor`.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// One stream of a connection that carries many. It has no descriptor: its carrier says what the loop would.
    public init(_ carrier: StreamCarrier) {
        descriptor = -1
        way = .carried(carrier)
    }

    deinit { if descriptor >= 0 { _ = sluice_close(descriptor) } }

    /// Closes it now; every later call fails with EBADF.
    public mutating func close() {
        switch way {
        case .plain: break
        case .tls(let tls): tls.sendEnd()
        case .carried(let carrier): carrier.close()
        }
        way = .plain
        guard descriptor >= 0 else { return }
        _ = sluice_close(descriptor)
        descriptor = -1
        canReceive = false
        canSend = false
    }

    /// Takes note of what the loop said.
    public mutating func note(_ readiness: Readiness) {
        if readiness.isReadable { canReceive = true }
        if readiness.isWritable { canSend = true }
        if readiness.peerEnded { peerEnded = true }
        noteOnWay(readiness)
    }

    /// Reads once, into the free end of the buffer, taking a slab from `pool` if it holds none. At most `limit` bytes. The buffer must
    /// have room. A slab that stayed empty goes back.
    public mutating func receive(into buffer: inout ReceiveBuffer, pool: SlabPool, limit: Int = .max) -> ReceiveOutcome {
        if !buffer.slab.exists { buffer.slab = pool.take() }
        let room = min(buffer.slab.capacity &- buffer.end, limit)
        precondition(room > 0)
        if !isPlain { return receiveOnWay(into: &buffer, room: room) }
        while true {
            let count = unsafe sluice_receive(descriptor, buffer.slab.baseAddress + buffer.end, room)
            if count > 0 {
                buffer.end &+= count
                // A short read has emptied the socket, unless the end waits behind it.
                if count < room && !peerEnded { canReceive = false }
                return .bytes(count)
            }
            let code = errno
            if count < 0 && code == EINTR { continue }
            if buffer.end == 0 { buffer.clear() }
            if count == 0 {
                peerEnded = true
                canReceive = false
                return .end
            }
            canReceive = false
            if code == EAGAIN { return .wouldBlock }
            peerEnded = true
            return .failed(code)
        }
    }

    /// Sends what waits in `output`. `isLast`: the sending side ends behind it, so TLS may say so in the same breath.
    @inline(__always)
    public mutating func send(_ output: inout OutputBuffer, isLast: Bool = false) -> SendOutcome {
        if !isPlain { return sendOnWay(&output, isLast: isLast) }
        while !output.isEmpty {
            let count = unsafe sluice_send(descriptor, output.readAddress, output.count, 0)
            if count >= 0 {
                output.consume(count)
                continue
            }
            let code = errno
            if code == EINTR { continue }
            canSend = false
            return code == EAGAIN ? .wouldBlock : .failed(code)
        }
        return .done
    }

    /// Sends `output`, then `count` bytes of payload from `offset` of `slab`, then a short `tail`, gathered in one call. `sent` is the
    /// number of payload bytes taken. What is left of the tail when the payload is all sent is put into `output`.
    public mutating func send(
        _ output: inout OutputBuffer, payload slab: borrowing Slab, from offset: Int, count: Int, tail: StaticString, sent: inout Int
    ) -> SendOutcome {
        precondition(offset >= 0 && count >= 0 && offset &+ count <= slab.capacity)
        let tailCount = tail.utf8CodeUnitCount
        sent = 0
        if !isPlain { return unsafe sendOnWay(&output, slab.baseAddress + offset, count, tail: tail, sent: &sent) }
        var tailSent = 0
        while true {
            let total = output.count &+ (count &- sent) &+ (tailCount &- tailSent)
            if total == 0 { return .done }
            let written = unsafe sluice_send3(
                descriptor, output.readAddress, output.count, slab.baseAddress + offset + sent, count &- sent,
                tail.utf8Start + tailSent, tailCount &- tailSent, 0)
            if written < 0 {
                let code = errno
                if code == EINTR { continue }
                canSend = false
                if sent == count { output.append(tail, from: tailSent) }
                return code == EAGAIN ? .wouldBlock : .failed(code)
            }
            var left = written
            let fromOutput = min(left, output.count)
            output.consume(fromOutput)
            left &-= fromOutput
            let fromPayload = min(left, count &- sent)
            sent &+= fromPayload
            left &-= fromPayload
            tailSent &+= left
        }
    }

    /// True when an idle connection is still what it should be: open and silent. One system call.
    public mutating func isAliveAndSilent() -> Bool {
        switch way {
        case .plain: sluice_peek(descriptor) < 0 && errno == EAGAIN
        case .tls(let tls): tls.isAliveAndSilent()
        // The connection that carries it would have said so.
        case .carried: true
        }
    }

    /// True when all that the peer has sent so far was received, whether it goes on or has ended. One system call.
    public func hasNothingUnread() -> Bool {
        let waiting = sluice_peek(descriptor)
        return waiting == 0 || waiting < 0 && errno == EAGAIN
    }

    /// Ends the sending side: the peer reads the end behind all that was sent.
    public func shutdownSending() {
        switch way {
        case .plain: break
        case .tls(let tls): tls.sendEnd()
        case .carried(let carrier): return carrier.end()
        }
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Has the coming close send a reset: for a peer that must not take what it got for complete.
    public mutating func resetOnClose() {
        // Nor is it told by TLS that this is the end.
        if case .carried(let carrier) = way { carrier.reset() }
        way = .plain
        _ = sluice_reset_on_close(descriptor)
    }
}
