import Configuration
import FuzzChecks
import Testing

/// Where things stand in the files, for those who explain what a plan does.
@Suite struct ConfigurationTextTests {
    private func text() throws -> ConfigurationText {
        let files = MemoryFiles([
            "gateway.conf": """
            include = more.conf
            [listener:web]
            listen = 127.0.0.1:8080
                     127.0.0.1:8081   # the second
            serve = site
            [router:site]
            /a = web
            """,
            "more.conf": "[filter:f]\nuse = f\nitem = one level=2\nitem = two\n\n[pipeline:p]\npipeline = f web\n[app:web]\nuse = echo\n[router:x]\n/ = p\n[listener:x]\nlisten = :1\nserve = x\n",
        ])
        let schema = OptionSchema([
            Option("item", .entry(.token, OptionSchema([Option("level", .integer(1...9), "A level.")])), isList: true, isRepeatable: true, "Items."),
            Option("size", .byteCount(1...9), standard: "7B", "A size."),
        ])
        let loaded = Configuration.loadWithText(path: "gateway.conf", files: files, filters: FilterSchemas(["f": schema]))
        #expect(loaded.diagnostics.text() == "")
        return loaded.text
    }

    @Test func everyValueHasItsLine() throws {
        let text = try text()
        #expect(text.header(.filter, "f")?.description == "more.conf:1: [filter:f]")
        #expect(text.line("listen", of: .listener, "web")?.description == "gateway.conf:3: listen = 127.0.0.1:8080")
        #expect(text.line("listen", value: 1, of: .listener, "web")?.description == "gateway.conf:4: 127.0.0.1:8081   # the second")
        #expect(text.line("item", value: 1, of: .filter, "f")?.description == "more.conf:4: item = two")
        // One that there is not stands for the option.
        #expect(text.line("item", value: 2, of: .filter, "f")?.number == 3)
        #expect(text.line("pipeline", of: .pipeline, "p")?.description == "more.conf:7: pipeline = f web")
    }

    @Test func whatTheFileLeavesOutHasAValueAndNoLine() throws {
        let text = try text()
        #expect(text.line("size", of: .filter, "f") == nil)
        #expect(text.value("size", of: .filter, "f") == "7B")
        #expect(text.value("item", of: .filter, "f") == "one level=2 two")
        #expect(text.value("connect-timeout", of: .app, "web") == "5s")
        for name in ["no", ""] {
            #expect(text.header(.filter, name) == nil)
            #expect(text.line("size", of: .filter, name) == nil)
            #expect(text.value("size", of: .filter, name) == nil)
        }
        #expect(text.line("none", of: .filter, "f") == nil)
        #expect(text.header(.gateway, "") == nil)
        #expect(text.line("loops", of: .gateway, "") == nil)
        #expect(text.value("loops", of: .gateway, "") == "auto")
    }

    @Test func placesOfThePlanHaveTheirLines() throws {
        let text = try text()
        #expect(text.line(at: SourceLocation(file: "more.conf", line: 2, column: 1, endColumn: 2))?.text == "use = f")
        #expect(text.line(at: SourceLocation(file: "more.conf", line: 900, column: 1, endColumn: 2)) == nil)
        #expect(text.line(at: SourceLocation(file: "other.conf", line: 1, column: 1, endColumn: 2)) == nil)
    }
}
