// unsafe: one closure at a time, in a serialized suite
import FilterAPI
import FilterTesting
import Testing

/// Does to a request what a test wants.
final class Editor: FilterPlugin, RequestFilter, ResponseFilter {
    static let name = "editor"
    nonisolated(unsafe) static var edit: (inout Request) -> Void = { _ in }
    nonisolated(unsafe) static var editResponse: (inout Response) -> Void = { _ in }

    init(_ options: FilterOptions) throws(ConfigurationError) {}

    func processRequest(_ request: inout Request) -> RequestDecision {
        unsafe Self.edit(&request)
        return .forward
    }
    func processResponse(_ response: inout Response, for request: borrowing Request) { unsafe Self.editResponse(&response) }
}

@Suite(.serialized) struct RequestEditingTests {
    private func head(after edit: @escaping (inout Request) -> Void, _ head: String = "GET /a/b?q=1 HTTP/1.1\nHost: h\nAccept: x/y\n") throws -> String {
        unsafe Editor.edit = edit
        defer { unsafe Editor.edit = { _ in } }
        return try FilterHarness(Editor.self).send(head).head
    }

    @Test func fieldsAreReadWhateverTheirLetterCase() throws {
        _ = try head(
            after: { request in
                #expect(request.fields["ACCEPT"] == "x/y, z")
                #expect(request.fields[.accept] == "x/y, z")
                #expect(request.fields["X-Own"] == "1")
                #expect(request.fields["X-None"] == nil)
                #expect(request.fields.values(of: "accept") == ["x/y", "z"])
                #expect(request.fields["cookie"] == "a=1; b=2")
            }, "GET / HTTP/1.1\nHost: h\nAccept: x/y\naccept: z\nx-own: 1\nCookie: a=1\nCookie: b=2\n")
    }

    @Test func aSetFieldReplacesAllItsLines() throws {
        let text = try head(
            after: { request in
                request.fields["x-a"] = "new"
                request.fields["X-B"] = nil
                request.fields[.accept] = "text/html"
            }, "GET / HTTP/1.1\nHost: h\nX-A: 1\nX-B: 2\nX-A: 3\nAccept: y\n")
        #expect(text == "GET / HTTP/1.1\nHost: h\nx-a: new\nAccept: text/html\n")
    }

    @Test func noValueBreaksAMessage() throws {
        let text = try head(after: { $0.fields["X-A"] = " a\r\nEvil: 1\0\u{7F}b \t" })
        #expect(text.hasSuffix("\nX-A: a  Evil: 1  b\n"))
    }

    @Test func framingAndConnectionFieldsAreTheGateways() throws {
        let text = try head(after: { request in
            request.fields[.contentLength] = "5"
            request.fields[.transferEncoding] = "chunked"
            request.fields[.connection] = "close"
            request.fields[.host] = "evil"
            request.fields[.upgrade] = "h2c"
        })
        #expect(text == "GET /a/b?q=1 HTTP/1.1\nHost: h\nAccept: x/y\n")
    }

    @Test func aFilterMayWriteWhatAClientMayNot() throws {
        let text = try head(after: { $0.fields[.xRealIP] = "10.0.0.1" }, "GET / HTTP/1.1\nHost: h\nX-Real-IP: 6.6.6.6\nX-Forwarded-For: 6.6.6.6\n")
        #expect(text == "GET / HTTP/1.1\nHost: h\nX-Real-IP: 10.0.0.1\n")
    }

    @Test func strippingTakesTheSpellingsAnAppMayMistake() throws {
        let text = try head(
            after: { $0.fields.strip("X-Api-Version") },
            "GET / HTTP/1.1\nHost: h\nx-api-version: 1\nX_Api_Version: 2\nX.api-version: 3\nX-Api-Versions: 4\n")
        #expect(text == "GET / HTTP/1.1\nHost: h\nX-Api-Versions: 4\n")
        let known = try head(
            after: { $0.fields.strip("X-Request-ID") }, "GET / HTTP/1.1\nHost: h\nx-request-id: 1\nX_Request_ID: 2\nX-Request-Ids: 3\n")
        #expect(known == "GET / HTTP/1.1\nHost: h\nX-Request-Ids: 3\n")
    }

    @Test func aFilterKnowsItsGatewaysLinesFromAClients() throws {
        _ = try head(after: { request in
            request.fields.append("X-A", "own")
            let lines = (0..<request.fields.count).filter { request.fields.isNamed("X-A", at: $0) }
            #expect(lines.map { request.fields.isAdded(at: $0) } == [false, true])
        }, "GET / HTTP/1.1\nHost: h\nX-A: client\n")
    }

    @Test func aliasesGoWithoutTheNameItself() throws {
        let text = try head(
            after: { request in
                request.fields.stripAliases(of: "X-Api-Version")
                request.fields.stripAliases(of: "Accept")
            }, "GET / HTTP/1.1\nHost: h\nx-API-version: 1\nX_Api_Version: 2\nX.api-version: 3\nX-Api-Versions: 4\nAccept: 5\n")
        #expect(text == "GET / HTTP/1.1\nHost: h\nx-API-version: 1\nX-Api-Versions: 4\nAccept: 5\n")
    }

    @Test func pathsAreReplaced() throws {
        #expect(try head(after: { $0.path = "/new" }).hasPrefix("GET /new?q=1 HTTP/1.1\n"))
        #expect(try head(after: { $0.path = "no slash\r\n?#" }).hasPrefix("GET /no%20slash%0D%0A%3F%23?q=1 HTTP/1.1\n"))
        #expect(try head(after: { $0.query = nil }).hasPrefix("GET /a/b HTTP/1.1\n"))
        #expect(try head(after: { $0.query = "x=1 2" }).hasPrefix("GET /a/b?x=1%202 HTTP/1.1\n"))
        #expect(try head(after: { $0.replacePathPrefix(2, with: Span()) }).hasPrefix("GET /b?q=1 HTTP/1.1\n"))
        #expect(try head(after: { $0.replacePathPrefix(4, with: Span()) }).hasPrefix("GET /?q=1 HTTP/1.1\n"))
        #expect(try head(after: { $0.replacePathPrefix(2, with: Span()) }, "GET /a///b//c HTTP/1.1\nHost: h\n").hasPrefix("GET /b//c HTTP/1.1\n"))
        #expect(try head(after: { $0.path = "//evil/x" }).hasPrefix("GET /evil/x?q=1 HTTP/1.1\n"))
        let prefix = Array("/v2".utf8)
        #expect(try head(after: { $0.replacePathPrefix(2, with: prefix.span) }).hasPrefix("GET /v2/b?q=1 HTTP/1.1\n"))
        #expect(try head(after: { $0.replacePathPrefix(0, with: prefix.span) }, "OPTIONS * HTTP/1.1\nHost: h\n").hasPrefix("OPTIONS * HTTP/1.1\n"))
    }

    @Test func theOriginalTargetStays() throws {
        _ = try head(after: { request in
            request.path = "/other"
            #expect(request.path == "/other")
            #expect(request.originalTarget == "/a/b?q=1")
            #expect(request.query == "q=1")
        })
    }

    @Test func theAuthorityIsWhatHostSays() throws {
        #expect(try head(after: { $0.authority = "other:81\r\n" }).contains("\nHost: other:81\n"))
    }

    /// What a filter adds may be large, but not without bound.
    @Test func aHeadGrowsAndIsNotCut() throws {
        let long = String(repeating: "a", count: 20_000)
        #expect(try head(after: { $0.fields["X-Long"] = long }).hasSuffix("X-Long: \(long)\n"))
        _ = try head(after: { request in
            for _ in 0..<20 { request.fields.append("X-Long", long) }
            let overflowed = request.fields.overflowed
            #expect(overflowed)
        })
    }

    @Test func aStatusChangesWithinItsFraming() throws {
        unsafe Editor.editResponse = { $0.status = 404 }
        defer { unsafe Editor.editResponse = { _ in } }
        let exchange = try FilterHarness(Editor.self).send("GET / HTTP/1.1\nHost: h\n")
        #expect(exchange.respond("HTTP/1.1 200 Fine\nContent-Length: 0\n").head == "HTTP/1.1 404 Not Found\n")
        #expect(exchange.respond("HTTP/1.1 204 Empty\n").head == "HTTP/1.1 204 Empty\n")
        unsafe Editor.editResponse = { $0.status = 204 }
        #expect(exchange.respond("HTTP/1.1 200 Fine\nContent-Length: 0\n").head == "HTTP/1.1 200 Fine\n")
    }

    @Test(arguments: [
        ("", "Accept"), ("Vary: Origin\n", "Origin|Accept"), ("Vary: accept\n", "accept"), ("Vary: a , ACCEPT\n", "a , ACCEPT"),
        ("Vary: *\n", "*"), ("Vary: Accept-Encoding\nVary: Accept\n", "Accept-Encoding|Accept"),
    ])
    func varyNamesAFieldOnce(_ line: String, _ expected: String) throws {
        unsafe Editor.editResponse = {
            $0.vary(on: "Accept")
            $0.vary(on: "ACCEPT")
            #expect($0.fields.values(of: "vary").joined(separator: "|") == expected)
        }
        defer { unsafe Editor.editResponse = { _ in } }
        _ = try FilterHarness(Editor.self).send("GET / HTTP/1.1\nHost: h\n").respond("HTTP/1.1 200 OK\n\(line)Content-Length: 0\n")
    }

    @Test func remarksAreMadeOnlyWhereTheyAreRead() throws {
        var made = 0
        func text() -> String {
            made += 1
            return "a remark"
        }
        unsafe Editor.edit = { $0.explain(text(), by: "use") }
        defer { unsafe Editor.edit = { _ in } }
        let harness = try FilterHarness(Editor.self)
        #expect(harness.send("GET / HTTP/1.1\nHost: h\n").notes == [] && made == 0)
        #expect(harness.explain("GET / HTTP/1.1\nHost: h\n").notes == ["a remark"] && made == 1)
    }

    @Test func aLineThatIsMadeBeforeIsAddedAsItIs() throws {
        let line = FieldLine("X-Made", " a\r\nEvil: 1\u{7F} \t")
        #expect(line.value == "a  Evil: 1" && line.description == "X-Made: a  Evil: 1")
        let empty = FieldLine("X-Empty", "")
        let text = try head(after: {
            $0.fields.append(line)
            $0.fields.append("X-Other", "b")
            $0.fields.append(empty)
            #expect($0.fields["x-made"] == "a  Evil: 1" && $0.fields["x-empty"] == "")
        })
        #expect(text.hasSuffix("\nX-Made: a  Evil: 1\nX-Other: b\nX-Empty: \n"))
    }
}
