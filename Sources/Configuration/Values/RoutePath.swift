/// The path of a route: whole segments, in the one spelling that requests are compared in.
struct RoutePath: Hashable, Sendable {
    /// Empty for `/`.
    var segments: [String]

    /// Longer paths are no names of anything.
    private static let limit = 1024

    /// `/` or `/a/b`, without a slash at the end.
    var text: String { "/" + segments.joined(separator: "/") }

    /// Reads a path that begins with `/`. Anything that two readers could understand in two ways is refused: `..`, `//`, a
    /// query, percent-encodings of characters that need none. A slash at the end changes nothing.
    init(_ text: String) throws(ValueFault) {
        guard text.utf8.count <= Self.limit else {
            throw ValueFault(.routePath, "the path of a route has at most \(Self.limit) bytes")
        }
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "/") else {
            throw ValueFault(.routePath, "the path \(quoted(text)) does not begin with `/`", help: "did you mean `/\(text)`?")
        }
        var index = 1
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "/") where bytes[index - 1] == UInt8(ascii: "/"):
                throw ValueFault(.routePath, "an empty segment in a path", help: "write one `/`", part: index - 1..<index + 1)
            case UInt8(ascii: "?"), UInt8(ascii: "#"):
                throw ValueFault(.routePath, "a route matches the path alone", help: "leave out what follows the path", part: index..<bytes.count)
            case UInt8(ascii: "*"):
                throw ValueFault(
                    .routePath, "a path has no wildcards", help: "a route is for its path and everything below it",
                    part: index..<index + 1)
            case UInt8(ascii: "%"):
                try Self.checkEncoding(bytes, at: index)
                index += 2
            case 0x80...:
                var end = index + 1
                while end < bytes.count, bytes[end] >= 0x80 { end += 1 }
                let encoded = bytes[index..<end].map { "%" + Self.hexadecimal($0) }.joined()
                throw ValueFault(.routePath, "a path is ASCII", help: end - index <= 24 ? "write `\(encoded)`" : nil, part: index..<end)
            case _ where !Self.isAllowed(byte):
                throw ValueFault(
                    .routePath, "\(quoted(String(decoding: [byte], as: UTF8.self))) does not stand in the path of a route",
                    help: byte == UInt8(ascii: "\\") || byte == UInt8(ascii: ";") ? nil : "write `%\(Self.hexadecimal(byte))`",
                    part: index..<index + 1)
            default: break
            }
            index += 1
        }
        segments = text.split(separator: "/").map(String.init)
        if let dots = segments.first(where: { $0 == "." || $0 == ".." }) {
            throw ValueFault(.routePath, "\(quoted(dots)) is a step in a path, not a name", help: "write the path that it leads to")
        }
    }

    init(segments: [String]) { self.segments = segments }

    private static func checkEncoding(_ bytes: [UInt8], at index: Int) throws(ValueFault) {
        guard index + 2 < bytes.count, let value = hexadecimal(bytes, at: index + 1) else {
            throw ValueFault(
                .routePath, "`%` without two hexadecimal digits", help: "write `%25` for a percent sign",
                part: index..<min(index + 3, bytes.count))
        }
        let part = index..<index + 3
        let digits = String(decoding: bytes[index..<index + 3], as: UTF8.self)
        if isAllowed(value), value != UInt8(ascii: "/") {
            throw ValueFault(
                .routePath, "\(quoted(digits)) is an encoding of a character that needs none",
                help: "write `\(String(decoding: [value], as: UTF8.self))`", part: part)
        }
        let isSeparator = value == UInt8(ascii: "/") || value == UInt8(ascii: "\\") || value == UInt8(ascii: ";")
        if isSeparator || value < 0x20 || value == 0x7F || isOverlong(bytes, at: index, value) {
            throw ValueFault(
                .routePath, "\(quoted(digits)) is in no path that a route is compared with",
                help: "such requests are refused, or matched without it", part: part)
        }
        if value == UInt8(ascii: "%"), index + 4 < bytes.count, hexadecimal(bytes, at: index + 3) != nil {
            throw ValueFault(
                .routePath, "\(quoted(String(decoding: bytes[index..<index + 5], as: UTF8.self))) is escaped twice",
                help: "an app that decodes it once sees another name than one that decodes it twice", part: index..<index + 5)
        }
        if digits != digits.uppercased() {
            throw ValueFault(
                .routePath, "the digits of \(quoted(digits)) are in lower case", help: "write `\(digits.uppercased())`", part: part)
        }
    }

    /// The value of two hexadecimal digits.
    private static func hexadecimal(_ bytes: [UInt8], at index: Int) -> UInt8? {
        guard bytes[index] != UInt8(ascii: "+") else { return nil }
        return UInt8(String(decoding: bytes[index...index + 1], as: UTF8.self), radix: 16)
    }

    /// Whether an escape is the second byte of a character that is spelled longer than need be (RFC 3629 §3).
    private static func isOverlong(_ bytes: [UInt8], at index: Int, _ value: UInt8) -> Bool {
        guard value & 0xC0 == 0x80, index >= 4, bytes[index - 3] == UInt8(ascii: "%"), let first = hexadecimal(bytes, at: index - 2)
        else { return false }
        switch first {
        case 0xC0, 0xC1: return true
        case 0xE0: return value < 0xA0
        case 0xF0: return value < 0x90
        default: return false
        }
    }

    /// RFC 3986 §2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// The characters of a segment (RFC 3986 §3.3) without `;`, which some apps cut a segment at, and the slash.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        if isUnreserved(byte) { return true }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "/"):
            return true
        default: return false
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }
}
