import FilterAPI
import FilterTesting
import Headers
import Testing

@Suite struct HeadersTests {
    private let request = "GET /a?b=c HTTP/1.1\nHost: example.org\nX-Old: 1\nx-old: 2\nX-Debug-A: x\nX-DEBUG-B: y\nAccept: z\n"

    private func head(_ options: String, _ text: String? = nil) throws -> String {
        try FilterHarness(Headers.self, options).send(text ?? request).head
    }

    @Test func removes() throws {
        #expect(try head("request-remove = Accept X-Debug-*") == "GET /a?b=c HTTP/1.1\nHost: example.org\nX-Old: 1\nx-old: 2\n")
    }

    @Test func renamesAllLinesInTheirOrder() throws {
        let text = try head("request-rename = X-OLD:X-New", "GET / HTTP/1.1\nHost: h\nX-New: was\nX-Old: 1\nX-Old: 2\n")
        #expect(text == "GET / HTTP/1.1\nHost: h\nX-New: 1\nX-New: 2\n")
    }

    @Test func setsOneLineAndAddsOthers() throws {
        let text = try head("request-set = \"X-Old: only\"\nrequest-add = \"Accept: also\" \"Accept: too\"\nrequest-remove = X-Debug-*")
        #expect(text == "GET /a?b=c HTTP/1.1\nHost: example.org\nAccept: z\nX-Old: only\nAccept: also\nAccept: too\n")
    }

    @Test func valuesHoldVariables() throws {
        let text = try head(
            "request-set = \"X-All: {client-address} {scheme}://{host}{path}?{query} {method} {target} {field:accept}{field:none} {{x}}\"",
            "GET /a?b=c HTTP/1.1\nHost: example.org\nAccept: z\n")
        #expect(text.hasSuffix("\nX-All: 192.0.2.1 http://example.org/a?b=c GET /a?b=c z {x}\n"))
    }

    @Test func responsesOfAllKindsAreEdited() throws {
        let harness = try FilterHarness(
            Headers.self, "response-set = \"X-Frame-Options: DENY\" \"X-For: {path}\"\nresponse-remove = Server\nresponse-rename = X-Id:X-Request-ID")
        let response = harness.send(request).respond("HTTP/1.1 200 OK\nServer: x\nX-Id: 7\nContent-Length: 0\n")
        #expect(response.head == "HTTP/1.1 200 OK\nX-Request-ID: 7\nX-Frame-Options: DENY\nX-For: /a\n")
    }

    @Test func aClientCannotInjectLines() throws {
        let text = try head("request-set = \"X-Path: {path}\"", "GET /a%0d%0aEvil:1 HTTP/1.1\nHost: h\n")
        #expect(text == "GET /a%0d%0aEvil:1 HTTP/1.1\nHost: h\nX-Path: /a%0d%0aEvil:1\n")
    }

    @Test(arguments: [
        "", "request-set = NoColon", "request-set = \"Bad Name: x\"", "request-remove = Content-Length", "response-set = \"Connection: close\"",
        "request-set = \"Host: other\"", "request-rename = A", "request-rename = A:a", "request-set = \"X: {nothing}\"", "request-set = \"X: {path\"",
        "request-rename = Transfer-Encoding:X",
    ])
    func wrongOptionsAreRefused(_ options: String) {
        #expect(throws: HarnessError.self) { try FilterHarness(Headers.self, options) }
    }
}
