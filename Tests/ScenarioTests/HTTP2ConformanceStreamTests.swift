import HTTP2Wire
import Testing

/// The form of frames, and the states and numbers of streams (RFC 9113 §3 to §5). The cases of h2spec's `http2/3.5` to `http2/5.5`.
@Suite struct HTTP2ConformanceStreamTests {
    static let format: [ConformanceCase] = [
        .init("http2/3.5/1", "RFC 9113 §3.4", "a client's preface is answered with SETTINGS as the first frame", .nothing),

        .init("http2/4.1/1", "RFC 9113 §4.1", "a frame of an unknown type", .nothing, unknown) { try $0.ping() },
        .init(
            "http2/4.1/2", "RFC 9113 §4.1", "PING with flags that mean nothing", .nothing, Wire.frame(6, flags: 0x16, pingPayload),
            script: awaitPong),
        .init(
            "http2/4.1/3", "RFC 9113 §4.1", "PING with the reserved bit", .nothing, Wire.frame(6, stream: 0x8000_0000, pingPayload),
            script: awaitPong),

        .init(
            "http2/4.2/1", "RFC 9113 §4.2", "DATA of 2^14 bytes", .answer([#""body-bytes": 16384"#]), openPost,
            Wire.data(1, filler(16_384), ends: true)),
        .init(
            "http2/4.2/2", "RFC 9113 §4.2", "DATA of 2^14 bytes and one", .connectionError(.frameSizeError), openPost,
            Wire.data(1, filler(16_385), ends: true)),
        .init(
            "http2/4.2/3", "RFC 9113 §4.2", "HEADERS of more than 2^14 bytes", .connectionError(.frameSizeError),
            Wire.frame(1, flags: 5, stream: 1, Wire.block(Wire.get) + Array((0..<5).map { _ in ConformanceCase.long }.joined()))),

        .init(
            "http2/4.3/1", "RFC 9113 §4.3", "a field block that breaks off", .connectionError(.compressionError),
            Wire.frame(1, flags: 5, stream: 1, [0x40])),
        .init(
            "http2/4.3/2", "RFC 9113 §4.3", "PRIORITY within a field block", .connectionError(.protocolError), halfHead, Wire.priority(1),
            restOfHead),
        .init(
            "http2/4.3/3", "RFC 9113 §4.3", "HEADERS of another stream within a field block", .connectionError(.protocolError), halfHead,
            Wire.get(3), restOfHead),
    ]

    static let states: [ConformanceCase] = [
        .init("http2/5.1/1", "RFC 9113 §5.1", "idle: DATA", .connectionError(.protocolError), Wire.data(1, "test", ends: true)),
        .init("http2/5.1/2", "RFC 9113 §5.1", "idle: RST_STREAM", .connectionError(.protocolError), Wire.reset(1)),
        .init("http2/5.1/3", "RFC 9113 §5.1", "idle: WINDOW_UPDATE", .connectionError(.protocolError), Wire.windowUpdate(1, 100)),
        .init(
            "http2/5.1/4", "RFC 9113 §5.1", "idle: CONTINUATION", .connectionError(.protocolError),
            Wire.continuation(1, Wire.block(Wire.get), ends: true)),

        // The answer waits for a window: the stream is not closed.
        .init("http2/5.1/5", "RFC 9113 §5.1", "half-closed: DATA", .connectionError(.streamClosed)) {
            try halfClose($0, Wire.data(1, "test", ends: true))
        },
        .init("http2/5.1/6", "RFC 9113 §5.1", "half-closed: HEADERS", .connectionError(.streamClosed)) { try halfClose($0, Wire.get(1)) },
        .init("http2/5.1/7", "RFC 9113 §5.1", "half-closed: CONTINUATION", .connectionError(.protocolError)) {
            try halfClose($0, Wire.continuation(1, Wire.block(Wire.get), ends: true))
        },

        .init(
            "http2/5.1/8", "RFC 9113 §5.1", "closed by RST_STREAM: DATA", .connectionError(.streamClosed), openPost, Wire.reset(1),
            Wire.data(1, "test", ends: true)),
        .init("http2/5.1/9", "RFC 9113 §5.1", "closed by RST_STREAM: HEADERS", .connectionError(.streamClosed), openPost, Wire.reset(1), Wire.get(1)),
        .init(
            "http2/5.1/10", "RFC 9113 §5.1", "closed by RST_STREAM: CONTINUATION", .connectionError(.protocolError), openPost, Wire.reset(1),
            Wire.continuation(1, ConformanceCase.long, ends: true)),

        .init("http2/5.1/11", "RFC 9113 §5.1", "closed: DATA", .connectionError(.streamClosed), Wire.get(1)) {
            try closeThen($0, Wire.data(1, "test", ends: true))
        },
        .init("http2/5.1/12", "RFC 9113 §5.1", "closed: HEADERS", .connectionError(.streamClosed), Wire.get(1)) { try closeThen($0, Wire.get(1)) },
        .init("http2/5.1/13", "RFC 9113 §5.1", "closed: CONTINUATION", .connectionError(.protocolError), Wire.get(1)) {
            try closeThen($0, Wire.continuation(1, ConformanceCase.long, ends: true))
        },

        .init("http2/5.1.1/1", "RFC 9113 §5.1.1", "a stream of an even number", .connectionError(.protocolError), Wire.get(2)),
        .init("http2/5.1.1/2", "RFC 9113 §5.1.1", "a stream below the last one", .connectionError(.protocolError), Wire.get(5), Wire.get(3)),
        .init(
            "http2/5.1.1/3", "RFC 9113 §5.1", "HEADERS of a stream that the client has ended", .connectionError(.streamClosed), Wire.get(5),
            Wire.get(5)),
        .init("http2/5.1.2/1", "RFC 9113 §5.1.2", "a stream above SETTINGS_MAX_CONCURRENT_STREAMS", .nothing, script: exceedLimit),

        .init(
            "http2/5.3.1/1", "RFC 7540 §5.3.1", "HEADERS that depend on themselves", .connectionError(.protocolError),
            Wire.frame(1, flags: 0x25, stream: 1, Wire.dependency(on: 1) + Wire.block(Wire.get))),
        .init("http2/5.3.1/2", "RFC 7540 §5.3.1", "PRIORITY that depends on itself", .connectionError(.protocolError), Wire.priority(1, on: 1)),

        .init("http2/5.4.1/1", "RFC 9113 §5.4.1", "after a connection error the connection is closed", .connectionError(.protocolError), brokenPing),
        .init("http2/5.4.1/2", "RFC 9113 §5.4.1", "GOAWAY names the last stream that came", .connectionError(.protocolError), Wire.get(1)) { client in
            try client.answer(to: 1)
            try client.send(brokenPing)
            try client.waitFor("GOAWAY", until: { !$0.goAways.isEmpty })
            #expect(client.goAways[0].last == 1)
        },

        .init("http2/5.5/1", "RFC 9113 §5.5", "an extension's frame", .nothing, unknown) { try $0.ping() },
        .init("http2/5.5/2", "RFC 9113 §5.5", "an extension's frame within a field block", .connectionError(.protocolError), halfHead, unknown),
    ]

    private static let openPost = Wire.headers(1, ConformanceCase.post, ends: false)
    private static let halfHead = Wire.frame(1, flags: 0, stream: 1, Wire.block(Wire.get))
    private static let restOfHead = Wire.continuation(1, ConformanceCase.long, ends: true)
    private static let unknown = Wire.frame(0x16, [UInt8](repeating: 0, count: 8))
    private static let pingPayload: [UInt8] = Array("a ping!!".utf8)
    private static let brokenPing = Wire.frame(6, stream: 3, pingPayload)

    private static func filler(_ count: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: "x"), count: count) }

    private static let awaitPong: @Sendable (FrameConnection) throws -> Void = { client in
        try client.waitFor("the answer to PING", until: { !$0.pongs.isEmpty })
        #expect(client.pongs == [pingPayload])
    }

    private static func halfClose(_ client: FrameConnection, _ frame: [UInt8]) throws {
        try HTTP2ConformanceAcceptanceTests.holdAnswer(client)
        try client.send(frame)
    }

    private static func closeThen(_ client: FrameConnection, _ frame: [UInt8]) throws {
        try client.answer(to: 1)
        try client.send(frame)
    }

    /// As many streams as there may be wait for windows, and one more and again one more are refused; then all have their answers.
    private static let exceedLimit: @Sendable (FrameConnection) throws -> Void = { client in
        let limit = try #require(client.settings[Wire.maxStreams])
        #expect(limit == 100)
        try client.change([(Wire.initialWindow, 0)])
        let streams = try (0..<limit).map { try client.get("/\($0)") }
        for _ in 0..<2 {
            let refused = try client.outcome(of: client.get("/above"))
            #expect(refused.resetCode == ConformanceCase.Code.refusedStream.rawValue && refused.heads.isEmpty, "\(refused)")
        }
        try client.change([(Wire.initialWindow, 65_535)])
        for (index, stream) in streams.enumerated() { #expect(try client.answer(to: stream).bodyText.contains("\"target\": \"/\(index)\"")) }
        // There is room again.
        try client.answer(to: client.get("/again"))
    }

    @Test(arguments: format)
    func `frames and field blocks have the form that they must have`(demand: ConformanceCase) throws { try demand.check() }

    @Test(arguments: states)
    func `a frame that has no place in the state of its stream is an error`(demand: ConformanceCase) throws { try demand.check() }

    /// h2spec's `http2/3.5/2`.
    @Test(arguments: ["INVALID CONNECTION PREFACE\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n"])
    func `a connection that begins with another preface is ended (RFC 9113 §3.4)`(preface: String) throws {
        try ConformanceCase.run { s in
            let wire = try s.connect()
            try wire.send(preface)
            try wire.expectBrokenOff()
            wire.close()
            try ConformanceCase.expectService(s)
        }
    }
}
