import Buffers
import HTTPMessage
import Testing

@Suite struct TokenListTests {
    private func elements(_ text: String) -> [String] {
        let bytes = Array("xx\(text)yy".utf8)
        let span = bytes.span
        var list = TokenList(ByteRange(start: 2, count: text.utf8.count))
        var found: [String] = []
        while let element = list.next(in: span) {
            found.append(String(decoding: element.range.map { span[$0] }, as: UTF8.self))
        }
        return found
    }

    @Test(arguments: [
        ("", []), (" ", []), (",", []), (" ,\t, ", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a ,\tb\t,,c, ", ["a", "b", "c"]),
        ("a b", ["a b"]), ("gzip;q=0.5, *;q=0", ["gzip;q=0.5", "*;q=0"]), ("\"a,b\",c", ["\"a,b\"", "c"]),
        ("x=\"a\\\",b\" , c", ["x=\"a\\\",b\"", "c"]), ("\"open, b", ["\"open, b"]), ("\"ends\\", ["\"ends\\"]), ("\"a \" ,b", ["\"a \"", "b"]),
    ] as [(String, [String])])
    func walks(text: String, expected: [String]) {
        #expect(elements(text) == expected)
    }

    @Test(arguments: [("gzip;q=1", "gzip"), ("gzip ; q=1", "gzip"), ("gzip", "gzip"), (";q", ""), ("", "")])
    func namesElements(text: String, expected: String) {
        let bytes = Array("-\(text)".utf8)
        let span = bytes.span
        let name = TokenList.name(of: ByteRange(start: 1, count: text.utf8.count), in: span)
        #expect(String(decoding: name.range.map { span[$0] }, as: UTF8.self) == expected)
    }
}
