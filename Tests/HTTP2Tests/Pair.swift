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

    /// As the gateway does: pseudo-fields, then lines of HTTP/1, of which those about the connection stay behind.
    private func add(_ list: inout HeadList, _ method: String, _ target: String, protocolName: String? = nil, _ fields: [(String, String)] = [], length: UInt64? = nil) {
        func add(_ name: StaticString, _ value: String) { list.add(name, Array(value.utf8).span) }
        add(":method", method)
        if let protocolName { add(":protocol", protocolName) }
        add(":scheme", "https")
        add(":authority", "app.example")
        add(":path", target)
        let framing = length.map { [("Content-Length", "\($0)")] } ?? []
        list.add(lines: Array((fields + framing).map { "\($0): \($1)\r\n" }.joined().utf8).span, dropping: [.host])
    }

    /// Sends requests without bodies; how many of them could be sent.
    func asks(_ methods: [Method]) -> Int {
        methods.count { method in request(method, hasBody: false) { add(&$0, "\(method.name)", "/") } != nil }
    }

    func post(_ target: String, body: [UInt8], length: UInt64?, trailers: [(StaticString, StaticString)] = [], ends: Bool = true) -> HTTP2Stream? {
        let fields = [("Connection", "close"), ("X-A", "b"), ("Host", "other")]
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
            add(&$0, "CONNECT", "/chat", protocolName: protocolName)
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
