import FilterAPI
import FilterTesting
import Gzip
import Testing

/// The bytes of coded responses.
@Suite struct CodingTests {
    private let request = "GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n"
    private let chunked = "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n"

    @Test(arguments: 1...9)
    func everyLevelGivesTheBodyBack(_ level: Int) throws {
        let harness = try FilterHarness(Gzip.self, "level = \(level)\nmin-length = 0B")
        for body in [[], [7], Sample.json(1000), Sample.json(100_000), Sample.noise(70_000), [UInt8](repeating: 0, count: 1_000_000)] {
            for head in [chunked, "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: \(body.count)\n"] {
                for room in [512, 16 * 1024] {
                    let response = harness.send(request).respond(head, [.bytes(body)], roomAtOnce: room)
                    #expect(response.decoded == body, "\(body.count) bytes")
                }
            }
        }
    }

    @Test(arguments: [1, 6])
    func everyCutOfTheInput(_ level: Int) throws {
        let harness = try FilterHarness(Gzip.self, "level = \(level)\nmin-length = 0B")
        let body = Sample.json(300)
        for cut in body.everyCut {
            #expect(harness.send(request).respond(chunked, cut, roomAtOnce: 512).decoded == body)
            let flushed = cut.flatMap { [$0, .flush] }
            #expect(harness.send(request).respond(chunked, flushed, roomAtOnce: 512).decoded == body)
        }
    }

    @Test(arguments: [1, 3, 4, 9])
    func theSizeIsWorthIt(_ level: Int) throws {
        let body = Sample.json(100_000)
        let response = try FilterHarness(Gzip.self, "level = \(level)").send(request).respond(chunked, [.bytes(body)])
        #expect(response.body.count < body.count * 45 / 100, "\(response.body.count) bytes of \(body.count)")
        // Noise grows by little.
        let noise = try FilterHarness(Gzip.self, "level = \(level)").send(request).respond(chunked, [.bytes(Sample.noise(100_000))])
        #expect(noise.body.count < 100_000 + 200)
    }

    @Test(arguments: [1, 6])
    func eachEventIsOutAtOnce(_ level: Int) throws {
        let harness = try FilterHarness(Gzip.self, "level = \(level)\nevent-streams = on")
        var pieces: [TestPiece] = []
        var events: [[UInt8]] = []
        for number in 0..<50 {
            let event = Array("event: tick\ndata: {\"number\":\(number),\"status\":\"active\"}\n\n".utf8)
            events.append(event)
            pieces += [.bytes(event), .flush]
        }
        let head = "HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n"
        let response = harness.send(request).respond(head, pieces, roomAtOnce: 512)
        var sent: [UInt8] = []
        var expected: [UInt8] = []
        for (event, output) in zip(events, response.outputs) {
            sent += output
            expected += event
            #expect(Gunzipped(sent)?.body == expected)
        }
        #expect(response.decoded == expected)
        // Later events refer to earlier ones, as long as the stream has its coder.
        #expect(response.body.count < expected.count / 2, "\(response.body.count) of \(expected.count)")
    }

    @Test func aFlushWithNothingNewWritesNothing() throws {
        let response = try FilterHarness(Gzip.self).send(request).respond(chunked, [.text("x"), .flush, .flush, .flush])
        #expect(response.outputs[1].isEmpty && response.outputs[2].isEmpty)
        #expect(response.decoded == Array("x".utf8))
    }

    @Test func aPauseBringsOutWhatIsThereAlsoWhereTheLengthIsKnown() throws {
        let body = Sample.json(20_000)
        let pieces: [TestPiece] = [.bytes(Array(body[..<7000])), .flush, .bytes(Array(body[7000...]))]
        let harness = try FilterHarness(Gzip.self)
        for head in ["HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: \(body.count)\n", chunked] {
            let response = harness.send(request).respond(head, pieces)
            #expect(response.decoded == body)
            #expect(Gunzipped(response.outputs[0])?.body == Array(body[..<7000]))
        }
    }

    @Test func theHeaderIsLongerByChance() throws {
        let body = Sample.json(2000)
        let plain = try FilterHarness(Gzip.self).send(request).respond(chunked, [.bytes(body)]).body
        let harness = try FilterHarness(Gzip.self, "length-jitter = 256")
        var lengths: Set<Int> = []
        for _ in 0..<100 {
            let response = harness.send(request).respond(chunked, [.bytes(body)], roomAtOnce: 512)
            #expect(response.decoded == body)
            lengths.insert(response.body.count - plain.count)
        }
        #expect(lengths.allSatisfy { $0 >= 1 && $0 <= 256 })
        #expect(lengths.count > 20)
    }

    /// Nothing but the body decides what the client gets: no time and no name is in it.
    @Test func theSameBodyGivesTheSameBytes() throws {
        let body = Sample.json(50_000)
        let harness = try FilterHarness(Gzip.self)
        let first = harness.send(request).respond(chunked, [.bytes(body)]).body
        _ = harness.send(request).respond(chunked, [.bytes(Sample.noise(60_000))])
        harness.advance(by: .seconds(100_000))
        #expect(harness.send(request).respond(chunked, [.bytes(body)]).body == first)
    }
}
