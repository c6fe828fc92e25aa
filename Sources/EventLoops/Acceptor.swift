import CPlatform
import Glibc

/// Accepts connections on one listening socket for one loop. Subclassed by who takes the connections.
///
/// When the process or the system runs out of descriptors (EMFILE, ENFILE) or memory, it stops watching for a moment and tries again:
/// connections wait in the kernel's queue, nothing spins and nothing is lost.
open class Acceptor: EventSource {
    private let descriptor: Int32
    public final let address: SocketAddress
    private var paused = false
    private var ended = false
    /// Connections taken in one turn; the rest wait for the next, so that requests in flight are not starved.
    private static let acceptsATurn = 64
    /// How long it waits after EMFILE and the like, in milliseconds.
    private static let pause: Int64 = 100

    public init(_ socket: consuming ListeningSocket, on loop: EventLoop) {
        address = socket.address
        descriptor = socket.release()
        super.init(on: loop)
    }

    deinit { if !ended { close(descriptor) } }

    /// Starts to accept. Errors: epoll's.
    public final func start() -> SystemError? {
        loop.register(self, descriptor: descriptor, watch: .level)
    }

    /// Stops for good and closes the listening socket.
    public final func end() {
        guard !ended else { return }
        ended = true
        loop.retire(self)
        close(descriptor)
        // The file that bind made stays behind otherwise.
        if let first = address.path.first, first != 0 { _ = unsafe unlink(String(decoding: address.path, as: UTF8.self)) }
    }

    /// A connection came. The receiver owns `descriptor` (non-blocking, close-on-exec).
    open func accepted(_ descriptor: Int32, from address: SocketAddress) {
        close(descriptor)
    }

    /// Accepting failed for want of descriptors or memory; it pauses.
    open func acceptFailed(_ error: SystemError) {}

    public final override func ready(_ readiness: Readiness) {
        for _ in 0..<Self.acceptsATurn {
            guard !ended else { return }
            var storage = sockaddr_storage()
            var length = UInt32(MemoryLayout<sockaddr_storage>.size)
            let connection = unsafe sluice_accept(descriptor, &storage, &length)
            if connection >= 0 {
                accepted(connection, from: SocketAddress(storage: storage, length: length) ?? address)
                continue
            }
            switch errno {
            case EAGAIN: return
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                let error = SystemError(call: "accept")
                pauseAccepting()
                acceptFailed(error)
                return
            default: continue  // This connection died in the queue; the next may live.
            }
        }
    }

    private func pauseAccepting() {
        guard !paused else { return }
        paused = true
        loop.unwatch(descriptor: descriptor)
        loop.setDeadline(self, loop.now + Self.pause)
    }

    public final override func deadlinePassed() {
        guard paused, !ended else { return }
        paused = false
        loop.watchAgain(self, descriptor: descriptor)
    }
}
