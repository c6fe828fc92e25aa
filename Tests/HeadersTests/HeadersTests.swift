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

    /// An app that takes `X_User` for `X-User` must not get the client's beside, or in place of, what the operator wants.
    @Test(arguments: [
        ("request-set = \"X-User: {client-address}\"", "X_User: root\nx.USER: root\nX-User: root\nX-Users: all\n", "X-Users: all\nX-User: 192.0.2.1\n"),
        ("request-remove = X-User", "X_User: root\nX-User: root\nX-Users: all\n", "X-Users: all\n"),
        ("request-remove = X-Debug-*", "X_Debug_A: 1\nx_debug-b: 2\nX-Debugger: 3\nX-DEBUG-C: 4\n", "X-Debugger: 3\n"),
        ("request-rename = X-Old:X-New", "X_New: forged\nX-Old: 1\n", "X-New: 1\n"),
    ])
    func otherSpellingsOfTheClientGoToo(_ options: String, _ fields: String, _ expected: String) throws {
        #expect(try head(options, "GET / HTTP/1.1\nHost: h\n" + fields) == "GET / HTTP/1.1\nHost: h\n" + expected)
    }

    @Test func otherFieldsOfAnAppKeepTheirNames() throws {
        let response = try FilterHarness(Headers.self, "response-remove = X-Id X-Debug-*").send(request)
            .respond("HTTP/1.1 200 OK\nX-Id: 1\nX_Id: 2\nX_Debug_A: 3\nContent-Length: 0\n")
        #expect(response.head == "HTTP/1.1 200 OK\nX_Id: 2\nX_Debug_A: 3\n")
    }

    @Test func valuesHoldVariables() throws {
        let text = try head(
            "request-set = \"X-All: {client-address} {scheme}://{host}{path}?{query} {method} {target} {field:accept}{field:none} {{x}}\"",
            "GET /a?b=c HTTP/1.1\nHost: example.org\nAccept: z\n")
        #expect(text.hasSuffix("\nX-All: 192.0.2.1 http://example.org/a?b=c GET /a?b=c z {x}\n"))
    }

    @Test func valuesTellOfTLS() throws {
        let harness = try FilterHarness(Headers.self, "request-set = \"X-TLS: <{tls-version}> <{client-certificate}>\"")
        let head = "GET / HTTP/1.1\nHost: h\n"
        #expect(harness.send(head).field("X-TLS") == "<> <>")
        #expect(harness.send(head, https: true).field("X-TLS") == "<1.3> <>")
        #expect(harness.send(head, https: true, certificate: ":AQID:").field("X-TLS") == "<1.3> <:AQID:>")
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
