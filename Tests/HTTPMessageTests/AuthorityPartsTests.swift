import Buffers
import HTTPMessage
import Testing

@Suite struct AuthorityPartsTests {
    @Test(arguments: [
        ("example.org", "example.org", ""), ("Example.org.", "Example.org", ""), ("example.org:8080", "example.org", "8080"),
        ("example.org.:80", "example.org", "80"), ("127.0.0.1", "127.0.0.1", ""), ("127.0.0.1:1", "127.0.0.1", "1"), ("[::1]", "[::1]", ""),
        ("[2001:db8::80]:443", "[2001:db8::80]", "443"), ("8080", "8080", ""), ("a1", "a1", ""), ("a:", "a", ""), ("", "", ""), (".", "", ""),
        (":80", "", "80"), ("a..", "a.", ""), ("a:b", "a:b", ""),
    ])
    func splitsAnAuthority(_ text: String, _ host: String, _ port: String) {
        let bytes = Array("1:2\(text)3".utf8)
        let parts = AuthorityParts(bytes.span, ByteRange(start: 3, count: text.utf8.count))
        #expect(String(decoding: bytes[parts.host.range], as: UTF8.self) == host)
        #expect(String(decoding: bytes[parts.port.range], as: UTF8.self) == port)
    }
}
