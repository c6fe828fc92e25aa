import Buffers
import HTTPMessage
import Telemetry

/// Checks the access-log lines of an exchange with any texts: one line of the format, from which the texts can be read again.
///
/// The input's first seven bytes say how long the first seven of the eight texts are, the rest of it is the texts. The id is the user agent
/// again.
package func checkAccessLog(_ bytes: [UInt8]) {
    var rest = bytes.dropFirst(7)
    var texts: [[UInt8]] = bytes.prefix(7).map { length in
        // Above 127 in steps of 80, so that every limit can be passed.
        let text = Array(rest.prefix(length < 128 ? Int(length) : (Int(length) - 127) * 80))
        rest = rest.dropFirst(text.count)
        return text
    }
    texts += Array(repeating: [], count: 7 - texts.count) + [Array(rest)]
    let json = line(.json, texts)
    check(json.last == 0x0A && !json.dropLast().contains(0x0A), "JSON stays one line", bytes)
    guard let members = LogLine.members(json.dropLast()) else { return check(false, "one flat JSON object", bytes) }
    let names = ["client", "method", "target", "host", "referer", "user_agent", "upstream", "server", "id"]
    for (name, text) in zip(names, texts + [texts[5]]) { checkText(members[name], LogLine.repaired(text), name, bytes) }
    let counts = ["status", "in", "out", "body_out", "app_out", "app_in", "tries", "before", "time", "end"]
    check(counts.allSatisfy { members[$0] != nil }, "every member is there", bytes)
    checkCombined(line(.combined, texts), texts, bytes)
}

private func checkCombined(_ line: [UInt8], _ texts: [[UInt8]], _ bytes: [UInt8]) {
    check(line.last == 0x0A && line.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "a line of printable ASCII", bytes)
    // Quoted: request, referer, user agent, host, upstream, server, id. No text can add a quote.
    let parts = line.dropLast().split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
    check(parts.count == 15, "seven quoted texts", bytes)
    guard parts.count == 15 else { return }
    for (part, text) in zip([3, 5, 7, 9, 11, 13], [texts[4], texts[5], texts[3], texts[6], texts[7], texts[5]]) {
        guard let read = LogLine.unescaped(parts[part]) else { return check(false, "only \\xHH", bytes) }
        checkText(Latin.text(read), text.isEmpty ? "-" : Latin.text(text), "quoted \(part)", bytes)
    }
    check(parts[0].starts(with: texts[0].isEmpty ? "- - - [".utf8 : "".utf8), "the client", bytes)
    check(parts[12].starts(with: " reason=- cause=- end=--RK head=".utf8), "what follows the texts", bytes)
}

/// Bytes one by one as characters.
private enum Latin {
    static func text(_ bytes: [UInt8]) -> String { String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })) }
}

/// What was read is what was written, or a cut one: a beginning of it, and `...`.
private func checkText(_ read: String?, _ written: String, _ name: String, _ bytes: [UInt8]) {
    guard let read else { return check(written.isEmpty, "\(name) is there", bytes) }
    if Array(read.unicodeScalars) == Array(written.unicodeScalars) { return }
    let cut = Array(read.unicodeScalars)
    check(cut.suffix(3).elementsEqual("...".unicodeScalars), "\(name) is what was written", bytes)
    check(written.unicodeScalars.starts(with: cut.dropLast(3)), "\(name) begins as what was written", bytes)
}

private func line(_ format: AccessLogEncoder.Format, _ texts: [[UInt8]]) -> [UInt8] {
    var record = ExchangeRecord(began: 1)
    record.status = 200
    record.end = EndState(appConnection: .reused)
    record.marks.ended = 99
    var encoder = AccessLogEncoder(format)
    var out = OutputBuffer(Slab(byteCount: AccessLogEncoder.maximumLineBytes))
    // What spans are lent from must have names.
    let (client, method, target, host) = (texts[0], texts[1], texts[2], texts[3])
    let (referer, userAgent, upstream, server) = (texts[4], texts[5], texts[6], texts[7])
    let lent = ExchangeTexts(
        client: client.span, method: method.span, target: target.span, host: host.span, referer: referer.span,
        userAgent: userAgent.span, upstream: upstream.span, server: server.span, id: userAgent.span)
    let written = encoder.encode(record, lent, now: 1_795_392_609_042, into: &out)
    check(written && !out.overflowed, "any line fits", texts.flatMap { $0 })
    return out.readable.array(ByteRange(start: 0, count: out.count))
}
