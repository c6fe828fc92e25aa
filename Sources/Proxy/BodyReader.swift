import Buffers
import HTTP1
import HTTPMessage
import Transport

/// Finds the payload of one body in the bytes of its connection, and its end.
struct BodyReader {
    private enum Rest {
        case finished
        case length(UInt64)
        case chunked
        case trailers
        case untilClose
    }

    /// What `decode` found.
    enum Step {
        /// Payload waits in the buffer.
        case payload
        /// More bytes must be received first.
        case needsMore
        /// The body has ended; no payload waits.
        case finished
        /// The framing is broken.
        case malformed
        /// The trailer section stands at the buffer's raw bytes, whole or in part.
        case trailers
    }

    private var rest = Rest.finished
    private var decoder = ChunkedDecoder()
    /// Payload bytes found so far.
    private(set) var payloadBytes: UInt64 = 0

    init() {}

    init(_ framing: BodyFraming) {
        switch framing {
        case .none, .length(0): rest = .finished
        case .length(let count): rest = .length(count)
        case .chunked: rest = .chunked
        case .untilClose: rest = .untilClose
        }
    }

    /// No byte of this body is to come any more.
    var isFinished: Bool {
        if case .finished = rest { return true }
        return false
    }

    /// The sender's close is the end of this body.
    var endsWithClose: Bool {
        if case .untilClose = rest { return true }
        return false
    }

    /// Payload bytes that are still to come, where that is known.
    var lengthLeft: UInt64? {
        if case .length(let count) = rest { return count }
        return nil
    }

    /// Decodes what the buffer holds as far as it gives contiguous payload. Nothing decoded may be waiting.
    mutating func decode(_ buffer: inout ReceiveBuffer) -> Step {
        let available = buffer.rawCount
        switch rest {
        case .finished: return .finished
        case .length(let left):
            guard available > 0 else { return .needsMore }
            let count = min(UInt64(available), left)
            take(&buffer, Int(count))
            rest = left == count ? .finished : .length(left - count)
            return .payload
        case .untilClose:
            guard available > 0 else { return .needsMore }
            take(&buffer, available)
            return .payload
        case .chunked:
            guard available > 0 else { return .needsMore }
            let (from, to) = (buffer.rawStart, buffer.end)
            var bytes = buffer.slab.mutableBytes
            let step = decoder.decode(&bytes, from: from, to: to)
            buffer.start = buffer.rawStart
            buffer.payloadEnd = step.payloadEnd
            buffer.rawStart = step.consumed
            let count = buffer.payloadCount
            payloadBytes &+= UInt64(count)
            switch step.state {
            case .failed: return .malformed
            case .trailers: rest = .trailers
            case .more: break
            }
            if count > 0 { return .payload }
            buffer.start = buffer.rawStart
            buffer.payloadEnd = buffer.rawStart
            if case .trailers = rest { return .trailers }
            return .needsMore
        case .trailers: return .trailers
        }
    }

    private mutating func take(_ buffer: inout ReceiveBuffer, _ count: Int) {
        buffer.start = buffer.rawStart
        buffer.rawStart &+= count
        buffer.payloadEnd = buffer.rawStart
        payloadBytes &+= UInt64(count)
    }

    /// The trailer section was read, or the sender of a close-delimited body has closed.
    mutating func finish() { rest = .finished }

    /// `count` payload bytes went by another way (spliced).
    mutating func skip(_ count: Int) {
        payloadBytes &+= UInt64(count)
        if case .length(let left) = rest { rest = left == UInt64(count) ? .finished : .length(left - UInt64(count)) }
    }
}
