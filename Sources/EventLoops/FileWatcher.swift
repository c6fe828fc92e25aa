import Glibc

/// Looks at small files once a second, on a thread of its own: a file system that hangs holds no loop up.
public final class FileWatcher: Sendable {
    /// What was found at a path.
    public enum Content: Sendable, Equatable {
        case bytes([UInt8])
        /// There is nothing of this name.
        case missing
        /// Something is there, or may be, but it cannot be read. In words, why.
        case unreadable(String)
    }

    /// What a file has of its own while nobody writes to it.
    private struct Stamp: Equatable {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        var size: Int64 = 0
        var modified: (seconds: Int, nanoseconds: Int) = (0, 0)
        var changed: (seconds: Int, nanoseconds: Int) = (0, 0)

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            modified = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
            changed = (status.st_ctim.tv_sec, status.st_ctim.tv_nsec)
        }

        static func == (one: Stamp, other: Stamp) -> Bool {
            one.device == other.device && one.inode == other.inode && one.size == other.size && one.modified == other.modified
                && one.changed == other.changed
        }

        /// A change in the same tick of the kernel's clock would leave the stamp as it is.
        func isFresh(at now: Int) -> Bool { now - changed.seconds < 2 }
    }

    /// What was found, and when to look closer.
    private struct Sight {
        var content: Content
        /// Nil where the content is to be read again in any case.
        var stamp: Stamp?
    }

    /// Files that are watched together.
    private struct Watched {
        let paths: [String]
        let limit: Int?
        let changed: @Sendable ([Content]) -> Void
        /// Of each path.
        var sights: [Sight]
    }

    private struct State {
        var files: [Watched] = []
        var hasThread = false
        var isStopped = false
    }

    private let monitor = Monitor(State())
    private let interval: Int64

    /// - Parameter interval: milliseconds between two looks.
    public init(interval: Int64 = 1_000) { self.interval = interval }

    /// Looks at some files now, and from now on. Blocks as long as the file system does.
    ///
    /// - Parameters:
    ///   - limit: bytes that each may have; a larger one is not readable. Nil if only its presence matters: its content is then empty, and
    ///     it may be anything, such as a directory.
    ///   - changed: called on the watcher's thread, with what is found at each path, whenever that is something else than before: once, however
    ///     many of them have changed between two looks. Not after `stop`.
    /// - Returns: what is found now, at each path.
    public func watch(_ paths: [String], upTo limit: Int?, _ changed: @escaping @Sendable ([Content]) -> Void) -> [Content] {
        let sights = paths.map { Self.look(at: $0, limit, before: nil) }
        monitor.change { state in
            state.files.append(Watched(paths: paths, limit: limit, changed: changed, sights: sights))
            if !state.hasThread, !state.isStopped { state.hasThread = (try? LoopThread(name: "sluice-files") { [self] in watch() }) != nil }
        }
        return sights.map(\.content)
    }

    /// Ends the thread. Does not wait for it.
    public func stop() { monitor.change { $0.isStopped = true } }

    private func watch() {
        LoopThread.leaveSignalsToOthers()
        while !monitor.wait(milliseconds: interval, until: { $0.isStopped }) {
            // The list only grows, so a place stays what it is. No file is looked at under the lock.
            let files = monitor.change { $0.files }
            for (place, file) in files.enumerated() {
                let sights = zip(file.paths, file.sights).map { Self.look(at: $0, file.limit, before: $1) }
                let isStopped = monitor.change { state in
                    state.files[place].sights = sights
                    return state.isStopped
                }
                if isStopped { return }
                if zip(sights, file.sights).contains(where: { $0.content != $1.content }) { file.changed(sights.map(\.content)) }
            }
        }
    }

    // MARK: Looking

    private static func look(at path: String, _ limit: Int?, before: Sight?) -> Sight {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return Sight(content: failure(errno), stamp: nil) }
        guard let limit else { return Sight(content: .bytes([]), stamp: nil) }
        if let before, let stamp = before.stamp, stamp == Stamp(status) { return before }
        return read(path, limit)
    }

    private static func read(_ path: String, _ limit: Int) -> Sight {
        // Not to wait for whoever writes into a pipe.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return Sight(content: failure(errno), stamp: nil) }
        defer { close(descriptor) }
        var before = stat()
        guard unsafe fstat(descriptor, &before) == 0 else { return Sight(content: failure(errno), stamp: nil) }
        guard before.st_mode & S_IFMT == S_IFREG else { return Sight(content: .unreadable("it is not a file"), stamp: nil) }
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            // One more than there should be, to see the end.
            let room = min(limit - bytes.count, bytes.isEmpty ? Int(before.st_size) : 4096) + 1
            var (count, code): (Int, Int32) = (0, 0)
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: room) { place, initialized in
                count = unsafe Glibc.read(descriptor, place.baseAddress, room)
                code = errno
                initialized = max(0, count)
            }
            if count == 0 { break }
            if count < 0 && code != EINTR { return Sight(content: failure(code), stamp: nil) }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
        }
        var after = stat()
        guard unsafe fstat(descriptor, &after) == 0 else { return Sight(content: failure(errno), stamp: nil) }
        let stamp = Stamp(after)
        let isSettled = stamp == Stamp(before) && !stamp.isFresh(at: time(nil))
        guard bytes.count <= limit else {
            return Sight(content: .unreadable("it is larger than \(limit) bytes"), stamp: isSettled ? stamp : nil)
        }
        return Sight(content: .bytes(bytes), stamp: isSettled ? stamp : nil)
    }

    private static func failure(_ code: Int32) -> Content {
        code == ENOENT || code == ENOTDIR ? .missing : .unreadable(unsafe String(cString: strerror(code)))
    }
}
