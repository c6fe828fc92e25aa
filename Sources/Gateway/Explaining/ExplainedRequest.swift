import EventLoops

/// A request as the command line describes it, and the bytes that a client would send.
struct ExplainedRequest: Equatable {
    var method: String
    var url: String
    var isHTTPS: Bool
    /// Of the URL, without brackets.
    var host: String
    var port: UInt16
    /// The whole head, with its empty line.
    var head: [UInt8]
    /// The Host field, as it is sent; empty without one.
    var hostField = ""

    /// More than any listener takes, and less than a socket holds.
    private static let mostBytes = 96 * 1024

    /// - Parameter fields: `Name: value`; `Host:` without a value leaves Host out.
    init(method: String, url: String, fields: [String]) throws(ExplainFault) {
        self.method = method
        self.url = url
        guard !method.isEmpty, method.utf8.allSatisfy(Self.isTokenByte) else {
            throw .usage("'\(method)' is not a method: it is a word such as GET.")
        }
        if let wrong = url.unicodeScalars.first(where: { $0.value <= 0x20 || $0.value == 0x7F }) {
            throw .usage("There is a \(wrong == " " ? "blank" : "control character") in the URL: write it as %\(Self.hex(wrong.value)).")
        }
        guard let mark = url.firstRange(of: "://") else {
            throw .usage("'\(url)' is no URL: it begins with http:// or https://, as in http://example.org/path.")
        }
        switch url[..<mark.lowerBound].lowercased() {
        case "http": isHTTPS = false
        case "https": isHTTPS = true
        case let scheme: throw .usage("The scheme '\(scheme)' is neither http nor https.")
        }
        let rest = url[mark.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw .usage("A user name in the URL is not sent: give -H 'Authorization: …'.")
        }
        (host, port) = try Self.split(authority, isHTTPS ? 443 : 80)
        let target = rest[authority.endIndex...]
        let standard: UInt16 = isHTTPS ? 443 : 80
        let ownHost = authority.hasSuffix(":\(standard)") ? String(authority.dropLast(":\(standard)".count)) : String(authority)

        var lines = ["\(method) \(target.hasPrefix("/") ? "" : "/")\(target) HTTP/1.1"]
        let given = try fields.map(Self.field)
        let hosts = given.filter { $0.name.lowercased() == "host" }
        hostField = hosts.first?.value ?? ownHost
        if hosts.isEmpty { lines.append("Host: \(ownHost)") }
        for field in given where !(field.name.lowercased() == "host" && field.value.isEmpty && hosts.count == 1) {
            lines.append("\(field.name): \(field.value)")
        }
        head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard head.count <= Self.mostBytes else { throw .usage("The request head has more than \(Self.mostBytes / 1024) KiB.") }
    }

    private static func split(_ authority: Substring, _ standard: UInt16) throws(ExplainFault) -> (host: String, port: UInt16) {
        var host = authority
        var port = standard
        let end = authority.hasPrefix("[") ? authority.lastIndex(of: "]") ?? authority.startIndex : authority.startIndex
        if let colon = authority[end...].lastIndex(of: ":") {
            let text = authority[authority.index(after: colon)...]
            guard let number = UInt16(text), number > 0 else { throw .usage("'\(text)' is not a port.") }
            (host, port) = (authority[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .usage("The URL has no host.") }
        return (String(host), port)
    }

    private static func field(_ text: String) throws(ExplainFault) -> (name: String, value: String) {
        guard !text.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) else {
            throw .usage("A field of -H holds a line end: give each in an -H of its own.")
        }
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else {
            throw .usage("'\(text)' is no field: write -H 'Name: value'.")
        }
        return (String(text[..<colon]), String(text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }))
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func hex(_ value: UInt32) -> String { (value < 16 ? "0" : "") + String(value, radix: 16, uppercase: true) }
}
