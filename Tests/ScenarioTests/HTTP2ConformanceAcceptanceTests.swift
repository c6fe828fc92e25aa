import HTTP2Wire
import Testing

/// What every endpoint must take: one frame of each kind, and plain exchanges (RFC 9113). The cases of h2spec's `generic` but for HPACK's.
@Suite struct HTTP2ConformanceAcceptanceTests {
    static let cases: [ConformanceCase] = [
        .init("generic/1/1", "RFC 9113 §3.4", "a client's preface is answered with SETTINGS as the first frame", .nothing),

        .init("generic/2/1", "RFC 9113 §5.1", "PRIORITY on an idle stream", .nothing, Wire.priority(1)),
        .init("generic/2/2", "RFC 9113 §5.1", "WINDOW_UPDATE on a stream that the client has ended", answers) { client in
            try holdAnswer(client)
            try client.open(1, 1)
            try client.waitFor("a byte", until: { !$0[1].body.isEmpty })
            #expect(client[1].body.count == 1)
            try client.change([(Wire.initialWindow, 65_535)])
        },
        .init("generic/2/3", "RFC 9113 §5.1", "PRIORITY on a stream that the client has ended", answers) { client in
            try holdAnswer(client)
            try client.send(Wire.priority(1))
            try client.open(1, 1)
            try client.waitFor("a byte", until: { !$0[1].body.isEmpty })
            #expect(client[1].body.count == 1)
            try client.change([(Wire.initialWindow, 65_535)])
        },
        .init("generic/2/4", "RFC 9113 §5.1", "RST_STREAM on a stream that the client has ended", .nothing) { client in
            try holdAnswer(client)
            try client.send(Wire.reset(1) + Wire.windowUpdate(0, 1))
            try client.ping()
            #expect(client[1].body.isEmpty && client[1].resetCode == nil)
            try client.change([(Wire.initialWindow, 65_535)])
        },
        .init("generic/2/5", "RFC 9113 §5.1", "PRIORITY on a closed stream", answers, Wire.get(1)) { client in
            try client.answer(to: 1)
            try client.send(Wire.priority(1))
        },

        .init("generic/3.1/1", "RFC 9113 §6.1", "a DATA frame", sent("test"), openPost, Wire.data(1, "test", ends: true)),
        .init(
            "generic/3.1/2", "RFC 9113 §6.1", "several DATA frames", sent("testmore"), openPost, Wire.data(1, "test"),
            Wire.data(1, "more", ends: true)),
        .init(
            "generic/3.1/3", "RFC 9113 §6.1", "a DATA frame with padding", sent("test"), openPost,
            Wire.frame(0, flags: 9, stream: 1, padded("test".bytes, by: 6))),

        .init("generic/3.2/1", "RFC 9113 §6.2", "a HEADERS frame", answers, Wire.get(1)),
        .init(
            "generic/3.2/2", "RFC 9113 §6.2", "a HEADERS frame with padding", answers,
            Wire.frame(1, flags: 0xD, stream: 1, padded(Wire.block(Wire.get), by: 8))),
        .init(
            "generic/3.2/3", "RFC 9113 §6.2", "a HEADERS frame with a priority", answers,
            Wire.frame(1, flags: 0x25, stream: 1, Wire.dependency(on: 0) + Wire.block(Wire.get))),

        .init("generic/3.3/1", "RFC 9113 §6.3", "PRIORITY of weight 1", answers, Wire.priority(1, weight: 0), Wire.get(1)),
        .init("generic/3.3/2", "RFC 9113 §6.3", "PRIORITY of weight 256", answers, Wire.priority(1, weight: 255), Wire.get(1)),
        .init("generic/3.3/3", "RFC 9113 §6.3", "PRIORITY on another stream", answers, Wire.priority(3, on: 1, weight: 0), Wire.get(1)),
        .init("generic/3.3/4", "RFC 9113 §6.3", "exclusive PRIORITY", answers, Wire.priority(1, exclusive: true, weight: 0), Wire.get(1)),
        .init("generic/3.3/5", "RFC 9113 §6.3", "PRIORITY of a stream above the one that is opened then", answers, Wire.priority(3), Wire.get(1)),

        .init("generic/3.4/1", "RFC 9113 §6.4", "RST_STREAM on an open stream", .nothing, openPost, Wire.reset(1)) { client in
            try client.ping()
            #expect(client[1].heads.isEmpty && client[1].resetCode == nil)
        },
        .init("generic/3.5/1", "RFC 9113 §6.5", "SETTINGS with every setting", .nothing) { client in
            try client.change([(1, 4096), (2, 1), (Wire.maxStreams, 100), (Wire.initialWindow, 65_535), (5, 16_384), (6, 100)])
            #expect(client.settingsAcknowledged == 2)
        },
        .init("generic/3.7/1", "RFC 9113 §6.7", "PING", .nothing) { client in try client.ping(Array("a ping!!".utf8)) },
        .init("generic/3.8/1", "RFC 9113 §6.8", "GOAWAY, with a text", .farewell, Wire.goAway(0) + Wire.ping()),
        .init("generic/3.8/1", "RFC 9113 §6.8", "GOAWAY while a stream is open, which has its answer", .farewell) { client in
            try holdAnswer(client)
            try client.send(Wire.goAway(0))
            try client.ping()
            try client.open(1, 10_000)
            try client.answer(to: 1)
        },
        .init("generic/3.9/1", "RFC 9113 §6.9", "WINDOW_UPDATE of the connection", .nothing, Wire.windowUpdate(0, 1)),
        .init("generic/3.9/2", "RFC 9113 §6.9", "WINDOW_UPDATE of a stream", answers, Wire.get(1), Wire.windowUpdate(1, 1)),
        .init("generic/3.10/1", "RFC 9113 §6.10", "a CONTINUATION frame", answers, cutHead(at: 5)),
        .init("generic/3.10/2", "RFC 9113 §6.10", "several CONTINUATION frames", answers, cutHead(at: 5, 10)),

        .init("generic/4/1", "RFC 9113 §8.1", "GET", answers, Wire.get(1)),
        .init("generic/4/2", "RFC 9113 §8.1", "HEAD", .nothing) { client in
            try client.send(Wire.headers(1, Wire.get.map { $0.0 == ":method" ? ($0.0, "HEAD") : $0 }))
            let answer = try client.answer(to: 1, 200, "")
            #expect(answer["content-length"] != "0" && answer.dataFrames == 0)
        },
        .init("generic/4/3", "RFC 9113 §8.1", "POST", sent("test"), openPost, Wire.data(1, "test", ends: true)),
        .init(
            "generic/4/4", "RFC 9113 §8.1", "POST with trailers", sent("test"),
            Wire.headers(1, ConformanceCase.post + [("trailer", "x-test")], ends: false),
            Wire.data(1, "test"), Wire.headers(1, [("x-test", "ok")])),
    ]

    private static let answers = ConformanceCase.Outcome.answer([#""method": "GET""#, #""target": "/""#])
    private static let openPost = Wire.headers(1, ConformanceCase.post, ends: false)

    /// The app was sent this body.
    private static func sent(_ body: String) -> ConformanceCase.Outcome {
        .answer([#""method": "POST""#, #""body-bytes": \#(body.utf8.count)"#, #""body": "\#(body)""#])
    }

    private static func padded(_ payload: [UInt8], by count: Int) -> [UInt8] { [UInt8(count)] + payload + [UInt8](repeating: 0, count: count) }

    /// A request whose field block is cut into frames.
    private static func cutHead(at cuts: Int...) -> [UInt8] {
        let block = Wire.block(Wire.get)
        let ends = cuts + [block.count]
        return Wire.frame(1, flags: 1, stream: 1, Array(block[..<ends[0]]))
            + zip(ends, ends.dropFirst()).flatMap { Wire.continuation(1, Array(block[$0..<$1]), ends: $1 == block.count) }
    }

    /// A request on stream 1 whose answer has come up to its body, which waits for a window.
    static func holdAnswer(_ client: FrameConnection) throws {
        client.opensWindows = false
        try client.change([(Wire.initialWindow, 0)])
        try client.send(Wire.get(1))
        try client.waitFor("the head of the answer", until: { !$0[1].heads.isEmpty })
        #expect(client[1].body.isEmpty && !client[1].isOver)
    }

    @Test(arguments: cases)
    func `what every endpoint must take is taken`(demand: ConformanceCase) throws { try demand.check() }
}
