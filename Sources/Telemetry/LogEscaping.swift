import Buffers

/// Writes untrusted texts into a log line so that they can neither end it nor be taken for another part of it.
enum LogEscaping {
    /// As nginx does: `"`, `\` and all bytes outside 0x20...0x7E become `\xHH`. Not more than `limit` bytes are written, and three
    /// more, `...`, where the text was cut.
    static func appendHexEscaped(_ text: Span<UInt8>, limit: Int, to out: inout OutputBuffer) {
        appendEscaped(text, limit: limit, most: 4, to: &out) { text, at, out in
            out.append("\\x")
            appendHex(text[at], to: &out)
            return 1
        }
    }

    /// The inside of a JSON string (RFC 8259 §7): `"` and `\` with a backslash, control characters (C0, DEL and C1) as `\u00HH`,
    /// well-formed UTF-8 as it is, and each byte that is not part of any as U+FFFD. Not more than `limit` bytes are written, and
    /// three more, `...`, where the text was cut; a character is never cut in two.
    static func appendJSONEscaped(_ text: Span<UInt8>, limit: Int, to out: inout OutputBuffer) {
        appendEscaped(text, limit: limit, most: 6, to: &out, escape: appendJSONCharacter)
    }

    /// Writes plain bytes as they are. `escape` writes the character at an offset, in at most `most` bytes, and returns how many of the text
    /// it took.
    @inline(__always)
    private static func appendEscaped(
        _ text: Span<UInt8>, limit: Int, most: Int, to out: inout OutputBuffer, escape: (Span<UInt8>, Int, inout OutputBuffer) -> Int
    ) {
        let mark = out.end
        var at = 0
        while at < text.count {
            let run = plainRun(in: text, from: at)
            if run > at {
                guard appendRun(text, at, run, limit: limit - (out.end - mark), to: &out) else { return }
                at = run
                continue
            }
            guard out.end - mark + most <= limit else { return out.append("...") }
            at += escape(text, at, &out)
        }
    }

    /// Writes the character at `at`, which is not plain, in at most 6 bytes. Returns how many bytes of the text it took.
    private static func appendJSONCharacter(_ text: Span<UInt8>, _ at: Int, to out: inout OutputBuffer) -> Int {
        let byte = text[at]
        switch byte {
        case 0x22, 0x5C:
            out.append(byte: 0x5C)
            out.append(byte: byte)
            return 1
        case ..<0x20, 0x7F:
            appendUnicodeEscape(byte, to: &out)
            return 1
        default:
            let length = utf8Length(text, at)
            if length == 0 {
                out.append("\\ufffd")
                return 1
            }
            // U+0080...U+009F: terminals obey some of them.
            if length == 2, byte == 0xC2, text[at + 1] < 0xA0 {
                appendUnicodeEscape(text[at + 1], to: &out)
                return 2
            }
            out.append(text.extracting(at..<(at + length)))
            return length
        }
    }

    private static func appendUnicodeEscape(_ byte: UInt8, to out: inout OutputBuffer) {
        out.append("\\u00")
        appendHex(byte, to: &out)
    }

    /// Appends bytes `start..<end`, or those that fit into `limit` and `...`. False when it cut.
    private static func appendRun(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, limit: Int, to out: inout OutputBuffer
    ) -> Bool {
        if end - start <= limit {
            out.append(text.extracting(start..<end))
            return true
        }
        out.append(text.extracting(start..<(start + max(0, limit))))
        out.append("...")
        return false
    }

    /// The end of the run of plain bytes that starts at `start`: printable ASCII but `"` and `\`.
    private static func plainRun(in text: Span<UInt8>, from start: Int) -> Int {
        var at = start
        // Eight at a time: a byte is plain when none of these sets its high bit.
        while at &+ 8 <= text.count {
            let word = text.word(at: at)
            guard nonPlain(word) == 0 else { break }
            at &+= 8
        }
        while at < text.count {
            let byte = text[at]
            guard byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C else { break }
            at &+= 1
        }
        return at
    }

    /// Zero when all eight bytes of the word are plain.
    private static func nonPlain(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        func zeroes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
        let below = (word &- ones &* 0x20) & ~word
        return (word | below | zeroes(word ^ ones &* 0x22) | zeroes(word ^ ones &* 0x5C) | zeroes(word ^ ones &* 0x7F)) & highs
    }

    /// The length of the well-formed UTF-8 sequence of two or more bytes at `at` (Unicode table 3-7), or 0.
    static func utf8Length(_ text: Span<UInt8>, _ at: Int) -> Int {
        let first = text[at]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard at + length <= text.count, second.contains(text[at + 1]) else { return 0 }
        for index in 2..<max(2, length) where text[at + index] & 0xC0 != 0x80 { return 0 }
        return length
    }

    private static func appendHex(_ byte: UInt8, to out: inout OutputBuffer) {
        out.append(byte: hexDigit(byte >> 4))
        out.append(byte: hexDigit(byte & 15))
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble }
}
