import HTTPMessage

/// A second, slow reading of a head that a parser accepted: by the letter of the grammar, with none of the parser's code. What
/// passes the parser must pass here.
enum StrictHead {
    /// Checks `head`, the bytes of one request head, and returns its field lines.
    static func checkRequest(_ head: ArraySlice<UInt8>, _ parsed: ParsedRequest) {
        var text = head
        while text.starts(with: [0x0D, 0x0A]) { text = text.dropFirst(2) }
        guard let fields = fieldLines(text, startLine: { line in
            let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
            check(parts.count == 3 && parts.allSatisfy { !$0.isEmpty }, "request line has three parts")
            guard parts.count == 3 else { return }
            check(parts[0].allSatisfy(isTokenByte), "method is a token")
            check(parts[1].allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }, "target has visible ASCII only")
            check(Array(parts[2]) == Array("HTTP/1.1".utf8) || Array(parts[2]) == Array("HTTP/1.0".utf8), "version is 1.0 or 1.1")
            check(parsed.version == (parts[2].last == UInt8(ascii: "1") ? .http11 : .http10), "version as sent")
            check(parsed.method == String(decoding: parts[0], as: UTF8.self), "method as sent")
        }) else { return check(false, "a head of lines") }
        checkFields(fields, parsed.fields)
        let lengths = values(fields, "content-length")
        let codings = values(fields, "transfer-encoding")
        let hosts = values(fields, "host")
        check(hosts.count == 1 || (hosts.isEmpty && parsed.version == .http10), "one Host")
        check(lengths.count + codings.count <= 1, "one framing field")
        if let coding = codings.first {
            check(parsed.framing == .chunked && lower(coding) == Array("chunked".utf8) && parsed.version == .http11, "chunked")
        } else if let length = lengths.first {
            check(length.allSatisfy { (0x30...0x39).contains($0) }, "Content-Length is digits")
            check(parsed.framing == UInt64(String(decoding: length, as: UTF8.self)).map { .length($0) }, "Content-Length as sent")
        } else {
            check(parsed.framing == .none, "no body without framing fields")
        }
        if let host = hosts.first {
            check(host.allSatisfy { $0 > 0x20 && $0 < 0x7F && !Array("@,/?#\\%\"<>^`{|} ;=&'()*+!$".utf8).contains($0) }, "Host has host bytes")
            check(lower(parsed.authority.utf8[...]) == lower(host), "Host is the authority")
        }
    }

    static func checkResponse(_ head: ArraySlice<UInt8>, _ parsed: ParsedResponse) {
        guard let fields = fieldLines(head, startLine: { line in
            let code = Array(line.dropFirst(9).prefix(3))
            check(line.starts(with: "HTTP/1.1 ".utf8) || line.starts(with: "HTTP/1.0 ".utf8), "status line")
            check(UInt16(String(decoding: code, as: UTF8.self)) == parsed.status && (100...599).contains(parsed.status), "status")
            check(line.count == 12 || line.dropFirst(12).first == 0x20, "a space behind the status")
        }) else { return check(false, "a head of lines") }
        checkFields(fields, parsed.fields)
        let lengths = values(fields, "content-length")
        let codings = values(fields, "transfer-encoding")
        check(lengths.count + codings.count <= 1, "one framing field")
        let hasNone = parsed.status < 200 || parsed.status == 204 || parsed.status == 304
        if hasNone {
            check(parsed.framing == .none, "no body")
        } else if let coding = codings.first {
            check(parsed.framing == .chunked && lower(coding) == Array("chunked".utf8) && parsed.version == .http11, "chunked")
        } else if let length = lengths.first {
            check(parsed.framing == UInt64(String(decoding: length, as: UTF8.self)).map { .length($0) }, "Content-Length as sent")
        } else {
            check(parsed.framing == .untilClose, "until close")
        }
    }

    static func checkTrailers(_ section: ArraySlice<UInt8>, _ parsed: ParsedTrailers) {
        // A start line of its own, so that the rest reads as a head does.
        guard let fields = fieldLines(Array("x\r\n".utf8) + section, startLine: { _ in }) else { return check(false, "a section of lines") }
        checkFields(fields, parsed.fields)
    }

    private typealias Line = (name: [UInt8], value: ArraySlice<UInt8>)

    /// The lines of `head` behind its start line, as names and values. nil if it is no run of CRLF lines with one empty line, last.
    private static func fieldLines(_ head: ArraySlice<UInt8>, startLine: (ArraySlice<UInt8>) -> Void) -> [Line]? {
        var lines: [ArraySlice<UInt8>] = []
        var rest = head
        while let end = rest.firstIndex(of: 0x0A) {
            guard end > rest.startIndex, rest[end - 1] == 0x0D else { return nil }
            lines.append(rest[rest.startIndex..<end - 1])
            rest = rest[(end + 1)...]
        }
        guard rest.isEmpty, lines.count >= 2, lines.last?.isEmpty == true else { return nil }
        for line in lines { check(!line.contains { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }, "no control bytes") }
        startLine(lines[0])
        return lines[1..<lines.count - 1].compactMap { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { check(false, "a colon"); return nil }
            let name = line[line.startIndex..<colon]
            check(!name.isEmpty && name.allSatisfy(isTokenByte), "name is a token")
            var value = line[(colon + 1)...]
            while value.first == 0x20 || value.first == 0x09 { value = value.dropFirst() }
            while value.last == 0x20 || value.last == 0x09 { value = value.dropLast() }
            return (Array(name), value)
        }
    }

    private static func checkFields(_ lines: [Line], _ parsed: [ParsedField]) {
        check(lines.count == parsed.count, "every line is a field")
        for (line, field) in zip(lines, parsed) {
            check(Array(field.name.utf8) == line.name && field.value == Array(line.value), "field as sent")
            check(field.token == .unknown || "\(field.token.name)".lowercased() == field.name.lowercased(), "token of the name")
            let known = knownNames[field.name.lowercased()]
            check(known == nil || known == field.token, "known names have their tokens")
        }
    }

    private static func values(_ lines: [Line], _ name: String) -> [ArraySlice<UInt8>] {
        lines.filter { lower($0.name[...]) == Array(name.utf8) }.map(\.value)
    }

    private static func lower(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool { tokenBytes.contains(byte) }
}
