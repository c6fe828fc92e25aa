import Buffers
import HTTP1
import HTTP2
import HTTPMessage

/// A client's connection that writes down what it is told. It answers what its closures say, and gives bodies back to the client only when
/// it is told to.
package final class RecordedStreams: ServerSession {
    package var events: [String] = []
    package var heads: [RecordedHead] = []
    package var bodies: [Int32: [UInt8]] = [:]
    /// Bodies that wait to be sent, by stream.
    package var outgoing: [Int32: [UInt8]] = [:]
    package var outgoingEnds: Set<Int32> = []
    package var trailers: [Int32: [(StaticString, StaticString)]] = [:]
    package var live: [Int32: HTTP2Stream] = [:]
    package var whenReceived: (RecordedStreams, HTTP2Stream) -> Void = { _, _ in }
    package var whenEnded: (RecordedStreams, HTTP2Stream) -> Void = { _, _ in }
    package var whenBodyCame: (RecordedStreams, HTTP2Stream, Int) -> Void = { _, _, _ in }
    package let slabs: SlabPool
    private let tables: SlabPool

    package init(_ settings: SessionSettings = SessionSettings(), spare: SpareWindow? = nil) {
        slabs = SlabPool(slabSize: 32 * 1024)
        tables = SlabPool(slabSize: 256 * MemoryLayout<Field>.stride)
        super.init(settings: settings, slabs: slabs, tables: tables, spare: spare)
    }

    override package func received(_ stream: HTTP2Stream, _ head: RequestHead, protocolName: ByteRange?, _ message: inout ReceivedFields) {
        live[stream.number] = stream
        let recorded = RecordedHead(head, protocolName: protocolName, message)
        heads.append(recorded)
        events.append("head \(stream.number) \(recorded.text)")
        whenReceived(self, stream)
    }

    override package func mustRefuse(_ stream: HTTP2Stream, _ reason: Reason) {
        live[stream.number] = stream
        events.append("must refuse \(stream.number) \(reason.code)")
        _ = respond(stream, status: reason.status) {
            $0.add("content-length", decimal: 0)
            return false
        }
    }

    override package func received(_ stream: HTTP2Stream, body: Span<UInt8>) {
        let isNew = bodies[stream.number] == nil
        bodies[stream.number, default: []] += body.array(ByteRange(start: 0, count: body.count))
        if isNew { events.append("body \(stream.number)") }
        whenBodyCame(self, stream, body.count)
    }

    override package func received(_ stream: HTTP2Stream, trailers: borrowing FieldTable, in bytes: Span<UInt8>) {
        events.append("trailers \(stream.number) " + list(trailers, bytes).map { "\($0.text)\($0.marks & 4 != 0 ? " (removed)" : "")" }.joined(separator: ", "))
    }

    override package func ended(_ stream: HTTP2Stream) {
        events.append("ended \(stream.number) after \(stream.receivedBytes)")
        whenEnded(self, stream)
    }

    override package func closed(_ stream: HTTP2Stream, _ reason: Reason?) {
        live[stream.number] = nil
        events.append("closed \(stream.number) \(reason.map { "\($0.code)" } ?? "complete")")
    }

    override package func refused(_ number: Int32, _ reason: Reason) { events.append("refused \(number) \(reason.code)") }

    override package func peerIsLeaving(_ code: ErrorCode) { events.append("peer leaves \(code.rawValue)") }

    override package func finished(_ stream: HTTP2Stream) { events.append("finished \(stream.number)") }

    override package func outgoing(_ stream: HTTP2Stream, atMost most: Int) -> OutgoingBody {
        let waiting = outgoing[stream.number, default: []].count
        let ends = outgoingEnds.contains(stream.number)
        guard waiting <= most, ends else { return OutgoingBody(min(waiting, most), waiting > most ? .more : .later) }
        return OutgoingBody(waiting, trailers[stream.number] == nil ? .end : .trailers)
    }

    override package func write(_ stream: HTTP2Stream, _ count: Int, into output: inout OutputBuffer) {
        output.append(Array(outgoing[stream.number, default: []].prefix(count)))
        outgoing[stream.number]?.removeFirst(count)
    }

    override package func writeTrailers(_ stream: HTTP2Stream, into list: inout HeadList) {
        for (name, value) in trailers[stream.number] ?? [] { list.add(name, value) }
    }

    /// Answers with a body, which may be given in parts: `resume` after more.
    package func answer(_ stream: HTTP2Stream, status: UInt16 = 200, _ body: [UInt8], ends: Bool = true) {
        outgoing[stream.number] = body
        if ends { outgoingEnds.insert(stream.number) }
        _ = respond(stream, status: status) {
            $0.add("server", "test")
            return !body.isEmpty || !ends
        }
        if !body.isEmpty || ends { resume(stream, now: now) }
    }

    /// All that is to be sent, through buffers of `room` bytes.
    package func sent(now: Int64 = 0, room: Int = 32 * 1024, most: Int = 1 << 24) -> [UInt8] {
        var bytes: [UInt8] = []
        var output = OutputBuffer(Slab(byteCount: room))
        while bytes.count < most {
            let isFull = send(into: &output, now: now)
            bytes += output.readable.array(ByteRange(start: 0, count: output.count))
            output.removeAll()
            if !isFull { break }
        }
        return bytes
    }
}

/// A request head as plain values.
package struct RecordedHead: Equatable {
    package var method: String
    package var known: Method
    package var path: String
    package var query: String
    package var authority: String
    package var isHTTPS: Bool
    package var form: TargetForm
    package var framing: BodyFraming
    package var protocolName: String?
    package var expectsContinue: Bool
    package var acceptsTrailers: Bool
    package var fields: [ParsedField]
    /// The head as the gateway would write it for an app over HTTP/1; empty for an extended CONNECT.
    package var rewritten: [UInt8]

    init(_ head: RequestHead, protocolName: ByteRange?, _ message: borrowing ReceivedFields) {
        let bytes = message.slab.bytes
        method = bytes.text(head.methodName)
        known = head.method
        path = bytes.text(head.path)
        query = bytes.text(head.query)
        authority = bytes.text(head.authority)
        isHTTPS = head.schemeIsHTTPS
        form = head.form
        framing = head.framing
        self.protocolName = protocolName.map { bytes.text($0) }
        expectsContinue = head.expectsContinue
        acceptsTrailers = head.acceptsTrailers
        fields = list(message.fields, bytes)
        var out = OutputBuffer(Slab(byteCount: 64 * 1024))
        if protocolName == nil {
            HeadWriter.writeRequestLine(head, in: bytes, to: &out)
            out.append("Host: ")
            out.append(bytes, head.authority)
            out.appendCRLF()
            HeadWriter.writeRequestFields(message.fields, in: bytes, dropping: TokenSet(), to: &out)
            HeadWriter.writeRequestFraming(head.framing, method: head.method, to: &out)
            HeadWriter.endHead(to: &out)
        }
        rewritten = out.readable.array(ByteRange(start: 0, count: out.count))
    }

    package var text: String {
        let lines = fields.map { "\($0.text)\($0.marks & 4 != 0 ? " (removed)" : "")" }.joined(separator: ", ")
        return "\(method) \(protocolName.map { "(\($0)) " } ?? "")\(isHTTPS ? "https" : "http")://\(authority) \(path)\(query) \(framing) [\(lines)]"
    }
}
