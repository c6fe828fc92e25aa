/// Names of hosts in the DNS, and IP addresses where a name may stand.
enum HostName {
    /// Why a text is not a host name, as a clause that follows the name; nil if it is one. IP addresses are not names.
    static func fault(_ name: some StringProtocol) -> String? {
        let bytes = Array(name.utf8)
        if bytes.isEmpty { return "is empty" }
        if bytes.contains(where: { $0 >= 0x80 }) { return "is not ASCII: write its `xn--` form" }
        if bytes.count > 253 { return "is longer than 253 characters" }
        for label in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            if label.isEmpty { return "has an empty label" }
            if label.count > 63 { return "has a label longer than 63 characters" }
            if label.first == UInt8(ascii: "-") || label.last == UInt8(ascii: "-") { return "has a label that begins or ends with `-`" }
            if let wrong = label.first(where: { !isLabelByte($0) }) {
                return "has \(quoted(String(decoding: [wrong], as: UTF8.self))) in it"
            }
        }
        let last = bytes.split(separator: UInt8(ascii: ".")).last ?? []
        if decimal(last) != nil { return "looks like an IP address but is none" }
        return nil
    }

    /// Underscores are not in host names (RFC 952), but container networks give such names out.
    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// A host and perhaps a port, split but not judged.
struct Authority {
    /// Without brackets.
    var host: String
    var isBracketed: Bool
    /// The text behind the last colon, and where it begins.
    var port: String?
    var portStart = 0

    /// nil if a bracket is not closed, or something but a port follows it.
    init?(_ text: String) {
        if text.utf8.first == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = String(text[text.index(after: text.startIndex)..<close])
            isBracketed = true
            let rest = text[text.index(after: close)...]
            if rest.isEmpty { return }
            guard rest.utf8.first == UInt8(ascii: ":") else { return nil }
            port = String(rest.dropFirst())
        } else {
            isBracketed = false
            guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
                host = text
                return
            }
            host = String(text[..<colon])
            port = String(text[text.index(after: colon)...])
        }
        portStart = text.utf8.count - (port?.utf8.count ?? 0)
    }

    /// The port as a number.
    func portNumber(_ code: DiagnosticCode, smallest: UInt64, of text: String) throws(ValueFault) -> UInt16? {
        guard let port else { return nil }
        guard let number = decimal(port.utf8, limit: 65535), number >= smallest else {
            throw ValueFault(
                code, port.isEmpty ? "\(quoted(text)) has no port behind the colon" : "\(quoted(port)) is not a port",
                help: "a port is a number from \(smallest) to 65535",
                part: port.isEmpty ? nil : portStart..<text.utf8.count)
        }
        return UInt16(number)
    }
}
