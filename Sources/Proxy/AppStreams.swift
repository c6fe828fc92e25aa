// unsafe: refers to its connection, which owns it
import Buffers
import EventLoops
import HTTP1
import HTTP2
import HTTPMessage
import Transport

/// The gateway's end of an HTTP/2 connection to an app: each stream is an `AppConnection` for whoever holds its lease.
final class AppStreams: ClientSession {
    private unowned(unsafe) let owner: MultiplexedConnection  // It owns this.
    let isSecure: Bool
    /// By the slots of the session's streams; nil where nobody wants the stream any more.
    private var users: [AppConnection?] = []
    private var awake: [AppConnection] = []
    /// The app has said what it takes.
    private(set) var hasSettings = false
    /// Those whose requests hang on it.
    private var awaiting: [AppConnection] = []

    init(of owner: MultiplexedConnection, isSecure: Bool) {
        unsafe self.owner = owner
        self.isSecure = isSecure
        let upstream = owner.upstream
        var settings = SessionSettings()
        settings.heads = upstream.settings.limits
        // The streams are those of many clients: some that do not read their answers must not use up what the others need.
        settings.connectionWindow = settings.streams * settings.streamWindow
        settings.floods = .ofApp
        super.init(settings: settings, slabs: upstream.proxy.slabs, tables: upstream.proxy.tableSlabs)
    }

    // MARK: What streams call

    /// A request was sent on `stream`.
    func opened(_ stream: HTTP2Stream, _ user: AppConnection) {
        while users.count <= stream.slot { users.append(nil) }
        users[stream.slot] = user
        unsafe owner.isUnderWay(user)
    }

    /// Nobody wants what is left of a stream.
    func abandon(_ stream: HTTP2Stream, isComplete: Bool) {
        guard stream.slot < users.count, users[stream.slot] != nil else { return }
        users[stream.slot] = nil
        if !(isComplete && stream.hasEnded) { reset(stream, .cancel) }
    }

    /// Has `user` called when the app's settings are there, or the connection is gone.
    func awaitSettings(_ user: AppConnection) { awaiting.append(user) }

    func stopAwaiting(_ user: AppConnection) { awaiting.removeAll { $0 === user } }

    /// Has those try again who wait for the app's settings.
    func wakeAwaiting() {
        for user in awaiting {
            user.stream.canSend = true
            wake(user)
        }
        awaiting = []
    }

    /// There is more of a request for the app, or its end.
    func sendMore(of stream: HTTP2Stream) {
        unsafe resume(stream, now: owner.loop.now)
        flushSoon()
    }

    func flushSoon() { unsafe owner.flushSoon() }

    /// Has those go on that can. False: there were none.
    func runAwake() -> Bool {
        guard !awake.isEmpty else { return false }
        while let user = awake.popLast() {
            user.isAwake = false
            user.streamReady()
        }
        return true
    }

    private func wake(_ user: AppConnection) {
        user.stream.canReceive = true
        guard !user.isAwake else { return }
        user.isAwake = true
        awake.append(user)
    }

    private func user(of stream: HTTP2Stream) -> AppConnection? { stream.slot < users.count ? users[stream.slot] : nil }

    // MARK: Events

    override func received(_ stream: HTTP2Stream, _ head: ResponseHead, _ message: inout ReceivedFields) { take(stream, head, message) }

    override func informed(_ stream: HTTP2Stream, _ head: ResponseHead, _ message: inout ReceivedFields) { take(stream, head, message) }

    private func take(_ stream: HTTP2Stream, _ head: ResponseHead, _ message: borrowing ReceivedFields) {
        guard let user = user(of: stream) else { return }
        guard let bytes = user.streamBytes else { return }
        if !message.slab.withBytes({ bytes.takeIn(head, message.fields, in: $0, isWhole: stream.peerHasEnded) }) {
            // Interim responses, faster than anybody reads them.
            letGo(of: stream, bytes, .upstreamResponseInterimFlood)
            reset(stream, .enhanceYourCalm)
        }
        wake(user)
    }

    override func received(_ stream: HTTP2Stream, body: Span<UInt8>) {
        guard let user = user(of: stream) else { return consume(stream, body.count) }
        user.streamBytes?.takeIn(body)
        wake(user)
    }

    override func received(_ stream: HTTP2Stream, trailers: borrowing FieldTable, in bytes: Span<UInt8>) {
        user(of: stream)?.holder?.take(trailers: trailers, in: bytes)
    }

    override func ended(_ stream: HTTP2Stream) {
        guard let user = user(of: stream) else { return }
        user.streamBytes?.over()
        wake(user)
    }

    override func closed(_ stream: HTTP2Stream, _ reason: Reason?) {
        guard let user = user(of: stream) else { return }
        if let bytes = user.streamBytes { letGo(of: stream, bytes, reason) }
        wake(user)
    }

    /// The session may give the stream to another request from now on.
    private func letGo(of stream: HTTP2Stream, _ bytes: AppStreamBytes, _ reason: Reason?) {
        users[stream.slot] = nil
        // What the client still sends in a tunnel is lost, whatever the app says of it.
        let reason = reason ?? (bytes.isTunnelOpen && !stream.hasEnded ? .upstreamResponseReset : nil)
        if let reason { bytes.breakOff(reason, isFaultOfStream: failure == nil) } else { bytes.over() }
        bytes.detachStream()
    }

    override func peerIsLeaving(_ code: ErrorCode) { unsafe owner.leave() }

    override func settingsChanged() {
        hasSettings = true
        unsafe owner.settingsCame()
        wakeAwaiting()
    }

    override func outgoing(_ stream: HTTP2Stream, atMost most: Int) -> OutgoingBody {
        user(of: stream)?.streamBytes?.outbox.outgoing(atMost: most) ?? OutgoingBody(0, .end)
    }

    override func write(_ stream: HTTP2Stream, _ count: Int, into output: inout OutputBuffer) {
        guard let user = user(of: stream), let bytes = user.streamBytes else { return }
        bytes.outbox.write(count, into: &output)
        if bytes.outbox.takeRoomAgain() {
            user.stream.canSend = true
            wake(user)
        }
    }

    override func writeTrailers(_ stream: HTTP2Stream, into list: inout HeadList) { user(of: stream)?.streamBytes?.outbox.writeTrailers(into: &list) }
}
