import HTTP2Wire
import Testing

/// Flow control (RFC 9113 §6.9). The cases of h2spec's `http2/6.9` to `http2/6.9.2`. That no frame is larger than its window is looked at by
/// `FrameConnection`, in every test.
@Suite struct HTTP2ConformanceWindowTests {
    static let windows: [ConformanceCase] = [
        .init("http2/6.9/1", "RFC 9113 §6.9", "WINDOW_UPDATE by 0 of the connection", .connectionError(.protocolError), Wire.windowUpdate(0, 0)),
        // A stream error, of which nghttp2 makes a connection error, as it may (§5.4.1).
        .init("http2/6.9/2", "RFC 9113 §6.9", "WINDOW_UPDATE by 0 of a stream", .connectionError(.protocolError), openPost, Wire.windowUpdate(1, 0)),
        .init("http2/6.9/3", "RFC 9113 §6.9", "WINDOW_UPDATE of three bytes", .connectionError(.frameSizeError), Wire.frame(8, [0, 0, 1])),

        .init("http2/6.9.1/1", "RFC 9113 §6.9.1", "no more is sent than the window takes", answered) { client in
            client.opensWindows = false
            try client.change([(Wire.initialWindow, 1)])
            try client.send(Wire.get(1))
            try expectBody(client, 1)
            try client.change([(Wire.initialWindow, 65_535)])
        },
        .init(
            "http2/6.9.1/2", "RFC 9113 §6.9.1", "a window of the connection above 2^31 - 1", .connectionError(.flowControlError),
            Wire.windowUpdate(0, 0x7FFF_FFFF), Wire.windowUpdate(0, 0x7FFF_FFFF)),
        .init(
            "http2/6.9.1/3", "RFC 9113 §6.9.1", "a window of a stream above 2^31 - 1", .streamError(.flowControlError), openPost,
            Wire.windowUpdate(1, 0x7FFF_FFFF), Wire.windowUpdate(1, 0x7FFF_FFFF)),

        .init("http2/6.9.2/1", "RFC 9113 §6.9.2", "another initial window changes that of an open stream", answered) { client in
            try HTTP2ConformanceAcceptanceTests.holdAnswer(client)
            try client.change([(Wire.initialWindow, 1)])
            try expectBody(client, 1)
            try client.change([(Wire.initialWindow, 65_535)])
        },
        .init("http2/6.9.2/2", "RFC 9113 §6.9.2", "a window may become negative", answered) { client in
            client.opensWindows = false
            try client.change([(Wire.initialWindow, 3)])
            try client.send(Wire.get(1))
            try expectBody(client, 3)
            // -1, 0 and 1.
            try client.change([(Wire.initialWindow, 2)])
            try client.open(1, 1)
            try expectBody(client, 3)
            try client.open(1, 1)
            try expectBody(client, 4)
            try client.change([(Wire.initialWindow, 65_535)])
        },
        .init(
            "http2/6.9.2/3", "RFC 9113 §6.9.2", "an initial window of 2^31", .connectionError(.flowControlError),
            Wire.settings([(Wire.initialWindow, 1 << 31)])),
    ]

    private static let answered = ConformanceCase.Outcome.answer([#""method": "GET""#])
    private static let openPost = Wire.headers(1, ConformanceCase.post, ends: false)

    /// So much of the answer comes, and no more.
    private static func expectBody(_ client: FrameConnection, _ count: Int) throws {
        try client.waitFor("\(count) bytes", until: { $0[1].body.count >= count })
        try client.ping()
        #expect(client[1].body.count == count)
    }

    @Test(arguments: windows)
    func `windows are kept, and those that cannot be are errors`(demand: ConformanceCase) throws { try demand.check() }
}
