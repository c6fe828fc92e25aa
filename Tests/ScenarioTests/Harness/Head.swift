/// A message head as it came over the wire, read by the strictest rules: what the gateway sends must pass them.
struct Head: Equatable {
    let startLine: String
    let fields: [(name: String, value: String)]

    /// `bytes` is the whole head with its blank line.
    init(_ bytes: some Collection<UInt8>) throws {
        func refuse(_ why: String) -> ScenarioFailure { ScenarioFailure("\(why) in the head \(shown(bytes))") }
        // In bytes, not characters: CRLF is one Character in Swift.
        var lines: [[UInt8]] = [[]]
        var afterCR = false
        for byte in bytes {
            if afterCR {
                guard byte == 0x0a else { throw refuse("a bare CR") }
                lines.append([])
                afterCR = false
            } else if byte == 0x0d {
                afterCR = true
            } else {
                guard byte != 0x0a else { throw refuse("a bare LF") }
                guard byte >= 0x20 && byte != 0x7f || byte == 0x09 else { throw refuse("a control byte") }
                lines[lines.count - 1].append(byte)
            }
        }
        guard lines.count >= 3, lines.suffix(2).allSatisfy(\.isEmpty) else { throw refuse("no blank line at the end") }
        startLine = text(lines[0])
        fields = try lines[1..<(lines.count - 2)].map { line in
            guard let colon = line.firstIndex(of: 0x3a), colon > 0 else { throw refuse("a line without a name") }
            let name = line[..<colon]
            let token = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
            guard name.allSatisfy(token.contains) else { throw refuse("a bad name") }
            var value = line[(colon + 1)...]
            while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
            while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
            return (text(name), text(value))
        }
    }

    static func == (one: Head, other: Head) -> Bool {
        one.startLine == other.startLine && one.fields.count == other.fields.count
            && zip(one.fields, other.fields).allSatisfy { $0.name.lowercased() == $1.name.lowercased() && $0.value == $1.value }
    }

    /// Every value of a field, in order.
    func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The value of a field that stands at most once; nil when it is not there, or stands twice (then the caller's check fails too).
    subscript(name: String) -> String? {
        let values = all(name)
        return values.count == 1 ? values[0] : nil
    }

    /// The status of a response, 0 for a request.
    var status: Int {
        let parts = startLine.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, startLine.hasPrefix("HTTP/1."), parts[1].utf8.count == 3 else { return 0 }
        return Int(parts[1]) ?? 0
    }

    var names: [String] { fields.map { $0.name.lowercased() } }
}

/// A whole message.
struct Message {
    let head: Head
    let body: [UInt8]
    /// The trailer fields of a chunked body.
    var trailers: [(name: String, value: String)] = []

    var status: Int { head.status }
    /// The code of a reply that the gateway made.
    var reason: String? { head["Gateway-Reason"] }
    var bodyText: String { text(body) }
}
