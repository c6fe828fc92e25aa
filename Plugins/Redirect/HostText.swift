import FilterAPI

/// A host with or without a port, as a URL has it: in lower case, without a trailing dot and without a user.
struct HostText: Equatable {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    let name: [UInt8]
    let port: Int?

    var text: String { String(decoding: name, as: UTF8.self) + (port.map { ":\($0)" } ?? "") }

    /// Nil if it is none.
    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, ByteRange(start: 0, count: bytes.count))
    }

    /// From bytes `range`; nil if they are no host.
    init?(_ bytes: Span<UInt8>, _ range: ByteRange) {
        let parts = AuthorityParts(bytes, range)
        let name = parts.host
        guard !name.isEmpty, name.count <= 255 else { return nil }
        var made: [UInt8] = []
        let isBracketed = bytes[name.lower] == UInt8(ascii: "[")
        for index in name.range {
            let byte = bytes[index].asciiLowercased
            let isEdge = isBracketed && (index == name.lower || index == name.upper - 1)
            let isGood =
                if isEdge { byte == (index == name.lower ? UInt8(ascii: "[") : UInt8(ascii: "]")) }
                else if isBracketed { byte.hexadecimalValue != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") }
                else { byte.isAlphanumeric || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") }
            guard isGood else { return nil }
            made.append(byte)
        }
        if isBracketed && made.count < 4 { return nil }
        self.name = made
        guard !parts.port.isEmpty else {
            port = nil
            return
        }
        guard parts.port.count <= 5, let number = Int(bytes.text(parts.port)), number >= 1, number <= 65_535 else { return nil }
        port = number
    }

    /// Whether bytes `range` name this host; without a port of its own, whatever their port is. Allocates nothing.
    func matches(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        let parts = AuthorityParts(bytes, range)
        guard bytes.matches(parts.host, ignoringCase: name) else { return false }
        guard let port else { return true }
        guard parts.port.count <= 5 else { return false }
        var number = 0
        for index in parts.port.range { number = number * 10 + Int(bytes[index] - 0x30) }
        return number == port
    }
}
