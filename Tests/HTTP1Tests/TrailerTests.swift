import FuzzChecks
import HTTP1
import HTTPMessage
import Testing

@Suite struct TrailerTests {
    @Test func readsTrailers() {
        let trailers = parseTrailers("X-Checksum: abc\r\nServer-Timing: a;dur=1\r\n\r\nGET".octets)
        #expect(trailers.outcome == .complete && trailers.end == 43)
        #expect(trailers.fields.map(\.text) == ["X-Checksum: abc", "Server-Timing: a;dur=1"])
        #expect(trailers.fields.map(\.marks) == [1, 1])
        let empty = parseTrailers("\r\n".octets)
        #expect(empty.outcome == .complete && empty.end == 2 && empty.fields.isEmpty)
    }

    @Test(arguments: [
        "Content-Type", "Content-Encoding", "Cache-Control", "Date", "Keep-Alive", "TE", "Trailer", "Expect", "Range", "If-Match", "Vary",
        "X_Forwarded_For", "Content_Length",
    ])
    func removesWhatHasNoPlaceThere(name: String) {
        let trailers = parseTrailers("\(name): 1\r\nX-Kept: 2\r\n\r\n".octets)
        #expect(trailers.outcome == .complete)
        #expect(trailers.fields.map { $0.marks & FieldMarks.removed.rawValue != 0 } == [true, false])
    }

    static let refusals: [Refusal] = [
        "Content-Length", "content-length", "Transfer-Encoding", "Host", "Connection", "Upgrade", "Authorization", "Proxy-Authorization", "Cookie",
        "Set-Cookie", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Location", "Client-Cert", "WWW-Authenticate",
        "X-Request-ID", "Origin",
    ].map { Refusal("X: y\r\n\($0): 1\r\n\r\n", .requestTrailerForbidden) } + [
        "X : y", " X: y", ": y", "X", "X: a\u{0}", "X: a\rb", "X: a\nb", "X: y\r\n z",
    ].map { Refusal("\($0)\r\n\r\n", .requestTrailerMalformed) } + [
        Refusal("\n", .requestTrailerMalformed), Refusal("X: y\r\n\n", .requestTrailerMalformed), Refusal("\r\r\n", .requestTrailerMalformed),
    ]

    @Test func refusesEverySectionOfTheTable() {
        for refusal in Self.refusals {
            #expect(parseTrailers(refusal.bytes).outcome == .failed(refusal.reason), "\(refusal)")
            #expect(parseTrailers(refusal.bytes, for: .response).outcome == .failed(.upstreamResponseTrailerMalformed), "\(refusal)")
        }
    }

    @Test func boundsTheSection() {
        let text = "X: yyyyyyyyyy\r\n\r\n"
        #expect(parseTrailers(text.octets, limits: HeadLimits(headBytes: 17)).outcome == .complete)
        #expect(parseTrailers(text.octets, limits: HeadLimits(headBytes: 16)).outcome == .failed(.requestTrailerMalformed))
        #expect(parseTrailers("A: 1\r\nB: 2\r\n\r\n".octets, limits: HeadLimits(fieldCount: 1)).outcome == .failed(.requestTrailerMalformed))
    }
}
