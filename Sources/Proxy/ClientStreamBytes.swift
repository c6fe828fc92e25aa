// unsafe: refers to the connection that owns it
import Buffers
import HTTP2
import HTTPMessage
import Transport

/// The bytes of one stream of a client's HTTP/2 connection on their way between its session and its exchange, in bounded memory: what the
/// client sent and the exchange has not taken (at most the stream's window), and what the exchange sent and the session has not (a slab).
///
/// The exchange writes heads as lines of HTTP/1; here they become the session's.
final class ClientStreamBytes: StreamCarrier {
    // The connection owns the streams, and with them this.
    private unowned(unsafe) let session: StreamConnection
    private let slabs: SlabPool
    /// The session's stream, while it has one.
    private(set) var stream: HTTP2Stream?
    private var inbox = OutputBuffer()
    var outbox = StreamOutbox()
    private var hasHead = false
    /// A response without a body ends with its head.
    private var isHeadAlone = false
    private var isTunnel = false
    /// The request was HEAD.
    var answersHead = false
    /// The exchange is over: nobody takes what the client still sends.
    private var isUnwanted = false

    init(_ session: StreamConnection, _ slabs: SlabPool) {
        unsafe self.session = session
        self.slabs = slabs
    }

    func open(_ stream: HTTP2Stream) {
        self.stream = stream
        hasHead = false
        isHeadAlone = false
        isTunnel = false
        outbox.reset()
        answersHead = false
        isUnwanted = false
    }

    /// The client's message is complete, and so is what it gets: what the exchange has not taken yet is left for it.
    func leave() { stream = nil }

    /// Lets go of all bytes.
    override func close() {
        stream = nil
        inbox.detach()
        outbox.reset()
    }

    // MARK: From the client

    /// Takes what the client sent. False: nobody wants it any more. It fits: the client may send no more than its window before it is taken.
    func takeIn(_ bytes: Span<UInt8>, _ pool: SlabPool) -> Bool {
        guard let stream, !isUnwanted else { return false }
        // Most bodies are small, and a hundred streams may have one.
        inbox.attach(slabs)
        inbox.makeRoom(for: bytes.count, pool)
        inbox.append(bytes)
        // The session lets no more in than the window.
        precondition(!inbox.overflowed, "a client's window of \(stream.unconsumed) bytes does not fit")
        return true
    }

    override func receive(into buffer: inout ReceiveBuffer, room: Int) -> ReceiveOutcome {
        guard !inbox.isEmpty else { return stream?.peerHasEnded ?? true ? .end : .wouldBlock }
        let count = min(inbox.count, room)
        buffer.append(inbox, count)
        inbox.consume(count)
        if inbox.isEmpty { inbox.detach() }
        if let stream { unsafe session.consume(stream, count) }
        return .bytes(count)
    }

    // MARK: To the client

    override func send(_ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>, taken: inout Int) -> SendOutcome {
        taken = 0
        guard let stream, !outbox.isEnded else { return .failed(0) }
        var rest = first
        while !hasHead && rest.count > 0 {
            let count = sendHead(rest, of: stream)
            guard count > 0 else { return .failed(0) }
            taken += count
            rest = rest.extracting(droppingFirst: count)
        }
        let wanted = rest.count + second.count + third.count
        guard wanted > 0, !isHeadAlone else {
            taken += wanted
            return .done
        }
        let sent = outbox.take(rest, second, third, slabs)
        taken += sent
        unsafe session.sendMore(of: stream)
        return sent == wanted ? .done : .wouldBlock
    }

    /// Sends a head that the exchange wrote, and says how many bytes it has. 0: it does not fit, or the stream is gone.
    private func sendHead(_ bytes: Span<UInt8>, of stream: HTTP2Stream) -> Int {
        // `HTTP/1.1 200 OK`
        guard bytes.count > 12, let lineFeed = bytes.firstLineFeed(from: 12, to: bytes.count) else { return 0 }
        var status: UInt16 = 0
        for index in 9..<12 { status = status &* 10 &+ UInt16(bytes[index] &- 0x30) }
        let fields = lineFeed &+ 1
        var seen = HeadList.SeenLines()
        if status < 200 && status != 101 {
            return unsafe session.inform(stream, status: status) { seen = $0.add(lines: bytes, from: fields) } ? seen.end : 0
        }
        hasHead = true
        // What HTTP/1 opens with 101 begins with 200 here, and the client has sent no key to be answered (RFC 8441 §5).
        isTunnel = status == 101
        let isSent = unsafe session.respond(stream, status: isTunnel ? 200 : status, isTunnel: isTunnel) { list in
            seen = list.add(lines: bytes, from: fields, dropping: isTunnel ? [.secWebSocketAccept] : [])
            isHeadAlone = !isTunnel && (answersHead || status == 204 || status == 304 || seen.saysLengthZero)
            return !isHeadAlone
        }
        return isSent ? seen.end : 0
    }

    /// The response is complete, or the app's side of a tunnel.
    override func end() {
        guard let stream, !outbox.isEnded else { return }
        outbox.isEnded = true
        unsafe session.sendMore(of: stream)
    }

    /// The exchange is over, and what it sent is all.
    func finish() {
        isUnwanted = true
        end()
    }

    /// Also behind the end, which a tunnel's other side may survive.
    override func reset() {
        guard let stream else { return }
        outbox.isEnded = true
        // Of a tunnel, what the reset of a connection is (RFC 8441 §5).
        unsafe session.reset(stream, isTunnel ? .cancel : .internalError)
    }
}
