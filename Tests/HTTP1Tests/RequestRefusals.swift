import HTTPMessage

/// A head that must be refused, and why. Shared by the tests of whole heads and those of cut ones.
struct Refusal: Sendable, CustomStringConvertible {
    var bytes: [UInt8]
    var reason: Reason

    init(_ text: String, _ reason: Reason) {
        bytes = Array(text.utf8)
        self.reason = reason
    }

    init(_ bytes: [UInt8], _ reason: Reason) {
        self.bytes = bytes
        self.reason = reason
    }

    /// `line` as the second field line of a GET.
    static func field(_ line: String, _ reason: Reason) -> Refusal {
        Refusal("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n", reason)
    }

    /// `byte` in the middle of the value of a field.
    static func control(_ byte: UInt8, _ reason: Reason = .requestFieldControl) -> Refusal {
        Refusal(Array("GET / HTTP/1.1\r\nHost: a\r\nX-Long-Enough: before ".utf8) + [byte] + Array("after\r\n\r\n".utf8), reason)
    }

    static func line(_ line: String, _ reason: Reason) -> Refusal { Refusal("\(line)\r\nHost: a\r\n\r\n", reason) }
    static func host(_ host: String) -> Refusal { Refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n", .requestHostMalformed) }
    static func length(_ value: String, _ reason: Reason = .requestLengthMalformed) -> Refusal {
        Refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\(value)\r\n\r\n", reason)
    }
    static func coding(_ value: String) -> Refusal {
        Refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\(value)\r\n\r\n", .requestTransferCodingUnsupported)
    }

    var description: String { String(decoding: bytes.prefix(120), as: UTF8.self).debugDescription }
}

enum RequestRefusals {
    static let lines: [Refusal] = [
        .line("GET /", .requestLineMalformed),
        .line("GET", .requestLineMalformed),
        .line("GET ", .requestLineMalformed),
        .line("GET  / HTTP/1.1", .requestLineMalformed),
        .line("GET /  HTTP/1.1", .requestLineMalformed),
        .line("GET / HTTP/1.1 ", .requestLineMalformed),
        .line("GET / HTTP/1.1\t", .requestLineMalformed),
        .line("GET / HTTP/1.1x", .requestLineMalformed),
        .line("GET / a HTTP/1.1", .requestLineMalformed),
        .line("GET\t/ HTTP/1.1", .requestLineMalformed),
        .line("GET /\tHTTP/1.1", .requestTargetMalformed),
        .line(" GET / HTTP/1.1", .requestLineMalformed),
        .line("GE(T / HTTP/1.1", .requestLineMalformed),
        .line("G\u{e9}T / HTTP/1.1", .requestLineMalformed),
        .line("\(String(repeating: "M", count: 33)) / HTTP/1.1", .requestLineMalformed),
        .line("GET / http/1.1", .requestLineMalformed),
        .line("GET / HTTP/1.10", .requestLineMalformed),
        .line("GET / HTTP/1,1", .requestLineMalformed),
        .line("GET / HTTP/11", .requestLineMalformed),
        .line("GET / HTTP/+1.1", .requestLineMalformed),
        .line("GET / HTTP /1.1", .requestLineMalformed),
        .line("GET / HTTPS/1.1", .requestLineMalformed),
        .line("GET / ICY/1.1", .requestLineMalformed),
        .line("GET / HTTP/1.2", .requestVersionUnsupported),
        .line("GET / HTTP/0.9", .requestVersionUnsupported),
        .line("GET / HTTP/2.0", .requestVersionUnsupported),
        Refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .requestTargetMalformed),
        .line("CONNECT a:443 HTTP/1.1", .requestMethodConnect),
        .line("CONNECT / HTTP/1.1", .requestMethodConnect),
        .line("GET /a b HTTP/1.1", .requestLineMalformed),
        .line("GET /#f HTTP/1.1", .requestTargetMalformed),
        .line("GET /?#f HTTP/1.1", .requestTargetMalformed),
        .line("GET /% HTTP/1.1", .requestTargetMalformed),
        .line("GET /%2 HTTP/1.1", .requestTargetMalformed),
        .line("GET /%zz HTTP/1.1", .requestTargetMalformed),
        .line("GET /%4g HTTP/1.1", .requestTargetMalformed),
        .line("GET /?%u0041 HTTP/1.1", .requestTargetMalformed),
        .line("GET /\u{e9} HTTP/1.1", .requestTargetMalformed),
        .line("GET /\u{0} HTTP/1.1", .requestTargetMalformed),
        .line("GET /\u{1} HTTP/1.1", .requestTargetMalformed),
        .line("GET /\u{7f} HTTP/1.1", .requestTargetMalformed),
        .line("GET /long-enough-path/\u{1f}/more HTTP/1.1", .requestTargetMalformed),
        .line("GET a HTTP/1.1", .requestTargetMalformed),
        .line("GET a/b HTTP/1.1", .requestTargetMalformed),
        .line("GET ?a HTTP/1.1", .requestTargetMalformed),
        .line("GET * HTTP/1.1", .requestTargetMalformed),
        .line("OPTIONS */ HTTP/1.1", .requestTargetMalformed),
        .line("OPTIONS ** HTTP/1.1", .requestTargetMalformed),
        .line("GET a:80 HTTP/1.1", .requestTargetMalformed),
        .line("GET ftp://a/ HTTP/1.1", .requestTargetMalformed),
        .line("GET http:/a/ HTTP/1.1", .requestTargetMalformed),
        .line("GET http:// HTTP/1.1", .requestTargetMalformed),
        .line("GET http:///x HTTP/1.1", .requestTargetMalformed),
        .line("GET http://?x HTTP/1.1", .requestTargetMalformed),
        .line("GET http://u@a/ HTTP/1.1", .requestTargetMalformed),
        .line("GET http://a:b@a/ HTTP/1.1", .requestTargetMalformed),
        .line("GET http://a:99999/ HTTP/1.1", .requestTargetMalformed),
        .line("GET http://a#f HTTP/1.1", .requestTargetMalformed),
        .line("GET javascript:alert(1) HTTP/1.1", .requestTargetMalformed),
        .line("GET http://b/ HTTP/1.1", .requestHostMalformed),
        .line("GET http://a:80/ HTTP/1.1", .requestHostMalformed),
        Refusal("GET / HTTP/1.1\nHost: a\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\rHost: a\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .requestLineEnding),
        Refusal("GET /\n", .requestLineEnding),
        Refusal("GET\n/ HTTP/1.1\r\n", .requestLineEnding),
        Refusal("GET /\rx HTTP/1.1\r\n", .requestLineEnding),
        Refusal("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .requestLineEnding),
        Refusal("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", .requestLineEnding),
        Refusal("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .requestLineEnding),
        Refusal("\r\n GET / HTTP/1.1\r\nHost: a\r\n\r\n", .requestLineMalformed),
        Refusal([0x16, 0x03, 0x01, 0x02, 0x00], .requestLineMalformed),
        Refusal([0x00], .requestLineMalformed),
    ]

    static let fields: [Refusal] = [
        .field("NoColon", .requestFieldMalformed),
        .field("No Colon", .requestFieldMalformed),
        .field(": x", .requestFieldMalformed),
        .field(":", .requestFieldMalformed),
        .field("X : y", .requestFieldMalformed),
        .field("X\t: y", .requestFieldMalformed),
        .field("X y: z", .requestFieldMalformed),
        .field("X\u{b}: y", .requestFieldMalformed),
        .field("X(: y", .requestFieldMalformed),
        .field("X\"Y: z", .requestFieldMalformed),
        .field("\u{e9}: y", .requestFieldMalformed),
        .field("X@Y: z", .requestFieldMalformed),
        .field("Long-Name-With-{brace}: y", .requestFieldMalformed),
        .field("Content-Length\u{0}: 5", .requestFieldMalformed),
        .field("Transfer-Encoding : chunked", .requestFieldMalformed),
        .field("Content-Length\t: 5", .requestFieldMalformed),
        .field(" X: y", .requestFieldFolded),
        .field("\tX: y", .requestFieldFolded),
        .field("X: y\r\n z", .requestFieldFolded),
        .field("X: y\r\n\tz", .requestFieldFolded),
        .field("X:\r\n y", .requestFieldFolded),
        Refusal("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .requestFieldFolded),
        Refusal("GET / HTTP/1.1\r\nHost: a\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\n\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\n\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\nX\r: y\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\nX\n: y\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n", .requestLineEnding),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\nX:\n\r\n", .requestLineEnding),
    ] + (0..<0x20).filter { ![0x09, 0x0A, 0x0D].contains($0) }.map { Refusal.control(UInt8($0)) } + [.control(0x7F)]

    static let hosts: [Refusal] = [
        Refusal("GET / HTTP/1.1\r\n\r\n", .requestHostMissing),
        Refusal("GET / HTTP/1.1\r\nX: y\r\n\r\n", .requestHostMissing),
        Refusal("GET http://a/ HTTP/1.1\r\n\r\n", .requestHostMissing),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .requestHostRepeated),
        Refusal("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: b\r\n\r\n", .requestHostRepeated),
        Refusal("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .requestHostRepeated),
        Refusal("GET / HTTP/1.1\r\nHost:\r\n\r\n", .requestHostMalformed),
        Refusal("GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", .requestHostMalformed),
        Refusal("GET http://a/ HTTP/1.0\r\nHost: b\r\n\r\n", .requestHostMalformed),
        Refusal("GET http://a/ HTTP/1.1\r\nHost: a.\r\n\r\n", .requestHostMalformed),
        .host("a, b"), .host("a,b"), .host("a b"), .host("good@evil"), .host("u:p@a"), .host("a/b"), .host("a?b"), .host("a#b"),
        .host("http://a"), .host("a\\b"), .host("a%2e"), .host("a;b"), .host("(a)"), .host("a\"b"), .host("\u{e9}"), .host("a:"),
        .host(":80"), .host("a:b"), .host("a:-1"), .host("a:+1"), .host("a:65536"), .host("a:100000"), .host("a:80:80"), .host("a: 80"),
        .host("."), .host(".."), .host(".a"), .host("a..b"), .host("a.."), .host("[]"), .host("[::1"), .host("::1"), .host("[::1]x"),
        .host("[:::1]"), .host("[1::2::3]"), .host("[12345::]"), .host("[1:2:3:4:5:6:7]"), .host("[1:2:3:4:5:6:7:8:9]"), .host("[:1]"),
        .host("[1:]"), .host("[1:2:3:4:5:6:7:8::]"), .host("[::g]"), .host("[::1.2.3]"), .host("[::1.2.3.256]"), .host("[::01.2.3.4]"),
        .host("[1:2:3:4:5:6:7:1.2.3.4]"), .host("[::1%25eth0]"), .host("[v1.x]"), .host("[::1]:"), .host("[::1]:a"), .host("a]"),
        .host(String(repeating: "a", count: 256)),
    ]

    static let framings: [Refusal] = [
        .length(""), .length(" "), .length(" +5"), .length(" -5"), .length(" 0x5"), .length(" 5 5"), .length(" 5,5"), .length(" 5, 5"),
        .length(" 5;"), .length(" 5."), .length(" five"), .length(" 00"), .length(" 05"), .length(" 9223372036854775808"),
        .length(" 18446744073709551615"), .length(" 18446744073709551616"), .length(" 99999999999999999999"), .length(" 5_0"),
        .length(" \"5\""), .length(" \u{ff15}"),
        .length(" 5\r\nContent-Length: 5", .requestLengthRepeated),
        .length(" 5\r\ncontent-length: 6", .requestLengthRepeated),
        .length(" 5\r\nTransfer-Encoding: chunked", .requestLengthWithTransferCoding),
        .length(" x\r\nTransfer-Encoding: chunked", .requestLengthWithTransferCoding),
        Refusal("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\nContent-Length: 0\r\n\r\n", .requestLengthWithTransferCoding),
        .coding(""), .coding(" "), .coding(" gzip"), .coding(" identity"), .coding(" gzip, chunked"), .coding(" chunked, chunked"),
        .coding(" chunked, gzip"), .coding(" chunked,"), .coding(" ,chunked"), .coding(" chunked;q=1"), .coding(" chunked foo"),
        .coding(" xchunked"), .coding(" chunke"), .coding(" \"chunked\""), .coding(" c hunked"), .coding(" chunked\u{e9}"),
        .coding(" chunked\r\nTransfer-Encoding: chunked"), .coding(" chunked\r\nTransfer-Encoding: identity"),
        .coding(" \r\nTransfer-Encoding: chunked"),
        Refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .requestTransferCodingVersion),
        Refusal("POST / HTTP/1.0\r\nTransfer-Encoding: x\r\nContent-Length: 1\r\n\r\n", .requestTransferCodingVersion),
        Refusal("TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", .requestBodyUnexpected),
        Refusal("TRACE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .requestBodyUnexpected),
        .field("Expect: 200-ok", .requestExpectationUnsupported),
        .field("Expect:", .requestExpectationUnsupported),
        .field("Expect: 100-continue, x", .requestExpectationUnsupported),
        .field("Expect: y 100-continue", .requestExpectationUnsupported),
        .field("Expect: 100-continue\r\nExpect: 100-continue", .requestExpectationUnsupported),
        .field("Connection: \((0..<40).map { "n\($0)" }.joined(separator: ","))", .requestFieldMalformed),
        // Connection has no quoted strings: one reader would take this for two names, another for one.
        .field("Connection: \"a, X-Secret\"\r\nX-Secret: 1", .requestFieldMalformed),
        .field("Connection: close, a\"b, X-Secret\"", .requestFieldMalformed),
    ]

    static let all = lines + fields + hosts + framings
}
