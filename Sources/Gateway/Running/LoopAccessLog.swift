import Buffers
import EventLoops
import Proxy
import Telemetry

/// The access log of one loop: lines are gathered and handed to the writer's thread when a block is full, and at least once a second.
final class LoopAccessLog: EventSource, AccessLogSink {
    private var lines: AccessLogBuffer
    private let writer: LogWriter
    private let slabs: SlabPool
    private static let flushInterval: Int64 = 1000

    init(on loop: EventLoop, format: AccessLogEncoder.Format, writer: LogWriter) {
        slabs = SlabPool(slabSize: max(AccessLogEncoder.maximumLineBytes, min(writer.blockBytes, 64 * 1024)))
        lines = AccessLogBuffer(format, slab: slabs.take())
        self.writer = writer
        super.init(on: loop)
        _ = loop.register(self, watch: .nothing)
    }

    func log(_ record: borrowing ExchangeRecord, _ texts: borrowing ExchangeTexts) {
        let wasEmpty = lines.isEmpty
        let now = loop.wallMilliseconds()
        if !lines.append(record, texts, now: now) {
            flush()
            _ = lines.append(record, texts, now: now)
        }
        if wasEmpty { loop.setDeadline(self, loop.now + Self.flushInterval) }
    }

    /// Hands over what there is.
    func flush() {
        guard !lines.isEmpty else { return }
        writer.submit(lines.lines, lineCount: lines.count)
        lines.removeAll()
    }

    override func deadlinePassed() { flush() }
}
