import Buffers
import HTTPMessage
import Telemetry

/// An exchange whose texts and numbers a test sets, and its line in either format.
struct ExchangeSample {
    var record = ExchangeRecord(began: 1_000)
    var client = Self.bytes("192.0.2.1")
    var method = Self.bytes("GET")
    var target = Self.bytes("/images?x=1")
    var host = Self.bytes("example.org")
    var referer: [UInt8] = []
    var userAgent = Self.bytes("curl/8.0")
    var upstream = Self.bytes("web")
    var server = Self.bytes("127.0.0.1:9292")
    var id: [UInt8] = []
    /// Monday, 23 November 2026, 00:10:09.042 UTC.
    var now: Int64 = 1_795_392_609_042

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// A plain good exchange.
    init() {
        record.status = 200
        record.end = EndState(appConnection: .reused)
        record.clientBytesIn = 78
        record.clientBytesOut = 700
        record.bodyBytesOut = 612
        record.appBytesOut = 160
        record.appBytesIn = 690
        record.tries = 1
        record.exchangesBefore = 3
        record.marks.headRead = 1_012
        record.marks.granted = 1_012
        record.marks.connected = 1_012
        record.marks.firstByte = 1_322
        record.marks.ended = 1_402
    }

    /// The line, without its line feed; nil when it did not fit into `room` bytes.
    func line(_ format: AccessLogEncoder.Format, room: Int = 16 * 1024) -> [UInt8]? {
        var encoder = AccessLogEncoder(format)
        return line(with: &encoder, room: room)
    }

    func line(with encoder: inout AccessLogEncoder, room: Int = 16 * 1024) -> [UInt8]? {
        let pool = SlabPool(slabSize: room)
        defer { withExtendedLifetime(pool) {} }  // until the buffer gave its slab back
        var out = OutputBuffer(pool.take())
        let texts = ExchangeTexts(
            client: client.span, method: method.span, target: target.span, host: host.span, referer: referer.span,
            userAgent: userAgent.span, upstream: upstream.span, server: server.span, id: id.span)
        guard encoder.encode(record, texts, now: now, into: &out) else { return nil }
        let line = (0..<out.count).map { out.readable[$0] }
        precondition(!out.overflowed && line.last == 0x0A)
        return Array(line.dropLast())
    }

    func text(_ format: AccessLogEncoder.Format) -> String {
        String(decoding: line(format) ?? [], as: UTF8.self)
    }
}
