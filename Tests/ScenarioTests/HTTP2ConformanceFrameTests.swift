import HTTP2Wire
import Testing

/// What each kind of frame must be (RFC 9113 §6, but for windows), and codes that nobody knows (§7). The cases of h2spec's `http2/6.1` to
/// `http2/6.8`, `http2/6.10` and `http2/7`.
@Suite struct HTTP2ConformanceFrameTests {
    static let frames: [ConformanceCase] = [
        .init("http2/6.1/1", "RFC 9113 §6.1", "DATA on stream 0", protocolError, Wire.data(0, "test", ends: true)),
        .init("http2/6.1/2", "RFC 9113 §6.1", "DATA on a stream that the client has ended", .connectionError(.streamClosed)) { client in
            try HTTP2ConformanceAcceptanceTests.holdAnswer(client)
            try client.send(Wire.data(1, "test", ends: true))
        },
        .init(
            "http2/6.1/3", "RFC 9113 §6.1", "DATA with more padding than payload", protocolError,
            Wire.headers(1, ConformanceCase.post + [("content-length", "4")], ends: false), Wire.frame(0, flags: 9, stream: 1, [6] + "Test".bytes)),

        .init("http2/6.2/1", "RFC 9113 §6.2", "PRIORITY behind HEADERS without END_HEADERS", protocolError, halfHead, Wire.priority(1), restOfHead),
        .init(
            "http2/6.2/2", "RFC 9113 §6.2", "HEADERS of another stream behind HEADERS without END_HEADERS", protocolError, halfHead, Wire.get(3),
            restOfHead),
        .init("http2/6.2/3", "RFC 9113 §6.2", "HEADERS on stream 0", protocolError, Wire.get(0)),
        .init(
            "http2/6.2/4", "RFC 9113 §6.2", "HEADERS with more padding than payload", protocolError,
            Wire.frame(1, flags: 0xD, stream: 1, [UInt8(Wire.block(Wire.get).count + 2)] + Wire.block(Wire.get))),

        .init("http2/6.3/1", "RFC 9113 §6.3", "PRIORITY on stream 0", protocolError, Wire.priority(0)),
        .init("http2/6.3/2", "RFC 9113 §6.3", "PRIORITY of four bytes", frameSizeError, Wire.get(1), Wire.frame(2, stream: 1, [0x80, 0, 0, 1])),
        .init(
            "http2/6.3/3", "RFC 9113 §6.3", "PRIORITY of a stream above the one that is opened then", .answer([#""method": "GET""#]),
            Wire.priority(3), Wire.get(1)),

        .init("http2/6.4/1", "RFC 9113 §6.4", "RST_STREAM on stream 0", protocolError, Wire.reset(0)),
        .init("http2/6.4/2", "RFC 9113 §6.4", "RST_STREAM on an idle stream", protocolError, Wire.reset(1)),
        .init("http2/6.4/3", "RFC 9113 §6.4", "RST_STREAM of three bytes", frameSizeError, Wire.get(1), Wire.frame(3, stream: 1, [0, 0, 0])),

        .init("http2/6.5/1", "RFC 9113 §6.5", "an acknowledgement of SETTINGS with a byte", frameSizeError, Wire.frame(4, flags: 1, [0])),
        .init("http2/6.5/2", "RFC 9113 §6.5", "SETTINGS on a stream", protocolError, Wire.frame(4, stream: 1, [0, 3, 0, 0, 0, 0x64])),
        .init("http2/6.5/3", "RFC 9113 §6.5", "SETTINGS of three bytes", frameSizeError, Wire.frame(4, [0, 3, 0])),

        .init("http2/6.5.2/1", "RFC 9113 §6.5.2", "SETTINGS_ENABLE_PUSH of 2", protocolError, Wire.settings([(2, 2)])),
        .init(
            "http2/6.5.2/2", "RFC 9113 §6.5.2", "SETTINGS_INITIAL_WINDOW_SIZE of 2^31", flowControlError,
            Wire.settings([(Wire.initialWindow, 1 << 31)])),
        .init("http2/6.5.2/3", "RFC 9113 §6.5.2", "SETTINGS_MAX_FRAME_SIZE below 2^14", protocolError, Wire.settings([(5, 16_383)])),
        .init("http2/6.5.2/4", "RFC 9113 §6.5.2", "SETTINGS_MAX_FRAME_SIZE of 2^24", protocolError, Wire.settings([(5, 1 << 24)])),
        .init("http2/6.5.2/5", "RFC 9113 §6.5.2", "an unknown setting", .nothing) { client in
            try client.change([(0xFF, 1)])
            try client.ping()
        },

        .init("http2/6.5.3/1", "RFC 9113 §6.5.3", "a setting that stands twice: the last one holds", .answer([#""method": "GET""#])) { client in
            client.opensWindows = false
            try client.change([(Wire.initialWindow, 100), (Wire.initialWindow, 1)])
            try client.send(Wire.get(1))
            try client.waitFor("a byte", until: { !$0[1].body.isEmpty })
            try client.ping()
            #expect(client[1].body.count == 1)
            try client.change([(Wire.initialWindow, 65_535)])
        },
        .init("http2/6.5.3/2", "RFC 9113 §6.5.3", "SETTINGS are acknowledged", .nothing) { client in
            try client.change([(2, 0)])
            #expect(client.settingsAcknowledged == 2)
        },

        .init("http2/6.7/1", "RFC 9113 §6.7", "PING is answered with what it carried", .nothing) { try $0.ping(Array("a ping!!".utf8)) },
        .init("http2/6.7/2", "RFC 9113 §6.7", "an answer to no PING is not answered", .nothing) { client in
            try client.send(Wire.ping(Array("invalid!".utf8), acknowledges: true))
            try client.ping(Array("a ping!!".utf8))
            #expect(client.pongs == [Array("a ping!!".utf8)])
        },
        .init("http2/6.7/3", "RFC 9113 §6.7", "PING on a stream", protocolError, Wire.frame(6, stream: 1, [UInt8](repeating: 0, count: 8))),
        .init("http2/6.7/4", "RFC 9113 §6.7", "PING of six bytes", frameSizeError, Wire.frame(6, [UInt8](repeating: 0, count: 6))),

        .init("http2/6.8/1", "RFC 9113 §6.8", "GOAWAY on a stream", protocolError, Wire.frame(7, stream: 1, [UInt8](repeating: 0, count: 8))),

        .init(
            "http2/6.10/1", "RFC 9113 §6.10", "several CONTINUATION frames", .answer([#""method": "GET""#, #"["x-long", "xxx"#]),
            Wire.frame(1, flags: 1, stream: 1, Wire.block(Wire.get)), Wire.continuation(1, ConformanceCase.long, ends: false), restOfHead),
        .init(
            "http2/6.10/2", "RFC 9113 §6.10", "DATA behind CONTINUATION without END_HEADERS", protocolError, halfHead,
            Wire.continuation(1, ConformanceCase.long, ends: false), Wire.data(1, "test", ends: true)),
        .init(
            "http2/6.10/3", "RFC 9113 §6.10", "CONTINUATION on stream 0", protocolError, halfHead, Wire.continuation(0, ConformanceCase.long, ends: true)),
        .init("http2/6.10/4", "RFC 9113 §6.10", "CONTINUATION behind HEADERS with END_HEADERS", protocolError, Wire.get(1), restOfHead),
        .init("http2/6.10/5", "RFC 9113 §6.10", "CONTINUATION behind CONTINUATION with END_HEADERS", protocolError, halfHead, restOfHead, restOfHead),
        .init(
            "http2/6.10/6", "RFC 9113 §6.10", "DATA, and then CONTINUATION, within a field block", protocolError, halfHead, Wire.data(1, "test", ends: true),
            Wire.continuation(1, ConformanceCase.long, ends: false)),
        .init(
            "http2/6.10/6", "RFC 9113 §6.10", "CONTINUATION behind DATA", protocolError, openPost, Wire.data(1, "test"),
            restOfHead),

        .init("http2/7/1", "RFC 9113 §7", "GOAWAY with an unknown code", .farewell, Wire.goAway(0, 0xFF), Wire.ping()),
        .init("http2/7/2", "RFC 9113 §7", "RST_STREAM with an unknown code", .nothing, openPost, Wire.reset(1, 0xFF)) { client in
            try client.ping()
            #expect(client[1].heads.isEmpty && client[1].resetCode == nil)
        },
    ]

    private static let protocolError = ConformanceCase.Outcome.connectionError(.protocolError)
    private static let frameSizeError = ConformanceCase.Outcome.connectionError(.frameSizeError)
    private static let flowControlError = ConformanceCase.Outcome.connectionError(.flowControlError)
    private static let openPost = Wire.headers(1, ConformanceCase.post, ends: false)
    private static let halfHead = Wire.frame(1, flags: 0, stream: 1, Wire.block(Wire.get))
    private static let restOfHead = Wire.continuation(1, ConformanceCase.long, ends: true)

    @Test(arguments: frames)
    func `a frame that is not what its kind must be is an error`(demand: ConformanceCase) throws { try demand.check() }
}
