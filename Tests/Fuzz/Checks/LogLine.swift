/// Strict readers of access-log lines, written without the encoder.
enum LogLine {
    /// The members of one flat JSON object of texts and whole numbers (RFC 8259), without its line feed. nil for anything else: a name
    /// twice, control characters, space between tokens, bytes that are no UTF-8.
    static func members(_ line: ArraySlice<UInt8>) -> [String: String]? {
        guard let text = String(validating: line, as: UTF8.self) else { return nil }
        var rest = Array(text.unicodeScalars)[...]
        var members: [String: String] = [:]
        guard rest.popFirst() == "{" else { return nil }
        while true {
            guard let name = quoted(&rest), rest.popFirst() == ":", members[name] == nil else { return nil }
            if rest.first == "\"" {
                guard let value = quoted(&rest) else { return nil }
                members[name] = value
            } else {
                let digits = rest.prefix { ("0"..."9").contains($0) }
                guard let first = digits.first, digits.count == 1 || first != "0" else { return nil }
                rest = rest[digits.endIndex...]
                members[name] = digits.map(String.init).joined()
            }
            switch rest.popFirst() {
            case ",": continue
            case "}": return rest.isEmpty ? members : nil
            default: return nil
            }
        }
    }

    private static func quoted(_ rest: inout ArraySlice<Unicode.Scalar>) -> String? {
        guard rest.popFirst() == "\"" else { return nil }
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(text)
            case "\\":
                switch rest.popFirst() {
                case "\"": text.append("\"")
                case "\\": text.append("\\")
                case "u":
                    let digits = rest.prefix(4)
                    guard digits.count == 4, digits.allSatisfy({ $0.properties.isASCIIHexDigit }),
                        let value = UInt32(digits.map(String.init).joined(), radix: 16), let scalar = Unicode.Scalar(value)
                    else { return nil }
                    rest = rest.dropFirst(4)
                    text.append(scalar)
                default: return nil
                }
            default:
                guard scalar.value >= 0x20, !(0x7F..<0xA0).contains(scalar.value) else { return nil }
                text.append(scalar)
            }
        }
        return nil
    }

    /// A text of the combined format without its `\xHH`; nil if a backslash stands for anything else.
    static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var rest = text
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard rest.popFirst() == UInt8(ascii: "x"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return bytes
    }

    /// The bytes as text: characters where they are UTF-8, and U+FFFD for each byte that is part of none.
    static func repaired(_ bytes: [UInt8]) -> String {
        var text = ""
        var at = 0
        while at < bytes.count {
            var length = 1
            var character = "\u{FFFD}"
            for count in 1...4 where at + count <= bytes.count {
                guard let valid = String(validating: bytes[at..<at + count], as: UTF8.self) else { continue }
                (length, character) = (count, valid)
                break
            }
            text.unicodeScalars.append(contentsOf: character.unicodeScalars)
            at += length
        }
        return text
    }
}
