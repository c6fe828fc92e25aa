import Buffers
import Glibc
import Testing

@testable import Transport

@Suite("A byte stream")
struct ByteStreamTests {
    /// Two connected sockets; the kernel takes little from the first.
    private static func pair(sendBytes: Int32 = 4608) -> (mine: Int32, other: Int32) {
        var ends: [Int32] = [0, 0]
        let type = [SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC].reduce(0) { $0 | Int32($1.rawValue) }
        #expect(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
        var size = sendBytes
        _ = unsafe setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        return (ends[0], ends[1])
    }

    private static func readSome(_ descriptor: Int32, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, count) }
        return Array(bytes.prefix(max(0, got)))
    }

    @Test("sends head, payload and tail in order, wherever the kernel stops", arguments: [1, 1000, 4096, 20_000], [true, false])
    func gathers(payloadCount: Int, isLast: Bool) {
        let tail: StaticString = isLast ? "\r\n0\r\n\r\n" : "\r\n"
        let pool = SlabPool(slabSize: 32 * 1024)
        let (mine, other) = Self.pair()
        var stream = ByteStream(descriptor: mine)
        defer { close(other) }
        var output = OutputBuffer(pool.take())
        output.append("head:")
        var slab = pool.take()
        var bytes = slab.mutableBytes
        for index in 0..<payloadCount { bytes[index] = UInt8(truncatingIfNeeded: index) }
        var received: [UInt8] = []
        var sentInAll = 0
        var rounds = 0
        var isDone = false
        while !isDone {
            var sent = 0
            let outcome: SendOutcome =
                sentInAll < payloadCount
                ? stream.send(&output, payload: slab, from: sentInAll, count: payloadCount - sentInAll, tail: tail, sent: &sent)
                : stream.send(&output)
            sentInAll += sent
            isDone = outcome == .done
            received += Self.readSome(other, 3000)
            rounds += 1
            #expect(rounds < 1000)
        }
        while true {
            let more = Self.readSome(other, 3000)
            if more.isEmpty { break }
            received += more
        }
        let expected = Array("head:".utf8) + (0..<payloadCount).map { UInt8(truncatingIfNeeded: $0) } + Array("\(tail)".utf8)
        #expect(received == expected)
    }

    @Test("knows that a read which did not fill the buffer has emptied the kernel's")
    func shortRead() {
        let pool = SlabPool(slabSize: 1024)
        let (mine, other) = Self.pair()
        var stream = ByteStream(descriptor: mine)
        var buffer = ReceiveBuffer()
        stream.canReceive = true
        _ = unsafe write(other, "abc", 3)
        let first = stream.receive(into: &buffer, pool: pool)
        let mayHaveMore = stream.canReceive
        let second = stream.receive(into: &buffer, pool: pool)
        let isAlive = stream.isAliveAndSilent()
        shutdown(other, Int32(SHUT_RDWR))  // a mere close would wait for a child that another test starts just now
        close(other)
        let third = stream.receive(into: &buffer, pool: pool)
        let peerEnded = stream.peerEnded
        let isAliveAfter = stream.isAliveAndSilent()
        buffer.clear()
        #expect(first == .bytes(3) && !mayHaveMore && second == .wouldBlock && isAlive)
        #expect(third == .end && peerEnded && !isAliveAfter)
        #expect(pool.inUse == 0)
    }

    @Test("holds no slab when there was nothing to receive")
    func emptyReceiveHoldsNothing() {
        let pool = SlabPool(slabSize: 1024)
        let (mine, other) = Self.pair()
        defer { close(other) }
        var stream = ByteStream(descriptor: mine)
        var buffer = ReceiveBuffer()
        let outcome = stream.receive(into: &buffer, pool: pool)
        #expect(outcome == .wouldBlock)
        #expect(pool.inUse == 0)
    }
}

@Suite("A receive buffer")
struct ReceiveBufferTests {
    @Test("goes on behind the payload once that is passed on")
    func consuming() {
        let pool = SlabPool(slabSize: 64)
        var buffer = ReceiveBuffer()
        buffer.slab = pool.take()
        buffer.end = 40
        buffer.consumeRaw(10)
        buffer.payloadEnd = 20
        buffer.rawStart = 25
        buffer.consumePayload(4)
        let (waiting, raw) = (buffer.payloadCount, buffer.rawCount)
        #expect(waiting == 6 && raw == 15)
        buffer.consumePayload(6)
        let (left, start) = (buffer.payloadCount, buffer.start)
        #expect(left == 0 && start == 25)
        buffer.compact()
        let (front, rest, end) = (buffer.start, buffer.rawCount, buffer.end)
        #expect(front == 0 && rest == 15 && end == 15)
    }
}
