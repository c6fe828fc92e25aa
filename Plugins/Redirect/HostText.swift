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
        let (name, port) = Self.split(bytes, range)
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
        guard !port.isEmpty else {
            self.port = nil
            return
        }
        guard port.count <= 5, let number = Int(bytes.text(port)), number >= 1, number <= 65_535 else { return nil }
        self.port = number
    }

    /// Name and port of a host, the name without a trailing dot. Not judged.
    static func split(_ bytes: Span<UInt8>, _ range: ByteRange) -> (name: ByteRange, port: ByteRange) {
        var end = range.upper
        var port = ByteRange.empty
        var index = range.upper
        while index > range.lower {
            index -= 1
            if bytes[index] == UInt8(ascii: ":") {
                end = index
                port = ByteRange(start: index + 1, count: range.upper - index - 1)
                break
            }
            guard bytes[index].isDigit else { break }
        }
        if end > range.lower + 1, bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return (ByteRange(start: range.lower, count: end - range.lower), port)
    }

    /// Whether bytes `range` name this host; without a port of its own, whatever their port is. Allocates nothing.
    func matches(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        let (name, port) = Self.split(bytes, range)
        guard Int(name.count) == self.name.count else { return false }
        for index in self.name.indices where bytes[name.lower + index].asciiLowercased != self.name[index] { return false }
        guard let ownPort = self.port else { return true }
        var number = 0
        guard port.count <= 5 else { return false }
        for index in port.range {
            guard bytes[index].isDigit else { return false }
            number = number * 10 + Int(bytes[index] - 0x30)
        }
        return number == ownPort
    }
}

/// The hosts of clients that redirections may name.
enum HostList {
    case any
    /// Names, and endings of names that begin with a dot.
    case listed(names: Set<[UInt8]>, endings: [[UInt8]])

    func contains(_ host: HostText) -> Bool {
        guard case .listed(let names, let endings) = self else { return true }
        return names.contains(host.name) || endings.contains { host.name.count > $0.count && host.name.suffix($0.count).elementsEqual($0) }
    }
}
