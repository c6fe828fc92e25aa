import Buffers
import CNghttp2
import HTTPMessage

/// The gateway's end of an HTTP/2 connection to an app.
open class ClientSession: Session {
    /// As of a `ServerSession`.
    public init(settings: SessionSettings, slabs: SlabPool, tables: SlabPool) {
        super.init(isServer: false, settings: settings, slabs: slabs, tables: tables, spare: nil)
    }

    // MARK: Events

    /// The head of a final response. All ranges are of `message.slab`, which the owner may swap with `message.fields` for its own.
    open func received(_ stream: HTTP2Stream, _ head: ResponseHead, _ message: inout ReceivedFields) {}

    /// An interim response (1xx).
    open func informed(_ stream: HTTP2Stream, _ head: ResponseHead, _ message: inout ReceivedFields) {}

    // MARK: Requests

    /// Requests that may be sent now: the app allows so many streams beside those that are open, and has not said that it leaves.
    public final var room: Int {
        guard failure == nil, unsafe sluice_h2_takes_requests(h2) != 0 else { return 0 }
        return max(0, peerStreams &- openStreams)
    }

    /// Requests that the app allows at a time, as far as this side wants as many.
    public final var peerStreams: Int { min(Int(unsafe sluice_h2_peer_streams(h2)), settings.streams) }

    /// The app has said that it takes extended CONNECT (RFC 8441 §3).
    public final var takesExtendedConnect: Bool { unsafe sluice_h2_peer_takes_connect(h2) != 0 }

    /// Sends the head of a request. `fill` adds its fields, pseudo-fields first.
    ///
    /// - Parameters:
    ///   - method: how the response is framed hangs on it.
    ///   - isTunnel: it is an extended CONNECT.
    ///   - hasBody: the session asks for a body, once the owner calls `resume`.
    /// - Returns: nil, and nothing is sent, if there is no `room` or the head does not fit.
    public final func request(
        _ method: Method, isTunnel: Bool = false, hasBody: Bool, _ fill: (inout HeadList) -> Void
    ) -> HTTP2Stream? {
        guard room > 0 else { return nil }
        var list = HeadList(slabs)
        fill(&list)
        guard !list.overflowed, list.count > 0 else { return nil }
        let stream = takeStream(0)
        // The stream stays in this object's table until nghttp2 has closed it.
        let number = unsafe list.withHead { unsafe sluice_h2_request(h2, $0, hasBody ? 1 : 0, Unmanaged.passUnretained(stream).toOpaque()) }
        guard number > 0 else {
            withdraw(stream)
            return nil
        }
        stream.number = number
        stream.method = method
        stream.isTunnel = isTunnel
        stream.isTold = true
        stream.isPaused = hasBody
        return stream
    }

    // MARK: What nghttp2 calls

    override final func blockBegan(_ number: Int32, isRequest: Bool, isResponse: Bool, _ stream: HTTP2Stream?) -> HTTP2Stream? {
        guard let stream, !isRequest else { return nil }
        if stream.hasHead {
            block.begin(.trailers, limits: settings.trailers, slabs: slabs, tables: tables)
        } else {
            block.begin(.response, limits: settings.heads, slabs: slabs, tables: tables)
        }
        return stream
    }

    override final func blockEnded(_ stream: HTTP2Stream, endsStream: Bool) {
        guard failure == nil, !stream.isReset else { return block.end() }
        if stream.hasHead { return trailersCame(stream, endsStream: endsStream) }
        defer { block.end() }
        var head = ResponseHead()
        if let reason = block.finishResponse(endsStream: endsStream, answering: stream.method, isTunnel: stream.isTunnel, into: &head) {
            return refuse(stream, reason)
        }
        var message = takeMessage()
        if head.status < 200 {
            informed(stream, head, &message)
            return giveMessage(message)
        }
        stream.hasHead = true
        if head.status >= 300 { stream.isTunnel = false }
        switch head.framing {
        case .none: stream.expectedBytes = stream.isTunnel ? -1 : 0
        case .length(let length): stream.expectedBytes = Int64(length)
        case .chunked, .untilClose: break
        }
        if endsStream { stream.peerHasEnded = true }
        received(stream, head, &message)
        giveMessage(message)
        if endsStream && failure == nil && !stream.isReset && stream.isTold { ended(stream) }
    }

    /// Ends the requests that the app has no place for any more, and that did not go out yet: nghttp2 would keep them until it has, or for ever.
    override final func placesChanged() {
        let places = unsafe sluice_h2_takes_requests(h2) != 0 ? peerStreams : 0
        guard openStreams > places else { return }
        let unsent = streams.filter { unsafe $0.isLive && sluice_h2_is_begun(h2, $0.number) == 0 }
        let left = max(0, places &- (openStreams &- unsent.count))
        for stream in unsent.filter(\.isTold).sorted(by: { $0.number < $1.number }).dropFirst(left) {
            stream.isTold = false
            submitReset(stream, .cancel)
            closed(stream, .upstreamStreamRefused)
        }
    }

    override final func resetReason(_ code: ErrorCode) -> Reason { code == .refusedStream ? .upstreamStreamRefused : .upstreamResponseReset }
}
