import HTTP2Wire
import Testing

/// One end of an HTTP/2 connection, moved by a script, frame by frame. It keeps what came on each stream, gives back windows, and
/// acknowledges SETTINGS and PING; all three can be turned off. It checks that the other side keeps within the windows it was given.
final class FrameConnection {
    /// What came on one stream.
    struct Stream {
        /// Of each head: interim ones, then the final one.
        var heads: [[(name: String, value: String)]] = []
        var body: [UInt8] = []
        var trailers: [(name: String, value: String)] = []
        var isComplete = false
        /// The error code of RST_STREAM.
        var resetCode: Int?
        /// DATA frames came so often.
        var dataFrames = 0

        var isOver: Bool { isComplete || resetCode != nil }
        var bodyText: String { text(body) }
        var status: Int { heads.last.map { $0.first { $0.name == ":status" }.flatMap { Int($0.value) } ?? 0 } ?? 0 }
        var reason: String? { self["gateway-reason"] }

        /// The value of a field of the last head that stands once.
        subscript(name: String) -> String? {
            let values = (heads.last ?? []).filter { $0.name == name }.map(\.value)
            return values.count == 1 ? values[0] : nil
        }

        func all(_ name: String) -> [String] { (heads.last ?? []).filter { $0.name == name }.map(\.value) }
    }

    let wire: ScriptedConnection
    private(set) var streams: [UInt32: Stream] = [:]
    private(set) var goAways: [(last: Int, code: Int)] = []
    /// What the answers to PING carried.
    private(set) var pongs: [[UInt8]] = []
    /// The other side's settings.
    private(set) var settings: [Int: Int] = [:]
    private(set) var settingsAcknowledged = 0
    /// Gives back what DATA takes of the windows.
    var opensWindows = true
    /// Acknowledges SETTINGS, and answers PING.
    var acknowledges = true
    private let isClient: Bool
    private var hasBegun = false
    private let reader = FieldReader()
    private var block: [UInt8] = []
    private var blockEnds = false
    private var nextNumber: UInt32 = 1
    /// Requests that the script has not taken yet.
    private var arrived: [UInt32] = []
    /// What may be sent.
    private var connectionRoom = 65_535
    private var rooms: [UInt32: Int] = [:]
    /// What the other side may send.
    private var theirConnectionRoom = 65_535
    private var theirRooms: [UInt32: Int] = [:]
    private var theirInitialRoom: Int
    /// The initial window of each SETTINGS that was sent and is not acknowledged; nil where it says none.
    private var unacknowledgedRooms: [Int?] = []

    private init(_ wire: ScriptedConnection, isClient: Bool, settings: [(Int, Int)]) {
        self.wire = wire
        self.isClient = isClient
        theirInitialRoom = settings.last { $0.0 == Wire.initialWindow }?.1 ?? 65_535
        unacknowledgedRooms = [nil]
    }

    /// The client's end: sends the preface.
    static func client(_ wire: ScriptedConnection, settings: [(Int, Int)] = [], at location: SourceLocation = #_sourceLocation) throws -> FrameConnection {
        let made = FrameConnection(wire, isClient: true, settings: settings)
        try made.send(Wire.preface + Wire.settings(settings), at: location)
        return made
    }

    /// The app's end: the gateway's preface is what comes first.
    static func app(_ wire: ScriptedConnection, settings: [(Int, Int)] = [], at location: SourceLocation = #_sourceLocation) throws -> FrameConnection {
        let made = FrameConnection(wire, isClient: false, settings: settings)
        try wire.expect(Wire.preface, at: location)
        try made.send(Wire.settings(settings), at: location)
        return made
    }

    /// The app's end, whose SETTINGS the script sends itself, if at all; until then it must acknowledge nothing.
    static func appWithoutSettings(_ wire: ScriptedConnection, at location: SourceLocation = #_sourceLocation) throws -> FrameConnection {
        try wire.expect(Wire.preface, at: location)
        let made = FrameConnection(wire, isClient: false, settings: [])
        made.acknowledges = false
        return made
    }

    // MARK: Sending

    func send(_ bytes: [UInt8], at location: SourceLocation = #_sourceLocation) throws { try wire.send(bytes, at: location) }

    /// Sends a request; the number of its stream.
    @discardableResult
    func request(
        _ method: String, _ path: String, _ fields: [(String, String)] = [], authority: String = "app.test", scheme: String = "http", ends: Bool = true,
        at location: SourceLocation = #_sourceLocation
    ) throws -> UInt32 {
        try request(head: [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)] + fields, ends: ends, at: location)
    }

    /// Sends a request with this head, whatever it is.
    @discardableResult
    func request(head: [(String, String)], ends: Bool = true, at location: SourceLocation = #_sourceLocation) throws -> UInt32 {
        let number = takeNumber()
        try send(Wire.headers(number, head, ends: ends), at: location)
        return number
    }

    /// The number of the next stream, which the script opens itself.
    func takeNumber() -> UInt32 {
        defer { nextNumber += 2 }
        return nextNumber
    }

    @discardableResult
    func get(_ path: String, _ fields: [(String, String)] = [], at location: SourceLocation = #_sourceLocation) throws -> UInt32 {
        try request("GET", path, fields, at: location)
    }

    /// Sends a response with a body, as the windows let it go.
    func respond(
        _ stream: UInt32, _ status: Int = 200, _ fields: [(String, String)] = [], body: [UInt8] = [], trailers: [(String, String)]? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let isAlone = body.isEmpty && trailers == nil
        try send(Wire.headers(stream, [(":status", "\(status)")] + fields, ends: isAlone), at: location)
        if !body.isEmpty { try sendBody(stream, body, ends: trailers == nil, at: location) }
        if let trailers { try send(Wire.headers(stream, trailers), at: location) }
    }

    /// Sends a body, waiting for the windows that it needs.
    func sendBody(_ stream: UInt32, _ bytes: [UInt8], ends: Bool, at location: SourceLocation = #_sourceLocation) throws {
        var left = bytes[...]
        while true {
            left = left.dropFirst(try sendWhatFits(stream, left, ends: ends, at: location))
            if left.isEmpty { return }
            try takeFrame("a window for the last \(left.count) bytes of stream \(stream)", at: location)
        }
    }

    /// Sends as much of a body as the windows take; how much.
    func sendWhatFits(_ stream: UInt32, _ bytes: ArraySlice<UInt8>, ends: Bool = false, at location: SourceLocation = #_sourceLocation) throws -> Int {
        var left = bytes
        while true {
            let room = rooms[stream, default: settings[Wire.initialWindow] ?? 65_535]
            let count = min(left.count, 16_384, room, connectionRoom)
            guard count > 0 || (left.isEmpty && ends) else { return bytes.count - left.count }
            let isLast = ends && count == left.count
            try send(Wire.data(stream, Array(left.prefix(count)), ends: isLast), at: location)
            rooms[stream] = room - count
            connectionRoom -= count
            left = left.dropFirst(count)
            if left.isEmpty { return bytes.count }
        }
    }

    /// Lets the other side send so many bytes more, on a stream and on the connection.
    func open(_ stream: UInt32, _ count: Int, at location: SourceLocation = #_sourceLocation) throws {
        theirRooms[stream, default: theirInitialRoom] += count
        try send(Wire.windowUpdate(stream, count), at: location)
    }

    func openConnection(_ count: Int, at location: SourceLocation = #_sourceLocation) throws {
        theirConnectionRoom += count
        try send(Wire.windowUpdate(0, count), at: location)
    }

    /// Changes the settings of this side, and waits until the other side keeps to them.
    func change(_ settings: [(Int, Int)], at location: SourceLocation = #_sourceLocation) throws {
        unacknowledgedRooms.append(settings.last { $0.0 == Wire.initialWindow }?.1)
        try send(Wire.settings(settings), at: location)
        try waitFor("SETTINGS to be acknowledged", at: location) { $0.unacknowledgedRooms.isEmpty }
    }

    /// Waits until each side has acknowledged the other's settings.
    func shakeHands(at location: SourceLocation = #_sourceLocation) throws {
        try waitFor("the handshake", at: location) { !$0.settings.isEmpty && $0.settingsAcknowledged > 0 }
    }

    /// Sends PING, and waits for its answer: what was sent before has been looked at.
    func ping(_ payload: [UInt8] = Array("a barrier".utf8.prefix(8)), at location: SourceLocation = #_sourceLocation) throws {
        let count = pongs.count
        try send(Wire.ping(payload), at: location)
        try waitFor("the answer to PING", at: location) { $0.pongs.count > count }
        guard pongs.count == count + 1, pongs[count] == payload else { throw failure("PING \(payload) was answered with \(pongs)", location) }
    }

    func reset(_ stream: UInt32, _ code: Int = 8, at location: SourceLocation = #_sourceLocation) throws { try send(Wire.reset(stream, code), at: location) }

    // MARK: Receiving

    /// Takes one frame, waiting for it.
    func takeFrame(_ what: String = "a frame", at location: SourceLocation = #_sourceLocation) throws {
        let (begun, length) = SentFrame.begin(try wire.receive(9, at: location))
        guard length <= 16_384 else { throw failure("a frame of \(length) bytes", location) }
        var frame = begun
        frame.payload = try wire.receive(length, at: location)
        try take(frame, location)
    }

    /// Takes the frames that are here as a whole, without waiting.
    func takeArrived(at location: SourceLocation = #_sourceLocation) throws {
        while wire.hasArrivals(), wire.unread.count >= 9, wire.unread.count >= 9 + SentFrame.begin(wire.unread.prefix(9)).length { try takeFrame(at: location) }
    }

    /// Takes frames until `condition` holds.
    func waitFor(_ what: String, at location: SourceLocation = #_sourceLocation, until condition: (FrameConnection) throws -> Bool) throws {
        while try !condition(self) {
            do { try takeFrame(what, at: location) } catch {
                throw failure("waited in vain for \(what): \(error); streams \(streams.mapValues { "\($0.heads.last ?? []) \($0.body.count) bytes\($0.isComplete ? ", complete" : "") \($0.resetCode.map { "reset \($0)" } ?? "")" }), GOAWAY \(goAways)", location)
            }
        }
    }

    /// What came on a stream, once it is complete or reset.
    @discardableResult
    func outcome(of stream: UInt32, at location: SourceLocation = #_sourceLocation) throws -> Stream {
        try waitFor("the end of stream \(stream)", at: location) { $0[stream].isOver }
        return self[stream]
    }

    /// The next request's stream, once its head is here.
    func nextRequest(at location: SourceLocation = #_sourceLocation) throws -> UInt32 {
        try waitFor("a request", at: location) { !$0.arrived.isEmpty }
        return arrived.removeFirst()
    }

    /// The streams of requests that are here and that the script has not taken.
    func arrivedRequests() throws -> [UInt32] {
        try takeArrived()
        return arrived
    }

    /// A response that must be whole.
    @discardableResult
    func answer(to stream: UInt32, _ status: Int = 200, _ body: String? = nil, at location: SourceLocation = #_sourceLocation) throws -> Stream {
        let response = try outcome(of: stream, at: location)
        guard response.isComplete, response.resetCode == nil, response.status == status, body == nil || response.bodyText == body else {
            throw failure("expected \(status) \(body ?? ""), got \(response.heads.last ?? []) \(shown(response.body)) reset \(response.resetCode.map { "\($0)" } ?? "no")", location)
        }
        return response
    }

    /// The gateway's own answer, with a problem body.
    @discardableResult
    func reply(to stream: UInt32, _ status: Int, _ reason: String, at location: SourceLocation = #_sourceLocation) throws -> Stream {
        let reply = try outcome(of: stream, at: location)
        guard reply.status == status, reply.reason == reason else {
            throw failure("expected \(status) \(reason), got \(reply.heads.last ?? []) \(shown(reply.body)) reset \(reply.resetCode.map { "\($0)" } ?? "no")", location)
        }
        guard reply["content-type"] == "application/problem+json", reply["date"] != nil, reply["content-length"] == "\(reply.body.count)",
            reply.bodyText.contains("\"\(reason)\"")
        else { throw failure("not a problem reply: \(reply.heads) \(reply.bodyText)", location) }
        return reply
    }

    /// Waits for GOAWAY with this error code, and then for the end of the connection.
    func expectGoAway(_ code: Int, at location: SourceLocation = #_sourceLocation) throws {
        try waitFor("GOAWAY", at: location) { $0.goAways.contains { $0.code == code } }
        try expectEnd(at: location)
    }

    /// Takes frames until the connection ends.
    func expectEnd(at location: SourceLocation = #_sourceLocation) throws {
        while true {
            do { try takeFrame("the end", at: location) } catch {
                guard wire.hasEnded else { throw error }
                return
            }
        }
    }

    subscript(stream: UInt32) -> Stream { streams[stream] ?? Stream() }

    private func failure(_ why: String, _ location: SourceLocation) -> ScenarioFailure { ScenarioFailure("\(wire.name): \(why)", at: location) }

    // MARK: Frames

    private func take(_ frame: SentFrame, _ location: SourceLocation) throws {
        // The first is the preface (RFC 9113 §3.4).
        guard hasBegun || (frame.type == 4 && frame.flags == 0) else { throw failure("\(frame) with flags \(frame.flags) before SETTINGS", location) }
        hasBegun = true
        if !block.isEmpty || blockStream != 0 {
            guard frame.type == 9, frame.stream == blockStream else { throw failure("\(frame) within a field block", location) }
        }
        switch frame.type {
        case 0: try takeData(frame, location)
        case 1:
            guard frame.stream != 0, frame.flags & 0x28 == 0 else { throw failure("\(frame) with flags \(frame.flags)", location) }
            blockStream = frame.stream
            blockEnds = frame.ends
            block = frame.payload
            if frame.flags & 4 != 0 { try takeBlock(location) }
        case 9:
            guard blockStream != 0 else { throw failure("\(frame) without HEADERS", location) }
            block += frame.payload
            if frame.flags & 4 != 0 { try takeBlock(location) }
        case 3: streams[frame.stream, default: Stream()].resetCode = frame.number()
        case 4: try takeSettings(frame, location)
        case 6:
            guard frame.stream == 0, frame.flags <= 1, frame.payload.count == 8 else { throw failure("\(frame) with flags \(frame.flags)", location) }
            if frame.flags & 1 != 0 { pongs.append(frame.payload) } else if acknowledges { sendQuietly(Wire.ping(frame.payload, acknowledges: true)) }
        case 7: goAways.append((frame.number() & 0x7FFF_FFFF, frame.number(4)))
        case 8:
            if frame.stream == 0 { connectionRoom += frame.number() } else { rooms[frame.stream, default: settings[Wire.initialWindow] ?? 65_535] += frame.number() }
        default: throw failure("\(frame)", location)
        }
    }

    private var blockStream: UInt32 = 0

    private func takeBlock(_ location: SourceLocation) throws {
        let number = blockStream
        let fields: [(name: String, value: String)]
        do { fields = try reader.fields(block) } catch { throw failure("a field block that HPACK does not know", location) }
        block = []
        blockStream = 0
        var stream = streams[number] ?? Stream()
        guard !stream.isComplete, isClient || number & 1 == 1 else { throw failure("a head on stream \(number)", location) }
        for field in fields where field.name.contains(where: \.isUppercase) || field.name.isEmpty { throw failure("a field \(field)", location) }
        let isHead = fields.first?.name.hasPrefix(":") ?? false
        if isHead {
            if stream.heads.isEmpty && !isClient { arrived.append(number) }
            stream.heads.append(fields)
        } else {
            guard !stream.heads.isEmpty, blockEnds else { throw failure("trailers \(fields) on stream \(number)", location) }
            stream.trailers = fields
        }
        if blockEnds { stream.isComplete = true }
        streams[number] = stream
    }

    private func takeData(_ frame: SentFrame, _ location: SourceLocation) throws {
        guard frame.flags & 8 == 0 else { throw failure("padding", location) }
        theirConnectionRoom -= frame.payload.count
        let room = theirRooms[frame.stream, default: theirInitialRoom] - frame.payload.count
        theirRooms[frame.stream] = room
        guard theirConnectionRoom >= 0, room >= 0 else { throw failure("\(frame) beyond its window", location) }
        guard var stream = streams.removeValue(forKey: frame.stream), !stream.heads.isEmpty, !stream.isComplete else { throw failure("\(frame) without a head", location) }
        stream.body += frame.payload
        stream.dataFrames += 1
        if frame.ends { stream.isComplete = true }
        streams[frame.stream] = stream
        guard opensWindows, !frame.payload.isEmpty else { return }
        theirConnectionRoom += frame.payload.count
        var update = Wire.windowUpdate(0, frame.payload.count)
        if !frame.ends {
            theirRooms[frame.stream] = room + frame.payload.count
            update += Wire.windowUpdate(frame.stream, frame.payload.count)
        }
        sendQuietly(update)
    }

    private func takeSettings(_ frame: SentFrame, _ location: SourceLocation) throws {
        guard frame.stream == 0, frame.flags <= 1 else { throw failure("\(frame) with flags \(frame.flags)", location) }
        guard frame.flags == 0 else {
            settingsAcknowledged += 1
            if !unacknowledgedRooms.isEmpty, let room = unacknowledgedRooms.removeFirst() {
                for stream in theirRooms.keys { theirRooms[stream]! += room - theirInitialRoom }
                theirInitialRoom = room
            }
            return
        }
        for at in stride(from: 0, to: frame.payload.count, by: 6) {
            let name = Int(frame.payload[at]) << 8 | Int(frame.payload[at + 1])
            let value = frame.number(at + 2)
            if name == Wire.initialWindow { for stream in rooms.keys { rooms[stream]! += value - (settings[name] ?? 65_535) } }
            settings[name] = value
        }
        if acknowledges { sendQuietly(Wire.settings(acknowledges: true)) }
    }

    /// The other side may have closed: what it sent before is still to be read.
    private func sendQuietly(_ bytes: [UInt8]) { try? wire.send(bytes) }
}

extension Scenario {
    /// A new client that speaks HTTP/2 without TLS.
    func connectStreams(
        settings: [(Int, Int)] = [], to listener: String = "web", receiveBuffer: Int32? = nil, at location: SourceLocation = #_sourceLocation
    ) throws -> FrameConnection {
        try .client(connect(to: listener, receiveBuffer: receiveBuffer, at: location), settings: settings, at: location)
    }

    /// The next connection that the gateway opens to an app which speaks HTTP/2.
    func acceptStreams(settings: [(Int, Int)] = [], at location: SourceLocation = #_sourceLocation) throws -> FrameConnection {
        try .app(app.accept(at: location), settings: settings, at: location)
    }
}
