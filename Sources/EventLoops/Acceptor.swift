import CPlatform
import Glibc

/// Accepts connections on one listening socket for one loop. Subclassed by who takes the connections.
///
/// When the process or the system runs out of descriptors (EMFILE, ENFILE) or memory, it stops watching for a moment and tries again:
/// connections wait in the kernel's queue, nothing spins and nothing is lost.
open class Acceptor: EventSource {
    private let descriptor: Int32
    public final let address: SocketAddress
    private let isShared: Bool
    private let file: SocketFile?
    private var paused = false
    private var ended = false
    /// The most connections taken in one turn; the rest wait for the next, so that requests in flight are not starved.
    private static let acceptsATurn = 64
    /// Connections taken in one turn now. To ask for one that is not there costs a system call, so it is doubled only after
    /// `turnsToDouble` turns in which as many came, and falls to what came.
    private var batch = 1
    private var fullTurns = 0
    private static let turnsToDouble = 4
    /// How long it waits after EMFILE and the like, in milliseconds.
    private static let pause: Int64 = 100

    public init(_ socket: consuming ListeningSocket, on loop: EventLoop) {
        address = socket.address
        isShared = socket.isShared
        file = socket.file
        descriptor = socket.release()
        super.init(on: loop)
    }

    deinit { if !ended { close(descriptor) } }

    private var watch: EventLoop.Watch { isShared ? .shared : .level }

    /// Starts to accept. Errors: epoll's.
    public final func start() -> SystemError? {
        loop.register(self, descriptor: descriptor, watch: watch)
    }

    /// Stops for good, closes the listening socket and removes the file that binding a unix address made.
    public final func end() {
        guard !ended else { return }
        ended = true
        // Before the socket is closed: a process that finds nobody listening may put its own file there.
        file?.remove()
        loop.retire(self)
        // The copies of other loops would keep it watched.
        if isShared { loop.unwatch(descriptor: descriptor) }
        close(descriptor)
    }

    /// A connection came. The receiver owns `descriptor` (non-blocking, close-on-exec).
    open func accepted(_ descriptor: Int32, from address: SocketAddress) {
        close(descriptor)
    }

    /// Accepting failed for want of descriptors or memory; it pauses.
    open func acceptFailed(_ error: SystemError) {}

    public final override func ready(_ readiness: Readiness) {
        // From a shared socket one, so that a burst is taken by all loops.
        for taken in 0..<(isShared ? 1 : batch) {
            guard !ended else { return }
            var storage = sockaddr_storage()
            var length = UInt32(MemoryLayout<sockaddr_storage>.size)
            let connection = unsafe sluice_accept(descriptor, &storage, &length)
            if connection >= 0 {
                accepted(connection, from: SocketAddress(storage: storage, length: length) ?? address)
                if isShared { yieldTurn() }
                continue
            }
            switch errno {
            case EAGAIN:
                batch = max(1, taken)
                fullTurns = 0
                return
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                let error = SystemError(call: "accept")
                pauseAccepting()
                acceptFailed(error)
                return
            default: continue  // This connection died in the queue; the next may live.
            }
        }
        fullTurns += 1
        if fullTurns >= Self.turnsToDouble {
            fullTurns = 0
            batch = min(2 * batch, Self.acceptsATurn)
        }
    }

    /// The kernel wakes the first loop in its queue that has nothing to do: who took a connection goes to the end of that queue, or one loop
    /// would have all the connections of a quiet gateway.
    private func yieldTurn() {
        guard !ended, !paused else { return }
        loop.unwatch(descriptor: descriptor)
        watchAgain()
    }

    private func watchAgain() {
        if loop.watchAgain(self, descriptor: descriptor, watch) != nil { pauseAccepting() }
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
        watchAgain()
    }
}
