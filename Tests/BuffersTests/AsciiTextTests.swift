import Buffers
import Testing

@Suite struct AsciiTextTests {
    @Test func classifiesBytes() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        let hexadecimal = Dictionary(uniqueKeysWithValues: zip("0123456789abcdef".utf8, UInt8(0)...15)).merging(
            Dictionary(uniqueKeysWithValues: zip("ABCDEF".utf8, UInt8(10)...15))) { one, _ in one }
        for byte in UInt8.min...UInt8.max {
            #expect(byte.isTokenCharacter == tokens.contains(byte))
            #expect(byte.hexadecimalValue == hexadecimal[byte])
            #expect(byte.isDigit == (byte >= 0x30 && byte <= 0x39))
            let character = Character(Unicode.Scalar(byte))
            #expect(byte.isAlphanumeric == (byte < 0x80 && (character.isLetter || character.isNumber)))
            #expect(byte.asciiLowercased == (byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte))
            #expect(byte.isFieldControl == ((byte < 0x20 || byte == 0x7F) && byte != 0x09))
        }
    }

    @Test func comparesTextInAnyCase() {
        let bytes = Array("Keep-Alive keep-alive keep_alive".utf8)
        func matches(_ start: Int, _ count: Int) -> Bool {
            bytes.span.matches(ByteRange(start: start, count: count), ignoringCase: "keep-alive")
        }
        func equal(_ start: Int, _ count: Int) -> Bool {
            bytes.span.equal(ByteRange(start: 0, count: 10), ByteRange(start: start, count: count), ignoringCase: ())
        }
        #expect(matches(0, 10) && matches(11, 10) && !matches(0, 9) && !matches(22, 10))
        #expect(equal(11, 10) && !equal(22, 10) && !equal(11, 9))
    }

    @Test(arguments: [
        ("text/HTML", "text/html", "MBE"), ("text/html", "text/html", "mMbBeE"), ("text/html", "text", "bB"), ("TEXT/html", "text", "B"),
        ("text/html", "html", "eE"), ("text/HTML", "html", "E"), ("text/html", "text/html5", ""), ("text/html", "plain", ""), ("text", "", "bBeE"),
        ("", "", "mMbBeE"), ("", "x", ""), ("x", "X", ""),
    ])
    func findsTextInARange(_ text: String, _ part: String, _ expected: String) {
        let bytes = Array("html\(text)text".utf8)
        let range = ByteRange(start: 4, count: text.utf8.count)
        let part = Array(part.utf8)
        var found = ""
        if bytes.span.matches(range, part) { found += "m" }
        if bytes.span.matches(range, ignoringCase: part) { found += "M" }
        if bytes.span.begins(range, with: part) { found += "b" }
        if bytes.span.begins(range, ignoringCase: part) { found += "B" }
        if bytes.span.ends(range, with: part) { found += "e" }
        if bytes.span.ends(range, ignoringCase: part) { found += "E" }
        #expect(Set(found) == Set(expected))
    }

    @Test func movesOverlappingBytes() {
        for (count, source, target) in [(5, 3, 0), (5, 0, 3), (0, 8, 0), (8, 0, 0), (1, 7, 0)] {
            var bytes = [UInt8](0..<8)
            var expected = bytes
            expected.replaceSubrange(target..<target + count, with: bytes[source..<source + count])
            var span = bytes.mutableSpan
            span.move(count, from: source, to: target)
            #expect(bytes == expected)
        }
    }
}
