// unsafe: an array's bytes as a raw span
import CAllocations
import FilterAPI
import Gzip
import Seeded
import Testing

/// The coders of a loop: how many there are, who has them, and what happens when there is none.
@Suite struct CoderPoolTests {
    /// Passes bytes through a stream, with so much room at a time. Returns the output.
    private func pass(_ stream: GzipStream, _ bytes: [UInt8], _ mark: BodyMark, room: Int = 4096) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        var slab = Slab(byteCount: room)
        while true {
            let input = Array(rest)
            let (count, step) = slab.fill(from: 0) { stream.transform(unsafe input.span.bytes, upTo: mark, into: &$0) }
            for index in 0..<count { output.append(slab.bytes[index]) }
            rest = rest.dropFirst(step.consumed)
            switch step.next {
            case .wantsInput, .finished: return output
            case .failed: return []
            case .wantsRoom: precondition(count > 0 || step.consumed > 0, "neither takes nor gives")
            }
        }
    }

    private func pool(_ coders: Int, level: Int = 1) -> CoderPool {
        let pool = CoderPool(level: level, memory: 0)
        let size = 1 << 20
        var memory = size
        while CoderPool(level: level, memory: memory).limit < coders { memory += size / 16 }
        return coders == 1 ? pool : CoderPool(level: level, memory: memory)
    }

    @Test(arguments: [1, 2, 3, 6])
    func aThousandIdleStreamsHoldAFewCoders(_ level: Int) {
        let pool = pool(8, level: level)
        let limit = pool.limit
        let streams = (0..<1000).map { _ in pool.makeStream() }
        var outputs = [[UInt8]](repeating: [], count: 1000)
        var bodies = outputs
        #expect(pool.made == 0, "a stream without a byte has none")
        for round in 0..<3 {
            for (index, stream) in streams.enumerated() {
                let event = Array("data: {\"stream\":\(index),\"round\":\(round)}\n\n".utf8)
                bodies[index] += event
                outputs[index] += pass(stream, event, .flush)
                #expect(pool.made <= limit)
            }
            #expect(pool.made == limit && pool.resting == limit && pool.freeCount == 0)
            // Each is decodable up to here, although most have lost their coder since.
            for index in stride(from: 0, to: 1000, by: 37) { #expect(Gunzipped(outputs[index])?.body == bodies[index]) }
        }
        for (index, stream) in streams.enumerated() { outputs[index] += pass(stream, [], .end) }
        for index in 0..<1000 {
            let decoded = Gunzipped(outputs[index])
            #expect(decoded?.isComplete == true && decoded?.body == bodies[index])
        }
        #expect(pool.resting == 0 && pool.freeCount == pool.made)
    }

    @Test func theOneThatRestedLongestLosesItsCoder() {
        let pool = pool(3)
        let limit = pool.limit
        let streams = (0...limit).map { _ in pool.makeStream() }
        let text = Sample.json(400)
        for stream in streams.prefix(limit) { _ = pass(stream, text, .flush) }
        // The first is used again: now the second has rested longest.
        let warm = pass(streams[0], text, .flush)
        #expect(warm.count < 60, "it still knows what it wrote: \(warm.count)")
        _ = pass(streams[limit], text, .flush)
        #expect(pass(streams[0], text, .flush).count < 60)
        #expect(pass(streams[1], text, .flush).count > 100, "it begins anew")
        streams.forEach { $0.abandon() }
        #expect(pool.made == limit && pool.freeCount == limit)
    }

    /// Clients that read slowly hold coders in the middle of a block: these cannot be taken away.
    @Test func aBusyPoolStoresInsteadOfCoding() {
        let pool = pool(2)
        let busy = (0..<pool.limit).map { _ in pool.makeStream() }
        for stream in busy { _ = pass(stream, Sample.json(1000), .more) }
        #expect(pool.isBusy)
        let body = Sample.json(200_000)
        for room in [1, 3, 7, 64, 100, 4096] {
            let stream = pool.makeStream()
            let size = room < 64 ? 1000 : body.count
            var output = pass(stream, Array(body[..<(size / 2)]), .flush, room: room)
            #expect(Gunzipped(output)?.body == Array(body[..<(size / 2)]))
            output += pass(stream, Array(body[(size / 2)..<size]), .end, room: room)
            #expect(Gunzipped(output)?.body == Array(body[..<size]))
            #expect(Gunzipped(output)?.isComplete == true)
        }
        #expect(pool.made == pool.limit)
        // As soon as one is free again, a stream that stored goes on with it.
        let stream = pool.makeStream()
        var output = pass(stream, Array(body[..<1000]), .flush)
        busy.forEach { $0.abandon() }
        #expect(!pool.isBusy)
        output += pass(stream, Array(body[1000...]), .end)
        #expect(Gunzipped(output)?.body == body)
        #expect(output.count < body.count / 2)
    }

    @Test(arguments: [1, 2, 3, 4, 9])
    func littleRoomIsEnough(_ level: Int) {
        let pool = pool(1, level: level)
        let body = Sample.json(3000)
        for room in [1, 2, 5, 8, 20, 63, 64, 65] {
            let stream = pool.makeStream(padding: 20)
            var output = pass(stream, Array(body[..<1000]), .more, room: room)
            output += pass(stream, Array(body[1000..<2000]), .flush, room: room)
            #expect(Gunzipped(output)?.body == Array(body[..<2000]))
            output += pass(stream, Array(body[2000...]), .end, room: room)
            #expect(Gunzipped(output)?.isComplete == true && Gunzipped(output)?.body == body)
        }
    }

    @Test func whatIsGivenUpGivesItsCoderBack() {
        let pool = pool(4)
        for _ in 0..<100 {
            for mark in [BodyMark.more, .flush] {
                let stream = pool.makeStream()
                _ = pass(stream, Sample.json(5000), mark)
                stream.abandon()
                #expect(pool.made == 1 && pool.freeCount == 1 && pool.resting == 0)
            }
        }
        // Also where nobody says so.
        do { _ = pass(pool.makeStream(), Sample.json(5000), .more) }
        #expect(pool.made == 1 && pool.freeCount == 1)
    }

    /// Many streams in any order: the bodies come back, and no coder is lost.
    @Test(arguments: 0..<20)
    func anyOrder(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let pool = pool(Int.random(in: 1...6, using: &generator), level: [1, 3, 5][seed % 3])
        var open: [(stream: GzipStream, body: [UInt8], output: [UInt8])] = []
        for _ in 0..<400 {
            if open.isEmpty || Int.random(in: 0..<5, using: &generator) == 0 && open.count < 30 { open.append((pool.makeStream(), [], [])) }
            let index = Int.random(in: 0..<open.count, using: &generator)
            let size = Int.random(in: 0..<3000, using: &generator)
            let piece = Bool.random(using: &generator) ? Sample.json(size) : Sample.noise(size)
            let mark: BodyMark = [.more, .flush, .flush, .end][Int.random(in: 0..<4, using: &generator)]
            if Int.random(in: 0..<20, using: &generator) == 0 {
                open[index].stream.abandon()
                open.remove(at: index)
                continue
            }
            open[index].body += piece
            open[index].output += pass(open[index].stream, piece, mark, room: Int.random(in: 1...5000, using: &generator))
            guard mark != .more else { continue }
            let decoded = Gunzipped(open[index].output)
            #expect(decoded?.body == open[index].body)
            if mark == .end {
                #expect(decoded?.isComplete == true)
                open.remove(at: index)
            }
            #expect(pool.made <= pool.limit)
        }
        open.forEach { $0.stream.abandon() }
        #expect(pool.freeCount == pool.made && pool.resting == 0)
    }

    @Test func aWarmPoolAllocatesNothing() {
        let pool = pool(4)
        let body = Sample.json(20_000)
        var slab = Slab(byteCount: 64 * 1024)
        func round() {
            let stream = pool.makeStream()
            _ = slab.fill(from: 0) { stream.transform(unsafe body.span.bytes, upTo: .flush, into: &$0) }
            _ = slab.fill(from: 0) { stream.transform(unsafe body.span.bytes, upTo: .end, into: &$0) }
        }
        for _ in 0..<10 { round() }
        allocations_start()
        for _ in 0..<100 { round() }
        let allocations = allocations_stop()
        #expect(allocations <= 0, "\(allocations) allocations in 100 responses")
        #expect(pool.made == 1)
    }
}
