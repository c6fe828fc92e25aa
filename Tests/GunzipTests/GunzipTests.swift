import FilterAPI
import FilterTesting
import Gunzip
import Gzip
import Seeded
import Testing

/// Gzip bytes for the tests, made by the filter that makes them.
enum Gzipped {
    static func member(_ body: [UInt8]) throws -> [UInt8] {
        try FilterHarness(Gzip.self, "min-length = 0B").send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
            .respond("HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n", [.bytes(body)]).body
    }
}

@Suite struct GunzipTests {
    private let body = Array("{\"name\":\"value\",\"name\":\"value\",\"other\":[1,2,3]}".utf8)

    /// A client's answer: the app's is `bytes`.
    private func answer(
        _ pieces: [TestPiece], to request: String = "", _ head: String = "200 OK\nContent-Encoding: gzip\n", options: String = "", room: Int = 16 * 1024
    ) throws -> TestResponse {
        try FilterHarness(Gunzip.self, options).send("GET / HTTP/1.1\nHost: a\n\(request)")
            .respond("HTTP/1.1 \(head)Transfer-Encoding: chunked\n", pieces, roomAtOnce: room)
    }

    @Test(arguments: [
        ("", true), ("Accept-Encoding:\n", true), ("Accept-Encoding: br\n", true), ("Accept-Encoding: gzip;q=0\n", true), ("Accept-Encoding: *;q=0\n", true),
        ("Accept-Encoding: identity\n", true), ("Accept-Encoding: gzip\n", false), ("Accept-Encoding: x-gzip;q=0.1, identity\n", false),
        ("Accept-Encoding: *\n", false), ("Cache-Control: no-transform\n", false),
    ])
    func theClientDecides(_ request: String, isDecoded: Bool) throws {
        let coded = try Gzipped.member(body)
        let response = try answer([.bytes(coded)], to: request)
        #expect(response.body == (isDecoded ? body : coded))
        #expect(response.field("Content-Encoding") == (isDecoded ? nil : "gzip"))
        #expect(response.field("Vary") == "Accept-Encoding")
        #expect(response.lengthChanges == isDecoded)
    }

    @Test(arguments: [
        ("200 OK\nContent-Encoding: x-gzip\n", true), ("404 X\nContent-Encoding: GZIP\n", true), ("200 OK\nContent-Encoding: identity, gzip\n", true),
        ("200 OK\nContent-Encoding: br\n", false), ("200 OK\nContent-Encoding: deflate\n", false), ("200 OK\nContent-Encoding: br, gzip\n", false),
        ("200 OK\nContent-Encoding: gzip, gzip\n", false), ("200 OK\nContent-Encoding: gzip\nContent-Encoding: br\n", false), ("200 OK\n", false),
        ("206 P\nContent-Encoding: gzip\nContent-Range: bytes 0-9/90\n", false), ("200 OK\nContent-Encoding: gzip\nCache-Control: no-transform\n", false),
    ])
    func theResponseDecides(_ head: String, isDecoded: Bool) throws {
        let coded = try Gzipped.member(body)
        #expect(try answer([.bytes(coded)], to: "", head).body == (isDecoded ? body : coded))
    }

    @Test func theHeadTellsOfOtherBytes() throws {
        let coded = try Gzipped.member(body)
        let head = "200 OK\nContent-Encoding: gzip\nETag: \"v\"\nContent-MD5: a\nRepr-Digest: b\nAccept-Ranges: bytes\nLast-Modified: c\n"
        let response = try answer([.bytes(coded)], to: "", head)
        #expect(response.field("ETag") == "\"v-plain\"")
        for name in ["Content-MD5", "Repr-Digest", "Accept-Ranges"] { #expect(response.field(name) == nil) }
        #expect(response.field("Last-Modified") == "c")
        let harness = try FilterHarness(Gunzip.self)
        let again = harness.send("GET / HTTP/1.1\nHost: a\nIf-None-Match: \"v-plain\"\n")
        #expect(again.field("If-None-Match") == "\"v\"")
        let confirmed = again.respond("HTTP/1.1 304 X\nETag: \"v\"\n")
        #expect(confirmed.field("ETag") == "\"v-plain\"")
        #expect(confirmed.field("Vary") == "Accept-Encoding")
        #expect(harness.send("PUT / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nIf-Match: \"v-plain\"\n").field("If-Match") == "\"v\"")
        #expect(harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nIf-None-Match: \"v-plain\"\n").field("If-None-Match") == "\"v-plain\"")
    }

    @Test func headSaysWhatGetWouldSay() throws {
        let response = try FilterHarness(Gunzip.self).send("HEAD / HTTP/1.1\nHost: a\n")
            .respond("HTTP/1.1 200 OK\nContent-Encoding: gzip\nETag: \"v\"\nContent-Length: 70\n")
        #expect(response.field("ETag") == "\"v-plain\"" && response.field("Content-Encoding") == nil && response.lengthChanges)
        #expect(!response.head.contains("Content-Length"))
    }

    @Test func everyCut() throws {
        let coded = try Gzipped.member(body)
        for cut in coded.everyCut {
            #expect(try answer(cut, room: 512).body == body)
            #expect(try answer(cut.flatMap { [$0, .flush] }, room: 512).body == body)
        }
    }

    @Test func severalMembersAndWhatStandsBehindThem() throws {
        let member = try Gzipped.member(body)
        for (rest, isIgnored) in [
            ([], true), ([0, 0, 0, 0], true), (Array("garbage".utf8), true), ([0x1F], true), ([0x1F, 0], true), ([0x1F, 0x8B], false), ([0x1F, 0x8B, 8], false),
        ] as [([UInt8], Bool)] {
            for cut in (member + member + rest).everyCut {
                let response = try answer(cut)
                #expect(response.isComplete == isIgnored)
                if isIgnored { #expect(response.body == body + body) }
            }
        }
        let empty = try Gzipped.member([])
        #expect(try answer([.bytes(empty + empty + member + empty)]).body == body)
    }

    @Test func anEmptyBodyIsEmpty() throws {
        let response = try answer([])
        #expect(response.isComplete && response.body.isEmpty)
    }

    @Test func wholeEventsComeOutOfAFlush() throws {
        let events = (0..<20).map { Array("data: \($0)\n\n".utf8) }
        let coded = try FilterHarness(Gzip.self, "event-streams = on").send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
            .respond("HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n", events.flatMap { [.bytes($0), .flush] })
        let response = try answer(coded.outputs.flatMap { [.bytes($0), .flush] })
        #expect(Array(response.outputs.prefix(20)) == events)
    }

    @Test func everyEndInTheMiddleAndEveryWrongByteAtTheEndFails() throws {
        let coded = try Gzipped.member(body)
        for count in 1..<coded.count { #expect(try !answer([.bytes(Array(coded[..<count]))]).isComplete, "\(count) bytes") }
        // The checksum and the length.
        for index in (coded.count - 8)..<coded.count {
            var wrong = coded
            wrong[index] ^= 1
            #expect(try !answer([.bytes(wrong)]).isComplete)
        }
        #expect(try !answer([.text("plain text, whatever the head says")]).isComplete)
    }

    /// Random changes of gzip data: it fails or it does not, but nothing crashes, and no wrong bytes pass as a whole body.
    @Test(arguments: 0..<8)
    func changedBytes(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        func next(_ bound: Int) -> Int { random.below(bound) }
        let original = (0..<2000).map { _ in UInt8(97 + next(9)) }
        let coded = try Gzipped.member(original)
        for _ in 0..<300 {
            var bytes = coded
            for _ in 0...next(4) {
                switch next(3) {
                case 0: bytes[next(bytes.count)] = UInt8(next(256))
                case 1: bytes.insert(UInt8(next(256)), at: next(bytes.count))
                default: bytes.remove(at: next(bytes.count))
                }
            }
            let cut = next(bytes.count)
            let whole = try answer([.bytes(bytes)])
            let parts = try answer([.bytes(Array(bytes[..<cut])), .flush, .bytes(Array(bytes[cut...]))], room: 512)
            #expect(whole.isComplete == parts.isComplete)
            // Time, system and the like in the header are not checked by anybody.
            if whole.isComplete { #expect(whole.body == original && parts.body == original) }
        }
    }

    @Test func aBombIsBrokenOff() throws {
        let bomb = try Gzipped.member([UInt8](repeating: 0, count: 8 << 20))
        #expect(bomb.count < 80_000)
        #expect(try !answer([.bytes(bomb)]).isComplete)
        #expect(try answer([.bytes(bomb)], options: "max-ratio = off").body.count == 8 << 20)
        #expect(try answer([.bytes(bomb)], options: "max-ratio = 1032").body.count == 8 << 20)
        // The first MiB is free.
        let small = try Gzipped.member([UInt8](repeating: 0, count: 1 << 20))
        #expect(try answer([.bytes(small)]).body.count == 1 << 20)
        // Whether one member or many.
        let many = [[UInt8]](repeating: small, count: 3).flatMap(\.self)
        #expect(try !answer([.bytes(many)]).isComplete)
    }

    /// Both in one pipeline: a client that takes gzip gets the app's own bytes, another gets them decoded.
    @Test func besideGzip() throws {
        let harness = try FilterHarness([(Gunzip.self, ""), (Gzip.self, "")])
        let coded = try Gzipped.member(body)
        for (accepted, expected) in [("gzip", coded), ("br", body)] {
            let response = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: \(accepted)\n")
                .respond("HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Encoding: gzip\nContent-Length: \(coded.count)\n", [.bytes(coded)])
            #expect(response.body == expected)
        }
    }

    @Test func explainTellsWhy() throws {
        let harness = try FilterHarness(Gunzip.self)
        #expect(harness.explain("GET / HTTP/1.1\nHost: a\n").notes == ["the client does not accept gzip: a gzip response is decompressed"])
        #expect(harness.explain("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n").notes == ["the client accepts gzip: its response is left as it is"])
    }

    @Test(arguments: ["max-ratio = 1", "max-ratio = 1033", "max-ratio = many", "level = 1"])
    func wrongOptionsAreRefused(_ options: String) {
        #expect(throws: HarnessError.self) { try FilterHarness(Gunzip.self, options) }
    }
}
