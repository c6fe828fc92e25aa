import Buffers
import EventLoops
import Transport

/// One side of an exchange: a connection with what was received and not passed on, and what waits to be sent.
class Peer: EventSource {
    final var stream: ByteStream
    final var input = ReceiveBuffer()
    final var output = OutputBuffer()

    init(descriptor: Int32, on loop: EventLoop) {
        stream = ByteStream(descriptor: descriptor)
        super.init(on: loop)
    }

    /// Lets go of both buffers: a connection that waits holds none.
    @inline(__always)
    final func clearBuffers() {
        input.clear()
        output.detach()
    }

    /// Makes room behind what was received: from the front of the slab when nothing waits there. False when the slab is full of
    /// bytes that wait.
    @inline(__always)
    final func makeRoom() -> Bool {
        if input.rawCount == 0 && input.payloadCount == 0 {
            input.start = 0
            input.payloadEnd = 0
            input.rawStart = 0
            input.end = 0
            return true
        }
        if input.end < input.slab.capacity { return true }
        input.compact()
        return input.end < input.slab.capacity
    }
}
