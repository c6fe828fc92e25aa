import Glibc
import Testing

/// One end of a connection, moved by a script: sends exact bytes, expects exact bytes. Nothing happens on it by itself.
///
/// Every wait ends by what the other side does; the deadline only turns a hang into a failure.
final class ScriptedConnection {
    let socket: Descriptor
    /// Who this is, for messages: "the client", "the app".
    let name: String
    /// Bytes read from the kernel and not yet taken by the script.
    private(set) var unread: [UInt8] = []
    /// Every byte that the other side ever sent on this connection.
    private(set) var log: [UInt8] = []
    private(set) var ended: Descriptor.Transfer?
    /// The script has seen the other side's end.
    var hasEnded: Bool { ended != nil }

    init(_ socket: Descriptor, name: String) {
        self.socket = socket
        self.name = name
    }

    // MARK: Sending

    func send(_ text: String, at location: SourceLocation = #_sourceLocation) throws {
        try send(text.bytes, at: location)
    }

    /// Sends all of `bytes`; fails when the other side closed or takes nothing more until the deadline.
    func send(_ bytes: [UInt8], within limit: Duration = Deadline.usual, at location: SourceLocation = #_sourceLocation) throws {
        let deadline = Deadline(limit)
        var left = bytes[...]
        while !left.isEmpty {
            switch socket.write(left) {
            case .bytes(let count): left = left.dropFirst(count)
            case .wouldBlock:
                guard socket.await(POLLOUT, until: deadline) != 0 else {
                    throw ScenarioFailure("\(name): nobody takes the last \(left.count) of \(bytes.count) bytes", at: location)
                }
            case let other: throw ScenarioFailure("\(name): send ended with \(other)", at: location)
            }
        }
    }

    /// Sends as much as the kernel takes now; returns how much. 0 also when the other side closed.
    func sendWhatFits(_ bytes: ArraySlice<UInt8>) -> Int {
        if case .bytes(let count) = socket.write(bytes) { return count }
        return 0
    }

    /// Sends `bytes` in pieces; each only when the other side has read the one before it.
    func send(_ bytes: [UInt8], cutAt cuts: some Sequence<Int>, at location: SourceLocation = #_sourceLocation) throws {
        var start = 0
        for cut in cuts where cut > start && cut < bytes.count {
            try send(Array(bytes[start..<cut]), at: location)
            try awaitTaken(at: location)
            start = cut
        }
        try send(Array(bytes[start...]), at: location)
    }

    /// Waits until the other side has read all that was sent.
    func awaitTaken(at location: SourceLocation = #_sourceLocation) throws {
        let (local, remote) = (socket.localPort, socket.remotePort)
        guard wait(until: { (ProcFiles.unread(by: remote, from: local) ?? 0) == 0 }) else {
            throw ScenarioFailure("\(name): what was sent stays unread", at: location)
        }
    }

    /// Half-close: no more bytes from here.
    func closeWriting() { socket.closeWriting() }
    func close() { socket.close() }
    func reset() { socket.reset() }

    // MARK: Receiving

    /// Takes what is there into `unread`, waiting for at least one byte or the end. Returns false at the end.
    private func fill(_ deadline: Deadline, _ what: String, _ location: SourceLocation) throws -> Bool {
        if ended != nil { return false }
        while true {
            let before = unread.count
            switch socket.read(into: &unread) {
            case .bytes:
                log.append(contentsOf: unread[before...])
                return true
            case .wouldBlock:
                guard socket.await(POLLIN, until: deadline) != 0 else {
                    throw ScenarioFailure("\(name): waited in vain for \(what); has \(shown(unread))", at: location)
                }
            case let end:
                ended = end
                return false
            }
        }
    }

    /// Takes what has arrived, without waiting; true when there is something for the script to read.
    func hasArrivals() -> Bool {
        while ended == nil, socket.number >= 0, socket.pending(POLLIN) != 0 {
            guard (try? fill(Deadline(.zero), "", #_sourceLocation)) == true else { break }
        }
        return !unread.isEmpty
    }

    /// Takes what has arrived, at most half of `ring`, without waiting, and compares it with an endless repetition of the first half
    /// of `ring` (whose second half is the same again), of which `position` bytes came before. Keeps no log of it. Returns how much.
    func takeArrived(_ scratch: inout [UInt8], equalTo ring: [UInt8], position: Int, at location: SourceLocation = #_sourceLocation) throws -> Int {
        var done = 0
        if !unread.isEmpty {
            let start = position % (ring.count / 2)
            guard unread.elementsEqual(ring[start..<(start + unread.count)]) else { throw ScenarioFailure("\(name): wrong bytes near \(position)", at: location) }
            done = unread.count
            unread.removeAll()
        }
        while ended == nil {
            let (transfer, isEqual) = socket.readAndCompare(&scratch, ring, position: position + done)
            guard isEqual else { throw ScenarioFailure("\(name): wrong bytes near \(position + done)", at: location) }
            switch transfer {
            case .bytes(let count): done += count
            case .wouldBlock: return done
            case let end: ended = end
            }
        }
        return done
    }

    private func need(_ count: Int, _ what: String, _ deadline: Deadline, _ location: SourceLocation) throws {
        while unread.count < count {
            guard try fill(deadline, what, location) else {
                throw ScenarioFailure("\(name): \(ended!) instead of \(what); had \(shown(unread))", at: location)
            }
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        let taken = Array(unread.prefix(count))
        unread.removeFirst(count)
        return taken
    }

    /// The next bytes must be exactly these.
    func expect(_ expected: String, at location: SourceLocation = #_sourceLocation) throws {
        try expect(expected.bytes, at: location)
    }

    func expect(_ expected: [UInt8], at location: SourceLocation = #_sourceLocation) throws {
        let deadline = Deadline()
        while unread.count < expected.count {
            // A wrong beginning is told at once, not after the deadline.
            guard sameBeginning(unread, expected, unread.count) else { break }
            try need(unread.count + 1, shown(expected), deadline, location)
        }
        guard unread.count >= expected.count, sameBeginning(unread, expected, expected.count) else {
            throw ScenarioFailure("\(name): expected\n    \(shown(expected))\n  got\n    \(shown(unread))", at: location)
        }
        unread.removeFirst(expected.count)
    }

    /// The next `count` bytes.
    func receive(_ count: Int, at location: SourceLocation = #_sourceLocation) throws -> [UInt8] {
        try need(count, "\(count) bytes", Deadline(), location)
        return take(count)
    }

    /// Everything up to and with `marker`.
    func receive(through marker: String, at location: SourceLocation = #_sourceLocation) throws -> [UInt8] {
        let deadline = Deadline()
        let needle = marker.bytes
        var looked = 0
        while true {
            if let found = position(of: needle, in: unread, from: max(0, looked - needle.count)) {
                return take(found + needle.count)
            }
            looked = unread.count
            try need(unread.count + 1, shown(needle), deadline, location)
        }
    }

    /// Everything until the other side closes.
    func receiveToEnd(at location: SourceLocation = #_sourceLocation) throws -> [UInt8] {
        let deadline = Deadline()
        while try fill(deadline, "the end", location) {}
        guard ended == .closed else { throw ScenarioFailure("\(name): \(ended!) instead of a close", at: location) }
        return take(unread.count)
    }

    /// The other side closes (FIN) and sends nothing more.
    func expectClosed(at location: SourceLocation = #_sourceLocation) throws {
        let more = try fill(Deadline(), "a close", location)
        guard !more, unread.isEmpty, ended == .closed else {
            throw ScenarioFailure("\(name): expected a close, got \(ended.map { "\($0) " } ?? "")\(shown(unread))", at: location)
        }
    }

    /// The other side resets the connection.
    func expectReset(at location: SourceLocation = #_sourceLocation) throws {
        while try fill(Deadline(), "a reset", location) {}
        guard ended == .reset else { throw ScenarioFailure("\(name): \(ended!) instead of a reset", at: location) }
    }

    /// The other side ends the connection in either way, sending nothing more.
    func expectEnded(at location: SourceLocation = #_sourceLocation) throws {
        let more = try fill(Deadline(), "an end", location)
        guard !more, unread.isEmpty else {
            throw ScenarioFailure("\(name): expected an end, got \(shown(unread))", at: location)
        }
    }

    /// The other side ends, whatever it sends before; that is in the log.
    func expectBrokenOff(at location: SourceLocation = #_sourceLocation) throws {
        let deadline = Deadline()
        while try fill(deadline, "an end", location) {}
        unread.removeAll()
    }

    /// A chunked body ends without its last chunk, whatever comes before.
    func expectCut(at location: SourceLocation = #_sourceLocation) throws {
        let deadline = Deadline()
        while try fill(deadline, "an end", location) {}
        guard !unread.suffix(5).elementsEqual("0\r\n\r\n".utf8) else { throw ScenarioFailure("\(name): the body looks whole", at: location) }
        unread.removeAll()
    }

    /// No byte has come and the other side has not closed. Says nothing about later: put a barrier before it.
    func expectNothingYet(at location: SourceLocation = #_sourceLocation) throws {
        guard ended == nil, unread.isEmpty, socket.pending(POLLIN) == 0 else {
            _ = try? fill(Deadline(.zero), "", location)
            throw ScenarioFailure("\(name): expected silence, got \(ended.map { "\($0) " } ?? "")\(shown(unread))", at: location)
        }
    }

    // MARK: Messages

    /// The next head.
    func receiveHead(at location: SourceLocation = #_sourceLocation) throws -> Head {
        let bytes = try receive(through: "\r\n\r\n", at: location)
        do { return try Head(bytes) } catch { throw ScenarioFailure("\(name): \(error)", at: location) }
    }

    /// A chunked body, by the strictest reading: plain sizes, no extensions.
    func receiveChunkedBody(at location: SourceLocation = #_sourceLocation) throws -> (body: [UInt8], trailers: [(name: String, value: String)]) {
        var body: [UInt8] = []
        while true {
            let line = try receive(through: "\r\n", at: location).dropLast(2)
            guard !line.isEmpty, line.count <= 15, let size = Int(text(line), radix: 16), size >= 0,
                line.first != 0x2b, line.first != 0x2d
            else { throw ScenarioFailure("\(name): chunk size \(shown(line))", at: location) }
            if size == 0 { break }
            body += try receive(size, at: location)
            try expect("\r\n", at: location)
        }
        var section = "x\r\n".bytes
        repeat {
            section += try receive(through: "\r\n", at: location)
        } while !(section.suffix(4).elementsEqual("\r\n\r\n".utf8))
        return (body, try Head(section).fields)
    }

    /// A whole request, its body by its framing.
    func receiveRequest(at location: SourceLocation = #_sourceLocation) throws -> Message {
        let head = try receiveHead(at: location)
        return try receiveBody(of: head, untilClose: false, at: location)
    }

    /// A whole response to a request with `method`. Interim (1xx) responses must be read before, with `receiveHead`.
    func receiveResponse(to method: String = "GET", at location: SourceLocation = #_sourceLocation) throws -> Message {
        let head = try receiveHead(at: location)
        guard head.status >= 100 else { throw ScenarioFailure("\(name): not a status line: \(head.startLine)", at: location) }
        if method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304 {
            return Message(head: head, body: [])
        }
        return try receiveBody(of: head, untilClose: true, at: location)
    }

    func receiveBody(of head: Head, untilClose: Bool, at location: SourceLocation = #_sourceLocation) throws -> Message {
        let lengths = head.all("Content-Length")
        let codings = head.all("Transfer-Encoding")
        guard lengths.count + codings.count <= 1 else {
            throw ScenarioFailure("\(name): more than one framing: \(head.fields)", at: location)
        }
        if let coding = codings.first {
            guard coding == "chunked" else { throw ScenarioFailure("\(name): Transfer-Encoding: \(coding)", at: location) }
            let (body, trailers) = try receiveChunkedBody(at: location)
            return Message(head: head, body: body, trailers: trailers)
        }
        if let length = lengths.first {
            guard let count = Int(length) else { throw ScenarioFailure("\(name): Content-Length: \(length)", at: location) }
            return Message(head: head, body: try receive(count, at: location))
        }
        return Message(head: head, body: untilClose ? try receiveToEnd(at: location) : [])
    }

    // MARK: Usual answers

    /// Sends a `200` with a Content-Length.
    func answer(_ body: String, status: String = "200 OK", _ fields: String = "", at location: SourceLocation = #_sourceLocation) throws {
        try send("HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)", at: location)
    }

    /// The request that arrives next must have this request line; answers it with `200` and `body`.
    @discardableResult
    func serve(_ line: String, answering body: String, at location: SourceLocation = #_sourceLocation) throws -> Message {
        let request = try receiveRequest(at: location)
        guard request.head.startLine == line else {
            throw ScenarioFailure("\(name): expected \(line), got \(request.head.startLine)", at: location)
        }
        try answer(body, at: location)
        return request
    }
}

extension ScriptedConnection {
    /// Sends a plain GET.
    func get(_ path: String, host: String = "app.test", at location: SourceLocation = #_sourceLocation) throws {
        try send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n", at: location)
    }

    /// The next response must be a `200` with this body.
    @discardableResult
    func expectAnswer(_ body: String, at location: SourceLocation = #_sourceLocation) throws -> Message {
        let response = try receiveResponse(at: location)
        guard response.status == 200, response.bodyText == body else {
            throw ScenarioFailure("\(name): expected 200 \(body), got \(response.head.startLine) \(shown(response.body))", at: location)
        }
        return response
    }

    /// The next response must be the gateway's own, with this status and reason code, as a problem body (RFC 9457).
    @discardableResult
    func expectReply(_ status: Int, _ reason: String, at location: SourceLocation = #_sourceLocation) throws -> Message {
        let reply = try receiveResponse(at: location)
        let body = reply.bodyText
        guard reply.status == status, reply.reason == reason else {
            throw ScenarioFailure(
                "\(name): expected \(status) \(reason), got \(reply.head.startLine), reason \(reply.reason ?? "none"), \(body)", at: location)
        }
        guard reply.head["Content-Type"] == "application/problem+json", reply.head["Date"] != nil, reply.head["Content-Length"] != nil,
            body.hasPrefix("{"), body.hasSuffix("}") || body.hasSuffix("}\n"), body.contains("\"status\":\(status)"), body.contains("\"\(reason)\""),
            body.contains("\"title\":\"")
        else { throw ScenarioFailure("\(name): not a problem reply: \(reply.head.fields) \(body)", at: location) }
        return reply
    }

    /// The gateway's own reply, after which it closes.
    @discardableResult
    func expectFinalReply(_ status: Int, _ reason: String, at location: SourceLocation = #_sourceLocation) throws -> Message {
        let reply = try expectReply(status, reason, at: location)
        guard reply.head["Connection"]?.lowercased() == "close" else {
            throw ScenarioFailure("\(name): the reply lacks Connection: close: \(reply.head.fields)", at: location)
        }
        try expectClosed(at: location)
        return reply
    }
}
