import Buffers
import HTTP2

/// What one stream of HTTP/2 has to send and the other side's window has not let through yet: a slab of it, the trailers behind it, and the end.
struct StreamOutbox: ~Copyable {
    private var bytes = OutputBuffer()
    /// Behind the body; lines of HTTP/1.
    var trailers = OutputBuffer()
    /// Nothing comes behind what is here.
    var isEnded = false
    /// Whoever sends was told to wait.
    private var isFull = false

    /// Forgets everything.
    mutating func reset() {
        bytes.detach()
        trailers.detach()
        isEnded = false
        isFull = false
    }

    /// Takes what fits, in this order.
    ///
    /// - Returns: bytes taken. Where they are not all, the sender waits until `takeRoomAgain`.
    mutating func take(_ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>, _ pool: SlabPool) -> Int {
        let wanted = first.count + second.count + third.count
        bytes.attach(pool)
        if bytes.room < wanted { bytes.compact() }
        var taken = bytes.take(first)
        if taken == first.count { taken += bytes.take(second) }
        if taken == first.count + second.count { taken += bytes.take(third) }
        isFull = taken < wanted
        return taken
    }

    /// How many bytes can be sent now, and what comes behind them.
    func outgoing(atMost most: Int) -> OutgoingBody {
        let count = min(most, bytes.count)
        guard count == bytes.count else { return OutgoingBody(count, .more) }
        guard isEnded else { return OutgoingBody(count, .later) }
        return OutgoingBody(count, trailers.isEmpty ? .end : .trailers)
    }

    mutating func write(_ count: Int, into output: inout OutputBuffer) {
        bytes.move(count, to: &output)
        if bytes.isEmpty { bytes.detach() }
    }

    func writeTrailers(into list: inout HeadList) { list.add(linesOf: trailers) }

    /// True once, after the sender was told to wait and all was sent: it need not wait any more.
    mutating func takeRoomAgain() -> Bool {
        guard isFull, bytes.isEmpty else { return false }
        isFull = false
        return true
    }
}
