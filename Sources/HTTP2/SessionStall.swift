import CNghttp2
import HTTPMessage

// The time that responses wait for the windows of a client. Each stream has its own: one that the client leaves alone, a video that is paused say,
// is given up as a response of HTTP/1 is, and the others go on. On a connection to an app nothing is watched: each holder of a stream has times
// of its own.

extension Session {
    /// The stream has something to send from here on, or has got far enough: its time begins.
    func beginWait(of stream: HTTP2Stream) {
        stream.waitsSince = now
        stream.sentInWait = 0
        stream.sentBeforeWait = sentBytes
    }

    /// `count` bytes of the stream's body go out.
    func noteSent(_ stream: HTTP2Stream, _ count: Int) {
        sentBytes &+= count
        stream.sentInWait &+= count
        if stream.sentInWait >= settings.stallBytes { beginWait(of: stream) }
    }

    /// Looks again when the first that waits now may have waited too long; which it is shows then.
    func awaitWindows() {
        guard isServer, eager > 0, failure == nil else {
            stallDeadline = .max
            return
        }
        if stallDeadline == .max { stallDeadline = now &+ settings.stallTime }
    }

    /// Resets the streams that have waited too long for the client's windows.
    public final func checkStall(now: Int64) {
        guard now >= stallDeadline else { return }
        self.now = now
        var next = Int64.max
        let waiting = eager
        for stream in streams where stream.isEager {
            let deadline = stream.waitsSince &+ settings.stallTime
            if now < deadline {
                next = min(next, deadline)
            } else if isStalled(stream, among: waiting) {
                refuse(stream, .clientWindowTooSlow, .enhanceYourCalm)
            } else {
                beginWait(of: stream)
                next = min(next, now &+ settings.stallTime)
            }
        }
        stallDeadline = next
    }

    /// It is the client's windows that a stream waits for, not its turn. The connection's window is shared by all that wait: as much must have come
    /// through it as is asked of all of them.
    private func isStalled(_ stream: HTTP2Stream, among waiting: Int) -> Bool {
        if unsafe sluice_h2_window(h2, stream.number) < settings.stallBytes { return true }
        return unsafe sluice_h2_window(h2, 0) < settings.stallBytes && sentBytes &- stream.sentBeforeWait < settings.stallBytes &* waiting
    }
}
