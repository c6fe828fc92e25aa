import FilterAPI
import FilterTesting
import Gzip
import Testing

/// The entity tags of coded responses, and what comes back of them.
@Suite struct EntityTagTests {
    let body = Sample.json(2000)

    private func coded(_ tag: String, _ options: String = "") throws -> String? {
        let response = try FilterHarness(Gzip.self, options).send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
            .respond("HTTP/1.1 200 OK\nContent-Type: text/plain\n\(tag)Content-Length: \(body.count)\n", [.bytes(body)])
        #expect(response.decoded == body)
        return response.field("ETag")
    }

    @Test(arguments: [
        ("ETag: \"x\"\n", "\"x-gz\""), ("ETag: \"\"\n", "\"-gz\""), ("ETag: \"a,b\\\"\n", "\"a,b\\-gz\""), ("ETag: W/\"x\"\n", "W/\"x\""), ("", nil),
        // Nobody could tell what these mean.
        ("ETag: bare\n", nil), ("ETag: \"a\", \"b\"\n", nil), ("ETag: \"a\"\nETag: \"b\"\n", nil), ("ETag: \"a\n", nil), ("ETag: w/\"x\"\n", nil),
    ])
    func strongOnesGetASuffix(_ tag: String, _ expected: String?) throws { #expect(try coded(tag) == expected) }

    @Test func orBecomeWeak() throws {
        #expect(try coded("ETag: \"x\"\n", "etag = weaken") == "W/\"x\"")
        #expect(try coded("ETag: W/\"x\"\n", "etag = weaken") == "W/\"x\"")
    }

    @Test(arguments: [
        ("\"x-gz\"", "\"x\""), ("\"a-gz\", W/\"b-gz\",\"c\"", "\"a\", W/\"b\",\"c\""), ("\"c\"", "\"c\""), ("*", "*"), ("\"-gz\"", "\"-gz\""),
        ("\"a-gz-gz\"", "\"a-gz\""), ("\"a,b-gz\\\", \"c-gz\"", "\"a,b-gz\\\", \"c\""), ("\"a-gz\", nonsense, \"b-gz\"", "\"a\", nonsense, \"b-gz\""),
        ("\"a-gz", "\"a-gz"), ("", ""),
    ])
    func theAppGetsItsOwn(_ sent: String, _ expected: String) throws {
        let harness = try FilterHarness(Gzip.self)
        let exchange = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nIf-None-Match: \(sent)\n")
        #expect(exchange.field("If-None-Match") == expected)
        // Changes are made to the resource, whatever coding the client saw it in.
        let change = harness.send("PUT / HTTP/1.1\nHost: a\nIf-Match: \(sent)\nContent-Length: 0\n")
        #expect(change.field("If-Match") == expected)
    }

    @Test func severalLines() throws {
        let exchange = try FilterHarness(Gzip.self)
            .send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nIf-None-Match: \"a-gz\"\nIf-None-Match: \"b\"\nIf-None-Match: \"c-gz\"\n")
        #expect(exchange.field("If-None-Match") == "\"b\", \"a\", \"c\"")
        #expect(exchange.respond("HTTP/1.1 304 X\nETag: \"c\"\n").field("ETag") == "\"c-gz\"")
    }

    /// A client that takes no gzip now must get the plain response, not hear that its coded one is still good.
    @Test func aPlainClientDoesNotConfirmACodedResponse() throws {
        let exchange = try FilterHarness(Gzip.self).send("GET / HTTP/1.1\nHost: a\nIf-None-Match: \"x-gz\"\n")
        #expect(exchange.field("If-None-Match") == "\"x-gz\"")
    }

    @Test(arguments: [
        ("\"x-gz\"", "\"x\"", "\"x-gz\""), ("W/\"x-gz\"", "\"x\"", "\"x-gz\""), ("\"a-gz\", \"x\"", "\"x\"", "\"x\""), ("\"a-gz\", \"x\"", "\"a\"", "\"a-gz\""),
        ("\"x\"", "\"x\"", "\"x\""), ("\"x-gz\", \"x\"", "\"x\"", "\"x-gz\""), ("\"x-gz\"", "W/\"x\"", "W/\"x\""), ("*", "\"x\"", "\"x\""),
        ("\"xx-gz\"", "\"x\"", "\"x\""),
    ])
    func a304ConfirmsWhatTheClientHas(_ sent: String, _ app: String, _ expected: String) throws {
        let response = try FilterHarness(Gzip.self)
            .send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nIf-None-Match: \(sent)\n").respond("HTTP/1.1 304 Not Modified\nETag: \(app)\n")
        #expect(response.field("ETag") == expected)
        #expect(response.field("Vary") == "Accept-Encoding")
        #expect(response.field("Content-Encoding") == nil)
        #expect(!response.lengthChanges)
    }

    @Test func withWeakenNothingIsMapped() throws {
        let exchange = try FilterHarness(Gzip.self, "etag = weaken").send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nIf-None-Match: \"x-gz\"\n")
        #expect(exchange.field("If-None-Match") == "\"x-gz\"")
    }

    /// What a browser does: get, then ask again with what it got.
    @Test func thereAndBack() throws {
        let harness = try FilterHarness(Gzip.self)
        let first = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\n")
            .respond("HTTP/1.1 200 OK\nContent-Type: text/plain\nETag: \"v1\"\nContent-Length: \(body.count)\n", [.bytes(body)])
        let tag = try #require(first.field("ETag"))
        let again = harness.send("GET / HTTP/1.1\nHost: a\nAccept-Encoding: gzip\nIf-None-Match: \(tag)\n")
        #expect(again.field("If-None-Match") == "\"v1\"")
        #expect(again.respond("HTTP/1.1 304 X\nETag: \"v1\"\n").field("ETag") == tag)
    }
}
