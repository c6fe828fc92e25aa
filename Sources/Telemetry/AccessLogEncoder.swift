import Buffers
import HTTPMessage

/// Writes one line an exchange. One a loop; allocates only when it is made. Lines are described in docs/access-log.md.
public struct AccessLogEncoder: ~Copyable {
    /// How a line is written.
    public enum Format: Sendable {
        /// The combined format of Apache and nginx, with `name=value` pairs behind it.
        case combined
        /// One JSON object (RFC 8259).
        case json
    }

    private let format: Format
    private var time = LogTime()

    public init(_ format: Format) { self.format = format }

    /// The most that one line can take. A buffer of this size takes any line.
    public static var maximumLineBytes: Int { fixedBytes + textLimits }

    /// The most bytes that each text may take in a line, escaped; longer ones are cut and end in `...`.
    private enum Limit {
        static var client: Int { 64 }
        static var method: Int { 64 }
        static var target: Int { 8192 }
        static var host: Int { 512 }
        static var referer: Int { 2048 }
        static var userAgent: Int { 1024 }
        static var upstream: Int { 128 }
        static var server: Int { 128 }
        static var id: Int { 256 }
    }
    private static var textLimits: Int {
        Limit.client + Limit.method + Limit.target + Limit.host + Limit.referer + Limit.userAgent + Limit.upstream + Limit.server
            + Limit.id
    }
    /// All that is not such a text, at its longest: the names, the time, fifteen numbers of up to 20 digits, two reason codes, and
    /// `...` nine times.
    private static var fixedBytes: Int { 1000 }

    /// Writes the line for one exchange, with its line feed, or nothing when there may not be room for it.
    /// `now` is the end of the exchange, in milliseconds since 1970. Returns whether it was written.
    public mutating func encode(
        _ record: borrowing ExchangeRecord, _ texts: borrowing ExchangeTexts, now: Int64, into out: inout OutputBuffer
    ) -> Bool {
        guard out.room >= Self.mostBytes(for: texts) else { return false }
        let milliseconds = max(0, now)
        time.update(milliseconds / 1000)
        switch format {
        case .combined: encodeCombined(record, texts, into: &out)
        case .json: encodeJSON(record, texts, millisecond: milliseconds % 1000, into: &out)
        }
        return true
    }

    /// An escaped byte takes six at most; so a short line needs no more room than six times its texts.
    private static func mostBytes(for texts: borrowing ExchangeTexts) -> Int {
        let six = 6
        return fixedBytes + min(Limit.client, six * texts.client.count) + min(Limit.method, six * texts.method.count)
            + min(Limit.target, six * texts.target.count) + min(Limit.host, six * texts.host.count)
            + min(Limit.referer, six * texts.referer.count) + min(Limit.userAgent, six * texts.userAgent.count)
            + min(Limit.upstream, six * texts.upstream.count) + min(Limit.server, six * texts.server.count)
            + min(Limit.id, six * texts.id.count)
    }

    // MARK: combined

    private borrowing func encodeCombined(
        _ record: borrowing ExchangeRecord, _ texts: borrowing ExchangeTexts, into out: inout OutputBuffer
    ) {
        Self.appendCombined(texts.client, limit: Limit.client, to: &out)
        out.append(" - - [")
        out.append(time.common)
        out.append("] \"")
        if texts.method.isEmpty {
            out.append("-")
        } else {
            LogEscaping.appendHexEscaped(texts.method, limit: Limit.method, to: &out)
            out.append(" ")
            LogEscaping.appendHexEscaped(texts.target, limit: Limit.target, to: &out)
            out.append(" HTTP/")
            out.append(record.version.number)
        }
        out.append("\" ")
        Self.appendStatus(record.status, to: &out)
        out.append(" ")
        out.append(decimal: record.bodyBytesOut)
        out.append(" \"")
        Self.appendCombined(texts.referer, limit: Limit.referer, to: &out)
        out.append("\" \"")
        Self.appendCombined(texts.userAgent, limit: Limit.userAgent, to: &out)
        out.append("\" host=\"")
        Self.appendCombined(texts.host, limit: Limit.host, to: &out)
        out.append("\" upstream=\"")
        Self.appendCombined(texts.upstream, limit: Limit.upstream, to: &out)
        out.append("\" server=\"")
        Self.appendCombined(texts.server, limit: Limit.server, to: &out)
        out.append("\" reason=")
        if let code = record.reasonCode { out.append(code) } else { out.append("-") }
        out.append(" cause=")
        if let cause = record.cause { out.append(cause.code) } else { out.append("-") }
        out.append(" end=")
        Self.append(record.end, to: &out)
        Self.append(" head=", record.marks.head, to: &out)
        Self.append(" queue=", record.marks.queue, to: &out)
        Self.append(" connect=", record.marks.connect, to: &out)
        Self.append(" first=", record.marks.first, to: &out)
        Self.append(" total=", record.marks.total, to: &out)
        Self.append(" in=", record.clientBytesIn, to: &out)
        Self.append(" out=", record.clientBytesOut, to: &out)
        Self.append(" app-out=", record.appBytesOut, to: &out)
        Self.append(" app-in=", record.appBytesIn, to: &out)
        Self.append(" tries=", UInt64(record.tries), to: &out)
        Self.append(" before=", UInt64(record.exchangesBefore), to: &out)
        out.append(" tls=")
        out.append(record.tlsVersion ?? "-")
        out.append(" id=\"")
        Self.appendCombined(texts.id, limit: Limit.id, to: &out)
        out.append("\"\n")
    }

    private static func appendCombined(_ text: Span<UInt8>, limit: Int, to out: inout OutputBuffer) {
        if text.isEmpty { out.append("-") } else { LogEscaping.appendHexEscaped(text, limit: limit, to: &out) }
    }

    private static func append(_ name: StaticString, _ number: UInt64?, to out: inout OutputBuffer) {
        out.append(name)
        if let number { out.append(decimal: number) } else { out.append("-") }
    }

    /// Three digits always, so that the column stays one.
    private static func appendStatus(_ status: UInt16, to out: inout OutputBuffer) {
        let three = min(status, 999)
        out.append(byte: 0x30 + UInt8(three / 100))
        out.append(byte: 0x30 + UInt8(three / 10 % 10))
        out.append(byte: 0x30 + UInt8(three % 10))
    }

    private static func append(_ end: EndState, to out: inout OutputBuffer) {
        out.append(byte: end.party.rawValue)
        out.append(byte: end.phase.rawValue)
        out.append(byte: end.appConnection.rawValue)
        out.append(byte: end.clientConnection.rawValue)
    }

    // MARK: JSON

    private borrowing func encodeJSON(
        _ record: borrowing ExchangeRecord, _ texts: borrowing ExchangeTexts, millisecond: Int64, into out: inout OutputBuffer
    ) {
        out.append("{\"time\":\"")
        out.append(time.iso)
        out.append(".")
        Self.appendStatus(UInt16(millisecond), to: &out)
        out.append("Z\"")
        Self.appendJSON(",\"client\":\"", texts.client, limit: Limit.client, to: &out)
        Self.appendJSON(",\"method\":\"", texts.method, limit: Limit.method, to: &out)
        Self.appendJSON(",\"target\":\"", texts.target, limit: Limit.target, to: &out)
        if !texts.method.isEmpty {
            out.append(",\"version\":\"")
            out.append(record.version.number)
            out.append("\"")
        }
        if let version = record.tlsVersion {
            out.append(",\"tls\":\"")
            out.append(version)
            out.append("\"")
        }
        Self.appendJSON(",\"host\":\"", texts.host, limit: Limit.host, to: &out)
        Self.append(",\"status\":", UInt64(record.status), to: &out)
        if let code = record.reasonCode {
            out.append(",\"reason\":\"")
            out.append(code)
            out.append("\"")
        }
        if let cause = record.cause {
            out.append(",\"cause\":\"")
            out.append(cause.code)
            out.append("\"")
        }
        out.append(",\"end\":\"")
        Self.append(record.end, to: &out)
        out.append("\"")
        Self.appendJSON(",\"upstream\":\"", texts.upstream, limit: Limit.upstream, to: &out)
        Self.appendJSON(",\"server\":\"", texts.server, limit: Limit.server, to: &out)
        Self.appendJSON(",\"head_us\":", record.marks.head, to: &out)
        Self.appendJSON(",\"queue_us\":", record.marks.queue, to: &out)
        Self.appendJSON(",\"connect_us\":", record.marks.connect, to: &out)
        Self.appendJSON(",\"first_us\":", record.marks.first, to: &out)
        Self.appendJSON(",\"total_us\":", record.marks.total, to: &out)
        Self.append(",\"in\":", record.clientBytesIn, to: &out)
        Self.append(",\"out\":", record.clientBytesOut, to: &out)
        Self.append(",\"body_out\":", record.bodyBytesOut, to: &out)
        Self.append(",\"app_out\":", record.appBytesOut, to: &out)
        Self.append(",\"app_in\":", record.appBytesIn, to: &out)
        Self.append(",\"tries\":", UInt64(record.tries), to: &out)
        Self.append(",\"before\":", UInt64(record.exchangesBefore), to: &out)
        Self.appendJSON(",\"id\":\"", texts.id, limit: Limit.id, to: &out)
        Self.appendJSON(",\"referer\":\"", texts.referer, limit: Limit.referer, to: &out)
        Self.appendJSON(",\"user_agent\":\"", texts.userAgent, limit: Limit.userAgent, to: &out)
        out.append("}\n")
    }

    /// A member whose name and opening quote are in `name`; nothing for an empty text.
    private static func appendJSON(_ name: StaticString, _ text: Span<UInt8>, limit: Int, to out: inout OutputBuffer) {
        guard !text.isEmpty else { return }
        out.append(name)
        LogEscaping.appendJSONEscaped(text, limit: limit, to: &out)
        out.append("\"")
    }

    private static func appendJSON(_ name: StaticString, _ number: UInt64?, to out: inout OutputBuffer) {
        guard let number else { return }
        out.append(name)
        out.append(decimal: number)
    }
}
