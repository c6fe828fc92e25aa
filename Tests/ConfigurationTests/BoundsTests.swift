import Configuration
import Testing

/// However large or twisted a file is, reading it takes time and memory in proportion to its size.
///
/// The limits are wide, because a debug build on a busy machine is slow; work that grows with the square of the input would
/// take hours.
@Suite(.serialized) struct BoundsTests {
    private static let count = 20_000
    private static let frame = "[listener:l]\nlisten = 127.0.0.1:8080\nserve = r\n"

    private func codes(_ text: String, files: [String: String] = [:]) -> Set<DiagnosticCode> {
        let diagnostics = load(text, files: files).diagnostics
        #expect(diagnostics.text().utf8.count < 4 << 20)
        return Set(diagnostics.map(\.code))
    }

    private func repeated(_ line: (Int) -> String) -> String { (0..<Self.count).map(line).joined(separator: "\n") + "\n" }

    @Test(.timeLimit(.minutes(1))) func manySections() {
        let text = Self.frame + "[router:r]\n" + repeated { "/p\($0) = a\($0)" } + repeated { "[app:a\($0)]\nservers = h\($0):1" }
        #expect(codes(text).isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func manyMisspeltNames() {
        let text = Self.frame + "[router:r]\n" + repeated { "/p\($0) = b\($0)" } + repeated { "[app:a\($0)]\nsarvers = h\($0):1" }
        #expect(codes(text).isSuperset(of: [.referenceUnknown, .notShown]))
    }

    @Test(.timeLimit(.minutes(1))) func manyDuplicates() {
        let text = Self.frame + "[router:r]\n" + repeated { _ in "/ = a" } + repeated { _ in "[app:a]\nuse = echo" }
        #expect(codes(text) == [.sectionDuplicate, .notShown])
        #expect(codes(Self.frame + "[router:r]\n" + repeated { _ in "/ = a" } + "[app:a]\nuse = echo") == [.routeDuplicate, .notShown])
    }

    @Test(.timeLimit(.minutes(1))) func aHugeLine() {
        let value = repeated { "h\($0):1" }.replacing("\n", with: " ")
        #expect(codes(Self.frame.replacing("= r", with: "= a") + "[app:a]\nservers = " + value).isEmpty)
        #expect(codes(Self.frame.replacing("= r", with: "= a") + "[app:a]\nservers = " + value.replacing(":1", with: ":x")) == [.valueServer])
        #expect(codes(Self.frame + "[app:a]\nservers = \(String(repeating: "x", count: 2_000_000))").contains(.valueServer))
    }

    @Test(.timeLimit(.minutes(1))) func manyContinuedLines() {
        let text = Self.frame.replacing("= r", with: "= a") + "[app:a]\nservers =\n" + repeated { "    h\($0):1" }
        #expect(codes(text).isEmpty)
        #expect(codes(text.replacing("    h", with: "servers = h")).subtracting([.valueMissing]).isEmpty)
        #expect(codes("include =\n" + repeated { "    \($0).conf" }) == [.includeNotFound, .notShown])
    }

    @Test(.timeLimit(.minutes(1))) func manyOpenings() {
        for opening in ["${", "$${", "[", "\"", "\\", "[a:", "${A:-", "#", "%", "*."] {
            let many = String(repeating: opening, count: Self.count)
            _ = codes(Self.frame + "[app:a]\nservers = \(many)\n[router:r]\n\(many) = a\n\(many)\n  \(many)\n/\(many) = \"\(many)\n")
        }
    }

    @Test(.timeLimit(.minutes(1))) func aLongChainAndALargeLoop() {
        let chain = repeated { "[pipeline:p\($0)]\npipeline = p\($0 + 1)" }
        let frame = Self.frame.replacing("= r", with: "= p0")
        #expect(codes(frame + chain + "[app:p\(Self.count)]\nuse = echo\n") == [.referenceTooDeep])
        #expect(codes(frame + chain + "[pipeline:p\(Self.count)]\npipeline = p0\n") == [.referenceLoop])
    }

    /// Every filter of a long pipeline is compared with those before it, and with those of the pipelines before, up to a point.
    @Test(.timeLimit(.minutes(1))) func manyFiltersInAWrongOrder() {
        let filters = repeated { "[filter:f\($0)]\nuse = ./ordered.so\nroles = a\nbefore = a\nreads = X\nsets = X" }
        let names = repeated { "f\($0)" }.replacing("\n", with: " ")
        let frame = Self.frame.replacing("= r", with: "= p0")
        #expect(codes(frame + "[pipeline:p0]\npipeline = \(names) a\n\(filters)[app:a]\nuse = echo\n") == [.pipelineOrder])
        let pipelines = (0..<30).map { "[pipeline:p\($0)]\npipeline = \(names) p\($0 + 1)\n" }.joined()
        #expect(codes(frame + pipelines + "\(filters)[app:p30]\nuse = echo\n") == [.pipelineOrder])
    }

    /// Routers on routers on routers, each reached in very many ways.
    @Test(.timeLimit(.minutes(1))) func manyWaysToOneRouter() {
        func routers(_ levels: Int, _ routes: Int) -> String {
            var text = Self.frame.replacing("= r", with: "= r0")
            for level in 0..<levels {
                text += "[router:r\(level)]\n"
                for route in 0..<routes { text += "/\(route) = r\(level + 1) strip-prefix\n" }
            }
            return text + "[router:r\(levels)]\n/ = a\n[app:a]\nuse = echo\n"
        }
        #expect(codes(routers(3, 100)).isEmpty)
        #expect(codes(routers(30, 40)) == [.referenceTooMany])
    }

    @Test(.timeLimit(.minutes(1))) func manyIncludes() {
        var files: [String: String] = [:]
        for index in 0..<300 { files["d/\(index).conf"] = "include = *.conf ../gateway.conf\n[app:a\(index)]\nuse = echo\n" }
        let found = codes("include = d/*.conf\n" + Self.frame.replacing("= r", with: "= a1"), files: files)
        #expect(found.contains(.includeLoop))
    }
}
