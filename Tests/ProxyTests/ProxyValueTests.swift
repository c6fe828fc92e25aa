import Buffers
import EventLoops
import HTTPMessage
import Testing
import Transport

@testable import Proxy

@Suite("How a body is read")
struct BodyReaderTests {
    private static func buffer(_ text: String, _ pool: SlabPool) -> ReceiveBuffer {
        var buffer = ReceiveBuffer()
        buffer.slab = pool.take()
        var bytes = buffer.slab.mutableBytes
        for (index, byte) in text.utf8.enumerated() { bytes[index] = byte }
        buffer.end = text.utf8.count
        return buffer
    }

    private static func payload(_ buffer: borrowing ReceiveBuffer) -> String {
        var text: [UInt8] = []
        for index in buffer.start..<buffer.payloadEnd { text.append(buffer.slab.bytes[index]) }
        return String(decoding: text, as: UTF8.self)
    }

    @Test("takes a length's bytes and leaves what stands behind them")
    func length() {
        let pool = SlabPool(slabSize: 256)
        var buffer = Self.buffer("hello, next", pool)
        var reader = BodyReader(.length(5))
        #expect(reader.lengthLeft == 5)
        let step = reader.decode(&buffer)
        let text = Self.payload(buffer)
        #expect(step == .payload && text == "hello")
        #expect(reader.isFinished && reader.payloadBytes == 5)
        buffer.consumePayload(5)
        let after = reader.decode(&buffer)
        let left = buffer.rawCount
        #expect(after == .finished && left == 6)
    }

    @Test("puts the payload of several chunks together, and stops at the trailers")
    func chunks() {
        let pool = SlabPool(slabSize: 256)
        var buffer = Self.buffer("3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\nnext", pool)
        var reader = BodyReader(.chunked)
        let step = reader.decode(&buffer)
        let text = Self.payload(buffer)
        #expect(step == .payload && text == "abcde")
        buffer.consumePayload(5)
        let after = reader.decode(&buffer)
        let left = buffer.rawCount
        #expect(after == .trailers && !reader.isFinished && left == 12)
        reader.finish()
        #expect(reader.isFinished)
    }

    @Test("refuses broken chunks")
    func brokenChunks() {
        let pool = SlabPool(slabSize: 256)
        var buffer = Self.buffer("3\nabc\r\n", pool)
        var reader = BodyReader(.chunked)
        let step = reader.decode(&buffer)
        #expect(step == .malformed)
    }

    @Test("a body of length 0, or none, is finished from the start")
    func nothing() {
        #expect(BodyReader(.none).isFinished)
        #expect(BodyReader(.length(0)).isFinished)
        #expect(!BodyReader(.untilClose).isFinished)
    }
}

@Suite("A client's pace")
struct ClientPaceTests {
    private func verdict(_ pace: inout ClientPace, _ now: Int64) -> String {
        switch pace.verdict(now, idle: 30_000, rate: 240, grace: 10_000) {
        case .fair: "fair"
        case .idle: "idle"
        case .slow: "slow"
        }
    }

    @Test("is idle after the idle time without a byte")
    func idle() {
        var pace = ClientPace()
        pace.add(1_000_000)
        pace.beginWait(1000)
        #expect(verdict(&pace, 30_999) == "fair")
        #expect(verdict(&pace, 31_000) == "idle")
    }

    @Test("is slow when it drips, however regularly")
    func drip() {
        var pace = ClientPace()
        var now: Int64 = 0
        while now < 10_000 {
            pace.beginWait(now)
            #expect(verdict(&pace, now) == "fair")
            now += 500
            pace.add(100)
            pace.endWait(now)
        }
        pace.beginWait(now)
        #expect(verdict(&pace, now) == "slow")
    }

    @Test("is not slow for the app's pauses")
    func appPauses() {
        var pace = ClientPace()
        var now: Int64 = 0
        for _ in 0..<100 {
            pace.add(10)
            pace.beginWait(now)
            pace.endWait(now + 5)
            now += 60_000
        }
        pace.beginWait(now)
        #expect(verdict(&pace, now) == "fair")
    }

    @Test("counts every byte that came as a sign of life")
    func progress() {
        var pace = ClientPace()
        for step in 0..<5 {
            pace.add(1_000_000)
            pace.beginWait(Int64(step) * 29_000)
            #expect(verdict(&pace, Int64(step) * 29_000 + 28_000) == "fair")
        }
    }
}

@Suite("Small texts and ranges")
struct ProxyTextTests {
    @Test("the date is the one of RFC 9110 §5.6.7", arguments: [
        (Int64(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func date(second: Int64, expected: String) {
        var date = DateText()
        date.update(second)
        let pool = SlabPool(slabSize: 64)
        var output = OutputBuffer(pool.take())
        date.append(to: &output)
        var text: [UInt8] = []
        for index in 0..<output.count { text.append(output.readable[index]) }
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }

    @Test("an address range holds what agrees with its leading bits")
    func ranges() throws {
        let network = try #require(SocketAddress.parse("10.0.0.0", port: 0))
        let ten = try #require(AddressRange(network, prefixLength: 8))
        let documentation = try #require(SocketAddress.parse("2001:db8::", port: 0))
        let six = try #require(AddressRange(documentation, prefixLength: 33))
        func holds(_ range: AddressRange, _ text: String) -> Bool { SocketAddress.parse(text, port: 80).map(range.contains) ?? false }
        #expect(holds(ten, "10.255.1.2") && !holds(ten, "11.0.0.1") && holds(ten, "::ffff:10.1.1.1") && !holds(ten, "::a00:1"))
        #expect(holds(six, "2001:db8:7fff::1") && !holds(six, "2001:db8:8000::1") && !holds(six, "10.0.0.1"))
        #expect(AddressRange(network, prefixLength: 33) == nil)
    }

    @Test("titles and codes of reasons need no escape in JSON")
    func reasonsNeedNoEscape() {
        for reason in Reason.allCases {
            for byte in "\(reason.title)\(reason.code)".utf8 { #expect(byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C) }
        }
    }
}
