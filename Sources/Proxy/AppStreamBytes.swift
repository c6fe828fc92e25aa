// unsafe: refers to the connection that owns it
import Buffers
import HTTP1
import HTTP2
import HTTPMessage
import Transport

/// The bytes of one stream of an HTTP/2 connection to an app on their way between its session and whoever holds the lease, in bounded memory.
///
/// The holder writes heads as lines of HTTP/1, and reads them so: here they become the session's, and the session's become lines.
final class AppStreamBytes: StreamCarrier {
    private let slabs: SlabPool
    private let bodySlabs: SlabPool
    /// The session that it goes over, from when its connection stands to its own end.
    private var session: AppStreams?
    private var stream: HTTP2Stream?
    private var inbox = OutputBuffer()
    var outbox = StreamOutbox()
    /// Of the request.
    private var method = Method.get
    private var isHeadAlone = false
    private enum Tunnel {
        case none
        /// The request asks for one (extended CONNECT, RFC 8441). Unless the app opens it nothing is sent, not even the end: a stream that was
        /// refused is reset when the answer is read.
        case asked
        case open
    }
    private var tunnel = Tunnel.none
    /// Whether the app takes such a request is not known yet.
    private var awaitsSettings = false
    /// What tells the client that its WebSocket is open.
    private var accept: WebSocketAccept?
    /// The app's message is over: to its end, or broken off.
    private var isOver = false
    private(set) var isBroken = false
    /// Why the message was broken off; nil where nothing is known but that it was.
    private(set) var failure: Reason?
    /// It was this stream that broke, not the connection that carries it.
    private(set) var isFaultOfStream = false
    /// The app did not look at the request: it may be sent again.
    private(set) var wasRefused = false
    /// The response was read to its end: what is left of the stream goes on by itself.
    var isComplete = false

    init(_ slabs: SlabPool, _ bodySlabs: SlabPool) {
        self.slabs = slabs
        self.bodySlabs = bodySlabs
    }

    /// Whose bytes they are.
    unowned(unsafe) var user: AppConnection!  // It owns this.

    func attach(_ session: AppStreams) { self.session = session }

    // MARK: To the app

    override func send(_ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>, taken: inout Int) -> SendOutcome {
        taken = 0
        guard let session, !isOver || !isBroken else { return .failed(0) }
        var rest = first
        if stream == nil && !isOver {
            let count = rest.endOfHead
            switch count > 0 ? sendHead(rest.extracting(first: count), over: session) : .refused {
            case .sent: break
            case .tooEarly: return .wouldBlock
            case .unsupported:
                breakOff(.upstreamUpgradeUnsupported, isFaultOfStream: true)
                return .failed(0)
            case .refused:
                isBroken = true
                isOver = true
                wasRefused = true
                return .failed(0)
            }
            taken += count
            rest = rest.extracting(droppingFirst: count)
        }
        guard let stream, !outbox.isEnded, !isHeadAlone else {
            taken += rest.count + second.count + third.count
            return .done
        }
        let wanted = rest.count + second.count + third.count
        guard wanted > 0 else { return .done }
        let sent = outbox.take(rest, second, third, slabs)
        taken += sent
        session.sendMore(of: stream)
        return sent == wanted ? .done : .wouldBlock
    }

    private enum HeadOutcome {
        case sent
        /// The app has not said yet whether it takes such requests: the user is woken when it has.
        case tooEarly
        /// It has, and does not.
        case unsupported
        /// The session takes no more requests, or the head does not fit.
        case refused
    }

    /// Sends a head that the holder wrote.
    private func sendHead(_ bytes: Span<UInt8>, over session: AppStreams) -> HeadOutcome {
        // `GET /path HTTP/1.1`
        var space = 0
        while bytes[space] != 0x20 { space += 1 }
        var line = space
        while bytes[line] != 0x0A { line += 1 }
        let target = (space + 1)..<(line - 10)
        let lines = bytes.extracting((line + 1)..<(bytes.count - 2))
        let facts = RequestLines(lines)
        let isTunnel = !facts.upgrade.isEmpty
        if isTunnel && session.failure == nil {
            // SETTINGS are the first that a server sends (RFC 9113 §3.4).
            guard session.hasSettings else {
                if !awaitsSettings { unsafe session.awaitSettings(user) }
                awaitsSettings = true
                return .tooEarly
            }
            guard session.takesExtendedConnect else { return .unsupported }
            accept = WebSocketAccept(key: lines.extracting(facts.key.range))
            tunnel = .asked
        }
        isHeadAlone = !facts.hasBody && !isTunnel
        method = isTunnel ? .connect : .named(count: space, bytes.paddedWord(at: 0))
        stream = session.request(method, isTunnel: isTunnel, hasBody: !isHeadAlone) { list in
            if isTunnel {
                list.add(":method", "CONNECT")
                list.add(":protocol", lines.extracting(facts.upgrade.range))
            } else {
                list.add(":method", bytes.extracting(first: space))
            }
            list.add(":scheme", session.isSecure ? "https" : "http")
            list.add(":authority", lines.extracting(facts.host.range))
            list.add(":path", bytes.extracting(target))
            list.add(lines: lines, dropping: isTunnel ? [.host, .secWebSocketKey] : [.host])
            if facts.takesTrailers { list.add("te", "trailers") }
        }
        guard let stream else { return .refused }
        unsafe session.opened(stream, user)
        session.flushSoon()
        return .sent
    }

    /// The request is complete, or the client's side of a tunnel. What asks for a tunnel does not end.
    override func end() {
        guard tunnel != .asked, let stream, !outbox.isEnded else { return }
        outbox.isEnded = true
        session?.sendMore(of: stream)
    }

    override func reset() { close() }

    /// Nobody wants anything of it any more.
    override func close() {
        if awaitsSettings { unsafe session?.stopAwaiting(user) }
        if let session, let stream {
            session.abandon(stream, isComplete: isComplete && (outbox.isEnded || isHeadAlone))
            session.flushSoon()
        }
        session = nil
        stream = nil
        inbox.detach()
        outbox.reset()
    }

    // MARK: From the app

    /// A head, as lines of HTTP/1 that the holder's parser reads. False, and nothing is kept of it: with the heads that wait to be read it would
    /// leave too little room for a body.
    func takeIn(_ head: ResponseHead, _ fields: borrowing FieldTable, in bytes: Span<UInt8>, isWhole: Bool) -> Bool {
        inbox.attach(bodySlabs)
        inbox.compact()
        let mark = inbox.end
        let opens = tunnel == .asked && head.status >= 200 && head.status < 300
        inbox.append("HTTP/1.1 ")
        inbox.append(decimal: opens ? 101 : UInt64(head.status))
        inbox.append(" \r\n")
        if opens { writeUpgrade() }
        // Content-Length means nothing there (RFC 9110 §9.3.6).
        let dropped: TokenSet = opens ? [.contentLength, .secWebSocketAccept] : []
        for index in 0..<fields.count where !fields[index].marks.contains(.removed) && !dropped.contains(fields[index].token) {
            inbox.append(bytes, fields[index].name)
            inbox.append(": ")
            inbox.append(bytes, fields[index].value)
            inbox.appendCRLF()
        }
        if isWhole && !opens && method != .head && head.status >= 200 && head.status != 204 && head.status != 304 && fields.firstIndex(of: .contentLength) == nil {
            inbox.append("content-length: 0\r\n")
        }
        inbox.appendCRLF()
        if !inbox.overflowed && inbox.room >= Self.mostUnread { return true }
        inbox.takeBack(to: mark)
        return false
    }

    /// What the app has opened is what HTTP/1 has 101 for.
    private func writeUpgrade() {
        tunnel = .open
        inbox.append("Connection: Upgrade\r\n")
        guard let accept else { return }
        inbox.append("Upgrade: websocket\r\nSec-WebSocket-Accept: ")
        inbox.append(accept.text.span)
        inbox.appendCRLF()
    }

    /// Bytes of a body that an app may send before they are read: the window that it has before it knows the session's settings.
    private static let mostUnread = 65_535

    /// Bytes of the body. They fit: the app may send no more than the stream's window before they are taken.
    func takeIn(_ body: Span<UInt8>) {
        guard !isBroken else { return }
        inbox.attach(slabs)
        inbox.makeRoom(for: body.count, bodySlabs)
        inbox.append(body)
        if inbox.overflowed { breakOff(.upstreamResponseInterimFlood, isFaultOfStream: true) }
    }

    /// The session has ended the stream, and may use it again.
    func detachStream() { stream = nil }

    /// A tunnel's stream is over, both sides of it.
    var isTunnelOver: Bool { stream == nil }
    var isTunnelOpen: Bool { tunnel == .open }

    /// The app's message is complete.
    func over() { isOver = true }

    /// The app's message is broken off.
    ///
    /// - Parameter isFaultOfStream: the connection goes on.
    func breakOff(_ reason: Reason, isFaultOfStream: Bool) {
        isOver = true
        isBroken = true
        failure = reason
        wasRefused = reason == .upstreamStreamRefused
        self.isFaultOfStream = isFaultOfStream && !wasRefused
    }

    override func receive(into buffer: inout ReceiveBuffer, room: Int) -> ReceiveOutcome {
        guard !inbox.isEmpty else { return isBroken ? .failed(0) : isOver ? .end : .wouldBlock }
        let count = min(inbox.count, room)
        buffer.append(inbox, count)
        inbox.consume(count)
        if inbox.isEmpty { inbox.detach() }
        // The head counts too; the session knows how much of it was body.
        if let stream, let session {
            session.consume(stream, count)
            // It may be the client that took them: the app may be waiting for its window.
            if session.wantsSend { session.flushSoon() }
        }
        return .bytes(count)
    }
}

/// What is to be known of the field lines that the gateway writes for an app.
private struct RequestLines {
    private(set) var host = ByteRange.empty
    /// The protocol to change to.
    private(set) var upgrade = ByteRange.empty
    /// Of a WebSocket.
    private(set) var key = ByteRange.empty
    private(set) var hasBody = false
    private(set) var takesTrailers = false

    init(_ lines: Span<UInt8>) {
        var at = 0
        while let lineFeed = lines.firstLineFeed(from: at, to: lines.count) {
            var colon = at
            while lines[colon] != UInt8(ascii: ":") { colon += 1 }
            let value = ByteRange(start: colon + 2, count: lineFeed - 1 - (colon + 2))
            switch FieldToken.named(lines, ByteRange(start: at, count: colon - at)) {
            case .host: host = value
            case .contentLength: hasBody = !(value.count == 1 && lines[value.lower] == 0x30)
            case .transferEncoding: hasBody = true
            case .te: takesTrailers = true
            case .upgrade: upgrade = value
            case .secWebSocketKey: key = value
            default: break
            }
            at = lineFeed + 1
        }
    }
}
