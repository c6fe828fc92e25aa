// unsafe: one closure at a time, in a serialized suite
import FilterAPI
import FilterTesting
import Testing

extension RequestEditingTests {
    private func onRequest(_ head: String, _ look: @escaping (inout Request) -> Void) throws {
        unsafe Editor.edit = look
        defer { unsafe Editor.edit = { _ in } }
        _ = try FilterHarness(Editor.self).send(head)
    }

    @Test(arguments: [
        ("", "text/plain"), ("Accept: */*", "text/plain"), ("Accept: text/*", "text/plain"), ("Accept: TEXT/HTML", "text/html"),
        ("Accept: application/*, text/*;q=0.9", "application/json"), ("Accept: text/html;q=0.5, application/json;q=0.50", "text/html"),
        // The more exact range counts, not the larger weight (RFC 9110 §12.5.1).
        ("Accept: text/*;q=1, text/plain;q=0.1, application/json;q=0.2", "text/html"), ("Accept: */*, text/plain;q=0", "text/html"),
        ("Accept: image/png", "none"), ("Accept: text/plain;q=0, text/html;q=0", "none"), ("Accept:", "none"), ("Accept: text", "none"),
        ("Accept: */html", "none"), ("Accept: text/plain;q=2, text/html;q=0.1", "text/html"), ("Accept: text/html;level=1;q=0.7", "text/html"),
        ("Accept: text/plain;q=0.2\nAccept: application/json;q=0.3", "application/json"), ("Accept: text/plainer, /, */, ,,;q=1", "none"),
    ])
    func theTypeThatTheClientLikesBest(_ accept: String, _ expected: String) throws {
        let types: [MediaType] = ["text/plain", "text/html", "application/json"]
        try onRequest("GET / HTTP/1.1\nHost: h\n\(accept)") { request in
            #expect(request.preferred(among: types).map { "\(types[$0])" } ?? "none" == expected)
            #expect(request.preferred(among: []) == nil)
        }
    }

    @Test(arguments: [
        ("/api", "/api", true), ("/api", "/api/", true), ("/api", "/api/x", true), ("/api", "/apis", false), ("/api", "/ap", false),
        ("/api", "/API", false), ("/api", "/", false), ("/", "/", true), ("/", "/x", true), ("/api/", "/api", true), ("/api/v1", "/api/v1/x", true),
        ("/api/v1", "/api/v2", false), ("/api/v1", "/api", false), ("/api", "/%61pi/x", true), ("/api", "/%61%70%69", true), ("/api", "//api", true),
        ("/api/v1", "/api//v1", true), ("/api", "/api;a=b/x", true), ("/api", "/api%3Ba/x", true), ("/api", "/api%2Fx", false), ("/api", "/x/api", false),
        ("/%61pi", "/api", true), ("/a%20b", "/a%20b/c", true), ("/api", "/api?x", true),
    ])
    func pathsBeginAsRoutesDo(_ prefix: String, _ path: String, _ expected: Bool) throws {
        let prefix = try #require(PathPrefix(prefix))
        try onRequest("GET \(path) HTTP/1.1\nHost: h") { request in #expect(prefix.matches(request) == expected) }
    }

    @Test(arguments: ["", "api", "/a;b", "/a?b", "/a#b", "/a b", "/a//b", "/./a", "/a/..", "/%2e%2e/a", "/%4", "/a\\b", "/ä"])
    func prefixesOfNoPathAreRefused(_ text: String) { #expect(PathPrefix(text) == nil) }
}
