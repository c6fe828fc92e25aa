import CNghttp2

// What the peer may send of bodies: as much as was consumed, of a stream and of the connection. Bodies that nobody takes, as their app is busy, use
// up the connection's window, and those that somebody waits for could not come; so half of it is kept open, as long as the spare window lasts.

extension Session {
    /// `count` bytes of the stream's body are handed out.
    func store(_ stream: HTTP2Stream, _ count: Int) {
        stream.unconsumed &+= count
        stored &+= count
        let above = stored &- borrowed &- settings.connectionWindow / 2
        if above > 0, let spare { borrow(above, from: spare) }
    }

    private func borrow(_ count: Int, from spare: SpareWindow) {
        let taken = spare.take(count)
        guard taken > 0 else { return }
        borrowed &+= taken
        _ = unsafe sluice_h2_consume_connection(h2, taken)
    }

    /// `count` bytes are used up: gives them back to the spare window, and behind that to the connection's.
    private func unstore(_ count: Int) {
        stored &-= count
        let returned = min(count, borrowed)
        if returned > 0 {
            borrowed &-= returned
            spare?.giveBack(returned)
        }
        if count > returned { _ = unsafe sluice_h2_consume_connection(h2, count &- returned) }
    }

    /// `count` bytes of the peer's body were used up: it may send as many again.
    public final func consume(_ stream: HTTP2Stream, _ count: Int) {
        let count = min(count, stream.unconsumed)
        guard count > 0, stream.isLive else { return }
        stream.unconsumed &-= count
        _ = unsafe sluice_h2_consume_stream(h2, stream.number, count)
        unstore(count)
    }

    /// Gives back to the connection's window what the owner did not consume.
    func giveBack(_ stream: HTTP2Stream) {
        guard stream.unconsumed > 0 else { return }
        unstore(stream.unconsumed)
        stream.unconsumed = 0
    }
}
