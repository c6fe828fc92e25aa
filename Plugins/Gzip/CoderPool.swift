/// The coders of one loop: no more than a fixed number, whatever the number of streams.
///
/// A stream that has brought out all that it took (a flush) needs its coder no more: what comes next can begin a deflate block that refers to
/// nothing before. So it lets the coder rest, and keeps it, with its window, for as long as nobody else needs one: then the coder that has
/// rested longest goes to whoever asks. A stream that gets none writes stored blocks, which take no state.
package final class CoderPool {
    package let level: Int
    /// Coders that there may be.
    package let limit: Int
    /// Coders that there are, and those of them that no stream has.
    package private(set) var made = 0
    private var free: [Coder] = []
    private var spareStreams: [GzipStream] = []

    /// Those that rest, the one that has rested longest last.
    private var newest: Coder?
    private unowned var oldest: Coder?
    package private(set) var resting = 0

    /// Objects kept for the next streams; more go back to the allocator.
    private static let mostSpare = 64

    /// - Parameter memory: bytes that all coders may take together; there is always one.
    package init(level: Int, memory: Int) {
        self.level = level
        limit = max(1, memory / Coder.byteCount(level: level))
    }

    package var freeCount: Int { free.count }
    /// All coders are in the middle of a block.
    package var isBusy: Bool { made == limit && free.isEmpty && resting == 0 }

    /// A coder as new; nil if all are busy.
    func take(for stream: GzipStream) -> Coder? {
        var coder = free.popLast()
        if coder == nil && made < limit, let fresh = Coder(level: level) {
            made += 1
            fresh.owner = stream
            return fresh
        }
        if coder == nil, let oldest {
            coder = oldest
            wake(oldest)
            oldest.owner?.loseCoder()
        }
        coder?.owner = stream
        coder?.reset()
        return coder
    }

    /// Its stream has nothing in it now.
    func rest(_ coder: Coder) {
        coder.isResting = true
        coder.older = newest
        coder.newer = nil
        newest?.newer = coder
        newest = coder
        if oldest == nil { oldest = coder }
        resting += 1
    }

    /// Its stream goes on with it, or it gets another.
    func wake(_ coder: Coder) {
        guard coder.isResting else { return }
        coder.isResting = false
        let newer = coder.newer
        let older = coder.older
        if let newer { newer.older = older } else { newest = older }
        if let older { older.newer = newer } else { oldest = newer }
        coder.older = nil
        coder.newer = nil
        resting -= 1
    }

    func giveBack(_ coder: Coder) {
        wake(coder)
        coder.owner = nil
        if free.count < Self.mostSpare { free.append(coder) } else { made -= 1 }
    }

    // MARK: Streams

    /// A stream at its beginning.
    ///
    /// - Parameter padding: bytes of a comment that makes the header longer.
    package func makeStream(padding: Int = 0) -> GzipStream {
        let stream = spareStreams.popLast() ?? GzipStream()
        stream.begin(in: self, padding: padding)
        return stream
    }

    /// Nothing is called on it any more.
    func recycle(_ stream: GzipStream) {
        if spareStreams.count < Self.mostSpare { spareStreams.append(stream) }
    }
}
