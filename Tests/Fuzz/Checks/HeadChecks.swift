import HTTP1
import HTTPMessage

/// Checks one run of bytes taken as a request head: any cut gives the same result, what is accepted obeys the grammar, and what is
/// written for it reads the same.
package func checkRequestHead(_ bytes: [UInt8]) {
    // Small limits, so that a fuzzer reaches them.
    let limits = HeadLimits(headBytes: 2048, targetBytes: 256, fieldCount: 24)
    let whole = checkedCuts(bytes) { parseRequest(bytes, limits: limits, cuts: $0) }
    check(whole.outcome != .incomplete || bytes.count < limits.headBytes, "waits behind the limit", bytes)
    guard whole.outcome == .complete else { return }
    check(whole.end <= min(bytes.count, limits.headBytes), "the head ends within the limit", bytes)
    StrictHead.checkRequest(bytes[..<whole.end], whole)
    guard whole.form != .asterisk || !whole.authority.isEmpty || whole.version == .http10 else { return }
    guard let written = rewriteRequest(bytes) else { return check(false, "a head that was read can be written", bytes) }
    let again = parseRequest(written)
    check(again.outcome == .complete || whole.authority.isEmpty, "what is written can be read", bytes)
    guard again.outcome == .complete else { return }
    check(again.end == written.count && again.method == whole.method && again.query == whole.query, "same request line", bytes)
    check(again.path == whole.path || (whole.form == .absolute && whole.path.isEmpty && ["/", "*"].contains(again.path)), "same path", bytes)
    let isEmptyPost = whole.framing == .none && ["POST", "PUT", "PATCH"].contains(whole.method)
    check(again.framing == (isEmptyPost ? .length(0) : whole.framing), "same framing", bytes)
    let kept = whole.fields.filter { $0.marks & 6 == 0 && !TokenSet.requestDrops.contains($0.token) }
    let found = again.fields.filter { !TokenSet.requestDrops.contains($0.token) }
    check(kept.map(\.text) == found.map(\.text), "same fields", bytes)
    check(kept == StrictHead.passedOn(whole.fields, dropping: StrictHead.requestStops), "all but the hop-by-hop fields", bytes)
    StrictHead.checkRequest(written[...], again)
    check(StrictHead.framingLines(written) <= 1, "one framing", bytes)
    let vouched = rewriteRequest(bytes, dropping: .forwarding).map { parseRequest($0) }
    check(vouched?.fields.contains { StrictHead.forwarding.contains(StrictHead.common($0.name)) } == false, "no forwarding field slips by", bytes)
    check(again.fields.allSatisfy { $0.marks == 1 }, "every field is canonical and kept", bytes)
    check(rewriteRequest(written) == written, "written twice is the same", bytes)
}

/// The same for a response head.
package func checkResponseHead(_ bytes: [UInt8]) {
    let limits = HeadLimits(headBytes: 2048, targetBytes: 256, fieldCount: 24)
    let whole = checkedCuts(bytes) { parseResponse(bytes, limits: limits, cuts: $0) }
    check(whole.outcome != .incomplete || bytes.count < limits.headBytes, "waits behind the limit", bytes)
    check((whole.outcome == .complete) == (parseResponse(bytes, answering: .head, limits: limits).outcome == .complete), "HEAD is as strict", bytes)
    guard whole.outcome == .complete else { return }
    StrictHead.checkResponse(bytes[..<whole.end], whole)
    guard let written = rewriteResponse(bytes) else { return check(false, "a head that was read can be written", bytes) }
    let again = parseResponse(written)
    check(again.outcome == .complete && again.end == written.count && again.status == whole.status, "same status", bytes)
    check(again.framing == whole.framing, "same framing", bytes)
    let kept = whole.fields.filter { $0.marks & 6 == 0 && !TokenSet.responseDrops.contains($0.token) }
    check(kept.map(\.text) == again.fields.filter { $0.token != .contentLength && $0.token != .transferEncoding }.map(\.text), "same fields", bytes)
    check(kept == StrictHead.passedOn(whole.fields, dropping: StrictHead.responseStops), "all but the hop-by-hop fields", bytes)
    StrictHead.checkResponse(written[...], again)
    check(StrictHead.framingLines(written) <= 1, "one framing", bytes)
    check(rewriteResponse(written) == written, "written twice is the same", bytes)
    guard let bodiless = rewriteResponse(bytes, answering: .head) else { return check(false, "an answer to HEAD can be written", bytes) }
    let headed = parseResponse(bodiless, answering: .head)
    check(headed.outcome == .complete && headed.end == bodiless.count && headed.framing == .none, "an answer to HEAD has no body", bytes)
    check(StrictHead.framingLines(bodiless) <= 1, "one framing in answer to HEAD", bytes)
}
