import Buffers
import CAllocations
import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage
import Testing

/// Windows in both directions, turns between streams, and what a connection holds.
@Suite struct FlowTests {
    @Test func theClientMaySendWhatWasConsumed() throws {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, Wire.post, ends: false))
        let stream = try #require(session.live[1])
        for _ in 0..<4 { session.take(Wire.frame(0, stream: 1, Array(repeating: 97, count: 16_000))) }
        #expect(stream.unconsumed == 64_000 && session.frames().isEmpty)
        session.consume(stream, 20_000)
        #expect(session.frames().isEmpty, "less than half a window is not worth a frame")
        session.consume(stream, 20_000)
        #expect(session.frames().map(\.description) == ["WINDOW_UPDATE 1 40000"])
        // More than was handed out cannot be given back.
        session.consume(stream, 1_000_000)
        #expect(stream.unconsumed == 0)
    }

    @Test func aClientThatSendsMoreIsCut() {
        let session = RecordedStreams.opened()
        session.take(Wire.headers(1, Wire.post, ends: false))
        for _ in 0..<5 { session.take(Wire.frame(0, stream: 1, Array(repeating: 97, count: 16_000))) }
        #expect(session.frames().map(\.description) == ["RST_STREAM 1 3"])
        #expect(session.events.last == "closed 1 client.protocol.broken")
        #expect(session.bodies[1]?.count == 65_535, "no more is handed out than a slab must hold")
    }

    /// What an exchange leaves unread does not stay taken from the other streams.
    @Test func aStreamThatEndsGivesItsPartOfTheConnectionBack() throws {
        var settings = SessionSettings()
        settings.connectionWindow = 65_535
        let session = RecordedStreams.opened(settings)
        for number in [1, 3, 5, 7] as [UInt32] {
            session.take(Wire.headers(number, Wire.post, ends: false))
            for _ in 0..<4 { session.take(Wire.frame(0, stream: number, Array(repeating: 97, count: 16_000))) }
            session.reset(try #require(session.live[Int32(number)]), .cancel)
            #expect(session.frames().contains { $0.type == 8 && $0.stream == 0 }, "stream \(number)")
        }
        #expect(session.failure == nil && session.openStreams == 0)
    }

    @Test func aBodyGoesOutWithinTheWindows() throws {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, Array(repeating: 98, count: 100_000)) }
        session.take(Wire.get(1))
        #expect(session.frames().filter { $0.type == 0 }.reduce(0) { $0 + $1.payload.count } == 65_535)
        session.take(Wire.windowUpdate(0, 100_000) + Wire.windowUpdate(1, 10))
        #expect(session.frames().map(\.description) == ["DATA 1 10"])
        session.take(Wire.windowUpdate(1, 100_000))
        let rest = session.frames()
        #expect(rest.last?.ends == true && rest.reduce(0) { $0 + $1.payload.count } == 34_455)
        #expect(session.events.suffix(2) == ["finished 1", "closed 1 complete"])
    }

    /// One slow stream does not stall the rest; and those that can go on take turns, whatever priorities they name.
    @Test func streamsTakeTurns() {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, Array(repeating: 98, count: 60_000)) }
        session.take(Wire.windowUpdate(0, 10_000_000) + Wire.settings([(4, 1000)]) + Wire.get(1) + Wire.settings([(4, 60_000)]))
        session.take(Wire.get(3, [("priority", "u=7")]) + Wire.get(5, [("priority", "u=0")]) + Wire.windowUpdate(1, 1))
        session.take(Wire.settings([(4, 1000)]))
        session.take(Wire.windowUpdate(3, 60_000) + Wire.windowUpdate(5, 60_000))
        let frames = session.frames().filter { $0.type == 0 }
        let order = frames.filter { $0.stream != 1 }.map(\.stream)
        #expect(Set(order) == [3, 5] && frames.contains { $0.stream == 1 })
        // Neither gets two frames ahead.
        var ahead = 0
        for stream in order.dropLast(2) {
            ahead += stream == 3 ? 1 : -1
            #expect(abs(ahead) <= 2, "\(order)")
        }
    }

    @Test(arguments: [("HEAD", 200), ("GET", 204), ("GET", 304)] as [(String, UInt16)])
    func noBodyGoesOutWhereThereIsNone(method: String, status: UInt16) {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, status: status, "body".octets) }
        session.take(Wire.headers(1, Wire.get.map { $0.0 == ":method" ? (":method", method) : $0 }))
        #expect(session.frames().map(\.description) == ["HEADERS 1 end"])
        #expect(session.events.last == "closed 1 complete")
    }

    @Test func outputMayBeSmall() {
        for room in [400, 777, 4096] {
            let session = RecordedStreams.opened()
            session.whenEnded = { $0.answer($1, Array(repeating: 99, count: 5000)) }
            session.take(Wire.get(1) + Wire.get(3))
            let frames = SentFrame.list(session.sent(room: room))
            #expect(frames.filter { $0.type == 0 }.reduce(0) { $0 + $1.payload.count } == 10_000)
            #expect(frames.count { $0.ends } == 2 && session.openStreams == 0)
        }
    }

    @Test func allFramesOfATurnGoIntoOneBuffer() {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, "hello".octets) }
        session.take((0..<32).flatMap { Wire.get(UInt32(2 * $0 + 1)) })
        var output = OutputBuffer(Slab(byteCount: 32 * 1024))
        #expect(!session.send(into: &output, now: 0))
        let bytes = output.readable
        #expect(SentFrame.list((0..<bytes.count).map { bytes[$0] }).count { $0.ends } == 32)
    }

    /// With the windows shut nothing of a body is taken from its source, however many ask for one.
    @Test func shutWindowsHoldNothing() {
        let session = RecordedStreams.opened()
        let body = [UInt8](repeating: 98, count: 4 << 20)
        session.whenEnded = { $0.answer($1, body) }
        session.take(Wire.settings([(4, 0)]))
        for index in 0..<100 { session.take(Wire.get(UInt32(2 * index + 1))) }
        let sent = session.sent(now: 0)
        #expect(sent.count < 4096)
        #expect(session.outgoing.values.allSatisfy { $0.count == 4 << 20 })
        #expect(session.stallDeadline == session.settings.stallTime)
    }

    @Test func aBodyThatWaitsForItsAppIsNotTheClientsFault() throws {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, [], ends: false) }
        session.take(Wire.get(1))
        #expect(session.frames().map(\.description) == ["HEADERS 1"])
        #expect(session.stallDeadline == .max)
        let stream = try #require(session.live[1])
        session.outgoing[1] = "event".octets
        session.resume(stream, now: 0)
        #expect(session.wantsSend)
        #expect(session.frames().map(\.description) == ["DATA 1 5"])
        session.outgoingEnds.insert(1)
        session.trailers[1] = [("grpc-status", "0")]
        session.resume(stream, now: 0)
        #expect(session.frames().map(\.description) == ["HEADERS 1 end"])
        #expect(session.events.last == "closed 1 complete")
    }

    /// Bodies cost no allocation in either direction, ours or nghttp2's.
    @Test func dataFramesAllocateNothing() {
        let pump = Pump()
        pump.receive((clientPreface + Wire.headers(1, Wire.post, ends: false)).span, now: 0)
        var output = OutputBuffer(Slab(byteCount: 32 * 1024))
        let frame = Wire.frame(0, stream: 1, Array(repeating: 97, count: 4000)) + Wire.windowUpdate(0, 4000) + Wire.windowUpdate(1, 4000)
        for _ in 0..<20 { pump.turn(frame, &output) }
        allocations_start()
        for _ in 0..<100 { pump.turn(frame, &output) }
        let count = allocations_stop()
        #expect(pump.failure == nil && pump.received == 120 * 4000 && pump.sent >= 119 * 4000)
        #expect(count <= 0, "\(count) allocations")
    }

    private final class Pump: ServerSession {
        var received = 0
        var sent = 0
        private let chunk = [UInt8](repeating: 98, count: 4000)

        init() {
            super.init(
                settings: SessionSettings(), slabs: SlabPool(slabSize: 32 * 1024), tables: SlabPool(slabSize: 256 * MemoryLayout<Field>.stride))
        }

        override func received(_ stream: HTTP2Stream, _ head: RequestHead, protocolName: ByteRange?, _ message: inout ReceivedFields) {
            held = stream
            _ = respond(stream, status: 200) { _ in true }
        }
        override func received(_ stream: HTTP2Stream, body: Span<UInt8>) {
            received += body.count
            consume(stream, body.count)
        }
        override func outgoing(_ stream: HTTP2Stream, atMost most: Int) -> OutgoingBody {
            let left = received - sent
            return OutgoingBody(min(most, left, 4000), .more)
        }
        override func write(_ stream: HTTP2Stream, _ count: Int, into output: inout OutputBuffer) {
            let chunk = chunk
            output.append(chunk.span.extracting(first: count))
            sent += count
        }

        func turn(_ frame: [UInt8], _ output: inout OutputBuffer) {
            receive(frame.span, now: 0)
            if let stream = held { resume(stream, now: 0) }
            _ = send(into: &output, now: 0)
            output.removeAll()
        }

        private var held: HTTP2Stream?
    }
}
