import EventLoops
import FilterAPI

/// What filters may use of their loop: descriptors and timers of their own, and work from other threads.
final class FilterLoop: LoopServices {
    // It is kept by the contexts of filters, which the proxy's pipelines outlive.
    private weak var proxy: ProxyLoop?
    private let loop: EventLoop

    init(_ proxy: ProxyLoop) {
        self.proxy = proxy
        loop = proxy.loop
    }

    func makeWatchEngine() -> any LoopWatchEngine { WatchSource(loop, proxy) }

    var post: @Sendable (@escaping @Sendable () -> Void) -> Void {
        { [loop] work in loop.post(work) }
    }
}

/// A descriptor and a timer of a filter.
private final class WatchSource: EventSource, LoopWatchEngine {
    var onReady: (() -> Void)?
    var onTime: (() -> Void)?
    private weak var proxy: ProxyLoop?

    init(_ loop: EventLoop, _ proxy: ProxyLoop?) {
        self.proxy = proxy
        super.init(on: loop)
        _ = loop.register(self, watch: .nothing)
    }

    func open(_ descriptor: Int32) -> Bool { loop.watchAgain(self, descriptor: descriptor, .edges) == nil }
    func close(_ descriptor: Int32) { loop.unwatch(descriptor: descriptor) }
    func setTimer(_ milliseconds: Int64) { loop.setDeadline(self, loop.now &+ milliseconds) }
    func clearTimer() { loop.clearDeadline(self) }
    func end() { loop.retire(self) }

    override func ready(_ readiness: Readiness) {
        proxy?.updateClock()
        onReady?()
    }

    override func deadlinePassed() {
        proxy?.updateClock()
        onTime?()
    }
}
