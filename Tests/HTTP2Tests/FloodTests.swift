import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage
import Testing

/// What a client may not do over and over. Each flood ends its connection with GOAWAY (ENHANCE_YOUR_CALM) and its own reason, and costs
/// a bounded number of frames and events before that.
@Suite struct FloodTests {
    struct Flood: Sendable, CustomStringConvertible {
        var name: String
        var reason: Reason
        /// The n-th piece, from 0 on.
        var piece: @Sendable (Int) -> [UInt8]
        /// Pieces of it that are let through at once.
        var letThrough: Int
        var description: String { name }
    }

    private static func stream(_ index: Int) -> UInt32 { UInt32(2 * index + 1) }

    static let floods: [Flood] = [
        Flood(name: "rapid reset", reason: .clientFloodResets, piece: { Wire.get(stream($0)) + Wire.reset(stream($0)) }, letThrough: 200),
        Flood(name: "resets without streams", reason: .clientFloodResets, piece: { $0 == 0 ? Wire.get(1) : Wire.reset(1) }, letThrough: 201),
        Flood(
            name: "SETTINGS", reason: .clientFloodSettings, piece: { _ in Wire.settings() },
            // One is the preface's.
            letThrough: 19),
        Flood(name: "PING", reason: .clientFloodPings, piece: { _ in Wire.frame(6, Array(repeating: 7, count: 8)) }, letThrough: 100),
        Flood(name: "PING answers", reason: .clientFloodPings, piece: { _ in Wire.frame(6, flags: 1, Array(repeating: 7, count: 8)) }, letThrough: 100),
        Flood(name: "PRIORITY", reason: .clientFloodPriorities, piece: { Wire.frame(2, stream: stream($0), [0, 0, 0, 0, 15]) }, letThrough: 200),
        Flood(name: "PRIORITY_UPDATE", reason: .clientFloodPriorities, piece: { _ in Wire.frame(16, [0, 0, 0, 1] + "u=1".octets) }, letThrough: 200),
        Flood(name: "unknown frames", reason: .clientFloodUnknownFrames, piece: { Wire.frame(UInt8(100 + $0 % 100), [1, 2, 3]) }, letThrough: 100),
        Flood(
            name: "WINDOW_UPDATE", reason: .clientFloodWindowUpdates, piece: { _ in Wire.windowUpdate(0, 1) }, letThrough: 500),
        Flood(
            name: "empty DATA", reason: .clientFloodEmptyFrames,
            piece: { ($0 == 0 ? Wire.headers(1, Wire.post, ends: false) : []) + Wire.data(1, "") }, letThrough: 100),
        Flood(
            name: "DATA of padding", reason: .clientFloodEmptyFrames,
            piece: { ($0 == 0 ? Wire.headers(1, Wire.post, ends: false) : []) + Wire.frame(0, flags: 8, stream: 1, [2, 0, 0]) }, letThrough: 100),
        Flood(
            name: "empty CONTINUATION", reason: .clientFloodContinuations,
            piece: { $0 == 0 ? Wire.frame(1, flags: 1, stream: 1, Wire.block(Wire.get)) : Wire.frame(9, stream: 1) }, letThrough: 9),
        Flood(
            name: "large CONTINUATION", reason: .clientFloodContinuations,
            piece: { Wire.frame($0 == 0 ? 1 : 9, stream: 1, Wire.block([("x", String(repeating: "a", count: 16_000))])) }, letThrough: 4),
    ]

    @Test(arguments: floods) func isCut(_ flood: Flood) {
        let session = RecordedStreams.opened()
        var count = 0
        while session.failure == nil && count < 2000 {
            session.take(flood.piece(count))
            count += 1
        }
        #expect(session.failure == flood.reason)
        #expect(count == flood.letThrough + 1)
        let frames = session.frames()
        #expect(frames.last?.type == 7 && frames.last?.number(4) == 11, "\(frames.suffix(3))")
        #expect(frames.count <= flood.letThrough + 1)
        #expect(session.isOver && session.openStreams <= 1)
        // Nothing more is taken, and nothing more is told.
        let events = session.events.count
        session.take(Wire.get(9999))
        #expect(session.events.count == events)
        #expect(!session.events.contains { $0.hasPrefix("head 9999") })
    }

    /// The same in one piece: frames behind the one that is too much are not looked at.
    @Test(arguments: floods) func isCutInOnePiece(_ flood: Flood) {
        let session = RecordedStreams.opened()
        session.take((0..<1000).flatMap { flood.piece($0) })
        #expect(session.failure == flood.reason)
        #expect(session.heads.count <= flood.letThrough + 1)
    }

    /// MadeYouReset (CVE-2025-8671): the client opens streams and has them reset by faults of its own.
    @Test(arguments: ["a window of zero", "a window that overflows", "a malformed trailer", "a malformed head", "a wrong length"])
    func makingTheGatewayResetIsCut(how: String) {
        let session = RecordedStreams.opened()
        var count = 0
        while session.failure == nil && count < 2000 {
            let stream = UInt32(2 * count + 1)
            switch how {
            case "a window that overflows": session.take(Wire.headers(stream, Wire.post, ends: false) + Wire.windowUpdate(stream, 0x7FFF_FFFF))
            case "a malformed trailer": session.take(Wire.headers(stream, Wire.post, ends: false) + Wire.headers(stream, [(":path", "/")]))
            case "a malformed head": session.take(Wire.get(stream, [("connection", "close")]))
            case "a wrong length": session.take(Wire.headers(stream, Wire.post + [("content-length", "1")], ends: false) + Wire.data(stream, "ab"))
            default: session.take(Wire.headers(stream, Wire.post, ends: false) + Wire.windowUpdate(stream, 0))
            }
            _ = session.sent()
            count += 1
        }
        // nghttp2 ends the connection at once for a window of zero.
        #expect(session.failure == (how == "a window of zero" ? .clientProtocolBroken : .clientFloodFaults))
        #expect(count <= 101)
        // Each that the owner had heard of has ended.
        #expect(session.events.count { $0.hasPrefix("head") } == session.events.count { $0.hasPrefix("closed") })
    }

    /// A block of 1,000 bytes that stands for 4 MB.
    @Test func aBombOfFieldsIsCut() {
        let session = RecordedStreams.opened()
        // One field goes into the table (RFC 7541 §6.2.1), and is named again by one byte each.
        let seed: [UInt8] = [0x40] + Wire.text("x") + Wire.text(String(repeating: "a", count: 4000))
        let block = Wire.block(Wire.get) + seed + Array(repeating: 0xBE, count: 1000)
        session.take(Wire.frame(1, flags: 5, stream: 1, block))
        #expect(session.failure == .clientFloodFields && session.heads.isEmpty)
        #expect(session.frames().last?.number(4) == 11)
    }

    /// Less of it is answered, and its connection goes on with a table that both sides agree on.
    @Test func aHeadThatIsTooLargeLeavesTheTableInOrder() {
        let session = RecordedStreams.opened()
        let seed: [UInt8] = [0x40] + Wire.text("x") + Wire.text(String(repeating: "a", count: 3000))
        session.take(Wire.frame(1, flags: 5, stream: 1, Wire.block(Wire.get) + seed + Array(repeating: 0xBE, count: 20)))
        #expect(session.events == ["must refuse 1 request.head.too-large"])
        session.take(Wire.frame(1, flags: 5, stream: 3, Wire.block(Wire.get) + [0xBE]))
        #expect(session.heads.first?.fields.last?.value.count == 3000 && session.failure == nil)
    }

    @Test func manyCrumbsTakeNoMoreThanTheLimit() {
        let session = RecordedStreams.opened()
        let block = Wire.block(Wire.get) + Wire.block([("cookie", "")]).prefix(0) + [0x40] + Wire.text("cookie") + Wire.text("") + Array(repeating: 0xBE, count: 5000)
        session.take(Wire.frame(1, flags: 5, stream: 1, block))
        #expect(session.events == ["must refuse 1 request.head.too-many-fields"] || session.failure == .clientFloodFields)
    }

    /// The budgets come back with time, and by work that was done in earnest.
    @Test func timeAndWorkPayBack() {
        let slow = RecordedStreams.opened()
        for index in 0..<600 { slow.take(Wire.frame(6, Array(repeating: 0, count: 8)), now: Int64(index) * 100) }
        #expect(slow.failure == nil)

        let working = RecordedStreams.opened()
        working.whenEnded = { $0.answer($1, "hello".octets) }
        for index in 0..<2000 {
            let stream = UInt32(4 * index + 1)
            working.take(Wire.get(stream) + Wire.frame(2, stream: stream, [0, 0, 0, 0, 15]) + Wire.windowUpdate(0, 5))
            _ = working.sent()
            working.take(Wire.get(stream + 2) + Wire.reset(stream + 2))
        }
        #expect(working.failure == nil && working.openStreams == 0)
    }

    /// A client that asks and does not read: what waits for it is bounded, in frames that are no DATA.
    @Test func answersThatAreNotReadAreBounded() {
        var settings = SessionSettings()
        settings.floods.pings = FloodBudget(1_000_000, perSecond: 0)
        let session = RecordedStreams.opened(settings)
        session.take((0..<5000).flatMap { _ in Wire.frame(6, Array(repeating: 0, count: 8)) })
        #expect(session.failure == .clientFloodReplies)
        #expect(session.frames().count <= settings.queuedFrames + 65)
    }

    @Test(arguments: [false, true])
    func moreStreamsThanAllowedAreNotHeardOf(isKnown: Bool) {
        var settings = SessionSettings()
        settings.streams = 5
        let session = RecordedStreams(settings)
        session.take(clientPreface)
        // SETTINGS_MAX_CONCURRENT_STREAMS.
        #expect(session.frames().first?.payload.starts(with: [0, 3, 0, 0, 0, 5]) == true)
        if isKnown { session.take(Wire.settings(acknowledges: true)) }
        session.take((0..<8).flatMap { Wire.get(UInt32(2 * $0 + 1)) })
        #expect(session.heads.count == 5)
        #expect(session.frames().map(\.description) == ["RST_STREAM 11 7", "RST_STREAM 13 7", "RST_STREAM 15 7"])
        // Each that ends makes room for another.
        session.take(Wire.reset(3) + Wire.get(17) + Wire.get(19))
        #expect(session.heads.count == 6)
        #expect(session.frames().map(\.description) == ["RST_STREAM 19 7"] && session.failure == nil)
    }

    /// As faults, when they come: what they leave behind is bounded, though nothing was sent yet.
    @Test func streamsAboveTheLimitAreAFlood() {
        var settings = SessionSettings()
        settings.floods.faults = FloodBudget(10, perSecond: 0)
        let session = RecordedStreams.opened(settings)
        session.take((0..<110).flatMap { Wire.get(Self.stream($0)) })
        #expect(session.failure == nil && session.openStreams == 110)
        session.take((110..<1000).flatMap { Wire.get(Self.stream($0)) })
        #expect(session.failure == .clientFloodFaults && session.openStreams == 111 && session.heads.count == 100)
        #expect(session.frames().last?.number(4) == 11)
    }

    @Test(arguments: [
        ("no preface", "GET / HTTP/1.1\r\n\r\n                ".octets), ("no SETTINGS", Array(clientPreface.prefix(24)) + Wire.get(1)),
        ("DATA of no stream", clientPreface + Wire.data(0, "x")), ("DATA of an idle stream", clientPreface + Wire.data(5, "x")),
        ("an even stream", clientPreface + Wire.get(2)), ("a stream below the last", clientPreface + Wire.get(5) + Wire.get(3) + Wire.data(3, "x")),
        ("HEADERS in a head", clientPreface + Wire.frame(1, stream: 1, Wire.block(Wire.get)) + Wire.get(3)),
        ("CONTINUATION of nothing", clientPreface + Wire.frame(9, flags: 4, stream: 1)),
        ("PUSH_PROMISE", clientPreface + Wire.get(1) + Wire.frame(5, flags: 4, stream: 1, [0, 0, 0, 2])),
        ("PRIORITY of no stream", clientPreface + Wire.frame(2, [0, 0, 0, 1, 1])),
        ("PRIORITY on itself", clientPreface + Wire.frame(2, stream: 3, [0, 0, 0, 3, 1])),
        ("a frame that is too large", clientPreface + Wire.frame(0, stream: 1, Array(repeating: 0, count: 16_385))),
        ("SETTINGS of a stream", clientPreface + Wire.frame(4, stream: 1)), ("a PING of 7 bytes", clientPreface + Wire.frame(6, Array(repeating: 0, count: 7))),
        ("padding longer than its frame", clientPreface + Wire.headers(1, Wire.post, ends: false) + Wire.frame(0, flags: 8, stream: 1, [9, 0])),
        ("a bad HPACK index", clientPreface + Wire.frame(1, flags: 5, stream: 1, [0xFF, 0xFF, 0xFF, 0x7F])),
        ("a window of more than 2^31", clientPreface + Wire.windowUpdate(0, 0x7FFF_FFFF)),
        ("DATA behind the end", clientPreface + Wire.get(1) + Wire.data(1, "x")),
    ] as [(String, [UInt8])])
    func aBrokenProtocolEndsTheConnection(name: String, bytes: [UInt8]) {
        let session = RecordedStreams()
        session.take(bytes)
        let frames = session.frames()
        #expect(session.failure == .clientProtocolBroken, "\(session.events)")
        #expect(session.isOver)
        if name != "no preface" { #expect(frames.last?.type == 7 && frames.last?.number(4) != 0) }
        #expect(session.events.count { $0.hasPrefix("head") } == session.events.count { $0.hasPrefix("closed") })
    }
}
