import Glibc

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
    guard !needle.isEmpty, start >= 0, bytes.count - start >= needle.count else { return nil }
    // By memchr and memcmp: a loop in Swift takes milliseconds a kilobyte in a debug build.
    return unsafe bytes.withUnsafeBytes { bytes in
        unsafe needle.withUnsafeBytes { needle in
            let first = bytes.baseAddress!
            let last = bytes.count - needle.count
            var index = start
            while index <= last {
                guard let hit = unsafe memchr(first + index, Int32(needle[0]), last - index + 1) else { return nil }
                index = unsafe UnsafeRawPointer(hit) - first
                if unsafe memcmp(hit, needle.baseAddress!, needle.count) == 0 { return index }
                index += 1
            }
            return nil
        }
    }
}

/// Whether the first `count` bytes of both are the same; both have as many.
func sameBeginning(_ one: [UInt8], _ other: [UInt8], _ count: Int) -> Bool {
    precondition(one.count >= count && other.count >= count)
    return unsafe one.withUnsafeBytes { one in
        unsafe other.withUnsafeBytes { other in
            unsafe count == 0 || memcmp(one.baseAddress!, other.baseAddress!, count) == 0
        }
    }
}
