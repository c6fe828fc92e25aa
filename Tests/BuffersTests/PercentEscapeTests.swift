import Buffers
import Testing

@Suite struct PercentEscapeTests {
    @Test(arguments: [
        ("%41", 0x41), ("%fF", 0xFF), ("%00", 0x00), ("%2f;", 0x2F), ("A", nil), ("%", nil), ("%4", nil), ("%4g", nil), ("%g4", nil), ("%%41", nil),
    ] as [(String, UInt8?)])
    func decodesOneEscape(_ text: String, _ expected: UInt8?) {
        // What stands behind the end is not looked at.
        let bytes = Array("x\(text)00".utf8)
        #expect(bytes.span.escapedByte(at: 1, to: 1 + text.utf8.count) == expected)
    }

    @Test func escapesWhatMayNotStandThere() {
        var bytes = Array("/".utf8)
        bytes.append(Array("a b/ä%7F\u{7F}".utf8).span) { $0.isAlphanumeric || $0 == UInt8(ascii: "/") }
        #expect(String(decoding: bytes, as: UTF8.self) == "/a%20b/%C3%A4%257F%7F")
    }

    @Test func everyByteComesBack() {
        var bytes: [UInt8] = []
        let all = Array(UInt8.min...UInt8.max)
        bytes.append(all.span) { _ in false }
        #expect(all.indices.map { bytes.span.escapedByte(at: 3 * $0, to: bytes.count) } == all)
    }
}
