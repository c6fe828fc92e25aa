import FilterAPI
import FilterTesting
import Gzip
import Testing

/// Which responses are coded.
@Suite struct NegotiationTests {
    let body = Sample.json(3000)

    /// Sends a request with these field lines and answers it with this head and `body`.
    private func answer(
        _ request: String = "Accept-Encoding: gzip\n", _ status: String = "200 OK", _ fields: String = "Content-Type: application/json\n",
        method: String = "GET", options: String = "status-field = on"
    ) throws -> TestResponse {
        let exchange = try FilterHarness(Gzip.self, options).send("\(method) / HTTP/1.1\nHost: a\n\(request)")
        let framing = fields.lowercased().contains("content-length") || fields.contains("chunked") ? "" : "Content-Length: \(body.count)\n"
        return exchange.respond("HTTP/1.1 \(status)\n\(fields)\(framing)", [.bytes(body)])
    }

    @Test(arguments: [
        ("gzip", true), ("GZip", true), ("x-gzip", true), ("gzip;q=1", true), ("gzip; q=0.001", true), ("gzip;Q=0.5", true), ("*", true), ("*;q=0.1", true),
        ("br, gzip", true), ("br;q=1, gzip;q=0.2", true), ("deflate,,gzip ,", true), ("identity;q=0", false), ("identity;q=0, *", true),
        ("gzip;q=0", false), ("gzip;q=0.0", false), ("gzip;q=0, *", false), ("*;q=0", false), ("*;q=0, gzip", true), ("", false), ("identity", false),
        ("br", false), ("deflate", false), ("gzipped", false), ("not-gzip", false), ("\"gzip\"", false), ("gzip;q=2", false), ("gzip;q=0.1234", false),
        ("gzip;q=", false), ("gzip;q=0.5;q=1", false), ("identity, gzip;q=0.5", false), ("identity;q=0.5, gzip", true), ("gzip;q=0.5, *;q=1", false),
        ("gzip;q=0.5, identity;q=0.5", true), ("x-gzip;q=0, gzip", true),
    ])
    func theClientDecides(_ accepted: String, isCoded: Bool) throws {
        let response = try answer("Accept-Encoding: \(accepted)\n")
        #expect(response.field("Content-Encoding") == (isCoded ? "gzip" : nil))
        #expect((isCoded ? response.decoded : response.body) == body)
        #expect(response.lengthChanges == isCoded)
        #expect(response.field("Vary") == "Accept-Encoding")
        #expect(response.field("Gateway-Compression") == (isCoded ? "gzip" : "none;not-accepted"))
    }

    @Test func withoutAcceptEncodingNothingIsCoded() throws {
        #expect(try answer("").body == body)
        #expect(try answer("Accept: gzip\n").body == body)
    }

    @Test func allLinesCount() throws {
        #expect(try answer("Accept-Encoding: br\nAccept-Encoding: gzip\n").decoded == body)
        #expect(try answer("Accept-Encoding: gzip\nAccept-Encoding: identity;q=1, gzip;q=0.3\n").decoded == body)
    }

    @Test(arguments: [200, 201, 203, 207, 301, 400, 401, 403, 404, 410, 500, 503, 599])
    func statusesThatAreCoded(_ status: Int) throws {
        #expect(try answer("Accept-Encoding: gzip\n", "\(status) X").decoded == body)
    }

    @Test func statusesWithoutABodyOfTheirOwnAreNot() throws {
        let part = try answer("Accept-Encoding: gzip\n", "206 Part", "Content-Type: text/plain\nContent-Range: bytes 0-2999/9000\n")
        #expect(part.body == body)
        #expect(part.field("Vary") == "Accept-Encoding")
        #expect(part.field("Gateway-Compression") == "none;range")
        #expect(try answer("Accept-Encoding: gzip\n", "416 No", "Content-Type: text/plain\nContent-Range: bytes */9000\n").body == body)
        for status in ["204 No Content", "205 Reset Content"] {
            let response = try answer("Accept-Encoding: gzip\n", status, "Content-Type: text/plain\nETag: \"x\"\nContent-Length: 0\n")
            #expect(response.field("Content-Encoding") == nil)
            #expect(response.field("ETag") == "\"x\"")
        }
        let upgrade = try answer("Accept-Encoding: gzip\nConnection: upgrade\nUpgrade: websocket\n", "101 X", "Upgrade: websocket\nConnection: upgrade\n")
        #expect(upgrade.field("Content-Encoding") == nil)
    }

    @Test(arguments: [
        ("text/html", true), ("TEXT/HTML; charset=utf-8", true), ("text/css", true), ("text/x-anything", true), ("application/json", true),
        ("application/json ;charset=utf-8", true), ("application/problem+json", true), ("application/atom+xml", true), ("application/javascript", true),
        ("application/wasm", true), ("image/svg+xml", true), ("image/png", false), ("application/octet-stream", false), ("video/mp4", false),
        ("application/jsonp", false), ("application/zip", false), ("text", false), ("text/event-stream", false), ("text/event-stream;charset=utf-8", false),
        ("application/grpc", false), ("application/grpc+json", false), ("application/grpc-web+json", false), ("multipart/x-mixed-replace;boundary=x", false),
        ("multipart/byteranges", false), ("", false),
    ])
    func typesThatAreCoded(_ type: String, isCoded: Bool) throws {
        let response = try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: \(type)\n")
        #expect((response.decoded == body) == isCoded)
        #expect(response.field("Vary") == (isCoded ? "Accept-Encoding" : nil), "only where the coding matters")
    }

    @Test func noTypeIsNoText() throws {
        let response = try answer("Accept-Encoding: gzip\n", "200 OK", "Server: x\n")
        #expect(response.body == body)
        #expect(response.field("Vary") == nil)
        #expect(response.field("Gateway-Compression") == "none;type")
    }

    @Test func patternsOfTypes() throws {
        for (pattern, type, isCoded) in [
            ("*/*", "image/png", true), ("*/*", "application/grpc", false), ("*/*", "text/event-stream", false), ("image/*", "image/png", true),
            ("image/*", "text/html", false), ("Text/HTML", "text/html", true), ("text/html", "text/htmlx", false), ("application/*+json", "application/+json", true),
            ("application/*+json", "application/json", false), ("multipart/*", "multipart/form-data", false),
        ] {
            let response = try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: \(type)\n", options: "types = \(pattern)")
            #expect((response.decoded == body) == isCoded, "\(pattern) \(type)")
        }
    }

    @Test func shortOnesAreNotWorthIt() throws {
        let harness = try FilterHarness(Gzip.self)
        for (length, isCoded) in [(0, false), (1, false), (1023, false), (1024, true), (1025, true)] {
            let sent = Array(Sample.json(2000)[..<length])
            let response = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
                .respond("HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: \(length)\n", [.bytes(sent)])
            #expect((response.decoded ?? response.body) == sent)
            #expect(response.lengthChanges == isCoded)
            #expect(response.field("Vary") == "Accept-Encoding")
        }
    }

    /// The head waits until the length is known, or does not matter any more.
    @Test(arguments: [
        ([.text("tiny")], false), ([], false), ([.bytes(Sample.noise(500)), .bytes(Sample.noise(523))], false),
        ([.bytes(Sample.noise(500)), .bytes(Sample.noise(524))], true), ([.bytes(Sample.noise(1023)), .text("x"), .flush], true),
        // Whoever pauses may go on for long.
        ([.text("tiny"), .flush], true), ([.flush, .text("tiny")], true), ([.text("tiny"), .flush, .text("more")], true),
    ] as [([TestPiece], Bool)])
    func shortOnesAreNotWorthItAlsoWhereTheAppDoesNotSayHowLongTheyAre(_ pieces: [TestPiece], isCoded: Bool) throws {
        let harness = try FilterHarness(Gzip.self, "status-field = on")
        for framing in ["Transfer-Encoding: chunked\n", ""] {
            let response = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
                .respond("HTTP/1.1 200 OK\nContent-Type: text/plain\nETag: \"x\"\n\(framing)", pieces)
            let sent: [UInt8] = pieces.flatMap { if case .bytes(let bytes) = $0 { bytes } else { [UInt8]() } }
            #expect((isCoded ? response.decoded : response.body) == sent)
            #expect(response.field("Content-Encoding") == (isCoded ? "gzip" : nil))
            #expect(response.field("ETag") == (isCoded ? "\"x-gz\"" : "\"x\""))
            #expect(response.field("Gateway-Compression") == (isCoded ? "gzip" : "none;too-short"))
            #expect(response.field("Vary") == "Accept-Encoding")
        }
    }

    @Test func aLargeMinimumIsAwaitedInPartOnly() throws {
        let harness = try FilterHarness(Gzip.self, "min-length = 1MiB")
        for (count, isCoded) in [(Response.mostAwaitedBytes - 1, false), (Response.mostAwaitedBytes, true)] {
            let response = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
                .respond("HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n", [.bytes(Sample.noise(count))])
            #expect(response.field("Content-Encoding") == (isCoded ? "gzip" : nil))
        }
    }

    @Test func nothingIsCodedTwice() throws {
        for coding in ["gzip", "br", "identity, gzip", "x-unknown"] {
            let response = try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: text/plain\nContent-Encoding: \(coding)\nETag: \"x\"\n")
            #expect(response.body == body)
            #expect(response.field("Content-Encoding") == coding)
            #expect(response.field("ETag") == "\"x\"")
            #expect(response.field("Vary") == "Accept-Encoding")
        }
        // `identity` is no coding.
        #expect(try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: text/plain\nContent-Encoding: Identity\n").decoded == body)
    }

    @Test func noTransformHoldsBothWays() throws {
        let asked = try answer("Accept-Encoding: gzip\nCache-Control: max-age=0, No-Transform\n")
        #expect(asked.body == body)
        #expect(asked.field("Gateway-Compression") == "none;no-transform")
        let told = try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: text/plain\nCache-Control: public\nCache-Control: no-transform\n")
        #expect(told.body == body)
        #expect(told.field("Vary") == "Accept-Encoding")
        let other = try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: text/plain\nCache-Control: x-no-transform, y=\"no-transform\"\n")
        #expect(other.decoded == body)
    }

    @Test func aRequestForARangeIsLeftAlone() throws {
        let harness = try FilterHarness(Gzip.self)
        let exchange = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nRange: bytes=0-9\nIf-Range: \"x-gz\"\nIf-None-Match: \"x-gz\"\nIf-Match: \"y-gz\"\n")
        #expect(exchange.field("Range") == "bytes=0-9")
        // The ranges of the coded response are nobody's: its tag must not be taken for the app's own.
        #expect(exchange.field("If-Range") == "\"x-gz\"")
        #expect(exchange.field("If-None-Match") == "\"x-gz\"")
        #expect(exchange.field("If-Match") == "\"y-gz\"")
        let whole = exchange.respond("HTTP/1.1 200 OK\nContent-Type: text/plain\nETag: \"x\"\nContent-Length: \(body.count)\n", [.bytes(body)])
        #expect(whole.body == body)
        #expect(whole.field("ETag") == "\"x\"")
    }

    @Test func headSaysWhatGetWouldSay() throws {
        for (fields, length) in [("Content-Type: text/plain\nETag: \"x\"\n", "3000"), ("Content-Type: text/plain\nETag: \"x\"\n", "10"), ("Content-Type: image/png\n", "3000")] {
            let framing = "Content-Length: \(length)\n"
            let get = try answer("Accept-Encoding: gzip\n", "200 OK", fields + framing)
            let head = try answer("Accept-Encoding: gzip\n", "200 OK", fields + framing, method: "HEAD")
            #expect(head.body.isEmpty)
            #expect(head.lengthChanges == get.lengthChanges)
            for name in ["Vary", "ETag", "Content-Encoding", "Gateway-Compression"] { #expect(head.field(name) == get.field(name)) }
            #expect(head.head.contains("Content-Length") == !get.lengthChanges)
        }
    }

    @Test func whatHoldsForTheAppsBytesOnlyIsRemoved() throws {
        let fields = "Content-MD5: a\nDigest: b\nContent-Digest: c\nRepr-Digest: d\nAccept-Ranges: bytes\nLast-Modified: e\n"
        let coded = try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: text/plain\n" + fields)
        for name in ["Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Accept-Ranges"] { #expect(coded.field(name) == nil) }
        #expect(coded.field("Last-Modified") == "e")
        let plain = try answer("", "200 OK", "Content-Type: text/plain\n" + fields)
        for name in ["Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Accept-Ranges"] { #expect(plain.field(name) != nil) }
    }

    @Test func aDigestBehindTheBodyHoldsForTheAppsBytes() throws {
        for (names, isCoded) in [("Content-Digest", false), ("x-sum, REPR-DIGEST", false), ("Digest", false), ("Content-MD5", false), ("X-Sum", true)] {
            let response = try answer("Accept-Encoding: gzip\n", "200 OK", "Content-Type: text/plain\nTransfer-Encoding: chunked\nTrailer: \(names)\n")
            #expect((response.decoded == body) == isCoded, "\(names)")
        }
    }

    @Test func varyIsAddedToWhatIsThere() throws {
        for (before, after) in [
            ("Vary: Origin\n", "Origin, Accept-Encoding"), ("Vary: accept-encoding, Origin\n", "accept-encoding, Origin"), ("Vary: *\n", "*"),
        ] {
            #expect(try answer("", "200 OK", "Content-Type: text/plain\n" + before).field("Vary") == after)
        }
    }

    @Test func theAppIsNotAskedForACoding() throws {
        let head = "GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip, br\n"
        #expect(try FilterHarness(Gzip.self).send(head).field("Accept-Encoding") == nil)
        #expect(try FilterHarness(Gzip.self, "strip-accept-encoding = off").send(head).field("Accept-Encoding") == "gzip, br")
        // Nobody may change that response, so the app may code it.
        #expect(try FilterHarness(Gzip.self).send(head + "Cache-Control: no-transform\n").field("Accept-Encoding") == "gzip, br")
    }

    /// RFC 9110 §12.5.3: a server that has nothing acceptable may send what it has. It must be the app that decides, which has acted by then.
    @Test func whoRefusesUncodedResponses() throws {
        let short = "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 4\n"
        let chunked = "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n"
        let harness = try FilterHarness(Gzip.self, "status-field = on")
        func send(_ accepted: String, _ more: String = "") -> TestExchange { harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: \(accepted)\n\(more)") }
        for accepted in ["gzip, identity;q=0", "gzip, *;q=0", "identity;q=0, *", "identity;q=0.000, x-gzip;q=0.1"] {
            let exchange = send(accepted)
            #expect(exchange.field("Accept-Encoding") == nil)
            for head in [short, chunked] { #expect(exchange.respond(head, [.text("tiny")]).decoded == Array("tiny".utf8), "\(accepted)") }
            let image = exchange.respond("HTTP/1.1 200 OK\nContent-Type: image/png\nContent-Length: 4\n", [.text("tiny")])
            #expect(image.status == 200 && image.text == "tiny", "the operator's `types` count")
        }
        for accepted in ["identity;q=0", "br, identity;q=0", "*;q=0", "br, *;q=0", "gzip;q=0, identity;q=0, zstd"] {
            let exchange = send(accepted)
            #expect(exchange.field("Accept-Encoding") == accepted, "the app may have what is asked for")
            for head in [short, chunked] {
                let response = exchange.respond(head, [.text("tiny")])
                #expect(response.status == 200 && response.text == "tiny")
                #expect(response.field("Vary") == "Accept-Encoding")
                #expect(response.field("Gateway-Compression") == "none;not-accepted")
            }
            #expect(exchange.respond("HTTP/1.1 406 No\nContent-Type: text/plain\nContent-Length: 0\n").status == 406)
        }
        #expect(send("gzip, identity;q=0", "Range: bytes=0-9\n").field("Accept-Encoding") == "gzip, identity;q=0")
        #expect(send("br, identity;q=0.001").field("Accept-Encoding") == nil)
        let note = harness.explain("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip, *;q=0\n").notes
        #expect(note.count == 1 && note[0].contains("refuses what is not compressed"))
    }

    /// A filter behind this one answers: what gateways say themselves is not coded.
    @Test func repliesAreSentAsTheyAre() throws {
        let exchange = try FilterHarness([(Gzip.self, "min-length = 0B\nstatus-field = on"), (Refusal.self, "")])
            .send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
        let reply = try #require(exchange.reply)
        #expect(reply.field("Content-Encoding") == nil && reply.field("Vary") == nil && reply.text == "no")
    }

    @Test func explainTellsWhy() throws {
        let harness = try FilterHarness(Gzip.self)
        for (fields, word) in [
            ("Accept-Encoding: gzip\n", "accepts gzip"), ("", "does not accept"), ("Accept-Encoding: gzip\nRange: bytes=0-1\n", "Range"),
            ("Accept-Encoding: gzip\nCache-Control: no-transform\n", "no-transform"),
        ] {
            let notes = harness.explain("GET / HTTP/1.1\nHost: a\n\(fields)").notes
            #expect(notes.count == 1 && notes[0].contains(word), "\(notes)")
        }
    }

    @Test(arguments: [
        ("level = 0", "level"), ("level = 10", "level"), ("types = text", "types"), ("types = text/*/x", "types"), ("types = \"text/html;charset=utf-8\"", "types"),
        ("types = */html", "types"), ("types = text/**", "types"), ("types = /x", "types"), ("min-length = 5", "min-length"), ("etag = keep", "etag"),
        ("length-jitter = 0", "length-jitter"), ("length-jitter = 257", "length-jitter"), ("memory = 1KiB", "memory"), ("status-field = yes", "status-field"),
    ])
    func wrongOptionsAreRefused(_ options: String, option: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(Gzip.self, options) }
        #expect(error?.description.contains("test.conf") == true && error?.description.contains(option) == true, "\(error?.description ?? "")")
    }
}

/// Answers everything itself.
private final class Refusal: FilterPlugin, RequestFilter {
    static let name = "refusal"
    private let reply = Reply(
        403, ReplyReason("test.refused", "Refused", fault: .client, happened: "It is refused.", advice: "None."), contentType: "text/plain", body: "no")

    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision { .respond(reply) }
}
