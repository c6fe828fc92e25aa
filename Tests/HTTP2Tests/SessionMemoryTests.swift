import Buffers
import CAllocations
import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage
import Testing

/// A server that answers each request at once with a body of ten bytes.
private final class Answering: ServerSession {
    override func received(_ stream: HTTP2Stream, _ head: RequestHead, protocolName: ByteRange?, _ message: inout ReceivedFields) {
        _ = respond(stream, status: 200) {
            $0.add("content-type", "text/plain")
            $0.add("x-answer", decimal: 42)
            return true
        }
    }
    override func outgoing(_ stream: HTTP2Stream, atMost most: Int) -> OutgoingBody { OutgoingBody(10, .end) }
    override func write(_ stream: HTTP2Stream, _ count: Int, into output: inout OutputBuffer) { output.append("0123456789") }
}

@Suite("The memory of sessions") struct SessionMemoryTests {
    private static func turn(_ session: Answering, _ bytes: [UInt8], _ output: inout OutputBuffer) -> Int {
        session.receive(bytes.span, now: 0)
        var sent = 0
        var isFull = true
        while isFull {
            isFull = session.send(into: &output, now: 0)
            sent += output.count
            output.removeAll()
        }
        return sent
    }

    /// nghttp2 takes some hundred blocks for them, which its thread keeps from one turn to the next.
    @Test func aTurnOfRequestsOnAWarmConnectionAllocatesNothing() {
        let session = Answering(
            settings: SessionSettings(), slabs: SlabPool(slabSize: 32 * 1024), tables: SlabPool(slabSize: 256 * MemoryLayout<Field>.stride))
        var output = OutputBuffer(Slab(byteCount: 32 * 1024))
        var number: UInt32 = 1
        let turns = (0..<3).map { turn in
            var bytes = turn == 0 ? clientPreface : []
            for _ in 0..<32 {
                bytes += Wire.get(number)
                number += 2
            }
            return bytes
        }
        for bytes in turns[..<2] { #expect(Self.turn(session, bytes, &output) > 32 * (9 + 9 + 10)) }
        allocations_start()
        let sent = Self.turn(session, turns[2], &output)
        let count = allocations_stop()
        #expect(sent > 32 * (9 + 9 + 10))
        #expect(count <= 0, "\(count) allocations")
        #expect(session.failure == nil)
    }
}
