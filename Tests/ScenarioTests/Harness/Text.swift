/// Bytes as a reader of a failed test wants them: quoted, line ends visible, long ones cut in the middle.
func shown(_ bytes: some Collection<UInt8>) -> String {
    let limit = 1500
    func escaped(_ part: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in part {
            switch byte {
            case 0x0d: text += "\\r"
            case 0x0a: text += "\\n\n    "
            case 0x22: text += "\\\""
            case 0x20...0x7e: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }
    guard bytes.count > limit else { return "\"\(escaped(bytes))\" (\(bytes.count) bytes)" }
    return "\"\(escaped(bytes.prefix(limit / 2)))\" … \"\(escaped(bytes.suffix(limit / 2)))\" (\(bytes.count) bytes)"
}

/// Bytes read as UTF-8, for comparing and for messages.
func text(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
}

extension String {
    var bytes: [UInt8] { Array(utf8) }
}

/// Bytes that no two places of a body share for long: a lost, doubled or moved block shows.
func pattern(_ count: Int, from start: Int = 0) -> [UInt8] {
    (start..<(start + count)).map { position in
        UInt8(truncatingIfNeeded: (UInt64(truncatingIfNeeded: position) &* 0x9e37_79b9_7f4a_7c15) >> 56)
    }
}

/// The first place of `needle` at or behind `start`.
func position(of needle: [UInt8], in bytes: [UInt8], from start: Int = 0) -> Int? {
    guard bytes.count >= needle.count, start <= bytes.count - needle.count else { return nil }
    for index in start...(bytes.count - needle.count) where bytes[index] == needle[0] {
        if bytes[index..<(index + needle.count)].elementsEqual(needle) { return index }
    }
    return nil
}
