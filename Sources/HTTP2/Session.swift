import Buffers
import CNghttp2
import HTTPMessage

/// What there is to send of a body.
public struct OutgoingBody: Sendable {
    public enum Rest: Sendable {
        /// There is more than what was asked for.
        case more
        /// More will come: the session asks again when it is told to `resume`.
        case later
        /// These bytes are the last.
        case end
        /// These bytes are the last, and trailers follow: the session asks for them.
        case trailers
    }

    /// Bytes, at most as many as were asked for.
    public var count: Int
    public var rest: Rest

    public init(_ count: Int, _ rest: Rest) {
        self.count = count
        self.rest = rest
    }

    /// Nothing now.
    public static let nothing = OutgoingBody(0, .later)
}

/// One end of an HTTP/2 connection, without I/O and without a clock: bytes in, events and bytes out. `ServerSession` and `ClientSession` are
/// its two kinds, and their owners' subclasses get the events. Loop-confined.
///
/// * `receive` takes the peer's bytes and calls the events; `send` writes all frames that are due into one buffer. Both return with
///   `failure` set when the connection is to be closed, after what `send` still has (a GOAWAY) is sent.
/// * Events come from within `receive` and `send`. They may call everything but these two and `close`.
/// * Bodies are handed out as they come, and the peer may send more only as they are `consume`d. Bodies that are sent are asked for
///   (`outgoing`) when the windows and the turn of other streams let them go: nothing of them is kept here.
/// * The owner hears of each stream's end exactly once (`closed`), unless it was the owner who reset it.
@safe
open class Session {
    public let settings: SessionSettings
    /// Why the connection must be closed; nil while all is well.
    public internal(set) var failure: Reason?

    private var made: OpaquePointer?
    let isServer: Bool
    let slabs: SlabPool
    let tables: SlabPool
    var block: FieldBlock
    private var scanner: FrameScanner
    var account = FloodAccount()
    private var recent = RecentStreams()
    /// The peer has sent GOAWAY: with the last stream nghttp2 stops reading, which it looks at where a call of it begins. So each frame gets a
    /// call of its own.
    private var peerLeaves = false
    /// nghttp2 can do nothing more.
    private var isDead = false
    private var continuations = 0
    private var packedBytes = 0
    /// The time on the owner's clock, as it was told last; milliseconds.
    public internal(set) var now: Int64 = 0
    /// All streams there ever were; those that live are used, the others wait in `free`.
    private(set) var streams: [HTTP2Stream] = []
    private var free: [Int] = []
    var eager = 0
    private var isInside = false
    /// Bytes of a frame for which there was no room: they stay where they are until the next is asked for.
    private var left: UnsafePointer<UInt8>?
    private var leftCount = 0
    var output: UnsafeMutablePointer<OutputBuffer>?
    var wroteFrame = false
    let spare: SpareWindow?
    /// Bytes of bodies that were handed out and not consumed; and those for which the spare window stands in.
    var stored = 0
    var borrowed = 0
    /// Bytes of bodies that were sent.
    var sentBytes = 0
    /// When, on the owner's clock, a body that waits for the client's windows may have waited too long; `.max` while none waits. The owner then
    /// calls `checkStall`.
    public internal(set) var stallDeadline = Int64.max
    /// The type of the last frame whose header was seen, and whether it leaves a head open.
    private var lastType: UInt8 = 0
    private var headIsOpen = false
    /// Since when, on the owner's clock, the peer has owed the rest of a head, or of a frame that is not DATA; `.max` where it owes none.
    public private(set) var owingSince = Int64.max
    var awaitsPong = false
    private var hasAnnouncedEnd = false
    private var hasEndedAccepting = false

    /// Bytes that the room for a DATA frame must have: fewer would make frames that carry nothing but headers.
    private static let leastRoom = 9 + 256
    /// Frames that nghttp2 takes before the queue of what they call for is looked at.
    private static let framesAFeed = 64

    /// - Parameters:
    ///   - slabs: for the text of heads. One that is larger than a slab is refused.
    ///   - tables: for the tables of fields: 16 bytes a field.
    ///   - spare: for what the peer sends while other streams' bodies wait.
    init(isServer: Bool, settings: SessionSettings, slabs: SlabPool, tables: SlabPool, spare: SpareWindow?) {
        self.spare = spare
        self.settings = settings
        self.isServer = isServer
        self.slabs = slabs
        self.tables = tables
        block = FieldBlock(fields: FieldTable(Slab()))
        scanner = FrameScanner(preface: isServer ? 24 : 0)
        let window = { (bytes: Int) in UInt32(min(max(bytes, 65_535), 16 * 1024 * 1024)) }
        let options = sluice_h2_options(
            is_server: isServer ? 1 : 0, streams: UInt32(max(1, settings.streams)), stream_window: window(settings.streamWindow),
            connection_window: window(settings.connectionWindow),
            header_list_bytes: UInt32(settings.heads.headBytes + 32 * settings.heads.fieldCount),
            header_table_bytes: UInt32(settings.headerTableBytes), deflate_table_bytes: UInt32(settings.deflateTableBytes),
            extended_connect: settings.extendedConnect ? 1 : 0)
        var calls = Session.calls
        // The session is freed with this object, and calls it only from within calls of this object.
        unsafe made = sluice_h2_make(options, &calls, Unmanaged.passUnretained(self).toOpaque())
        unsafe precondition(made != nil, "no memory for an HTTP/2 session")
    }

    deinit {
        spare?.giveBack(borrowed)
        if let made = unsafe made { unsafe sluice_h2_free(made) }
        // Slabs go back before their pools go.
        block = FieldBlock(fields: FieldTable(Slab()))
    }

    /// nghttp2's session: there from the end of `init` on.
    var h2: OpaquePointer { unsafe made.unsafelyUnwrapped }

    // MARK: Bytes in

    /// Takes bytes that the peer sent. `now` is the time on the owner's clock, in milliseconds. O(bytes).
    public final func receive(_ bytes: Span<UInt8>, now: Int64) {
        guard !isInside, failure == nil else { return }
        self.now = now
        isInside = true
        defer { leave() }
        var fed = 0
        var at = 0
        var start = 0
        var frames = 0
        // Bytes of a header that came before and are not fed yet: a header is looked at before nghttp2 gets any of it.
        var held = scanner.count
        while let header = scanner.next(bytes, from: &at, start: &start) {
            if let (reason, code) = inspect(header) {
                // What came in front of it counts.
                feed(bytes.extracting(fed..<start))
                fail(reason, code)
                return
            }
            if peerLeaves {
                feed(bytes.extracting(fed..<start))
                fed = start
            }
            if held > 0 {
                feedHeader(held)
                held = 0
            }
            if header.type == FrameType.goAway { peerLeaves = true }
            frames &+= 1
            guard frames == Self.framesAFeed else { continue }
            frames = 0
            feed(bytes.extracting(fed..<at))
            fed = at
            guard failure == nil else { return }
        }
        feed(bytes.extracting(fed..<(scanner.count > 0 ? start : bytes.count)))
        let owes = headIsOpen || (scanner.isWithinFrame && (scanner.count > 0 || lastType != FrameType.data))
        owingSince = owes ? min(owingSince, now) : .max
    }

    private func feedHeader(_ count: Int) {
        let header = scanner.header
        feed(header.span.extracting(first: count))
    }

    private func feed(_ bytes: Span<UInt8>) {
        guard !bytes.isEmpty, failure == nil, !isDead else { return }
        let result = unsafe bytes.withUnsafeBufferPointer { unsafe sluice_h2_receive(h2, $0.baseAddress, $0.count) }
        if result != 0 {
            isDead = true
            if failure == nil { failure = protocolReason }
            return
        }
        if unsafe sluice_h2_queued(h2) > settings.queuedFrames { fail(isServer ? .clientFloodReplies : .upstreamProtocolFlood, .enhanceYourCalm) }
    }

    var protocolReason: Reason { isServer ? .clientProtocolBroken : .upstreamProtocolBroken }

    /// What the header of a frame says about its cost: a fault, or nil.
    private func inspect(_ header: FrameHeader) -> (Reason, ErrorCode)? {
        lastType = header.type
        headIsOpen = (header.type == FrameType.headers || header.type == FrameType.continuation) && header.flags & FrameHeader.endHeaders == 0
        // What was owed is here, but for the rest of a head.
        if header.type != FrameType.continuation { owingSince = .max }
        switch header.type {
        case FrameType.data:
            if recent.hasEnded(header.stream) { return (protocolReason, .streamClosed) }
            if header.flags & FrameHeader.endStream != 0 { recent.end(header.stream) }
            account.credit(.pings)
            return header.length == 0 && header.flags & FrameHeader.endStream == 0 ? charge(.emptyFrames) : nil
        case FrameType.headers:
            account.credit(.priorities, 2)
            account.credit(.windowUpdates, 2)
            if recent.hasEnded(header.stream) { return (protocolReason, .streamClosed) }
            if isServer && !recent.open(header.stream) { return (protocolReason, .protocolError) }
            if header.flags & FrameHeader.endStream != 0 { recent.end(header.stream) }
            continuations = 0
            packedBytes = header.length
        case FrameType.continuation:
            continuations &+= 1
            packedBytes &+= header.length
            if continuations > settings.continuations || packedBytes > settings.packedHeadBytes {
                return (isServer ? .clientFloodContinuations : .upstreamProtocolFlood, .enhanceYourCalm)
            }
        case FrameType.priority:
            // nghttp2 looks into none, as priorities are off; RFC 7540 §5.3.1, §6.3.
            if header.stream == 0 || (header.length == 5 && header.dependency == header.stream) { return (protocolReason, .protocolError) }
            return charge(.priorities)
        case FrameType.priorityUpdate: return charge(.priorities)
        case FrameType.resetStream:
            recent.end(header.stream)
            return charge(.resets)
        case FrameType.settings: return header.flags & FrameHeader.acknowledgement == 0 ? charge(.settings) : nil
        case FrameType.ping: return charge(.pings)
        case FrameType.windowUpdate: return charge(.windowUpdates)
        case FrameType.pushPromise: return (protocolReason, .protocolError)
        default: return charge(.unknownFrames)
        }
        return nil
    }

    final func charge(_ flood: Flood) -> (Reason, ErrorCode)? {
        if account.charge(flood, settings.floods[flood], now: now) { return nil }
        return (isServer ? flood.clientReason : .upstreamProtocolFlood, .enhanceYourCalm)
    }

    // MARK: Bytes out

    /// There is something that `send` would write now.
    public final var wantsSend: Bool {
        if leftCount > 0 { return true }
        return unsafe !isDead && sluice_h2_wants_write(h2) != 0
    }

    /// All is said on both sides, or nothing more may be: when what was written is sent, the connection is to be closed.
    public final var isOver: Bool {
        guard leftCount == 0 else { return false }
        if failure != nil && !wantsSend { return true }
        return unsafe sluice_h2_is_over(h2) != 0
    }

    /// Writes all frames that are due into `output`, as far as there is room. True: there is more, once what `output` holds is sent.
    /// `output` must have room for some hundred bytes when it is empty.
    public final func send(into output: inout OutputBuffer, now: Int64) -> Bool {
        guard !isInside else { return true }
        self.now = now
        isInside = true
        let isFull = unsafe withUnsafeMutablePointer(to: &output) { pointer in
            unsafe self.output = pointer
            return unsafe write(to: pointer)
        }
        unsafe self.output = nil
        awaitWindows()
        leave()
        return isFull
    }

    /// True if the room ran out. `output` is a pointer because `dataDue` writes to the same buffer from within `sluice_h2_next`.
    private func write(to output: UnsafeMutablePointer<OutputBuffer>) -> Bool {
        while true {
            if leftCount > 0, let left = unsafe left {
                let count = unsafe min(leftCount, output.pointee.room)
                unsafe output.pointee.append(Span(_unsafeStart: left, count: count))
                unsafe self.left = left + count
                leftCount &-= count
                if leftCount > 0 { return true }
            }
            guard !isDead else { return false }
            guard unsafe output.pointee.room >= Self.leastRoom else { return true }
            wroteFrame = false
            var bytes: UnsafePointer<UInt8>?
            let count = unsafe sluice_h2_next(h2, &bytes)
            if count < 0 {
                // The frames before it are good; this connection cannot make another.
                isDead = true
                if failure == nil { failure = .gatewayError }
                return false
            }
            unsafe left = bytes
            leftCount = count
            if count == 0 && !wroteFrame { return false }
        }
    }

    // MARK: What both sides do with streams

    /// Ends the connection for what the owner has found.
    public final func giveUp(_ reason: Reason, now: Int64) {
        guard failure == nil else { return }
        self.now = now
        fail(reason, .enhanceYourCalm)
        tellAll()
    }

    /// There is more of a body for which `outgoing` had nothing. `now` is as of `receive`.
    public final func resume(_ stream: HTTP2Stream, now: Int64) {
        guard stream.isPaused, stream.isLive, !stream.isReset else { return }
        self.now = now
        stream.isPaused = false
        if !stream.isEager { eager &+= 1 }
        stream.isEager = true
        beginWait(of: stream)
        _ = unsafe sluice_h2_resume(h2, stream.number)
    }

    /// Ends a stream in both directions. The owner hears no more of it.
    public final func reset(_ stream: HTTP2Stream, _ code: ErrorCode) {
        guard stream.isLive, !stream.isReset else { return }
        stream.isResetByOwner = true
        stream.isTold = false
        submitReset(stream, code)
    }

    /// Resets a stream for the peer's fault, and tells the owner if it knows the stream.
    final func refuse(_ stream: HTTP2Stream, _ reason: Reason, _ code: ErrorCode = .protocolError) {
        guard stream.isLive, !stream.isReset else { return }
        submitReset(stream, code)
        let wasTold = stream.isTold
        stream.isTold = false
        if wasTold { closed(stream, reason) } else { refused(stream.number, reason) }
    }

    final func submitReset(_ stream: HTTP2Stream, _ code: ErrorCode) {
        stream.isReset = true
        endEager(stream)
        giveBack(stream)
        _ = unsafe sluice_h2_reset(h2, stream.number, code.rawValue)
    }

    final func endEager(_ stream: HTTP2Stream) {
        if stream.isEager { eager &-= 1 }
        stream.isEager = false
    }

    /// Streams that live.
    public final var openStreams: Int { streams.count &- free.count }

    final func takeStream(_ number: Int32) -> HTTP2Stream {
        let stream: HTTP2Stream
        if let slot = free.popLast() {
            stream = streams[slot]
        } else {
            stream = HTTP2Stream(slot: streams.count)
            streams.append(stream)
        }
        stream.begin(number)
        return stream
    }

    final func release(_ stream: HTTP2Stream) {
        guard stream.isLive else { return }
        giveBack(stream)
        endEager(stream)
        stream.isLive = false
        free.append(stream.slot)
    }

    /// Gives a stream back for which no frame was ever made.
    final func withdraw(_ stream: HTTP2Stream) { release(stream) }

    // MARK: The end

    /// Announces the end and goes on (RFC 9113 §6.8): GOAWAY that refuses nothing, and a PING. When the peer has answered it, or when the owner
    /// calls this again, the second GOAWAY names the last stream that is served, and the session is over with it.
    public final func drain() {
        guard failure == nil else { return }
        if hasAnnouncedEnd || !isServer {
            endAccepting()
        } else {
            hasAnnouncedEnd = true
            awaitsPong = true
            _ = unsafe sluice_h2_announce_end(h2)
            _ = unsafe sluice_h2_ping(h2)
        }
    }

    final func endAccepting() {
        guard !hasEndedAccepting else { return }
        hasEndedAccepting = true
        _ = unsafe sluice_h2_end(h2)
    }

    /// The connection is gone, or is to be: tells the owner of the end of all streams. Nothing but `send` means anything after it.
    public final func close(_ reason: Reason) {
        guard !isInside else { return }
        if failure == nil { failure = reason }
        tellAll()
    }

    /// Ends the connection for `reason`, with GOAWAY. The owner is told of its streams when nghttp2 is done.
    final func fail(_ reason: Reason, _ code: ErrorCode) {
        guard failure == nil else { return }
        failure = reason
        stallDeadline = .max
        if !isDead { _ = unsafe sluice_h2_terminate(h2, code.rawValue) }
    }

    private func leave() {
        isInside = false
        if failure != nil { tellAll() }
    }

    private func tellAll() {
        guard let failure else { return }
        for stream in streams where stream.isTold {
            stream.isTold = false
            closed(stream, failure)
        }
    }

    // MARK: Events

    /// Bytes of a body, valid for the length of the call. The owner must `consume` them at some time.
    open func received(_ stream: HTTP2Stream, body: Span<UInt8>) {}

    /// Trailers: their fields and the text, valid for the length of the call; those that have no place in a trailer are marked `.removed`.
    /// `ended` follows.
    open func received(_ stream: HTTP2Stream, trailers: borrowing FieldTable, in bytes: Span<UInt8>) {}

    /// The peer has sent all of its message.
    open func ended(_ stream: HTTP2Stream) {}

    /// A stream is over: with nil, both messages are complete.
    open func closed(_ stream: HTTP2Stream, _ reason: Reason?) {}

    /// A malformed head was refused, and its stream reset, before the owner had heard of it.
    open func refused(_ number: Int32, _ reason: Reason) {}

    /// The peer takes no new streams: it has sent GOAWAY.
    open func peerIsLeaving(_ code: ErrorCode) {}

    /// The peer's settings have changed.
    open func settingsChanged() {}

    /// What there is to send of a body now, at most `most` bytes (which is above 0).
    open func outgoing(_ stream: HTTP2Stream, atMost most: Int) -> OutgoingBody { .nothing }

    /// Writes the next `count` bytes of a body, no more and no fewer, into `output`, which has room for them.
    open func write(_ stream: HTTP2Stream, _ count: Int, into output: inout OutputBuffer) {}

    /// The trailers behind a body that ended with `.trailers`.
    open func writeTrailers(_ stream: HTTP2Stream, into list: inout HeadList) {}

    /// All of the own message was written.
    open func finished(_ stream: HTTP2Stream) {}

    // MARK: What nghttp2 calls

    /// A header block begins.
    func blockBegan(_ number: Int32, isRequest: Bool, isResponse: Bool, _ stream: HTTP2Stream?) -> HTTP2Stream? { nil }

    /// A header block is complete.
    func blockEnded(_ stream: HTTP2Stream, endsStream: Bool) {}

    /// How many requests the peer takes may have changed.
    func placesChanged() {}

    /// Why a stream ended that the peer reset, or that GOAWAY leaves out.
    func resetReason(_ code: ErrorCode) -> Reason { .clientReset }
}
