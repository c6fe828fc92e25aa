import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

/// What the demo app keeps of a request body.
struct EchoBody {
    /// The first bytes, as many as are shown.
    var shown: [UInt8] = []
    /// The answer, once the body is read, and how much of it is with the client's output.
    var answer: [UInt8] = []
    var written = 0

    static let mostShown = 8192

    /// The answer to a filter's own request.
    static func json(of request: SubRequest) -> [UInt8] {
        var json = JSONText()
        json.text("{\n  \"method\": \"\(request.method.name)\",\n  \"target\": ")
        json.string(request.bytes.span.extracting(first: request.targetCount))
        json.text(",\n  \"fields\": [")
        var isFirst = true
        for line in request.bytes.dropFirst(request.targetCount).split(separator: 0x0D) where line.count > 1 {
            // Behind the LF of the line before it, but for the first.
            let parts = line.drop { $0 == 0x0A }.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            json.text(isFirst ? "\n    [" : ",\n    [")
            isFirst = false
            json.string(Array(parts[0]).span)
            json.text(", ")
            json.string(Array(parts[1].dropFirst()).span)
            json.text("]")
        }
        json.text("\n  ]\n}\n")
        return json.bytes
    }
}

// The built-in demo app (`use = echo`): answers with the request as it arrived, as JSON.

extension Exchange {
    func startEcho() {
        if isExtendedConnect { return fail(.requestUpgradeUnsupported) }
        echo = EchoBody()
        phase = .echo
        if request.expectsContinue && !requestReader.isFinished, let client {
            client.output.attach(slabs)
            client.output.append("HTTP/1.1 100 Continue\r\n\r\n")
            _ = client.stream.send(&client.output)
        }
    }

    /// Reads the body, then answers.
    func pumpEcho() {
        guard let client else { return }
        waits = []
        bodyPace.endWait(loop.now)
        while !requestIsRead {
            let waiting = client.input.payloadCount
            if waiting > 0 {
                keepForEcho(client)
                if requestReader.payloadBytes > bodyLimit(of: client) { return fail(.requestBodyTooLarge) }
            }
            switch discardRequestBody(of: client) {
            case .progress(let count): bodyPace.add(count)
            case .waiting: return wait(.clientBody)
            case .over:
                // A broken body is the client's fault, an ended one its wish.
                return client.stream.peerEnded ? abort(.clientClosed) : fail(.requestChunkMalformed)
            }
        }
        if echo?.answer.isEmpty == true {
            if passage.seesResponse { return sendEcho(client) }
            writeEchoHead(to: client)
        }
        while let written = echo?.written, let count = echo?.answer.count, written < count {
            let piece = min(count - written, client.output.room)
            if piece > 0, let answer = echo?.answer { client.output.append(answer.span.extracting(written..<(written + piece))) }
            echo?.written += piece
            guard sendToClient(client) else { return }
        }
        flushReply()
    }

    private func keepForEcho(_ client: ClientSide) {
        let count = client.input.payloadCount
        let room = EchoBody.mostShown - (echo?.shown.count ?? 0)
        let start = client.input.start
        client.input.slab.withBytes { bytes in
            for index in start..<(start + min(room, count)) { echo?.shown.append(bytes[index]) }
        }
    }

    /// Answers by way of the filters that see responses.
    private func sendEcho(_ client: ClientSide) {
        let answer = headSlab.withBytes { echoJSON(client, $0) }
        proxy.scratch.reset()
        proxy.scratch.head.status = 200
        proxy.scratch.head.framing = .length(UInt64(answer.count))
        proxy.scratch.answersHead = request.method == .head
        proxy.scratch.fields.append(FieldName(.contentType), text: "application/json")
        sendScratch(body: answer)
    }

    private func writeEchoHead(to client: ClientSide) {
        let answer = headSlab.withBytes { echoJSON(client, $0) }
        record.status = 200
        client.output.attach(slabs)
        HeadWriter.writeStatusLine(200, to: &client.output)
        proxy.writeDate(to: &client.output)
        client.output.append("Content-Type: application/json\r\nContent-Length: ")
        client.output.append(decimal: UInt64(answer.count))
        client.output.appendCRLF()
        writeClientConnection(to: client)
        HeadWriter.endHead(to: &client.output)
        record.bodyBytesOut = request.method == .head ? 0 : UInt64(answer.count)
        echo?.answer = answer
        echo?.written = request.method == .head ? answer.count : 0
    }

    /// Path and query as they stand behind routes and filters.
    private func target(_ bytes: Span<UInt8>) -> [UInt8] {
        var target = replacement ?? []
        for index in request.path.range.dropFirst(strippedPath) { target.append(bytes[index]) }
        if target.first != UInt8(ascii: "/") && request.form != .asterisk { target.insert(UInt8(ascii: "/"), at: 0) }
        for index in request.query.range { target.append(bytes[index]) }
        return target
    }

    private func echoJSON(_ client: ClientSide, _ bytes: Span<UInt8>) -> [UInt8] {
        var json = JSONText()
        json.text("{\n  \"method\": ")
        json.string(bytes.extracting(request.methodName.range))
        json.text(",\n  \"target\": ")
        if request.path.isEmpty { json.string("/") } else { json.string(target(bytes).span) }
        json.text(",\n  \"version\": ")
        json.string("HTTP/\(request.version.number)")
        json.text(",\n  \"client\": ")
        let address = clientAddress
        json.string(address.span)
        json.text(",\n  \"fields\": [")
        var isFirst = true
        for index in 0..<fields.count where !fields[index].marks.contains(.removed) {
            let field = fields[index]
            json.text(isFirst ? "\n    [" : ",\n    [")
            isFirst = false
            json.string(bytes.extracting(field.name.range))
            json.text(", ")
            json.string(bytes.extracting(field.value.range))
            json.text("]")
        }
        json.text("\n  ],\n  \"body-bytes\": ")
        json.number(requestReader.payloadBytes)
        json.text(",\n  \"body\": ")
        let shown = echo?.shown ?? []
        json.string(shown.span)
        if requestReader.payloadBytes > UInt64(EchoBody.mostShown) { json.text(",\n  \"body-is-cut\": true") }
        json.text("\n}\n")
        return json.bytes
    }
}

/// JSON being written. Bytes that are not UTF-8 become U+FFFD.
private struct JSONText {
    private(set) var bytes: [UInt8] = []

    mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }
    mutating func number(_ value: UInt64) { bytes.append(contentsOf: String(value).utf8) }

    mutating func string(_ text: String) { string(Array(text.utf8).span) }

    mutating func string(_ span: Span<UInt8>) {
        var copy: [UInt8] = []
        for index in 0..<span.count { copy.append(span[index]) }
        bytes.append(0x22)
        for scalar in String(decoding: copy, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": text("\\\"")
            case "\\": text("\\\\")
            case "\n": text("\\n")
            case "\r": text("\\r")
            case "\t": text("\\t")
            case let control where control.value < 0x20 || control.value == 0x7F:
                let digits = String(control.value, radix: 16)
                text("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: text(String(scalar))
            }
        }
        bytes.append(0x22)
    }
}
