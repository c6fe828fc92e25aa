import Buffers
import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage

/// A client session against a server session.
final class Pair {
    let client = RecordedApp()
    let server = RecordedStreams()

    /// Carries bytes until neither side has any.
    func run() {
        for _ in 0..<1000 {
            let toServer = client.sent(most: 64 * 1024)
            server.take(toServer)
            let toClient = server.sent(most: 64 * 1024)
            client.take(toClient)
            if toServer.isEmpty && toClient.isEmpty { return }
        }
    }

    func moveToServer() { server.take(client.sent()) }
}

/// An app's connection that writes down what it is told.
final class RecordedApp: ClientSession {
    var events: [String] = []
    var bodies: [Int32: [UInt8]] = [:]
    private var outgoing: [Int: [UInt8]] = [:]
    private var open: Set<Int> = []
    private var trailers: [Int: [(StaticString, StaticString)]] = [:]

    init() {
        var settings = SessionSettings()
        settings.floods = .ofApp
        super.init(settings: settings, slabs: SlabPool(slabSize: 32 * 1024), tables: SlabPool(slabSize: 256 * MemoryLayout<Field>.stride))
    }

    func take(_ bytes: [UInt8]) { receive(bytes.span, now: 0) }
    func frames() -> [SentFrame] { SentFrame.list(sent()) }

    func sent(most: Int = 1 << 24) -> [UInt8] {
        var bytes: [UInt8] = []
        var output = OutputBuffer(Slab(byteCount: 32 * 1024))
        while bytes.count < most {
            let isFull = send(into: &output, now: 0)
            bytes += output.readable.array(ByteRange(start: 0, count: output.count))
            output.removeAll()
            if !isFull { break }
        }
        return bytes
    }

    private func add(_ list: inout HeadList, _ method: String, _ target: String, protocolName: String? = nil, _ fields: [(String, String)], length: UInt64?) {
        let text = "\(method) \(target) app.example "
        var slab = Slab(byteCount: 4096)
        _ = slab.write(Array(text.utf8).span, at: 0)
        var head = RequestHead()
        head.methodName = ByteRange(start: 0, count: method.utf8.count)
        let path = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0].utf8.count
        head.path = ByteRange(start: method.utf8.count + 1, count: path)
        head.query = ByteRange(start: head.path.upper, count: target.utf8.count - path)
        if let length { head.framing = .length(length) }
        var table = FieldTable(Slab(byteCount: 1024))
        var end = text.utf8.count
        for (name, value) in fields {
            _ = slab.write(Array((name + value).utf8).span, at: end)
            let nameRange = ByteRange(start: end, count: name.utf8.count)
            let valueRange = ByteRange(start: nameRange.upper, count: value.utf8.count)
            end = valueRange.upper
            _ = table.append(Field(token: .named(slab.bytes, nameRange), name: nameRange, value: valueRange))
        }
        let authority = Array("app.example".utf8)
        if let protocolName {
            let name = Array(protocolName.utf8)
            list.addRequest(head, isHTTPS: true, authority: authority.span, protocolName: name.span, table, in: slab.bytes, dropping: TokenSet())
        } else {
            list.addRequest(head, isHTTPS: true, authority: authority.span, table, in: slab.bytes, dropping: TokenSet())
        }
    }

    /// Sends requests without bodies; how many of them could be sent.
    func asks(_ methods: [Method]) -> Int {
        methods.count { method in request(method, hasBody: false) { add(&$0, "\(method.name)", "/", [], length: nil) } != nil }
    }

    func post(_ target: String, body: [UInt8], length: UInt64?, trailers: [(StaticString, StaticString)] = [], ends: Bool = true) -> HTTP2Stream? {
        // Fields about the connection stay behind.
        let fields = [("Connection", "close"), ("X-A", "b"), ("Content-Length", "99"), ("Host", "other")]
        let stream = request(.post, hasBody: true) { add(&$0, "POST", target, fields, length: length) }
        guard let stream else { return nil }
        outgoing[stream.slot] = body
        if !ends { open.insert(stream.slot) }
        if !trailers.isEmpty { self.trailers[stream.slot] = trailers }
        resume(stream, now: 0)
        return stream
    }

    func connect(_ protocolName: String, body: [UInt8]) -> HTTP2Stream? {
        let stream = request(.connect, isTunnel: true, hasBody: true) {
            add(&$0, "CONNECT", "/chat", protocolName: protocolName, [], length: nil)
        }
        guard let stream else { return nil }
        outgoing[stream.slot] = body
        open.insert(stream.slot)
        resume(stream, now: 0)
        return stream
    }

    private func text(_ message: borrowing ReceivedFields) -> String {
        let bytes = message.slab.bytes
        return "[" + list(message.fields, bytes).map(\.text).joined(separator: ", ") + "]"
    }

    override func received(_ stream: HTTP2Stream, _ head: ResponseHead, _ message: inout ReceivedFields) {
        events.append("head \(stream.number) \(head.status) \(head.framing) \(text(message))")
    }
    override func informed(_ stream: HTTP2Stream, _ head: ResponseHead, _ message: inout ReceivedFields) {
        events.append("informed \(stream.number) \(head.status) \(text(message))")
    }
    override func received(_ stream: HTTP2Stream, body: Span<UInt8>) {
        bodies[stream.number, default: []] += (0..<body.count).map { body[$0] }
        if body.count < 100 { events.append("body \(stream.number) " + String(decoding: (0..<body.count).map { body[$0] }, as: UTF8.self)) }
        consume(stream, body.count)
    }
    override func received(_ stream: HTTP2Stream, trailers: borrowing FieldTable, in bytes: Span<UInt8>) {
        events.append("trailers \(stream.number) " + list(trailers, bytes).map(\.text).joined(separator: ", "))
    }
    override func ended(_ stream: HTTP2Stream) { events.append("ended \(stream.number)") }
    override func closed(_ stream: HTTP2Stream, _ reason: Reason?) {
        events.append("closed \(stream.number) \(reason.map { "\($0.code)" } ?? "complete")")
    }
    override func peerIsLeaving(_ code: ErrorCode) { events.append("leaves \(code.rawValue)") }
    override func outgoing(_ stream: HTTP2Stream, atMost most: Int) -> OutgoingBody {
        let waiting = outgoing[stream.slot, default: []].count
        guard waiting <= most, !open.contains(stream.slot) else { return OutgoingBody(min(waiting, most), waiting > most ? .more : .later) }
        return OutgoingBody(waiting, trailers[stream.slot] == nil ? .end : .trailers)
    }
    override func write(_ stream: HTTP2Stream, _ count: Int, into output: inout OutputBuffer) {
        output.append(Array(outgoing[stream.slot, default: []].prefix(count)))
        outgoing[stream.slot]?.removeFirst(count)
    }
    override func writeTrailers(_ stream: HTTP2Stream, into list: inout HeadList) {
        for (name, value) in trailers[stream.slot] ?? [] { list.add(name, value) }
    }
}
