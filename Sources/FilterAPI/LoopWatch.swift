/// A descriptor and a timer of a filter's own on its loop, for a client library that talks to some service. Made by
/// `LoopContext.makeWatch` when the filter is made; everything here is called on the loop.
///
/// ```swift
/// watch.onReady = { [unowned self] in self.readAndWrite() }
/// watch.onTime = { [unowned self] in self.reconnect() }
/// guard watch.open(descriptor) else { … }
/// ```
public final class LoopWatch {
    /// The descriptor may be ready, for reading or writing or both. Edge-triggered: said once for each change, so do what can be done until
    /// the kernel says EAGAIN. It may be said once too often.
    public var onReady: (() -> Void)?
    /// The timer has run out.
    public var onTime: (() -> Void)?
    private let engine: any LoopWatchEngine
    private var descriptor: Int32 = -1

    package init(_ engine: any LoopWatchEngine) {
        self.engine = engine
        engine.onReady = { [weak self] in self?.onReady?() }
        engine.onTime = { [weak self] in self?.onTime?() }
    }

    deinit {
        close()
        engine.end()
    }

    /// Watches a descriptor, in place of another. It stays the caller's, who makes it non-blocking, and calls `close` before closing it.
    ///
    /// - Returns: false if the kernel refuses.
    public func open(_ descriptor: Int32) -> Bool {
        close()
        guard engine.open(descriptor) else { return false }
        self.descriptor = descriptor
        return true
    }

    /// Stops watching the descriptor.
    public func close() {
        if descriptor >= 0 { engine.close(descriptor) }
        descriptor = -1
    }

    /// Has `onTime` called once, so many milliseconds from now, or up to 10 later; in place of what was set before.
    public func setTimer(milliseconds: Int64) { engine.setTimer(max(0, milliseconds)) }
    public func clearTimer() { engine.clearTimer() }
}

/// What is behind a watch: the loop, or a test's stand-in.
package protocol LoopWatchEngine: AnyObject {
    var onReady: (() -> Void)? { get set }
    var onTime: (() -> Void)? { get set }
    func open(_ descriptor: Int32) -> Bool
    func close(_ descriptor: Int32)
    func setTimer(_ milliseconds: Int64)
    func clearTimer()
    func end()
}

/// What a loop does for filters.
package protocol LoopServices: AnyObject {
    func makeWatchEngine() -> any LoopWatchEngine
    /// Runs work on the loop, soon; any thread may call it.
    var post: @Sendable (@escaping @Sendable () -> Void) -> Void { get }
}
