import Buffers
import HTTP1
import HTTPMessage
import Transport

/// Frames one body for its connection: raw bytes (with a length, or until close) or chunks.
struct BodyWriter {
    private(set) var isChunked = false
    /// A chunk's size line is written and its payload is not all with the kernel: what waits is the rest of it.
    private var chunkIsOpen = false
    /// The last chunk is written.
    private var hasEnded = false

    /// Payload up to this size is copied behind the head or chunk size, so that it goes in one plain send: cheaper than gathering.
    private static let copyLimit = 4096

    init() {}

    init(_ framing: BodyFraming) { isChunked = framing == .chunked }

    /// True between two chunks, and always for a raw body: other bytes could be sent now.
    var isBetweenChunks: Bool { !chunkIsOpen }

    /// Sends the payload that waits in `buffer`, behind what waits in `output`. What was taken is off the buffers.
    ///
    /// - Parameter isLast: neither payload nor trailers follow, so that the last chunk may go along.
    mutating func write(
        _ buffer: inout ReceiveBuffer, to stream: inout ByteStream, via output: inout OutputBuffer, pool: SlabPool, isLast: Bool = false
    ) -> SendOutcome {
        let count = buffer.payloadCount
        output.attach(pool)
        if isChunked && !chunkIsOpen {
            // A size line must never be cut off: where there is no room, what waits goes first.
            if output.room < ChunkWriter.longestSizeLine {
                let outcome = stream.send(&output)
                guard outcome == .done else { return outcome }
            }
            ChunkWriter.writeSize(count, to: &output)
            chunkIsOpen = true
        }
        if count <= Self.copyLimit && count &+ 2 <= output.room {
            output.append(buffer.slab.bytes, ByteRange(start: buffer.start, count: count))
            if isChunked { output.appendCRLF() }
            chunkIsOpen = false
            buffer.consumePayload(count)
            return .done
        }
        var sent = 0
        let tail: StaticString = !isChunked ? "" : isLast ? "\r\n0\r\n\r\n" : "\r\n"
        let outcome = stream.send(&output, payload: buffer.slab, from: buffer.start, count: count, tail: tail, sent: &sent)
        if sent == count {
            chunkIsOpen = false
            hasEnded = isLast
        }
        buffer.consumePayload(sent)
        return outcome
    }

    /// Writes what stands behind the last payload byte: for chunks the last chunk and the trailers.
    @inline(__always)
    mutating func end(via output: inout OutputBuffer, pool: SlabPool, trailers: borrowing OutputBuffer) {
        if isChunked && !hasEnded { Self.endChunks(via: &output, pool: pool, trailers: trailers) }
    }

    @inline(never)
    private static func endChunks(via output: inout OutputBuffer, pool: SlabPool, trailers: borrowing OutputBuffer) {
        output.attach(pool)
        ChunkWriter.writeLast(to: &output)
        if !trailers.isEmpty { output.append(trailers.readable) }
        output.appendCRLF()
    }
}
