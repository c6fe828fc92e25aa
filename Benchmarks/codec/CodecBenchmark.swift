import Buffers
import HTTP1
import HTTPMessage

/// Parses or writes one head over and over: `CodecBenchmark CASE COUNT`. Run it under callgrind with two counts; the
/// difference is the cost of the heads alone.
@main
enum CodecBenchmark {
    static let wrk = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk/4.1.0\r\nAccept: */*\r\n\r\n"

    static let browser = """
        GET /images/2026/11/photograph.jpg?size=large&format=webp HTTP/1.1\r
        Host: www.example.org\r
        Connection: keep-alive\r
        Cache-Control: max-age=0\r
        sec-ch-ua: "Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"\r
        sec-ch-ua-mobile: ?0\r
        sec-ch-ua-platform: "Linux"\r
        DNT: 1\r
        Upgrade-Insecure-Requests: 1\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36\r
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r
        Sec-Fetch-Site: same-origin\r
        Sec-Fetch-Mode: navigate\r
        Sec-Fetch-User: ?1\r
        Sec-Fetch-Dest: document\r
        Referer: https://www.example.org/images/2026/11/index.html\r
        Accept-Encoding: gzip, deflate, br, zstd\r
        Accept-Language: en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7\r
        Cookie: session=6f1ed002ab5595859014ebf0951522d9; theme=dark; consent=necessary%2Cstatistics\r
        If-None-Match: "5f3c-1d-6543210"\r
        If-Modified-Since: Mon, 23 Nov 2026 00:00:00 GMT\r
        \r

        """

    static let nginx = """
        HTTP/1.1 200 OK\r
        Server: nginx/1.22.1\r
        Date: Mon, 23 Nov 2026 00:00:00 GMT\r
        Content-Type: text/plain\r
        Content-Length: 29\r
        Last-Modified: Mon, 23 Nov 2026 00:00:00 GMT\r
        Connection: keep-alive\r
        ETag: "655e7b80-1d"\r
        \r

        """

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let count = Int(arguments[2]) else { return print("usage: CodecBenchmark CASE COUNT") }
        switch arguments[1] {
        case "parse-wrk": parseRequests(wrk, count, writing: false)
        case "parse-browser": parseRequests(browser, count, writing: false)
        case "write-wrk": parseRequests(wrk, count, writing: true)
        case "write-browser": parseRequests(browser, count, writing: true)
        case "parse-nginx": parseResponses(nginx, count, writing: false)
        case "write-nginx": parseResponses(nginx, count, writing: true)
        case "bytes": print(wrk.utf8.count, browser.utf8.count, nginx.utf8.count)
        default: print("unknown case: \(arguments[1])")
        }
    }

    /// Parses once and writes `count` times, or parses `count` times.
    @inline(never)
    static func parseRequests(_ text: String, _ count: Int, writing: Bool) {
        var slab = Slab(byteCount: 16 * 1024)
        fill(&slab, text)
        let size = text.utf8.count
        var fields = FieldTable(Slab(byteCount: 16 * 1024))
        var head = RequestHead()
        var out = OutputBuffer(Slab(byteCount: 16 * 1024))
        var parser = RequestParser(limits: HeadLimits())
        var sum = 0
        for turn in 0..<(writing ? 1 : count) {
            let outcome = parser.parse(slab.bytes.extracting(first: size), from: 0, into: &head, fields: &fields)
            precondition(outcome == .complete, "turn \(turn)")
            sum &+= head.end &+ fields.count
        }
        for _ in 0..<(writing ? count : 0) {
            out.removeAll()
            let bytes = slab.bytes.extracting(first: size)
            HeadWriter.writeRequestLine(head, in: bytes, to: &out)
            HeadWriter.writeRequestFields(fields, in: bytes, dropping: .forwarding, to: &out)
            HeadWriter.writeRequestFraming(head.framing, method: head.method, to: &out)
            HeadWriter.endHead(to: &out)
            sum &+= out.count
        }
        print(sum)
    }

    @inline(never)
    static func parseResponses(_ text: String, _ count: Int, writing: Bool) {
        var slab = Slab(byteCount: 16 * 1024)
        fill(&slab, text)
        let size = text.utf8.count
        var fields = FieldTable(Slab(byteCount: 16 * 1024))
        var head = ResponseHead()
        var out = OutputBuffer(Slab(byteCount: 16 * 1024))
        var parser = ResponseParser(limits: HeadLimits())
        var sum = 0
        for turn in 0..<(writing ? 1 : count) {
            let outcome = parser.parse(
                slab.bytes.extracting(first: size), from: 0, answering: .get, into: &head, fields: &fields)
            precondition(outcome == .complete, "turn \(turn)")
            sum &+= head.end &+ fields.count
        }
        for _ in 0..<(writing ? count : 0) {
            out.removeAll()
            let bytes = slab.bytes.extracting(first: size)
            HeadWriter.writeStatusLine(head, in: bytes, to: &out)
            HeadWriter.writeResponseFields(fields, of: head, answering: .get, in: bytes, dropping: TokenSet(), to: &out)
            HeadWriter.writeResponseFraming(head.framing, to: &out)
            HeadWriter.endHead(to: &out)
            sum &+= out.count
        }
        print(sum)
    }

    static func fill(_ slab: inout Slab, _ text: String) {
        var bytes = slab.mutableBytes
        var at = 0
        for byte in text.utf8 {
            bytes[at] = byte
            at &+= 1
        }
    }
}
