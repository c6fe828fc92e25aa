import FilterAPI
import FilterTesting
import Gunzip
import HTTP1
import HTTPMessage

/// Drives a pipeline of built-in filters from bytes: options, messages, and where bodies are cut. Whatever they are, nothing crashes or runs
/// for ever, heads stay heads, a body's end does not depend on its cuts, and an exchange ends exactly once.
package func checkFilters(_ bytes: [UInt8]) {
    guard let message = FilteredMessage(bytes) else { return }
    if message.isPrologue { return checkPrologue(message, bytes) }
    guard (try? makeHarness(message)) != nil else { return }
    let body = message.body
    let cut = body.isEmpty ? 0 : bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % body.count
    var ways: [[TestPiece]] = [
        [.bytes(body)],
        [.bytes(Array(body[..<cut])), .flush, .bytes(Array(body[cut...]))],
        [.flush, .bytes(body), .flush, .flush],
    ]
    if body.count <= 256 { ways.append(body.map { .bytes([$0]) }) }
    var first: Passing?
    for (index, way) in ways.enumerated() {
        guard let passing = pass(message, way, room: index.isMultiple(of: 2) ? 16 * 1024 : 512, bytes) else { return }
        if let first { check(passing == first, "the cut \(index) of the body changes the outcome", bytes) } else { first = passing }
    }
}

/// Whoever connects, what a filter makes of the beginning of a connection does not depend on how it is cut, and names bytes that are there.
private func checkPrologue(_ message: FilteredMessage, _ bytes: [UInt8]) {
    guard let harness = try? PrologueHarness(of: message.filters[0].plugin, message.filters[0].options) else { return }
    for peer in ["192.0.2.1", "2001:db8::1", ""] {
        check(harness.isSameForAnyCut(message.prologue, from: peer), "the cut of a prologue changes the outcome", bytes)
    }
}

/// Why the options of an input are refused, if they are: such an input tests nothing but that.
package func refusal(_ bytes: [UInt8]) -> String? {
    guard let message = FilteredMessage(bytes) else { return "it names no filter, or one that is none" }
    do throws(HarnessError) {
        if message.isPrologue {
            _ = try PrologueHarness(of: message.filters[0].plugin, message.filters[0].options)
            return nil
        }
        let harness = try makeHarness(message)
        return harness.exchange(message.request, from: "192.0.2.1") == nil ? "its request is none" : nil
    } catch {
        return "\(error)"
    }
}

/// What may not depend on how a body is cut.
private struct Passing: Equatable {
    var stage: TestExchange.Stage
    var status: UInt16?
    var isRequestBodyWhole: Bool?
    var isResponseBodyWhole: Bool?
}

/// How often one request may wait: twice for each filter.
private let mostDelays = 12

/// The name is `a`, the password `secret`.
private let users = FileContent.text("a:$2y$04$QT1LjbqZiX8sIfGa8rpjaOxL3B.QPlPTf2QdI4Dqy.bGrfXAxBMV6\n")

private func makeHarness(_ message: FilteredMessage) throws(HarnessError) -> FilterHarness {
    let harness = try FilterHarness(message.filters, loops: 2, apps: ["other"], files: ["/file": .text("text\n"), "/users": users])
    // What filters ask `other` it answers with the response, if that is one.
    let answer = parseResponse(message.response, limits: .roomy)
    let isAnswer = answer.outcome == .complete && answer.status >= 200 && answer.end == message.response.count
    harness.answer(app: "other") { question in
        check(parseRequest((question.head.replacing("\n", with: "\r\n") + "Host: h\r\n\r\n").octets, limits: .roomy).outcome == .complete, "what an app is asked is one request head", message.request)
        return isAnswer ? .response(String(decoding: message.response, as: UTF8.self), body: message.body) : .failure
    }
    return harness
}

/// One exchange on each of two loops, the second a while later; what became of the first. Nil if the request is none.
private func pass(_ message: FilteredMessage, _ body: [TestPiece], room: Int, _ bytes: [UInt8]) -> Passing? {
    guard let harness = try? makeHarness(message) else {
        check(false, "options are accepted once and refused then", bytes)
        return nil
    }
    var outcome: Passing?
    for loop in 0..<2 {
        guard let exchange = harness.exchange(message.request, from: loop == 0 ? "192.0.2.1" : "2001:db8::1", https: loop == 1, on: loop) else {
            return nil
        }
        var delays = 0
        while exchange.delay != nil {
            delays += 1
            check(delays <= mostDelays, "a request waits for ever", bytes)
            exchange.delayIsOver()
        }
        let passing = finish(exchange, message, body, room, bytes)
        if loop == 0 { outcome = passing }
        harness.advance(by: .milliseconds(700))
    }
    return outcome
}

private func finish(_ exchange: TestExchange, _ message: FilteredMessage, _ body: [TestPiece], _ room: Int, _ bytes: [UInt8]) -> Passing {
    var passing = Passing(stage: exchange.stage)
    switch exchange.stage {
    case .answered:
        guard let reply = exchange.reply else { fatalError("answered without an answer") }
        passing.status = reply.status
        check(reply.reason != nil, "a reply has a reason", bytes)
        checkHead(reply, bytes)
    case .forwarded where !exchange.isTooLarge:
        let sent = parseRequest(exchange.headBytes + "\r\n".octets, limits: .roomy, tableFor: 512)
        // Without a host (HTTP/1.0) the gateway writes one of its own.
        let hasHost = !parseRequest(message.request, limits: .roomy, tableFor: 512).authority.isEmpty
        check(!hasHost || sent.outcome == .complete && sent.end == exchange.headBytes.count + 2, "what the app gets is one request head", bytes)
        passing.isRequestBodyWhole = exchange.sendBody(body, roomAtOnce: room) != nil
        if let response = exchange.response(message.response, body, roomAtOnce: room) {
            passing.status = response.status
            passing.isResponseBodyWhole = response.isComplete
            checkHead(response, bytes)
            check(response.outputs.reduce(0) { $0 + $1.count } <= 1 << 24, "a body grows without bound", bytes)
            if message.isCodedOnly { checkCoding(response, message, body, bytes) }
        }
    case .forwarded, .waiting, .finished: break
    }
    exchange.finish()
    return passing
}

/// What gzip alone makes of a response: the same body, coded or not, and not coded where it is short and its end is known in time.
private func checkCoding(_ response: TestResponse, _ message: FilteredMessage, _ pieces: [TestPiece], _ bytes: [UInt8]) {
    guard response.isComplete, !response.body.isEmpty || message.body.isEmpty else { return }
    let sent = pieces.flatMap { piece -> [UInt8] in if case .bytes(let bytes) = piece { bytes } else { [] } }
    let app = parseResponse(message.response, limits: .roomy, tableFor: 512)
    guard !app.fields.contains(where: { $0.name.lowercased() == "content-encoding" }) else { return }
    guard response.field("Content-Encoding") == "gzip" else { return check(response.body.isEmpty || response.body == sent, "a body changes that is not coded", bytes) }
    guard !response.body.isEmpty else { return }
    let reader = try? FilterHarness(Gunzip.self, "max-ratio = off").send("GET / HTTP/1.1\nHost: h\n")
    let read = reader?.respond("HTTP/1.1 200 OK\nContent-Encoding: gzip\nTransfer-Encoding: chunked\n", [.bytes(response.body)])
    check(read?.isComplete == true && read?.body == sent, "what is coded reads otherwise", bytes)
    let pauses = pieces.contains { if case .flush = $0 { true } else { false } }
    let isUsual = (app.framing == .chunked || app.framing == .untilClose) && !message.filters[0].options.contains("min-length") && !String(decoding: message.request, as: UTF8.self).contains("q=")
    check(pauses || sent.count >= 1024 || !isUsual, "a short body is coded", bytes)
}

private func checkHead(_ response: TestResponse, _ bytes: [UInt8]) {
    let sent = parseResponse(response.headBytes + "\r\n".octets, limits: .roomy, tableFor: 512)
    check(sent.outcome == .complete && sent.end == response.headBytes.count + 2, "what the client gets is one response head", bytes)
    check(sent.status == response.status, "and its status is the response's", bytes)
}

extension HeadLimits {
    /// Filters may add as much as a message holds.
    fileprivate static let roomy = HeadLimits(headBytes: 512 * 1024, targetBytes: 256 * 1024, fieldCount: 512)
}
