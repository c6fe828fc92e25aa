import Buffers
import HTTP1
import HTTPMessage
import Testing

@Suite struct RequestHeadTests {
    @Test func readsAPlainGet() {
        let text = "GET /a/b?x=1 HTTP/1.1\r\nHost: example.org:8080\r\nUser-Agent: wrk\r\nAccept:*/*\r\n\r\nrest"
        let head = parseRequest(text.octets)
        #expect(head.outcome == .complete)
        #expect(head.method == "GET" && head.path == "/a/b" && head.query == "?x=1" && head.authority == "example.org:8080")
        #expect(head.framing == .none && head.end == text.utf8.count - 4)
        #expect(head.fields.map(\.text) == ["Host: example.org:8080", "User-Agent: wrk", "Accept: */*"])
        #expect(head.fields.map(\.token) == [.host, .userAgent, .accept])
        #expect(head.fields.map(\.marks) == [1, 1, 0])
    }
}
