// unsafe: one closure at a time, in a serialized suite
import FilterAPI
import FilterTesting
import Testing

/// What a filter can read off Accept-Encoding, entity tags and lists, and what it can say of bytes that it changes.
extension RequestEditingTests {
    private func look(_ head: String, _ look: @escaping (inout Request) -> Void) throws {
        unsafe Editor.edit = look
        defer { unsafe Editor.edit = { _ in } }
        _ = try FilterHarness(Editor.self).send("GET / HTTP/1.1\nHost: h\n\(head)")
    }

    @Test func codingsHaveWeights() throws {
        try look("Accept-Encoding: br;q=0.8, x-gzip;q=0.25\nAccept-Encoding: *;q=0.1, zstd;q=0, deflate;q=nonsense, snappy\n") { request in
            let codings = AcceptedCodings(request.fields)
            #expect(codings.weight(of: .brotli) == 800)
            #expect(codings.weight(of: .gzip) == 250)
            #expect(codings.weight(of: .zstd) == 0)
            #expect(codings.weight(of: .deflate) == 100)
            #expect(codings.weight(of: .identity) == 100)
            #expect(codings.prefers(.brotli) && !codings.prefers(.zstd))
        }
        try look("Accept: x/y\n") { request in
            let codings = AcceptedCodings(request.fields)
            #expect(codings.weight(of: .gzip) == 0 && !codings.prefers(.gzip))
            #expect(codings.weight(of: .identity) == 1)
        }
        try look("Accept-Encoding: gzip;q=0.5, identity\n") { request in
            let codings = AcceptedCodings(request.fields)
            #expect(!codings.prefers(.gzip))
        }
    }

    @Test func listsAreSearchedInAllLines() throws {
        try look("Cache-Control: a=\"no-store, x\", max-age=0\nCache-Control: No-Transform\n") { request in
            let found = [
                request.fields.lists("no-transform", in: .cacheControl), request.fields.lists("max-age=0", in: .cacheControl),
                request.fields.lists("no-store", in: .cacheControl), request.fields.lists("no-transform", in: .accept),
            ]
            #expect(found == [true, true, false, false])
        }
    }

    @Test func entityTagsAreWalked() throws {
        for (value, tags, isWhole) in [
            ("\"a\"", ["a"], true), ("W/\"a\" , \"b\"", ["W/a", "b"], true), ("\"a,b\", \"\\\"", ["a,b", "\\"], true), (", \"a\",, ", ["a"], true), ("*", [], false),
            ("a", [], false), ("\"a\"\"b\"", [], false), ("\"a\" b", ["a"], false), ("w/\"a\"", [], false), ("\"a b\"", [], false), ("\"", [], false), ("W/", [], false),
        ] as [(String, [String], Bool)] {
            try look("If-None-Match: \(value)\n") { request in
                guard let index = request.fields.firstIndex(of: .ifNoneMatch) else { return }
                var list = EntityTagList(request.fields.valueRange(at: index))
                var found: [String] = []
                while let tag = list.next(in: request.fields.bytes) { found.append((tag.isWeak ? "W/" : "") + request.fields.bytes.text(tag.opaque)) }
                #expect(found == tags, "\(value)")
                #expect(list.isAtEnd == isWhole, "\(value)")
            }
        }
    }
}
