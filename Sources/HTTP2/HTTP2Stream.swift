import Buffers
import HTTPMessage

/// One request and its response on an HTTP/2 connection, as its session knows it. Its owner keeps what belongs to it by `slot`; streams
/// are used again, so nothing may hold one beyond its `closed` event, or beyond the owner's own `reset`.
public final class HTTP2Stream {
    /// Its number on the connection (RFC 9113 §5.1.1).
    public internal(set) var number: Int32 = 0
    /// A small number that no other stream of the session has while this one lives: an index into the owner's own table.
    public let slot: Int
    /// The peer has sent all of its message.
    public internal(set) var peerHasEnded = false
    /// All of the own message was written.
    public internal(set) var hasEnded = false
    /// Bytes of the peer's body that were handed out and not consumed yet.
    public internal(set) var unconsumed = 0
    /// Bytes of the peer's body so far.
    public internal(set) var receivedBytes: UInt64 = 0

    /// The owner knows it and has not been told of its end.
    var isTold = false
    /// A final head was received, or sent.
    var hasHead = false
    var hasAnswered = false
    /// It was reset, and by which side; only its release is awaited.
    var isReset = false
    var isResetByOwner = false
    /// Its request was refused, and what still comes of it is thrown away.
    var isRefused = false
    /// Bytes that the body must have by its Content-Length; -1 if none says so.
    var expectedBytes: Int64 = -1
    /// Of a request that was sent: how its response is framed depends on it.
    var method = Method.get
    /// An extended CONNECT that was sent and not refused, or one that was granted.
    var isTunnel = false
    /// The owner has bytes to send that wait for nothing but windows and turns.
    var isEager = false
    /// Since when it has waited without `stallBytes` going out, what of it went out meanwhile, and what of all streams had gone before.
    var waitsSince: Int64 = 0
    var sentInWait = 0
    var sentBeforeWait = 0
    /// nghttp2 asks for the body when it is told to resume.
    var isPaused = false
    /// Bytes of the head block under way.
    var isLive = false

    init(slot: Int) { self.slot = slot }

    func begin(_ number: Int32) {
        self.number = number
        peerHasEnded = false
        hasEnded = false
        unconsumed = 0
        receivedBytes = 0
        isTold = false
        hasHead = false
        hasAnswered = false
        isReset = false
        isResetByOwner = false
        isRefused = false
        expectedBytes = -1
        method = .get
        isTunnel = false
        isEager = false
        isPaused = false
        isLive = true
    }

    /// How many of `count` more bytes the body may have, by Content-Length.
    func mostBytes(of count: Int) -> Int {
        guard expectedBytes >= 0 else { return count }
        return Int(min(UInt64(count), UInt64(expectedBytes) &- receivedBytes))
    }

    /// Whether the body may end now, by Content-Length.
    var mayEnd: Bool { expectedBytes < 0 || receivedBytes == UInt64(expectedBytes) }
}
