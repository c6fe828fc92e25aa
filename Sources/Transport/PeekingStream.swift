import Buffers
import CPlatform
import Glibc

// The same stream where somebody looks at bytes before they are received: what is not theirs stays in the kernel, for TLS or for HTTP.

extension ByteStream {
    /// Copies the first bytes that wait into the buffer, which must be empty, taking a slab from `pool`; they stay where they are, and are seen
    /// again. At most `limit` bytes, at least 1. `canReceive` is left as it is: with edges the caller must clear it before it waits for more.
    public mutating func peek(into buffer: inout ReceiveBuffer, pool: SlabPool, limit: Int) -> ReceiveOutcome {
        if !buffer.slab.exists { buffer.slab = pool.take() }
        while true {
            let count = unsafe sluice_peek_at(descriptor, buffer.slab.baseAddress, min(buffer.slab.capacity, limit))
            if count > 0 {
                buffer.end = count
                return .bytes(count)
            }
            if count == 0 {
                peerEnded = true
                return .end
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let code: return .failed(code)
            }
        }
    }

    /// Receives bytes that `peek` has shown, and forgets them. False: they are not there, which the kernel does not do.
    public mutating func skip(_ count: Int, in buffer: inout ReceiveBuffer) -> Bool {
        var left = count
        while left > 0 {
            let received = unsafe sluice_receive(descriptor, buffer.slab.baseAddress, min(left, buffer.slab.capacity))
            if received < 0 && errno == EINTR { continue }
            guard received > 0 else { return false }
            left &-= received
        }
        return true
    }
}
