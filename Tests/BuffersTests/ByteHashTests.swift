import Buffers
import Testing

@Suite struct ByteHashTests {
    @Test(arguments: [("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8)] as [(String, UInt64)])
    func isFNV1a(_ text: String, _ expected: UInt64) {
        var hash = ByteHash()
        for byte in text.utf8 { hash.add(UInt64(byte)) }
        #expect(hash.value == expected)
    }
}
