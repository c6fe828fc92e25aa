import Buffers
import CNghttp2
import HTTPMessage

/// The gateway's end of a client's HTTP/2 connection.
///
/// A head that is malformed resets its stream (RFC 9113 §8.1.1); one that is well-formed and cannot be taken (431, 414, 405, 417) is told as
/// `mustRefuse`, for the owner to answer. Either way the connection goes on.
open class ServerSession: Session {
    /// - Parameters:
    ///   - slabs: for the text of heads. A head that is larger than a slab is refused.
    ///   - tables: for the tables of fields: 16 bytes a field. They must hold `settings.heads.fieldCount`.
    ///   - spare: for bodies that come while others wait, above `settings.connectionWindow`; nil for none.
    public init(settings: SessionSettings, slabs: SlabPool, tables: SlabPool, spare: SpareWindow? = nil) {
        super.init(isServer: true, settings: settings, slabs: slabs, tables: tables, spare: spare)
    }

    // MARK: Events

    /// A request. `protocolName` is that of an extended CONNECT (RFC 8441): `websocket`; its body is a tunnel. All ranges are of
    /// `message.slab`. The owner may swap its own slab and table for those of `message`; what it leaves there is used for the next head.
    open func received(_ stream: HTTP2Stream, _ head: RequestHead, protocolName: ByteRange?, _ message: inout ReceivedFields) {}

    /// A request whose head is well-formed, and that must be refused for `reason`: the owner answers it, as any other. Its body is thrown away.
    open func mustRefuse(_ stream: HTTP2Stream, _ reason: Reason) {}

    // MARK: Answers

    /// Sends the head of a response.
    ///
    /// - Parameters:
    ///   - isTunnel: it opens the tunnel that an extended CONNECT asks for. Where the own side ends first, the client's goes on.
    ///   - fill: adds its fields: those that are about a connection (`TokenSet.responseDrops`) must not be among them, but for
    ///     Content-Length. Returns whether the session is to ask for a body, once the owner calls `resume`. Without it, the stream ends
    ///     here; as it does in answer to HEAD, and with 204 and 304 (RFC 9110 §6.4.1), whatever is said.
    /// - Returns: false, and nothing is sent, if the head does not fit, the stream is gone, or it has its answer.
    public final func respond(_ stream: HTTP2Stream, status: UInt16, isTunnel: Bool = false, _ fill: (inout HeadList) -> Bool) -> Bool {
        precondition(status >= 200 && status <= 999)
        guard stream.isLive, !stream.isReset, !stream.hasAnswered, failure == nil else { return false }
        var list = statusList(status)
        let asksForBody = fill(&list)
        guard !list.overflowed else { return false }
        let hasBody = asksForBody && stream.method != .head && status != 204 && status != 304
        let result = unsafe list.withHead { unsafe sluice_h2_respond(h2, stream.number, $0, hasBody ? 1 : 0) }
        guard result == 0 else { return false }
        stream.hasAnswered = true
        stream.isTunnel = isTunnel
        // Nothing to send, until the owner says so.
        stream.isPaused = hasBody
        return true
    }

    /// Sends an interim response: a 1xx, but for 101.
    public final func inform(_ stream: HTTP2Stream, status: UInt16, _ fill: (inout HeadList) -> Void) -> Bool {
        precondition(status >= 100 && status < 200 && status != 101)
        guard stream.isLive, !stream.isReset, !stream.hasAnswered, failure == nil else { return false }
        var list = statusList(status)
        fill(&list)
        guard !list.overflowed else { return false }
        return unsafe list.withHead { unsafe sluice_h2_inform(h2, stream.number, $0) } == 0
    }

    private func statusList(_ status: UInt16) -> HeadList {
        var list = HeadList(slabs)
        list.add(":status", decimal: UInt64(status))
        return list
    }

    // MARK: What nghttp2 calls

    override final func blockBegan(_ number: Int32, isRequest: Bool, isResponse: Bool, _ stream: HTTP2Stream?) -> HTTP2Stream? {
        guard isRequest else {
            block.begin(.trailers, limits: settings.trailers, slabs: slabs, tables: tables)
            return stream
        }
        block.begin(.request, limits: settings.heads, slabs: slabs, tables: tables)
        let stream = takeStream(number)
        if openStreams > max(1, settings.streams) { refuseAboveLimit(stream) }
        return stream
    }

    /// Nobody hears of it (RFC 9113 §5.1.2). It is a fault at once, as a client may open many before RST_STREAM goes out.
    private func refuseAboveLimit(_ stream: HTTP2Stream) {
        if let (reason, code) = charge(.faults) { return fail(reason, code) }
        stream.isResetByOwner = true
        submitReset(stream, .refusedStream)
    }

    override final func blockEnded(_ stream: HTTP2Stream, endsStream: Bool) {
        guard failure == nil, !stream.isReset else { return block.end() }
        if stream.hasHead || stream.isRefused { return trailersCame(stream, endsStream: endsStream) }
        defer { block.end() }
        var head = RequestHead()
        if let refusal = block.finishRequest(endsStream: endsStream, takesExtendedConnect: settings.extendedConnect, into: &head) {
            if refusal.isMalformed { return refuse(stream, refusal.reason) }
            stream.isRefused = true
            stream.isTold = true
            // How the answer is framed hangs on it.
            stream.method = block.method
            if endsStream { stream.peerHasEnded = true }
            return mustRefuse(stream, refusal.reason)
        }
        stream.hasHead = true
        stream.isTold = true
        stream.method = head.method
        switch head.framing {
        case .length(let length): stream.expectedBytes = Int64(length)
        case .none, .chunked, .untilClose: break
        }
        let protocolName = block.pseudo.protocolName
        if endsStream { stream.peerHasEnded = true }
        var message = takeMessage()
        received(stream, head, protocolName: protocolName, &message)
        giveMessage(message)
        if endsStream && failure == nil && !stream.isReset && stream.isTold { ended(stream) }
    }
}
