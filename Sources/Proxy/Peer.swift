import Buffers
import EventLoops
import Transport

/// One side of an exchange: a connection with what was received and not passed on, and what waits to be sent.
class Peer: EventSource {
    final var stream: ByteStream
    final var input = ReceiveBuffer()
    final var output = OutputBuffer()

    init(_ stream: consuming ByteStream, on loop: EventLoop) {
        self.stream = stream
        super.init(on: loop)
    }

    /// Lets go of both buffers: a connection that waits holds none.
    @inline(__always)
    final func clearBuffers() {
        input.clear()
        output.detach()
    }

    /// The same for a body that goes on: once all that came with the head is passed on, a large slab takes its place.
    @inline(__always)
    final func makeBodyRoom(_ pool: SlabPool) -> Bool {
        if input.isEmpty {
            if input.slab.capacity < pool.slabSize {
                input.clear()
                input.slab = pool.take()
            } else {
                input.rewind()
            }
            return true
        }
        return makeRoom()
    }

    /// Makes room behind what was received: from the front of the slab when nothing waits there. False when the slab is full of
    /// bytes that wait.
    @inline(__always)
    final func makeRoom() -> Bool {
        if input.isEmpty {
            input.rewind()
            return true
        }
        if input.end < input.slab.capacity { return true }
        input.compact()
        return input.end < input.slab.capacity
    }
}
