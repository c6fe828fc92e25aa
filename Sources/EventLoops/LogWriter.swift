import Glibc

/// Writes log lines from a thread of its own, so that a slow disk or a full pipe never holds up a loop.
///
/// Loops hand over blocks of whole lines with `submit`, which copies them into one of a fixed number of blocks and never waits
/// for a write: when all blocks are full, the lines are dropped and counted. The lock is held for a few instructions only; the
/// copy and the write happen outside it.
@safe
public final class LogWriter: @unchecked Sendable {
    // @unchecked: everything mutable is in `queue`, or touched only by the writer's thread.

    /// Where the lines go.
    public enum Target: Sendable {
        /// An open descriptor, such as 1 or 2. It is not closed, and `reopen` leaves it alone.
        case descriptor(Int32)
        /// A file, made with mode 0640 if need be and appended to.
        case file(path: String)
    }

    /// The most bytes that one `submit` takes.
    public let blockBytes: Int

    private struct ReadyBlock {
        var index: Int
        var byteCount: Int
        var lineCount: Int
    }

    private struct Queue {
        /// Blocks that nobody uses.
        var free: [Int]
        /// Blocks to be written, oldest first.
        var ready: [ReadyBlock] = []
        /// Blocks that a loop is copying into right now.
        var filling = 0
        var dropped: UInt64 = 0
        var reopenWanted = false
        var stopping = false
        var finished = false
    }

    private let target: Target
    private let report: @Sendable (LogWriterEvent) -> Void
    private let blockCount: Int
    private let blocks: UnsafeMutableRawPointer
    private let queue: Monitor<Queue>
    // Only the writer's thread touches these, once it runs.
    private var descriptor: Int32
    private var endedInsideALine = false
    private var failing = false
    private var written: [ReadyBlock] = []

    /// Opens the file, if the target is one, and starts the thread. `report` is called on that thread.
    /// Errors: those of open and pthread_create.
    public init(
        _ target: Target, blockCount: Int = 64, blockBytes: Int = 16 * 1024, report: @escaping @Sendable (LogWriterEvent) -> Void
    ) throws(SystemError) {
        precondition(blockCount > 0 && blockBytes > 0)
        self.target = target
        self.report = report
        self.blockCount = blockCount
        self.blockBytes = blockBytes
        switch target {
        case .descriptor(let given): descriptor = given
        case .file(let path): descriptor = try Self.open(path)
        }
        // The kernel gives pages as they are first used: a log that keeps up touches one or two blocks.
        unsafe blocks = .allocate(byteCount: blockCount * blockBytes, alignment: 64)
        var empty = Queue(free: Array((0..<blockCount).reversed()))
        empty.ready.reserveCapacity(blockCount)
        queue = Monitor(empty)
        written.reserveCapacity(blockCount)
        // The thread holds the writer until it has finished, so nobody needs to join it.
        _ = try LoopThread(name: "sluice-log") { self.run() }
    }

    deinit {
        if case .file = target { close(descriptor) }
        unsafe blocks.deallocate()
    }

    private static func open(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
        guard descriptor >= 0 else { throw SystemError(call: "open") }
        return descriptor
    }

    // MARK: any thread

    /// Hands `lineCount` whole lines over; at most `blockBytes` bytes. Copies them and never waits for a write. False when they
    /// were dropped, because all blocks are full or the writer has been stopped; they are then counted.
    @discardableResult
    public func submit(_ lines: Span<UInt8>, lineCount: Int) -> Bool {
        precondition(lines.count <= blockBytes)
        guard !lines.isEmpty else { return true }
        let taken: Int? = queue.hold { queue in
            guard !queue.stopping, let index = queue.free.popLast() else {
                queue.dropped &+= UInt64(lineCount)
                return nil
            }
            queue.filling += 1
            return index
        }
        guard let index = taken else { return false }
        unsafe lines.withUnsafeBytes { source in
            unsafe address(of: index).copyMemory(from: source.baseAddress!, byteCount: source.count)
        }
        queue.change { queue in
            queue.filling -= 1
            queue.ready.append(ReadyBlock(index: index, byteCount: lines.count, lineCount: lineCount))
        }
        return true
    }

    /// Closes the file and opens its path again, after what was submitted so far: for logrotate. If that fails, the old file is
    /// written on. Does not wait.
    public func reopen() { queue.change { $0.reopenWanted = true } }

    /// Writes what was submitted and ends the thread. Waits for that at most so long: a pipe that nobody reads must not hold up
    /// the end of the process. Returns whether everything was written or counted as dropped.
    @discardableResult
    public func stop(timeoutMilliseconds: Int) -> Bool {
        queue.change { $0.stopping = true }
        return queue.wait(milliseconds: Int64(timeoutMilliseconds)) { $0.finished }
    }

    @unsafe
    private func address(of index: Int) -> UnsafeMutableRawPointer { unsafe blocks + index * blockBytes }

    // MARK: the writer's thread

    private func run() {
        // Signals are for the thread that handles them; and with SIGPIPE blocked a broken pipe is EPIPE and nothing else.
        LoopThread.leaveSignalsToOthers()
        while let reopenWanted = waitForWork() {
            for block in written {
                if !write(block) { queue.hold { $0.dropped &+= UInt64(block.lineCount) } }
                queue.hold { $0.free.append(block.index) }
            }
            written.removeAll(keepingCapacity: true)
            if reopenWanted { openAgain() }
            tellDrops()
        }
        let lost = queue.hold { $0.dropped }
        if lost > 0 { report(.linesDropped(lost)) }
        queue.change { $0.finished = true }
    }

    /// Waits for blocks or a wish to reopen, and takes all blocks into `written`. Returns whether to reopen behind them; nil at
    /// the end.
    private func waitForWork() -> Bool? {
        queue.wait { queue -> Bool?? in
            guard queue.ready.isEmpty && !queue.reopenWanted else {
                swap(&queue.ready, &written)
                defer { queue.reopenWanted = false }
                return queue.reopenWanted
            }
            return queue.stopping && queue.filling == 0 ? .some(nil) : nil
        }
    }

    /// Tells of lost lines once writing works and the queue is at most half full: a report for every block would not help.
    private func tellDrops() {
        guard !failing else { return }
        let lost: UInt64 = queue.hold { queue in
            guard queue.ready.count <= blockCount / 2 else { return 0 }
            defer { queue.dropped = 0 }
            return queue.dropped
        }
        if lost > 0 { report(.linesDropped(lost)) }
    }

    private func write(_ block: ReadyBlock) -> Bool {
        // A write that broke off inside a line must not swallow the next one.
        if endedInsideALine {
            guard unsafe withUnsafeBytes(of: UInt8(0x0A), { unsafe writeAll($0.baseAddress!, 1) }) else { return false }
        }
        return unsafe writeAll(UnsafeRawPointer(address(of: block.index)), block.byteCount)
    }

    /// Writes all the bytes, waiting where the descriptor is a full, non-blocking pipe.
    private func writeAll(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        var done = 0
        while done < count {
            let result = unsafe Glibc.write(descriptor, bytes + done, count - done)
            if result > 0 {
                done += result
                endedInsideALine = unsafe bytes.load(fromByteOffset: done - 1, as: UInt8.self) != 0x0A
                continue
            }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&waiting, 1, -1)
                continue
            }
            if !failing { report(.writeFailed(SystemError(call: "write", code: code))) }
            failing = true
            return false
        }
        failing = false
        return true
    }

    private func openAgain() {
        guard case .file(let path) = target else { return }
        do {
            let fresh = try Self.open(path)
            close(descriptor)
            descriptor = fresh
            endedInsideALine = false
        } catch {
            report(.reopenFailed(error))
        }
    }
}
